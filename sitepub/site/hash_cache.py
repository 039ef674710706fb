"""The hash cache: MD5 of files by path, size, times and inode, kept on this computer between runs.

It only saves time and may be deleted at any moment. A missing, damaged or foreign file counts as empty.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from sitepub.config.places import cache_dir
from sitepub.config.small_file import read_small
from sitepub.leaks.search import RULES

_MAGIC = b"sitepub-hashes-3"
_DIGEST = 16
_LARGEST = 512 * 1024 * 1024
"""Bytes: two million files. Anything larger is not ours."""


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the file system says of a file's content without reading it.

    ``ctime_ns`` (POSIX: last change of the inode) also sees an edit after which size and mtime were restored;
    the inode sees a file that was replaced by another one. On Windows ``ctime_ns`` is the time of creation.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Stamp:
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stamp, the MD5 (32 hex digits) of the content it stands for, and what was found in that."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    md5: str
    searched: int
    """A bit for each mark of the cache that the content was searched for."""
    found: str
    """What the content holds that looks like a key, as a noun phrase; "" for nothing."""
    charset: str
    """Encoding of a text that is not UTF-8, see ``charset``; else ""."""


UNSURE_NS = 2_000_000_000
"""A file that was changed less than two seconds before it was read may be changed again within the same tick
of the file system's clock (FAT: 2 s) and keep its stamp: its hash is used once and not kept."""


def is_sure(stamp: Stamp, read_at_ns: int) -> bool:
    """May a hash of content read at this time (ns since the epoch) be kept under this stamp?"""
    return max(stamp.mtime_ns, stamp.ctime_ns) + UNSURE_NS < read_at_ns


_MOST_MARKS = 32
"""Secrets that are remembered (by their marks). Beyond, the cache begins anew."""


_decode = msgspec.msgpack.Decoder(tuple[str, list[bytes], dict[str, Known]]).decode


class HashCache:
    """The hashes of one folder's files, by path below it.

    ``marks`` say which secrets the files are searched for while they are read (see ``leaks.search``): an entry
    whose file was not searched for all of them, or by other rules, does not count. With another key in use each
    file is read once more; with the first one again, none is.
    """

    def __init__(self, file: Path | None, folder: Path, marks: Sequence[bytes] = ()) -> None:
        self._file = file
        self._label = f"{folder.absolute()}\0{RULES}"
        self._marks: list[bytes] = []
        self.known: dict[str, Known] = self._load() if file is not None else {}
        new = [mark for mark in marks if mark not in self._marks]
        if len(self._marks) + len(new) > _MOST_MARKS:
            self._marks, self.known, new = [], {}, list(marks)
        self._marks += new
        self._wanted = sum(1 << self._marks.index(mark) for mark in set(marks))

    def find(self, path: str, stat: os.stat_result) -> Known | None:
        known = self.known.get(path)
        if (known is not None and known.size == stat.st_size and known.mtime_ns == stat.st_mtime_ns
                and known.ctime_ns == stat.st_ctime_ns and known.inode == stat.st_ino
                and known.searched & self._wanted == self._wanted):
            return known
        return None

    def save(self, fresh: Iterable[tuple[str, Stamp, str, str, str]], still_there: Iterable[str]) -> None:
        """Keep what is known of the paths that are still there, and what was found out anew (path, stamp, MD5,
        what looks like a key, encoding). Replaces the file as a whole, so that another process reads the old one or the
        new one; not being able to write is no error."""
        if self._file is None:
            return
        kept = {path: self.known[path] for path in still_there if path in self.known}
        news = {path: Known(s.size, s.mtime_ns, s.ctime_ns, s.inode, md5, self._searched(path, s, md5), found, charset)
                for path, s, md5, found, charset in fresh}
        if not news and len(kept) == len(self.known):
            return
        payload = msgspec.msgpack.encode((self._label, self._marks, {**kept, **news}))
        with contextlib.suppress(OSError):
            _replace(self._file, _MAGIC + _digest(payload) + payload)

    def _searched(self, path: str, stamp: Stamp, md5: str) -> int:
        """What a file was searched for now, and before if it is still the same."""
        known = self.known.get(path)
        same = known is not None and known.md5 == md5 and stamp == Stamp(
            known.size, known.mtime_ns, known.ctime_ns, known.inode)
        return self._wanted | (known.searched if known is not None and same else 0)

    def _load(self) -> dict[str, Known]:
        assert self._file is not None
        try:
            data = read_small(self._file, _LARGEST)
        except OSError:
            return {}
        start = len(_MAGIC) + _DIGEST
        payload = memoryview(data)[start:]
        if not data.startswith(_MAGIC) or data[len(_MAGIC):start] != _digest(payload):
            return {}
        try:
            label, marks, known = _decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        if label != self._label or len(marks) > _MOST_MARKS:
            return {}
        self._marks = marks
        return known


def _digest(payload: bytes | memoryview) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST).digest()


def _replace(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=file.name + ".", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def hash_cache_file(folder: Path, environ: Mapping[str, str]) -> Path:
    """Where the content hashes of a folder are kept on this computer."""
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_dir(environ) / "hashes" / f"{name}.msgpack"
