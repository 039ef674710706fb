"""A range of a file as the body of a request: read while it is sent, and never in memory as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sitepub.errors import SiteError
from sitepub.tencent.cos.integrity import crc_of
from sitepub.tencent.network.connection import BLOCK


class FilePart:
    """``size`` bytes of a file from ``start`` on."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self.path = path
        self.start = start
        self.size = size
        self.crc = crc_of(b"")
        """CRC64 of what was read the last time."""

    def __len__(self) -> int:
        return self.size

    def blocks(self) -> Iterator[memoryview]:
        """Raises :class:`~sitepub.errors.SiteError` when the file cannot be read or has become shorter."""
        left, crc = self.size, crc_of(b"")
        buffer = memoryview(bytearray(min(BLOCK, left)))
        try:
            file = self.path.open("rb", buffering=0)
        except OSError as error:
            raise unreadable(self.path, error) from error
        with file:
            while left:
                try:
                    if left == self.size:
                        file.seek(self.start)
                    count = file.readinto(buffer[:min(BLOCK, left)]) or 0
                except OSError as error:
                    raise unreadable(self.path, error) from error
                if not count:
                    raise changed(self.path)
                block = buffer[:count]
                crc = crc_of(block, crc)
                yield block
                left -= count
        self.crc = crc

    def md5(self) -> str:
        """Reads it once; :attr:`crc` is that of the same bytes."""
        digest = hashlib.md5(usedforsecurity=False)
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()


def changed(path: Path) -> SiteError:
    return SiteError(f"{path} changed while it was being published.", code="FileChanged",
                     hint="Wait until nothing writes to the folder any more, then run again.")


def unreadable(path: Path, error: OSError) -> SiteError:
    if isinstance(error, FileNotFoundError):
        return changed(path)
    return SiteError(f"{path} cannot be read: {error.strerror or error}.", code="Unreadable")
