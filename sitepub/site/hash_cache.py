"""The hash cache: MD5 of files by path, size, times and inode, kept on this computer between runs.

It only saves time and may be deleted at any moment. A missing, damaged or foreign file counts as empty. It is read and
written block by block, in the order of the walk, so it takes little memory whatever the site has.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from sitepub.config.places import cache_dir
from sitepub.leaks.search import RULES
from sitepub.site.index.file_system import has_change_times
from sitepub.site.many.stamp import EARLIEST, Stamp

_MAGIC = b"sitepub-hashes-5"
_DIGEST = 16
_LENGTH = 8
_LARGEST = 1024 * 1024 * 1024
"""Bytes. Anything larger is not ours."""
_PIECE = 1 << 20
_ROWS = 512
"""Rows of a block."""


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stamp, the MD5 of the content it stands for, and what was found in that."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    md5: bytes
    """16 bytes."""
    searched: int
    """A bit for each mark of the cache that the content was searched for."""
    found: str
    """What the content holds that looks like a key, as a noun phrase; "" for nothing."""
    charset: str
    """Encoding of a text that is not UTF-8, see ``charset``; else ""."""

    def is_of(self, stamp: Stamp) -> bool:
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode) == stamp


UNSURE_NS = 2_000_000_000
"""A file that was changed less than two seconds before it was read may be changed again within the same tick
of the file system's clock (FAT: 2 s) and keep its stamp: its hash is used once and not kept."""


def is_sure(stamp: Stamp, read_at_ns: int) -> bool:
    """May a hash of content read at this time (ns since the epoch) be kept under this stamp?"""
    return (max(stamp.mtime_ns, stamp.ctime_ns) + UNSURE_NS < read_at_ns
            and min(stamp.mtime_ns, stamp.ctime_ns) > EARLIEST)


_MOST_MARKS = 32
"""Secrets that are remembered (by their marks). Beyond, the cache begins anew."""


