"""MD5 of many files: each is read once, and only if the cache does not know it.

While a file is read, it is also searched for keys, the account's own above all: a build that copies SecretKey
into a script must not publish it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from sitepub.interrupts import pause
from sitepub.leaks.search import SecretSearch
from sitepub.site.charset import UTF8, CharsetReader, charset_of, charset_of_packed, is_packed_text, is_text
from sitepub.site.hash_cache import HashCache, Known, is_sure
from sitepub.site.many.files import LargeContent
from sitepub.site.many.packed import Packing, Row
from sitepub.site.many.stamp import Stamp
from sitepub.site.snapshot import LARGE
from sitepub.site.walk import FoundFile
from sitepub.threads import pool

_SMALL = 256 * 1024
"""Bytes. Hashing a small file is mostly system calls, which threads only slow down; a large one is mostly
MD5, during which hashlib lets other threads run."""
_BLOCK = 1 << 20
_BATCH = 128
_SLOW = 0.001
"""Seconds a file. Slower than this, the disk is what is waited for, and threads do help."""
_THREADS = 16
_AHEAD = 64
"""Batches that are read ahead of the one that is waited for."""
_WAITING = OSError("not read yet")
_PATIENCE = 3.0
"""Seconds that are waited in all for files to stop changing."""
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Files are opened as what they are; a pipe that took their place meanwhile does not block."""
_stamped = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


class HashedFile(NamedTuple):
    """What was found out about one file."""

    md5: bytes
    """16 bytes; empty when it could not be read."""
    size: int
    charset: str
    """Encoding of a text file that is not UTF-8, see ``charset``."""
    large: LargeContent | None
    """Of a large file: its stamp, where the hash may be kept under that, and its CRC-64, where it was read."""
    filled: bool
    """It was read, and begins with a letter, a digit or a sign."""

    @classmethod
    def of(cls, row: Row) -> HashedFile:
        md5, size, charset, large, filled = row
        if large is None:
            return cls(md5, size, charset, None, filled)
        stamp, crc = large
        return cls(md5, size, charset, (tuple(stamp) if stamp is not None else None, crc), filled)


@dataclass(slots=True)
class Hashed:
    """The files in their order, and what went wrong."""

    files: Sequence[HashedFile] = ()
    unreadable: dict[str, str] = field(default_factory=dict)
    """Path → reason."""
    changing: list[str] = field(default_factory=list)
    """Files that changed or vanished while they were read, each time they were."""
    leaks: set[str] = field(default_factory=set)
    """Files that hold one of the account's own secrets."""
    keys: dict[str, str] = field(default_factory=dict)
    """Path → what else it holds that looks like a key."""


class _Read(NamedTuple):
    md5: bytes
    stamp: Stamp
    sure: bool
    leaks: bool
    found: str
    charset: str
    filled: bool
    crc: int | None
    """Of a large file."""


class _Changing(Exception):
    pass


_Answer = Known | _Read | _Changing | OSError


def hash_files(files: Iterable[FoundFile], cache: HashCache, search: SecretSearch) -> Hashed:
    """The hashes of all files, and which of them hold keys. Keeps the cache."""
    result = Hashed()
    packing = Packing(HashedFile.of)
    for file, read in _read_all(files, cache, search):
        if isinstance(read, _Changing | OSError):
            if isinstance(read, _Changing):
                result.changing.append(file.path)
            else:
                result.unreadable[file.path] = read.strerror or str(read)
            cache.again(file.path)
            packing.add((b"", 0, UTF8, None, False))
            continue
        if read.found:
            result.keys[file.path] = read.found
        filled = False
        if isinstance(read, Known):
            stamp = file.stamp
            cache.keep(read)
        else:
            stamp, filled = read.stamp, read.filled
            if read.leaks:
                result.leaks.add(file.path)
            if read.sure and not read.leaks:
                cache.learn(file.path, stamp, read.md5, read.found, read.charset)
            else:
                cache.again(file.path)
        certain, crc = (True, None) if isinstance(read, Known) else (read.sure, read.crc)
        large = (tuple(stamp) if certain else None, crc) if stamp.size > LARGE else None
        packing.add((read.md5, stamp.size, read.charset, large, filled))
    cache.save()
    result.files = packing.done()
    return result


