"""The files of a site as a mapping in the order of their keys, in little memory."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from dataclasses import fields
from pathlib import Path

from sitepub.site.many.packed import Packed, Packing, Row
from sitepub.site.snapshot import SiteFile, StoredCopy

Headers = tuple[Mapping[str, str], str]
"""Response headers and their hash."""


class _Values(ValuesView[SiteFile]):
    """One after the other, without looking up each key."""

    _mapping: PackedFiles | ChangedFiles

    def __iter__(self) -> Iterator[SiteFile]:
        return self._mapping.in_order()


class _Items(ItemsView[str, SiteFile]):
    _mapping: PackedFiles | ChangedFiles

    def __iter__(self) -> Iterator[tuple[str, SiteFile]]:
        return ((file.key, file) for file in self._mapping.in_order())


class _FileOfRow(SiteFile):
    """A file whose Path is made when it is asked for: that takes longer than all the rest."""

    __slots__ = ("_place",)
    _place: str | Path | None

    def __init__(self, key: str, size: int, md5: str, headers: Mapping[str, str], headers_hash: str,
                 path: str | Path | None = None, data: bytes | None = None, copies: tuple[StoredCopy, ...] = (),
                 stamp: tuple[int, int, int, int] | None = None) -> None:
        give = object.__setattr__
        give(self, "key", key)
        give(self, "size", size)
        give(self, "md5", md5)
        give(self, "headers", headers)
        give(self, "headers_hash", headers_hash)
        give(self, "_place", path)
        give(self, "data", data)
        give(self, "copies", copies)
        give(self, "stamp", stamp)

    @property
    def path(self) -> Path | None:
        return Path(self._place) if isinstance(self._place, str) else self._place

    @property
    def has_body(self) -> bool:
        return True

    @property
    def place(self) -> str | None:
        return os.fspath(self._place) if self._place is not None else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SiteFile):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]


_COMPARED = tuple(each.name for each in fields(SiteFile) if each.compare)


class ManyFiles(Mapping[str, SiteFile]):
    """Files that are not held: made when they are asked for."""

    @property
    @abstractmethod
    def headers(self) -> Sequence[Headers]:
        """All that the files have."""

    @abstractmethod
    def below(self, prefix: str) -> Iterator[str]:
        """The keys that begin so, found without going through all of them."""

    @abstractmethod
    def in_order(self) -> Iterator[SiteFile]:
        """All of them, in the order of their keys."""


class PackedFiles(ManyFiles):
    """Key → file, in the order of the keys."""

    def __init__(self, files: Packed[SiteFile], headers: Sequence[Headers]) -> None:
        self._files = files
        self._headers = headers
        self._asked: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._files.rows())

    def __getitem__(self, key: str) -> SiteFile:
        at = self._files.find(key)
        if at < 0:
            raise KeyError(key)
        return self._files[at]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._files.find(key) >= 0

    def holds(self, key: str) -> bool:
        """Whether it has this key; remembers the answer."""
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = key in self
        return found

    def in_order(self) -> Iterator[SiteFile]:
        return iter(self._files)

    @property
    def headers(self) -> Sequence[Headers]:
        return self._headers

    @property
    def ends(self) -> list[str]:
        """The first key and the last one."""
        return [self._files[0].key, self._files[-1].key] if self._files else []

    def below(self, prefix: str) -> Iterator[str]:
        for row in self._files.rows(self._files.place(prefix)):
            if not row[0].startswith(prefix):
                return
            yield row[0]

    def values(self) -> ValuesView[SiteFile]:
        return _Values(self)

    def items(self) -> ItemsView[str, SiteFile]:
        return _Items(self)


class PackingFiles:
    """Files below one folder in the making. They come in the order of their keys."""

    def __init__(self, root: str) -> None:
        """``root``: the folder, with a separator at its end."""
        self._root = root
        self._headers: list[Headers] = []
        self._numbers: dict[str, int] = {}
        self._packing: Packing[SiteFile] = Packing(self._file, keyed=True)

    def add(self, key: str, size: int, md5: bytes, headers: Headers, path: str,
            stamp: tuple[int, int, int, int] | None) -> None:
        """``path``: below the folder, as the system writes it."""
        number = self._numbers.get(headers[1])
        if number is None:
            number = self._numbers[headers[1]] = len(self._headers)
            self._headers.append(headers)
        self._packing.add((key, size, md5, number, None if path == key else path, stamp))

    def _file(self, row: Row) -> SiteFile:
        key, size, md5, number, path, stamp = row
        headers, digest = self._headers[number]
        return _FileOfRow(key, size, md5.hex(), headers, digest, self._root + (key if path is None else path),
                        stamp=tuple(stamp) if stamp is not None else None)

    def done(self) -> PackedFiles:
        return PackedFiles(self._packing.done(), self._headers)


class ChangedFiles(Mapping[str, SiteFile]):
    """Files over others: new and changed ones, and keys that are gone (``None``)."""

    def __init__(self, base: Mapping[str, SiteFile], changes: Mapping[str, SiteFile | None]) -> None:
        self.base = base
        self.changes = changes
        holds = base.holds if isinstance(base, PackedFiles | ChangedFiles) else base.__contains__
        self._more = sum((file is not None) - holds(key) for key, file in changes.items())

    def __len__(self) -> int:
        return len(self.base) + self._more

    def __getitem__(self, key: str) -> SiteFile:
        found = self.changes[key] if key in self.changes else self.base.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str) and key in self.changes:
            return self.changes[key] is not None
        return key in self.base

    def __iter__(self) -> Iterator[str]:
        return (file.key for file in self.in_order())

    def holds(self, key: str) -> bool:
        return key in self

    def below(self, prefix: str) -> Iterator[str]:
        """The keys that begin so, in no order."""
        base = self.base
        keys = (base.below(prefix) if isinstance(base, ManyFiles | ChangedFiles)
                else (key for key in base if key.startswith(prefix)))
        yield from (key for key in keys if key not in self.changes)
        yield from (key for key, file in self.changes.items() if file is not None and key.startswith(prefix))

    def in_order(self) -> Iterator[SiteFile]:
        changes = self.changes
        waiting = sorted(changes)
        at = 0
        for file in in_order(self.base):
            while at < len(waiting) and waiting[at] < file.key:
                if (new := changes[waiting[at]]) is not None:
                    yield new
                at += 1
            if file.key not in changes:
                yield file
        for key in waiting[at:]:
            if (new := changes[key]) is not None:
                yield new

    def values(self) -> ValuesView[SiteFile]:
        return _Values(self)

    def items(self) -> ItemsView[str, SiteFile]:
        return _Items(self)


def ends_of(files: Mapping[str, SiteFile]) -> list[str]:
    """Some of the keys, the first and the last in order among them."""
    if isinstance(files, ChangedFiles):
        return [*ends_of(files.base), *files.changes]
    if isinstance(files, PackedFiles):
        return files.ends
    return list(files)


def differing(one: Mapping[str, SiteFile], other: Mapping[str, SiteFile]) -> set[str] | None:
    """The keys in which two versions of a site may differ, when both are changes of the same files. ``None``: that is
    not known."""
    if not isinstance(one, ChangedFiles) or not isinstance(other, ChangedFiles) or one.base is not other.base:
        return None
    keys = {key for key, file in one.changes.items() if key not in other.changes or other.changes[key] is not file}
    return keys | {key for key in other.changes if key not in one.changes}


def in_order(files: Mapping[str, SiteFile]) -> Iterator[SiteFile]:
    """The files in the order of their keys."""
    if isinstance(files, ManyFiles | ChangedFiles):
        return files.in_order()
    return (files[key] for key in sorted(files))
