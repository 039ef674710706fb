"""Request and answer on the edge, the same for HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class EdgeRequest:
    """The request of a visitor."""

    method: str
    scheme: str
    """``http`` or ``https``: how the visitor came."""
    authority: str
    """Host header or ``:authority``, port included."""
    target: str
    """Raw path and query."""
    headers: Mapping[str, str]
    """Case-insensitive."""
    remote: str
    time: float
    """Unix seconds."""
    version: str = "1.1"
    body: bytes = b""
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    """RequestID of the logs."""
    parent: str = ""
    """Of the visitor's request, when an edge function fetches on its behalf."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(slots=True)
class EdgeResponse:
    """The edge's answer. ``Content-Length`` and ``Date`` are added when it is sent."""

    status: int
    headers: Pairs = field(default_factory=list)
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None
    """A body too large for memory, instead of ``body``."""
    length: int | None = None
    """Bytes of ``stream`` when known."""
    cache: str = ""
    """``hit`` or ``miss``; empty when no cache was asked."""

    def get(self, name: str) -> str | None:
        """First header of that name (lower case)."""
        return next((value for given, value in self.headers if given.lower() == name), None)

    def drop(self, *names: str) -> None:
        """Take headers away, by their names in lower case."""
        self.headers = [pair for pair in self.headers if pair[0].lower() not in names]

    def lower(self) -> dict[str, str]:
        """Headers by name in lower case; several of a name are joined."""
        found: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            found[key] = f"{found[key]}, {value}" if key in found else value
        return found

    async def close(self) -> None:
        """Close the stream of an answer that is not sent."""
        if self.stream is not None:
            await self.stream.aclose()
