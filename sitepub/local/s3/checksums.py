"""The checksums that clients of S3 send beside a body, in a header or behind it (`x-amz-checksum-…`)."""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from sitepub.local.base.errors import ServiceError

PREFIX = "x-amz-checksum-"
_NVME = 0x9A6C9329AC4BC9B5
"""The polynomial of CRC-64/NVME, bits reversed."""


class Checksum(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def digest(self) -> bytes: ...


class _Cyclic:
    """A checksum that goes on from its last value."""

    def __init__(self, step: Callable[[bytes, int], int], size: int) -> None:
        self._step, self._size, self._value = step, size, 0

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


def _crc32c(data: bytes, value: int) -> int:
    from fastcrc import crc32

    return int(crc32.iscsi(data, value))


@functools.cache
def _nvme_table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (_NVME if value & 1 else 0)
        table.append(value)
    return tuple(table)


def _crc64nvme(data: bytes, value: int) -> int:
    table, value = _nvme_table(), value ^ 0xFFFFFFFFFFFFFFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFFFFFFFFFF


ALGORITHMS: Mapping[str, Callable[[], Checksum]] = {
    "crc32": lambda: _Cyclic(zlib.crc32, 4),
    "crc32c": lambda: _Cyclic(_crc32c, 4),
    "crc64nvme": lambda: _Cyclic(_crc64nvme, 8),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}


def named(header: str) -> str | None:
    """The algorithm of a header such as `x-amz-checksum-crc32`; None for `…-algorithm` and `…-type`.

    Raises ServiceError for an unknown one."""
    name = header.lower().removeprefix(PREFIX)
    if name in ("algorithm", "type", "mode"):
        return None
    if name not in ALGORITHMS:
        raise ServiceError("InvalidRequest", f"The embedded cloud knows no checksum {name}.")
    return name


def matches(checksum: Checksum, expected: str) -> bool:
    return base64.b64encode(checksum.digest()).decode() == expected.strip()
