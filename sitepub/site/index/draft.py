"""An index in the making: what the walk sees, before any file is read, and what was published of it in the end.

A row is taken before the content of the file is read. So whatever changes the file after that leaves it with another
row than the one in the index, or within the same tick of the clock: rows that were that fresh never match (as in git).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from sitepub.errors import Problem
from sitepub.site.hash_cache import UNSURE_NS
from sitepub.site.hashed_names import HashedNames
from sitepub.site.index.file import NEVER, Check, Facts, Known, NewIndexFile, Record, Unusable, record_of
from sitepub.site.index.known_names import known_of
from sitepub.site.index.listing import Row, newest, of_entries
from sitepub.site.keys import alias_of, key_part
from sitepub.site.snapshot import SiteFile, Snapshot

_encode = msgspec.msgpack.Encoder().encode
_LENGTH = 8


class _Seen(msgspec.Struct, frozen=True, array_like=True):
    path: bytes
    digest: bytes
    at: int
    """When it was about to be listed (ns)."""
    rows: list[Row]


_SEEN = msgspec.msgpack.Decoder(_Seen)


class Draft:
    """Takes the folders of one walk, in little memory. A draft that cannot be written is no error: there is no index
    then."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._spool: IO[bytes] | None = None
        self._names = HashedNames()
        self._device = 0
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._spool = tempfile.TemporaryFile(dir=file.parent)  # noqa: SIM115 - open for the life of the draft
        except OSError:
            pass

    def folder(self, path: str, entries: list[os.DirEntry[str]], at: int) -> None:
        """``path``: below the web root with ``/`` at its end; ``at``: when it was about to be listed (ns)."""
        if self._spool is None:
            return
        try:
            there = of_entries(entries)
            self._device = self._device or there.device
            if not there.plain or there.device not in (0, self._device):
                self.discard()  # with links in it, a folder has to be read whatever it looks like
                return
            data = _encode(_Seen(os.fsencode(path), there.digest, at, there.rows))
            self._spool.write(len(data).to_bytes(_LENGTH, "big") + data)
        except OSError:  # an entry is gone, or the disk is full
            self.discard()

    def names(self, names: HashedNames) -> None:
        """Which names were found to carry a hash."""
        self._names = names

    def _read(self) -> Iterator[_Seen]:
        assert self._spool is not None
        self._spool.seek(0)
        while length := self._spool.read(_LENGTH):
            yield _SEEN.decode(self._spool.read(int.from_bytes(length, "big")))

    def publish(self, snapshot: Snapshot, prefix: str, label: bytes, notes: tuple[Problem, ...], beside: bytes
                ) -> None:
        """All of the snapshot is live now: make it the index. ``prefix``: of all keys."""
        if self._spool is None:
            return
        with contextlib.suppress(Unusable, OSError, msgspec.MsgspecError):
            new = NewIndexFile(self._file)
            try:
                self._publish(new, snapshot, prefix, Facts(label=label, check=b"", files=len(snapshot), notes=notes,
                                                           beside=beside))
            finally:
                new.discard()
        self.discard()

    def _publish(self, new: NewIndexFile, snapshot: Snapshot, prefix: str, facts: Facts) -> None:
        files = Published(snapshot, prefix)
        for seen in self._read():
            new.add(*files.record(seen.path, seen.digest, seen.rows, seen.at))
        made = [file for file in snapshot if file.place is None]
        if files.count + len(made) != len(snapshot):
            return  # something came or went meanwhile
        check = Check()
        for record in new.records():
            check.add(record)
        new.commit(msgspec.structs.replace(
            facts, check=check.digest(), headers=tuple(files.headers), warnings=snapshot.warnings,
            left_out=snapshot.left_out, simple=not files.aliases, names=known_of(self._names)))

    def discard(self) -> None:
        if self._spool is not None:
            with contextlib.suppress(OSError):  # what is not written yet is written then, and the disk may be full
                self._spool.close()
            self._spool = None


class Published:
    """Which rows are files of a snapshot."""

    def __init__(self, snapshot: Snapshot, prefix: str, headers: tuple[tuple[str, dict[str, str]], ...] = ()) -> None:
        self._files = snapshot.files
        self._prefix = prefix
        self.headers = list(headers)
        self._numbers = {digest: number for number, (digest, _) in enumerate(headers)}
        self.count = 0
        """Files found so far, those with a second key twice."""
        self.aliases = False

    def record(self, path: bytes, digest: bytes, rows: list[Row], at: int) -> tuple[Record, bytes]:
        """The record of a folder. ``at``: when it was about to be listed (ns): what changed shortly before may be
        changed again within the same tick of the file system's clock."""
        known: list[Known] = []
        latest = 0
        folder = os.fsdecode(path)
        for row in rows:
            file = self._file(folder + os.fsdecode(row[0]))
            if file is None:
                known.append(Known(*row, b"", 0))
                continue
            changed = max(row[3], row[4])
            latest = max(latest, changed)
            if changed + UNSURE_NS < at and row[2] == file.size:
                known.append(Known(*row, bytes.fromhex(file.md5), self._number(file)))
            else:
                digest = NEVER
                known.append(Known(row[0], 0, file.size, 0, 0, 0, bytes.fromhex(file.md5), self._number(file)))
        if newest(rows) + UNSURE_NS >= at:
            digest = NEVER
        return record_of(path, digest, known, latest)

    def _file(self, path: str) -> SiteFile | None:
        key = self._prefix + path if path.isascii() else self._prefix + "/".join(map(key_part, path.split("/")))
        file = self._files.get(key)
        if file is None or file.place is None:
            return None
        self.count += 1
        if not path.isascii() and alias_of(key, path) is not None:
            self.aliases = True
            self.count += 1
        return file

    def _number(self, file: SiteFile) -> int:
        number = self._numbers.get(file.headers_hash)
        if number is None:
            number = self._numbers[file.headers_hash] = len(self.headers)
            self.headers.append((file.headers_hash, dict(file.headers)))
        return number

