"""The files of a site that its index knows, with what has changed since: none is held that is not asked for."""

from __future__ import annotations

import os
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from sitepub.errors import SiteError
from sitepub.site.hash_cache import UNSURE_NS
from sitepub.site.hashed_names import HashedNames
from sitepub.site.index.changes import Changes, Folder
from sitepub.site.index.file import NEVER, Check, Facts, IndexFile, Known, Record, Unusable, record_of
from sitepub.site.index.known_names import names_of
from sitepub.site.index.listing import newest
from sitepub.site.many.files import Headers, ManyFiles
from sitepub.site.snapshot import SiteFile

Range = tuple[str, str | None]
"""From a key on, up to another one that does not belong to it; ``None``: to the end."""


class IndexedFiles(ManyFiles):
    """Object key → file. In no particular order."""

    def __init__(self, index: IndexFile, changes: Changes, root: Path, prefix: str, base: Any) -> None:
        """``base``: what the index agrees with, for those that compare: the shards of a manifest."""
        self._index = index
        self.changes = changes
        self.base = base
        self._root = root
        self._prefix = prefix
        self._headers = index.facts.headers
        self._last: tuple[bytes, dict[bytes, Known]] = b"?", {}

    # -- a mapping ------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> SiteFile:
        if key in self.changes.files:
            return self.changes.files[key]
        if key in self.changes.made:
            return self.changes.made[key]
        if key in self.changes.gone or not key.startswith(self._prefix):
            raise KeyError(key)
        folder, _, name = os.fsencode(key[len(self._prefix):]).rpartition(b"/")
        known = self._folder(folder + b"/" if folder else b"").get(name)
        if known is None or not known.md5:
            raise KeyError(key)
        return self._file(folder + b"/" if folder else b"", known)

    def __iter__(self) -> Iterator[str]:
        return (file.key for file in self.stream())

    def __len__(self) -> int:
        return self._index.facts.files + self.changes.new - len(self.changes.gone)

    def values(self) -> ValuesView[SiteFile]:
        return _Values(self)

    def items(self) -> ItemsView[str, SiteFile]:
        return _Items(self)

    def _folder(self, path: bytes) -> dict[bytes, Known]:
        last = self._last
        if last[0] != path:
            with _reading():
                record = self._index.record(path)
                known = self._index.known(record) if record is not None else []
            self._last = last = path, {one.name: one for one in known}
        return last[1]

    def _file(self, folder: bytes, known: Known) -> SiteFile:
        path = os.fsdecode(folder + known.name)
        digest, headers = self._headers[known.headers]
        return SiteFile(self._prefix + path, known.size, known.md5.hex(), headers, digest, self._root / path)

    def stream(self) -> Iterator[SiteFile]:
        changes = self.changes
        yield from changes.made.values()
        yield from changes.files.values()
        with _reading():
            for record in self._index.records():
                for known in self._index.known(record):
                    if known.md5:
                        file = self._file(record.path, known)
                        if file.key not in changes.files and file.key not in changes.gone:
                            yield file

    def in_order(self) -> Iterator[SiteFile]:
        changes = self.changes
        over = {**changes.made, **changes.files}
        waiting = sorted(over)
        at = 0
        with _reading():
            for file in self._in_order_below(b"", *_tree(self._index.records())):
                while at < len(waiting) and waiting[at] <= file.key:
                    yield over[waiting[at]]
                    at += 1
                if file.key not in over and file.key not in changes.gone:
                    yield file
        yield from (over[key] for key in waiting[at:])

    def _in_order_below(self, folder: bytes, records: Mapping[bytes, Record], children: Mapping[bytes, list[bytes]]
                        ) -> Iterator[SiteFile]:
        """What the index has of a folder and of those in it."""
        there: list[tuple[str, Known | bytes]] = [(os.fsdecode(child), child) for child in children.get(folder, ())]
        if folder in records:
            there += [(os.fsdecode(folder + one.name), one) for one in self._index.known(records[folder]) if one.md5]
        there.sort(key=_path_of)
        for _, one in there:
            if isinstance(one, bytes):
                yield from self._in_order_below(one, records, children)
            else:
                yield self._file(folder, one)

    def below(self, prefix: str) -> Iterator[str]:
        return self.between([(prefix, prefix + "\U0010ffff")])

    def between(self, ranges: Sequence[Range]) -> Iterator[str]:
        """The keys that lie in one of these ranges. No folder is read that holds none of them."""
        changes = self.changes
        for key in (*changes.made, *changes.files):
            if _lies_in(key, ranges):
                yield key
        with _reading():
            for record in self._index.records():
                folder = self._prefix + os.fsdecode(record.path)
                near = [(first, end) for first, end in ranges
                        if (end is None or folder < end) and (first <= folder or first.startswith(folder))]
                if not near:
                    continue
                for known in self._index.known(record):
                    key = folder + os.fsdecode(known.name)
                    if (known.md5 and _lies_in(key, near) and key not in changes.files and key not in changes.gone):
                        yield key

    @property
    def headers(self) -> list[Headers]:
        new = (*self.changes.made.values(), *self.changes.files.values())
        return [*((headers, digest) for digest, headers in self._headers),
                *((file.headers, file.headers_hash) for file in new)]

    @property
    def facts(self) -> Facts:
        """What is said of the folder as a whole."""
        return self._index.facts

    @property
    def names(self) -> HashedNames:
        """Which names carry a hash."""
        return names_of(self.changes.names)

    # -- the index of it --------------------------------------------------------------------------------------

    def write(self, facts: Facts) -> None:
        """All of it is live now: bring the index to it. ``facts``: with what is said of the folder as a whole and kept
        beside it. Raises :class:`~sitepub.site.index.file.Unusable`."""
        headers = list(self._headers)
        numbers = {digest: number for number, (digest, _) in enumerate(headers)}
        changed: dict[bytes, tuple[Record, bytes]] = {}
        for folder in self.changes.folders:
            changed[folder.path] = self._record(folder, headers, numbers)
        check = Check()
        gone = set(self.changes.folders_gone)
        pending = sorted(changed)
        at = 0
        for record in self._index.records():
            while at < len(pending) and pending[at] < record.path:
                check.add(changed[pending[at]][0])
                at += 1
            if record.path in changed:
                check.add(changed[record.path][0])
                at += 1
            elif record.path not in gone:
                check.add(record)
        for path in pending[at:]:
            check.add(changed[path][0])
        facts = msgspec.structs.replace(facts, check=check.digest(), files=len(self), headers=tuple(headers),
                                        names=self.changes.names)
        self._index.update(facts, changed.values(), gone - changed.keys())

    def _changed(self, path: str) -> SiteFile | None:
        """What was read at a path."""
        file = self.changes.same.get(path)
        return self.changes.files.get(self._prefix + path) if file is None else file

    def _record(self, folder: Folder, headers: list[tuple[str, dict[str, str]]], numbers: dict[str, int]
                ) -> tuple[Record, bytes]:
        known: list[Known] = []
        path = os.fsdecode(folder.path)
        latest = 0
        rows = folder.rows
        for row in rows:
            file = self._changed(path + os.fsdecode(row[0]))
            before = folder.before.get(row[0])
            if file is None:
                one = before if before is not None and before.row == row else Known(*row, b"", 0)
            else:
                number = numbers.get(file.headers_hash)
                if number is None:
                    number = numbers[file.headers_hash] = len(headers)
                    headers.append((file.headers_hash, dict(file.headers)))
                sure = max(row[3], row[4]) + UNSURE_NS < folder.at and row[2] == file.size
                md5 = bytes.fromhex(file.md5)
                one = Known(*row, md5, number) if sure else Known(row[0], 0, file.size, 0, 0, 0, md5, number)
            if one.md5:
                latest = max(latest, row[3], row[4])
            known.append(one)
        fresh = newest(rows) + UNSURE_NS >= folder.at or any(
            one.row != row for one, row in zip(known, rows, strict=True))
        return record_of(folder.path, NEVER if fresh else folder.digest, known, latest)


