"""The index of one folder as a file on this computer: a record for each folder, and what was known of its files.

It only saves time and may be deleted at any moment. It is SQLite, so that a deploy that changes one folder changes one
record. Nothing in it is believed without its checksum: a file that is damaged, or not ours, counts as missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from sitepub.errors import Problem
from sitepub.site.index.listing import DIGEST, Row
from sitepub.site.index.said import to_keep, to_show
from sitepub.site.snapshot import LeftOut

_FORM = "sitepub-index-2"
_LARGEST_FACTS = 64 * 1024 * 1024
_OLD = 3600
"""Seconds after which a file that a run began to write is left over from a kill."""
NEVER = b""
"""In place of a digest: the folder has to be read whatever it looks like."""


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file when it was last published. Its mode and times are 0 when it was too fresh to be recognised again."""

    name: bytes
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    md5: bytes
    """16 bytes; empty: it is not published."""
    headers: int
    """Number of its response headers in the facts."""

    @property
    def row(self) -> Row:
        return self.name, self.mode, self.size, self.mtime_ns, self.ctime_ns, self.inode


class Record(NamedTuple):
    """A folder that was read."""

    path: bytes
    """Below the web root, ``/`` at its end; empty for the root."""
    digest: bytes
    newest: int
    """When the file that was written last was written (ns), of those that are published."""
    content: bytes
    """Checksum of what is known of its files."""


class KnownNames(msgspec.Struct, frozen=True, array_like=True):
    """Which names carry a hash: see :class:`~sitepub.site.hashed_names.HashedNames`."""

    conventions: tuple[tuple[str, str, int, str, int], ...] = ()
    named: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the index says of the folder as a whole."""

    form: str = _FORM
    label: bytes
    """Hash of all that decides, beside the folder, what is published and how: see ``label``."""
    check: bytes
    """Of all records."""
    files: int
    """That are published."""
    headers: tuple[tuple[str, dict[str, str]], ...] = ()
    """Response headers with their hash."""
    warnings: tuple[Problem, ...] = ()
    """Of the scan."""
    notes: tuple[Problem, ...] = ()
    """What else is said in each deploy."""
    left_out: tuple[LeftOut, ...] = ()
    simple: bool = True
    """No file has a second key."""
    names: KnownNames = KnownNames()
    """Which names carry a hash."""
    beside: bytes = b""
    """What the room above keeps with it: which state of the bucket it belongs to."""


_FACTS = msgspec.msgpack.Decoder(Facts)
_KNOWN = msgspec.msgpack.Decoder(list[Known])
_encode = msgspec.msgpack.Encoder().encode


class Unusable(Exception):
    """The file cannot be read, or is not what was written."""


class Check:
    """Checksum over the records in their order."""

    def __init__(self) -> None:
        self._hasher = hashlib.blake2b(digest_size=DIGEST)

    def add(self, record: Record) -> None:
        self._hasher.update(b"%d %d %d %d %b%b%b" % (
            len(record.path), len(record.digest), len(record.content), record.newest, record.path, record.digest,
            record.content))

    def digest(self) -> bytes:
        return self._hasher.digest()


class IndexFile:
    """An index that is there. Every method raises :class:`Unusable`. Records and files may be asked for in many
    threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left: Path | None = None
        """To be removed at the end."""
        with _trouble():
            self._base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None,
                                         timeout=1.0, check_same_thread=False)
            self._one_at_a_time = threading.Lock()
        try:
            with _trouble():
                self._base.execute("BEGIN")  # what is read later is what was there now
            self.facts = self._facts()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: Path, label: bytes) -> IndexFile | None:
        """The index of a folder, if it has one that holds for this label."""
        try:
            found = cls(path)
        except Unusable:
            return None
        if found.facts.label != label:
            found.close()
            return None
        return found

    @classmethod
    def open_copy(cls, path: Path, label: bytes) -> IndexFile | None:
        """The same, to be read for a long time: other runs may bring the file to another state meanwhile."""
        copy = path.with_name(f"{path.name}.{os.urandom(6).hex()}.tmp")
        try:
            shutil.copyfile(path, copy)
            found = cls.open(copy, label)
        except OSError:
            found = None
        if os.name == "nt" and found is not None:  # there, what is open cannot be removed
            found._left = copy
        else:
            _remove(copy)
        return found

    def _facts(self) -> Facts:
        with _trouble():
            row = self._base.execute("SELECT data FROM facts").fetchone()
            if row is None or not isinstance(row[0], bytes) or len(row[0]) > _LARGEST_FACTS:
                raise Unusable
            facts = _FACTS.decode(_checked(row[0]))
        if facts.form != _FORM:
            raise Unusable
        return msgspec.structs.replace(facts, warnings=to_show(facts.warnings), notes=to_show(facts.notes))

    def records(self) -> Iterator[Record]:
        """In the order of their paths."""
        with _trouble():
            yield from _records(self._base)

    def known(self, record: Record) -> list[Known]:
        """The files of a folder."""
        with _trouble():
            with self._one_at_a_time:
                row = self._base.execute("SELECT data FROM files WHERE path = ?", (record.path,)).fetchone()
            if row is None or not isinstance(row[0], bytes) or _digest(row[0]) != record.content:
                raise Unusable
            return _KNOWN.decode(row[0])

    def has(self, folder: bytes) -> bool:
        """Whether there is a record of a folder."""
        return self.record(folder) is not None

    def record(self, folder: bytes) -> Record | None:
        with _trouble(), self._one_at_a_time:
            return next(_records(self._base, " WHERE path = ?", (folder,)), None)

    def update(self, facts: Facts, changed: Iterable[tuple[Record, bytes]], gone: Iterable[bytes]) -> None:
        """Bring it to another state of the folder, if it is as it was read."""
        with _trouble():
            self._base.execute("COMMIT")
            self._base.execute("PRAGMA synchronous = OFF")  # damage is found by the checksums
            self._base.execute("BEGIN IMMEDIATE")
            try:
                if self._facts() != self.facts:
                    raise Unusable
                for path in gone:
                    self._base.execute("DELETE FROM folders WHERE path = ?", (path,))
                    self._base.execute("DELETE FROM files WHERE path = ?", (path,))
                for record, known in changed:
                    _put(self._base, record, known)
                self._base.execute("DELETE FROM facts")
                self._base.execute("INSERT INTO facts VALUES (?)", (_with_checksum(_encoded(facts)),))
                self._base.execute("COMMIT")
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
        self.facts = facts

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._base.close()
        if self._left is not None:
            _remove(self._left)


