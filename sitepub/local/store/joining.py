"""An object out of the parts of an upload: the system copies their bytes, and none is summed once more."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from sitepub.local.base.damage import DamagedError
from sitepub.local.store.content import Content, ContentFolder

_CANNOT = frozenset({errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM})
"""What `copy_file_range` answers where the system or the file system does not have it (its manual page)."""
_copy_range: Callable[[int, int, int], int] | None = getattr(os, "copy_file_range", None)
"""Not on every system."""
_BLOCK = 1024 * 1024
_POLYNOMIAL = 0xC96C5795D7870F42
"""Of CRC-64/XZ; the highest bit is the coefficient of x^0."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that were received and checked."""

    size: int
    crc64: int
    """Unsigned."""
    file: str | None = None
    """Name of the file in the content folder that has them."""
    data: bytes = b""
    """The bytes themselves, without ``file``."""


async def join(folder: ContentFolder, pieces: Sequence[Piece]) -> Content:
    """A file of the pieces one behind the other, which stay as they are. Its ``etag`` is empty: an object that is made
    of parts has one of its own. Raises FileNotFoundError when a piece's file is gone, and DamagedError when it has
    another length."""
    name = secrets.token_hex(16)
    await asyncio.to_thread(_write, folder, name, pieces)
    crc = 0
    for piece in pieces:
        crc = combined(crc, piece.crc64, piece.size)
    return Content(sum(piece.size for piece in pieces), "", crc, file=name)


def _write(folder: ContentFolder, name: str, pieces: Sequence[Piece]) -> None:
    temporary = folder.root / "incoming" / name
    try:
        with temporary.open("wb") as out:
            for piece in pieces:
                if piece.file is None:
                    out.write(piece.data)
                else:
                    out.flush()
                    _append(folder.path(piece.file), piece.size, out)
        target = folder.path(name)
        target.parent.mkdir(exist_ok=True)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _append(path: Path, size: int, out: IO[bytes]) -> None:
    with path.open("rb") as source:
        if os.fstat(source.fileno()).st_size != size:
            raise DamagedError(path, f"a part of an upload has {size} bytes, the file another length")
        left = size
        while _copy_range is not None and left:
            try:
                copied = _copy_range(source.fileno(), out.fileno(), left)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                break
            if not copied:
                break
            left -= copied
        source.seek(size - left)
        shutil.copyfileobj(source, out, _BLOCK)


def combined(first: int, second: int, size: int) -> int:
    """The CRC-64 of two texts one behind the other; ``size``: bytes of the second. What stands in front counts as
    multiplied by x^(8 * size), as in zlib's crc32_combine."""
    power = 0
    while size:
        if size & 1:
            first = _multiplied(_zero_bytes(power), first)
        size >>= 1
        power += 1
    return first ^ second


@cache
def _zero_bytes(power: int) -> tuple[int, ...]:
    """The matrix over GF(2) that appends 2^power zero bytes."""
    if power:
        return _squared(_zero_bytes(power - 1))
    one_bit = (_POLYNOMIAL, *(1 << bit for bit in range(63)))
    return _squared(_squared(_squared(one_bit)))


def _squared(matrix: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_multiplied(matrix, column) for column in matrix)


def _multiplied(matrix: tuple[int, ...], vector: int) -> int:
    product = 0
    for column in matrix:
        if vector & 1:
            product ^= column
        vector >>= 1
        if not vector:
            break
    return product