class _Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a block lies in the file."""

    first: str
    offset: int
    length: int
    rows: int


class _Contents(msgspec.Struct, frozen=True, array_like=True):
    """The end of the file."""

    label: str
    marks: list[bytes]
    blocks: list[_Place]


_CONTENTS = msgspec.msgpack.Decoder(_Contents)
_BLOCK = msgspec.msgpack.Decoder(list[Known])
_encode = msgspec.msgpack.Encoder().encode


class _Blocks(Mapping[str, Known]):
    """What a cache file holds, by path. A block that was changed after it was opened counts as empty."""

    def __init__(self, file: IO[bytes] | None = None, blocks: Sequence[_Place] = ()) -> None:
        self._file = file
        self._blocks = blocks
        self._firsts = [block.first for block in blocks]
        self._last: tuple[int, dict[str, Known]] = (-1, {})

    def __len__(self) -> int:
        return sum(block.rows for block in self._blocks)

    def __iter__(self) -> Iterator[str]:
        return (known.path for known in self.rows())

    def __getitem__(self, path: str) -> Known:
        number = bisect_right(self._firsts, path) - 1
        if number < 0:
            raise KeyError(path)
        last, rows = self._last
        if last != number:
            rows = {known.path: known for known in self._read(number)}
            self._last = (number, rows)
        return rows[path]

    def rows(self) -> Iterator[Known]:
        for number in range(len(self._blocks)):
            yield from self._read(number)

    def _read(self, number: int) -> list[Known]:
        block = self._blocks[number]
        assert self._file is not None
        try:
            self._file.seek(block.offset)
            return _BLOCK.decode(zlib.decompress(self._file.read(block.length)))
        except (OSError, ValueError, zlib.error, msgspec.MsgspecError):
            return []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file, self._blocks, self._firsts, self._last = None, (), [], (-1, {})


class HashCache:
    """The hashes of one folder's files, by path below it.

    ``marks`` say which secrets the files are searched for while they are read (see ``leaks.search``): an entry
    whose file was not searched for all of them, or by other rules, does not count. With another key in use each
    file is read once more; with the first one again, none is.
    """

    def __init__(self, file: Path | None, folder: Path, marks: Sequence[bytes] = ()) -> None:
        self._file = file
        self._label = f"{os.path.realpath(folder)}\0{RULES}"
        self._marks: list[bytes] = []
        self.known = self._open() if file is not None else _Blocks()
        new = [mark for mark in marks if mark not in self._marks]
        if len(self._marks) + len(new) > _MOST_MARKS:
            self.known.close()
            self._marks, new = [], list(marks)
        self._marks += new
        self._wanted = sum(1 << self._marks.index(mark) for mark in set(marks))
        self._new: _Writing | None = None
        self._kept = 0
        """Rows so far that are the first ones of the file, in its order: as long as all are, nothing is written."""
        self._expected = self.known.rows()

    def find(self, path: str, stamp: Stamp) -> Known | None:
        known = self.known.get(path)
        if known is not None and known.is_of(stamp) and known.searched & self._wanted == self._wanted:
            return known
        return None

    def keep(self, known: Known) -> None:
        """This one is as it was. All files that are there are named in the order of the walk, by this or by
        :meth:`learn`."""
        if self._file is None:
            return
        if self._new is None:
            expected = next(self._expected, None)
            if expected is not None and expected.path == known.path:
                self._kept += 1
                return
        self._writing(self._file).add(known)

    def learn(self, path: str, stamp: Stamp, md5: bytes, found: str, charset: str) -> None:
        """What was found out anew."""
        if self._file is not None:
            self._writing(self._file).add(Known(path, *stamp, md5, self._searched(path, stamp, md5), found, charset))

    def again(self, path: str) -> None:
        """Nothing certain was found out: what was known of the file stays."""
        known = self.known.get(path) if self._file is not None else None
        if known is not None:
            self.keep(known)

    def save(self) -> None:
        """All files have been named. Replaces the file as a whole, so that another process reads the old one or the
        new one; not being able to write is no error."""
        if self._file is not None and self._kept != len(self.known):
            self._writing(self._file)
        if self._new is not None:
            self._new.commit(self._label, self._marks)
        self.known.close()

    def _writing(self, file: Path) -> _Writing:
        """From here on it is another file than before."""
        if self._new is None:
            self._new = _Writing(file)
            for known in islice(self.known.rows(), self._kept):
                self._new.add(known)
        return self._new

    def _searched(self, path: str, stamp: Stamp, md5: bytes) -> int:
        """What a file was searched for now, and before if it is still the same."""
        known = self.known.get(path)
        same = known is not None and known.md5 == md5 and known.is_of(stamp)
        return self._wanted | (known.searched if known is not None and same else 0)

    def _open(self) -> _Blocks:
        assert self._file is not None
        try:
            stream = _opened(self._file)
        except OSError:
            return _Blocks()
        try:
            contents = _contents_of(stream)
        except (OSError, ValueError, msgspec.MsgspecError):
            contents = None
        if contents is None or contents.label != self._label or len(contents.marks) > _MOST_MARKS:
            stream.close()
            return _Blocks()
        self._marks = contents.marks
        return _Blocks(stream, contents.blocks)


def _opened(file: Path) -> IO[bytes]:
    """An ordinary file; a pipe in its place does not block. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise OSError("not a hash cache")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _contents_of(stream: IO[bytes]) -> _Contents | None:
    """``None`` when the file is not what was written. Reads all of it once."""
    size = os.fstat(stream.fileno()).st_size
    end = size - _DIGEST
    if end < len(_MAGIC) + _LENGTH or stream.read(len(_MAGIC)) != _MAGIC:
        return None
    hasher = hashlib.blake2b(_MAGIC, digest_size=_DIGEST)
    left = end - len(_MAGIC)
    while left:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            return None
        hasher.update(piece)
        left -= len(piece)
    if stream.read(_DIGEST) != hasher.digest():
        return None
    stream.seek(end - _LENGTH)
    length = int.from_bytes(stream.read(_LENGTH), "big")
    if not 0 < length <= end - _LENGTH:
        return None
    stream.seek(end - _LENGTH - length)
    return _CONTENTS.decode(stream.read(length))


class _Writing:
    """A new cache file beside the old one. What goes wrong is no error: the old one stays."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: list[Known] = []
        self._blocks: list[_Place] = []
        self._offset = 0
        self._hasher = hashlib.blake2b(digest_size=_DIGEST)
        self._stream: IO[bytes] | None = None
        self._temporary = ""
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, self._temporary = tempfile.mkstemp(prefix=file.name + ".", suffix=".tmp", dir=file.parent)
            self._stream = os.fdopen(handle, "wb")
        self._write(_MAGIC)

    def add(self, known: Known) -> None:
        self._rows.append(known)
        if len(self._rows) == _ROWS:
            self._close_block()

    def _close_block(self) -> None:
        data = zlib.compress(_encode(self._rows), 1)
        self._blocks.append(_Place(self._rows[0].path, self._offset, len(data), len(self._rows)))
        self._rows = []
        self._write(data)

    def _write(self, data: bytes) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(data)
            self._hasher.update(data)
            self._offset += len(data)
        except OSError:
            self._discard()

    def commit(self, label: str, marks: list[bytes]) -> None:
        if self._rows:
            self._close_block()
        end = _encode(_Contents(label, marks, self._blocks))
        self._write(end + len(end).to_bytes(_LENGTH, "big"))
        self._write(self._hasher.digest())
        if self._stream is None:
            return
        try:
            self._stream.close()
            Path(self._temporary).replace(self._file)
        except OSError:
            self._discard()

    def _discard(self) -> None:
        stream, self._stream = self._stream, None
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()
        with contextlib.suppress(OSError):
            Path(self._temporary).unlink()


def hash_cache_file(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Where the content hashes of a folder are kept on this computer; ``None``: its file system does not show every
    change, so each file is read."""
    if not has_change_times(folder):
        return None
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return cache_dir(environ) / "hashes" / f"{name}.msgpack"
