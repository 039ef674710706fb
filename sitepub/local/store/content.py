"""Bytes of objects: up to 64 KB in the database, above that one file each, written once and never changed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastcrc.crc64 import xz as crc64_xz

from sitepub.local.base.damage import DamagedError
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Body
from sitepub.local.store.database import Database, Transaction

INLINE_LIMIT = 64 * 1024
_BLOCK = 1024 * 1024
_CHUNKS = 64
"""So many small pieces of a body count as a large amount."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that were received and checked but are not yet an object."""

    size: int
    etag: str
    """MD5, 32 hex digits."""
    crc64: int
    """CRC-64/XZ, unsigned."""
    data: bytes = b""
    """Small content; empty when ``file`` is set."""
    file: str | None = None
    """Name of the file in the content folder."""

    def place(self, transaction: Transaction) -> tuple[int | None, str | None]:
        """Store it in this transaction; the values of the ``body`` and ``file`` columns."""
        if self.file is not None or not self.size:
            return None, self.file
        return transaction.execute("INSERT INTO bodies (data) VALUES (?)", (self.data,)).lastrowid, None


def signed_crc(value: int) -> int:
    """An unsigned 64-bit number as SQLite stores it."""
    return value - (1 << 64) if value >= 1 << 63 else value


def unsigned_crc(value: int) -> int:
    """The inverse of :func:`signed_crc`."""
    return value + (1 << 64) if value < 0 else value


def small_content(data: bytes) -> Content:
    """Content that is in memory and at most :data:`INLINE_LIMIT` bytes long."""
    return Content(len(data), hashlib.md5(data, usedforsecurity=False).hexdigest(), crc64_xz(data), data)


def release(transaction: Transaction, body: int | None, file: str | None) -> None:
    """Remove stored bytes after the removal of their row."""
    if body is not None:
        transaction.execute("DELETE FROM bodies WHERE id=?", (body,))
    elif file is not None:
        transaction.freed.append(file)


class FileWriter:
    """A content file in the making, with running checksums. Use with ``async with``; unless
    :meth:`finish` was reached the file is removed on the way out."""

    def __init__(self, folder: ContentFolder) -> None:
        self._folder = folder
        self.name = secrets.token_hex(16)
        self._temporary = folder.root / "incoming" / self.name
        self._stream: IO[bytes] | None = None
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        self.size = 0

    async def __aenter__(self) -> FileWriter:
        self._stream = self._temporary.open("wb", buffering=0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
            self._temporary.unlink(missing_ok=True)

    async def write(self, chunk: bytes) -> None:
        """Append; large enough amounts are hashed and written on a thread."""
        self.size += len(chunk)
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes >= _BLOCK or len(self._held) == _CHUNKS:
            await self._drain()

    async def _drain(self) -> None:
        chunks, self._held, self._held_bytes = self._held, [], 0
        await asyncio.to_thread(self._take, chunks)

    def _take(self, chunks: list[bytes]) -> None:
        assert self._stream is not None
        for chunk in chunks:
            self._md5.update(chunk)
            self._crc = crc64_xz(chunk, self._crc)
            written = self._stream.write(chunk)
            while written < len(chunk):
                written += self._stream.write(memoryview(chunk)[written:])

    async def append_file(self, source: Path) -> None:
        """Append the bytes of another file."""
        await self._drain()
        self.size += await asyncio.to_thread(self._take_file, source)

    def _take_file(self, source: Path) -> int:
        size = 0
        with source.open("rb") as stream:
            while block := stream.read(_BLOCK):
                self._take([block])
                size += len(block)
        return size

    async def finish(self) -> Content:
        """Move the file to its place. No fsync: a kill of the process cannot lose it."""
        await self._drain()
        assert self._stream is not None
        self._stream.close()
        target = self._folder.path(self.name)
        target.parent.mkdir(exist_ok=True)
        self._temporary.replace(target)
        self._stream = None
        return Content(self.size, self._md5.hexdigest(), self._crc, file=self.name)


class ContentFolder:
    """The folder of content files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "incoming").mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a content file lies."""
        return self.root / name[:2] / name

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; one that is still being read on Windows stays until the next start."""
        for name in names:
            try:
                self.path(name).unlink(missing_ok=True)
            except OSError:
                continue

    def sweep(self, database: Database) -> None:
        """Remove files that nothing refers to: what a kill in the middle of a write leaves behind."""
        known = {
            row[0]
            for table in ("objects", "versions", "parts")
            for row in database.read(f"SELECT file FROM {table} WHERE file IS NOT NULL")
        }
        for folder in self.root.iterdir():
            if not folder.is_dir() or folder.is_symlink():
                continue
            for file in folder.iterdir():
                if (folder.name == "incoming" or file.name not in known) and not file.is_dir():
                    file.unlink(missing_ok=True)

    async def receive(self, body: Body, length: int | None, limit: int) -> Content:
        """Take a request body of any size in constant memory.

        ``length``: the declared length, if any. Raises ServiceError EntityTooLarge above ``limit`` bytes."""
        if length is not None and length > limit:
            raise ServiceError("EntityTooLarge")
        if length is not None and length <= INLINE_LIMIT:
            return small_content(await body.read(INLINE_LIMIT))
        start = bytearray()
        chunks = body.chunks()
        async for chunk in chunks:
            start += chunk
            if len(start) > limit:
                raise ServiceError("EntityTooLarge")
            if len(start) > INLINE_LIMIT:
                break
        else:
            return small_content(bytes(start))
        async with FileWriter(self) as writer:
            await writer.write(bytes(start))
            del start
            async for chunk in chunks:
                await writer.write(chunk)
                if writer.size > limit:
                    raise ServiceError("EntityTooLarge")
            return await writer.finish()

    async def duplicate(self, name: str) -> str:
        """Another name for the same bytes: a hard link, or a copy where there are none."""
        new = secrets.token_hex(16)
        target = self.path(new)
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(self.path(name), target)
        except FileNotFoundError:
            raise
        except OSError:
            import shutil

            await asyncio.to_thread(shutil.copyfile, self.path(name), target)
        return new

    def open(self, name: str, size: int) -> IO[bytes]:
        """Open now, so that a later removal cannot take the bytes from a reader. Raises DamagedError."""
        path = self.path(name)
        try:
            stream = path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise DamagedError(path, "an object's content is missing") from error
        if os.fstat(stream.fileno()).st_size != size:
            stream.close()
            raise DamagedError(path, f"an object's content has {size} bytes, the file another length")
        return stream


async def file_range(stream: IO[bytes], start: int, length: int) -> AsyncGenerator[bytes, None]:
    """Bytes of an open content file, a block at a time; closes it at the end."""
    try:
        stream.seek(start)
        while length > 0:
            block = await asyncio.to_thread(stream.read, min(length, 256 * 1024))
            if not block:
                raise OSError("content file is shorter than its object")
            length -= len(block)
            yield block
    finally:
        stream.close()
