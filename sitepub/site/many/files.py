"""The files of a site as a mapping in the order of their keys, in little memory."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from dataclasses import fields
from pathlib import Path
from typing import Any

from sitepub.site.many.packed import Packed, Packing, Row
from sitepub.site.snapshot import SiteFile, StoredCopy

Headers = tuple[Mapping[str, str], str]
"""Response headers and their hash."""
LargeContent = tuple[tuple[int, int, int, int] | None, int | None]
"""Of a large file: :attr:`SiteFile.stamp` and :attr:`SiteFile.crc`."""


class _Values(ValuesView[SiteFile]):
    """One after the other, without looking up each key."""

    _mapping: PackedFiles | ChangedFiles

    def __iter__(self) -> Iterator[SiteFile]:
        return self._mapping.in_order()


class _Items(ItemsView[str, SiteFile]):
    _mapping: PackedFiles | ChangedFiles

    def __iter__(self) -> Iterator[tuple[str, SiteFile]]:
        return ((file.key, file) for file in self._mapping.in_order())


class _Place(os.PathLike[str]):
    """A path as text: to make a Path of each takes longer than to read the file."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __fspath__(self) -> str:
        return self._text


class _FileOfRow(SiteFile):
    """A file of which nothing is made before it is asked for. A changed copy of it is a plain one."""

    __slots__ = ("_below", "_row")
    _row: Row
    _below: PackingFiles

    def __new__(cls, *values: Any, **named: Any) -> SiteFile:  # type: ignore[misc]
        return SiteFile(*values, **named)

    @property
    def key(self) -> str:
        return self._row[0]  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        return self._row[1]  # type: ignore[no-any-return]

    @property
    def md5(self) -> str:
        return self._row[2].hex()  # type: ignore[no-any-return]

    @property
    def headers(self) -> Mapping[str, str]:
        return self._below.headers[self._row[3]][0]

    @property
    def headers_hash(self) -> str:
        return self._below.headers[self._row[3]][1]

    @property
    def path(self) -> Path:
        return Path(self.place)

    @property
    def data(self) -> None:
        return None

    @property
    def copies(self) -> tuple[StoredCopy, ...]:
        return ()

    @property
    def stamp(self) -> tuple[int, int, int, int] | None:
        large = self._row[5]
        return tuple(large[0]) if large is not None and large[0] is not None else None

    @property
    def crc(self) -> int | None:
        return self._row[5][1] if self._row[5] is not None else None

    @property
    def has_body(self) -> bool:
        return True

    @property
    def filled(self) -> bool:
        return self._row[6]  # type: ignore[no-any-return]

    @property
    def content(self) -> _Place:
        return _Place(self.place)

    @property
    def place(self) -> str:
        below: str = self._row[0] if self._row[4] is None else self._row[4]
        return self._below.root + below

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SiteFile):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]


# A file is frozen, and made more often than anything but a step.
_SET_ROW, _SET_BELOW = (vars(_FileOfRow)[name].__set__ for name in ("_row", "_below"))
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
        found = self._files.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._files.row(key) is not None

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
        self.root = root
        self.headers: list[Headers] = []
        self._numbers: dict[str, int] = {}
        self._packing: Packing[SiteFile] = Packing(self._file, keyed=True)

    def add(self, key: str, size: int, md5: bytes, headers: Headers, path: str,
            large: LargeContent | None, *, filled: bool = False) -> None:
        """``path``: below the folder, as the system writes it. ``filled``: see :attr:`SiteFile.filled`."""
        number = self._numbers.get(headers[1])
        if number is None:
            number = self._numbers[headers[1]] = len(self.headers)
            self.headers.append(headers)
        self._packing.add((key, size, md5, number, None if path == key else path, large, filled))

    def _file(self, row: Row) -> SiteFile:
        file: SiteFile = object.__new__(_FileOfRow)
        _SET_ROW(file, row)
        _SET_BELOW(file, self)
        return file

    def done(self) -> PackedFiles:
        return PackedFiles(self._packing.done(), self.headers)


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