def _read_all(files: Iterable[FoundFile], cache: HashCache, search: SecretSearch
              ) -> Iterator[tuple[FoundFile, _Answer]]:
    """In the order of the files. Large ones, and small ones on a slow disk, are read ahead in threads."""
    reader = _Reader(search)
    todo = iter(files)
    with contextlib.ExitStack() as stack:
        readers: ThreadPoolExecutor | None = None
        ahead: deque[list[tuple[FoundFile, _Answer | Future[list[_Answer]]]]] = deque()
        slow = False
        while True:
            batch = list(islice(todo, _BATCH))
            if batch:
                answers: list[tuple[FoundFile, _Answer | Future[list[_Answer]]]] = []
                small: list[FoundFile] = []
                for file in batch:
                    known = cache.find(file.path, file.stamp)
                    if known is not None:
                        answers.append((file, known))
                    elif file.size > _SMALL:
                        readers = readers or stack.enter_context(pool(_THREADS, "hash"))
                        answers.append((file, readers.submit(reader.batch, [file])))
                    else:
                        small.append(file)
                        answers.append((file, _WAITING))
                if small and slow:
                    readers = readers or stack.enter_context(pool(_THREADS, "hash"))
                    answers.append((small[0], readers.submit(reader.batch, small)))
                elif small:
                    began = time.perf_counter()
                    done = iter(reader.batch(small))
                    answers = [(file, next(done) if answer is _WAITING else answer) for file, answer in answers]
                    slow = time.perf_counter() - began > _SLOW * len(small)
                ahead.append(answers)
            elif not ahead:
                return
            if len(ahead) > _AHEAD or not batch:
                yield from _settled(ahead.popleft())


def _settled(answers: list[tuple[FoundFile, _Answer | Future[list[_Answer]]]]) -> Iterator[tuple[FoundFile, _Answer]]:
    """Waits for what is still being read. What was read together stands at the end."""
    small: Iterator[_Answer] = iter(())
    if any(answer is _WAITING for _, answer in answers):
        last = answers.pop()[1]
        assert isinstance(last, Future)
        small = iter(last.result())
    for file, answer in answers:
        if answer is _WAITING:
            yield file, next(small)
        else:
            yield file, answer.result()[0] if isinstance(answer, Future) else answer


class _Reader:
    """Reads files, again if they change meanwhile: what writes them may be about to finish."""

    def __init__(self, search: SecretSearch) -> None:
        self._search = search
        self._patience = _PATIENCE

    def batch(self, files: Iterable[FoundFile]) -> list[_Answer]:
        return [self._read(file) for file in files]

    def _read(self, file: FoundFile) -> _Read | _Changing | OSError:
        for wait in (0.1, 0.2, 0.3, 0.0):
            try:
                return _read(file, self._search)
            except (_Changing, FileNotFoundError):
                if self._patience <= 0:
                    break
            except OSError as error:
                return error
            self._patience -= wait
            pause(wait)
        return _Changing()


def _read(file: FoundFile, search: SecretSearch) -> _Read:
    name = file.name
    descriptor = os.open(file.full_path, _READ)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):  # it was a file a moment ago
            raise _Changing
        digest = hashlib.md5(usedforsecurity=False)
        block = os.read(descriptor, min(before.st_size, _BLOCK))
        taken = len(block)
        digest.update(block)
        filled = b" " < block[:1] < b"\x7f"
        # Of a packed file its beginning tells.
        charset = charset_of_packed(block, name) if is_packed_text(name) else UTF8
        crc: int | None = None
        if taken == before.st_size:
            leaks, found = search.whole(file.real_name, block)
            if is_text(name):
                charset = charset_of(block)
        else:
            looking = search.file(file.real_name)
            encoding = CharsetReader() if is_text(name) else None
            summed = _crc64() if before.st_size > LARGE else None
            while block:
                if summed is not None:
                    crc = summed(block, crc)
                if encoding is not None:
                    encoding.feed(block, more=taken < before.st_size)
                looking.feed(block, more=taken < before.st_size)
                block = os.read(descriptor, min(before.st_size - taken, _BLOCK)) if taken < before.st_size else b""
                digest.update(block)
                taken += len(block)
            leaks, found = looking.own, looking.found
            if encoding is not None:
                charset = encoding.charset
        read_at = time.time_ns()
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if taken != after.st_size or _stamped(after) != _stamped(before):
        raise _Changing
    stamp = Stamp.of(after)
    return _Read(digest.digest(), stamp, is_sure(stamp, read_at), leaks, found, charset, filled, crc)


def _crc64() -> Callable[[bytes, int | None], int]:
    """CRC-64/XZ, going on from that of what stands before. Loaded when there is a large file."""
    from fastcrc.crc64 import xz

    return xz