class NewIndexFile:
    """Written beside the one that is there, which it replaces at the end. Raises :class:`Unusable`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new = path.with_name(f"{path.name}.{os.urandom(6).hex()}.tmp")
        with _trouble():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _clear_away(path)
            self._base = sqlite3.connect(self._new, isolation_level=None)
            try:
                for line in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA page_size = 8192",
                             "CREATE TABLE folders (path BLOB PRIMARY KEY, digest BLOB, newest INTEGER, content BLOB)"
                             " WITHOUT ROWID",
                             "CREATE TABLE files (path BLOB PRIMARY KEY, data BLOB)",
                             "CREATE TABLE facts (data BLOB)", "BEGIN"):
                    self._base.execute(line)
            except BaseException:
                self.discard()
                raise

    def add(self, record: Record, known: bytes) -> None:
        with _trouble():
            _put(self._base, record, known)

    def records(self) -> Iterator[Record]:
        """Those that were added, in the order of their paths."""
        with _trouble():
            yield from _records(self._base)

    def commit(self, facts: Facts) -> None:
        try:
            with _trouble():
                self._base.execute("INSERT INTO facts VALUES (?)", (_with_checksum(_encoded(facts)),))
                self._base.execute("COMMIT")
                self._base.close()
                self._new.replace(self._path)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._base.close()
        _remove(self._new)


def record_of(path: bytes, digest: bytes, known: list[Known], latest: int) -> tuple[Record, bytes]:
    """A record and the form in which the files of its folder are kept."""
    data = _encode(known)
    return Record(path, digest, latest, _digest(data)), data


def _records(base: sqlite3.Connection, which: str = "", values: tuple[bytes, ...] = ()) -> Iterator[Record]:
    for path, digest, latest, content in base.execute(
            f"SELECT path, digest, newest, content FROM folders{which} ORDER BY path", values):
        if not (isinstance(path, bytes) and isinstance(digest, bytes) and isinstance(latest, int)
                and isinstance(content, bytes)):
            raise Unusable
        yield Record(path, digest, latest, content)


def _put(base: sqlite3.Connection, record: Record, known: bytes) -> None:
    base.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?)", record)
    base.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (record.path, known))


def _digest(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST).digest()


def _encoded(facts: Facts) -> bytes:
    return _encode(msgspec.structs.replace(facts, warnings=to_keep(facts.warnings), notes=to_keep(facts.notes)))


def _with_checksum(data: bytes) -> bytes:
    return _digest(data) + data


def _checked(data: bytes) -> memoryview:
    payload = memoryview(data)[DIGEST:]
    if _digest(payload) != data[:DIGEST]:
        raise Unusable
    return payload


@contextlib.contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OSError, msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise Unusable(str(error)) from error


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _clear_away(path: Path) -> None:
    """What killed runs have left."""
    for left in path.parent.glob(f"{path.name}.*.tmp*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _OLD:
                left.unlink()