class _Values(ValuesView[SiteFile]):
    _mapping: IndexedFiles

    def __iter__(self) -> Iterator[SiteFile]:
        return self._mapping.stream()


class _Items(ItemsView[str, SiteFile]):
    _mapping: IndexedFiles

    def __iter__(self) -> Iterator[tuple[str, SiteFile]]:
        return ((file.key, file) for file in self._mapping.stream())


def _tree(records: Iterable[Record]) -> tuple[dict[bytes, Record], dict[bytes, list[bytes]]]:
    """Records by their folders, and which folders lie in each."""
    found = {record.path: record for record in records}
    children: dict[bytes, list[bytes]] = {}
    known = {b""}
    for path in found:
        while path not in known:
            known.add(path)
            above = path[:path.rfind(b"/", 0, -1) + 1]
            children.setdefault(above, []).append(path)
            path = above
    return found, children


def _path_of(one: tuple[str, object]) -> str:
    return one[0]


def _lies_in(key: str, ranges: Sequence[Range]) -> bool:
    return any(first <= key and (end is None or key < end) for first, end in ranges)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except Unusable as error:
        raise SiteError(f"what is remembered of the folder cannot be read: {error or 'it is damaged'}",
                        code="IndexDamaged", hint="run again: the folder itself is read then") from error
