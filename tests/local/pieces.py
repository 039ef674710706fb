"""A body as the embedded cloud receives it, without a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Pieces:
    """A body that comes in pieces of one size."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    async def read(self, limit: int) -> bytes:
        return self._data[:limit]

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), self._size):
            yield self._data[start:start + self._size]
