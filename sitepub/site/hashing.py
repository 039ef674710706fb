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
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from sitepub.interrupts import pause
from sitepub.leaks.search import SecretSearch
from sitepub.site.charset import UTF8, CharsetReader, charset_of, is_text
from sitepub.site.hash_cache import HashCache, Stamp, is_sure
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
_PATIENCE = 3.0
"""Seconds that are waited in all for files to stop changing."""
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Files are opened as what they are; a pipe that took their place meanwhile does not block."""


@dataclass(slots=True)
class Hashed:
    """MD5 and size by path, and what went wrong."""

    md5: dict[str, str] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)
    """Only of files whose size is another than when they were found."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Path → reason."""
    changing: list[str] = field(default_factory=list)
    """Files that changed or vanished while they were read, each time they were."""
    leaks: set[str] = field(default_factory=set)
    """Files that hold one of the account's own secrets."""
    keys: dict[str, str] = field(default_factory=dict)
    """Path → what else it holds that looks like a key."""
    stamp: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """Of large files, where the hash may be kept under it."""
    charset: dict[str, str] = field(default_factory=dict)
    """Path → encoding of a text file that is not UTF-8, see ``charset``."""


@dataclass(frozen=True, slots=True)
class _Read:
    md5: str
    stamp: Stamp
    sure: bool
    leaks: bool
    found: str
    charset: str


class _Changing(Exception):
    pass


def hash_files(files: Sequence[FoundFile], cache: HashCache, search: SecretSearch) -> Hashed:
    """The hashes of all files, and which of them hold keys. Keeps the cache."""
    result = Hashed()
    fresh: list[tuple[str, Stamp, str, str, str]] = []
    missing: list[FoundFile] = []
    find = cache.find
    for file in files:
        known = find(file.path, file.stat)
        if known is None:
            missing.append(file)
        else:
            result.md5[file.path] = known.md5
            if known.size > LARGE:
                result.stamp[file.path] = known.size, known.mtime_ns, known.ctime_ns, known.inode
            if known.found:
                result.keys[file.path] = known.found
            if known.charset:
                result.charset[file.path] = known.charset
    for file, read in _read_all(missing, search):
        if isinstance(read, _Changing):
            result.changing.append(file.path)
        elif isinstance(read, OSError):
            result.unreadable[file.path] = read.strerror or str(read)
        else:
            result.md5[file.path] = read.md5
            if read.stamp.size != file.stat.st_size:
                result.size[file.path] = read.stamp.size
            if read.found:
                result.keys[file.path] = read.found
            if read.charset:
                result.charset[file.path] = read.charset
            if read.sure and read.stamp.size > LARGE:
                stamp = read.stamp
                result.stamp[file.path] = stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode
            if read.leaks:
                result.leaks.add(file.path)
            elif read.sure:
                fresh.append((file.path, read.stamp, read.md5, read.found, read.charset))
    cache.save(fresh, (file.path for file in files))
    return result


_Answer = tuple[FoundFile, "_Read | _Changing | OSError"]


def _read_all(files: Sequence[FoundFile], search: SecretSearch) -> Iterator[_Answer]:
    reader = _Reader(search)
    large = [file for file in files if file.stat.st_size > _SMALL]
    small = [file for file in files if file.stat.st_size <= _SMALL]
    with contextlib.ExitStack() as stack:
        readers: ThreadPoolExecutor | None = None
        ahead: list[Future[list[_Answer]]] = []
        for file in large:
            readers = readers or stack.enter_context(pool(min(_THREADS, (os.cpu_count() or 2) + 2), "hash"))
            ahead.append(readers.submit(reader.batch, [file]))
        slow = False
        for start in range(0, len(small), _BATCH):
            batch = small[start:start + _BATCH]
            if slow:
                readers = readers or stack.enter_context(pool(_THREADS, "hash"))
                ahead.append(readers.submit(reader.batch, batch))
            else:
                began = time.perf_counter()
                yield from reader.batch(batch)
                slow = time.perf_counter() - began > _SLOW * len(batch)
        for future in ahead:
            yield from future.result()


class _Reader:
    """Reads files, again if they change meanwhile: what writes them may be about to finish."""

    def __init__(self, search: SecretSearch) -> None:
        self._search = search
        self._patience = _PATIENCE

    def batch(self, files: Iterable[FoundFile]) -> list[_Answer]:
        return [(file, self._read(file)) for file in files]

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
    descriptor = os.open(file.full_path, _READ)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):  # it was a file a moment ago
            raise _Changing
        digest = hashlib.md5(usedforsecurity=False)
        block = os.read(descriptor, min(before.st_size, _BLOCK))
        taken = len(block)
        digest.update(block)
        charset = UTF8
        if taken == before.st_size:
            leaks, found = search.whole(file.real_name, block)
            if is_text(file.name):
                charset = charset_of(block)
        else:
            looking = search.file(file.real_name)
            encoding = CharsetReader() if is_text(file.name) else None
            while block:
                if encoding is not None:
                    encoding.feed(block, more=taken < before.st_size)
                looking.feed(block, more=taken < before.st_size)
                block = os.read(descriptor, min(before.st_size - taken, _BLOCK)) if taken < before.st_size else b""
                digest.update(block)
                taken += len(block)
            leaks, found = looking.own, looking.found
            charset = encoding.charset if encoding is not None else UTF8
        read_at = time.time_ns()
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    stamp = Stamp.of(after)
    if taken != after.st_size or stamp != Stamp.of(before):
        raise _Changing
    return _Read(digest.hexdigest(), stamp, is_sure(stamp, read_at), leaks, found, charset)
