"""Long lists in little memory: rows in packed blocks, read one block at a time.

A million Python objects take a gigabyte, and most work goes over a site from its first file to its last. So such lists
are kept packed, and an object is made of a row when it is asked for. Reading in order costs a microsecond or two a row.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar, overload

import msgspec

ROWS = 512
"""Rows of a block."""
_LEVEL = 1
T = TypeVar("T")
Row = tuple[Any, ...]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


class Packed(Sequence[T], Generic[T]):
    """A list that does not change. Safe to read from several threads."""

    def __init__(self, blocks: Sequence[bytes], size: int, make: Callable[[Row], T],
                 firsts: Sequence[str] = ()) -> None:
        """``make``: the object of a row. ``firsts``: the first field of the first row of each block, where the rows are
        sorted by that."""
        self._blocks = blocks
        self._size = size
        self._make = make
        self._firsts = firsts
        self._last: tuple[int, list[Row]] = (-1, [])
        self._index: tuple[int, dict[str, int]] = (-1, {})
        """Key → place, of one block."""
        self._by_key: tuple[int, dict[str, Row]] = (-1, {})
        """The rows of one block."""

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self.rows())

    def rows(self, start: int = 0) -> Iterator[Row]:
        number, skipped = divmod(start, ROWS)
        blocks = (_unpacked(self._blocks[at]) for at in range(number, len(self._blocks)))
        found = chain.from_iterable(blocks)
        for _ in range(skipped):
            next(found, None)
        return found

    def only(self, stays: Callable[[T], bool]) -> Packed[T]:
        """Those for which it says yes."""
        return packed((row for row in self.rows() if stays(self._make(row))), self._make, keyed=bool(self._firsts))

    def of_rows(self, stays: Callable[[Row], bool]) -> Packed[T]:
        """Those of whose row it says yes."""
        return packed(filter(stays, self.rows()), self._make, keyed=bool(self._firsts))

    def made_by(self, make: Callable[[Row], T]) -> Packed[T]:
        """The same rows, and other objects of them."""
        return Packed(self._blocks, self._size, make, self._firsts)

    def __reversed__(self) -> Iterator[T]:
        for block in reversed(self._blocks):
            yield from map(self._make, reversed(_unpacked(block)))

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...

    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(self._size))]
        if at < 0:
            at += self._size
        if not 0 <= at < self._size:
            raise IndexError(at)
        return self._make(self._block(at // ROWS)[at % ROWS])

    def find(self, key: str) -> int:
        """The place of the row that begins with this key, where the rows are sorted; -1: there is none."""
        number, index = self._index
        if (at := index.get(key)) is not None:
            return at
        at = bisect_right(self._firsts, key) - 1
        if at < 0 or at == number:
            return -1
        index = {row[0]: at * ROWS + place for place, row in enumerate(self._block(at))}
        self._index = (at, index)
        return index.get(key, -1)

    def row(self, key: str) -> Row | None:
        """The row that begins with this key, where the rows are sorted."""
        number, rows = self._by_key
        found = rows.get(key)
        if found is None and (at := bisect_right(self._firsts, key) - 1) not in (-1, number):
            rows = {row[0]: row for row in self._block(at)}
            self._by_key = (at, rows)
            found = rows.get(key)
        return found

    def get(self, key: str) -> T | None:
        """The object of that row."""
        row = self.row(key)
        return self._make(row) if row is not None else None

    def some(self, places: Iterable[int]) -> Iterator[T]:
        """Those at these places, which ascend."""
        number, rows = -1, list[Row]()
        for at in places:
            if at // ROWS != number:
                number = at // ROWS
                rows = self._block(number)
            yield self._make(rows[at % ROWS])

    def place(self, key: str) -> int:
        """The place of the first row whose key is not less, where the rows are sorted."""
        number = bisect_right(self._firsts, key) - 1
        return number * ROWS + bisect_left(self._block(number), key, key=_first) if number >= 0 else 0

    def _block(self, number: int) -> list[Row]:
        last, rows = self._last
        if last != number:
            rows = _unpacked(self._blocks[number])
            self._last = (number, rows)
        return rows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class Packing(Generic[T]):
    """A list in the making."""

    def __init__(self, make: Callable[[Row], T], *, keyed: bool = False) -> None:
        """``make``: the object of a row. ``keyed``: rows begin with a key and come in the order of the keys, no two
        with the same."""
        self._make = make
        self._keyed = keyed
        self._rows: list[Row] = []
        self._blocks: list[bytes] = []
        self._firsts: list[str] = []

    def __len__(self) -> int:
        return len(self._blocks) * ROWS + len(self._rows)

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) == ROWS:
            self._close_block()

    def _close_block(self) -> None:
        if self._keyed:
            self._firsts.append(self._rows[0][0])
        self._blocks.append(zlib.compress(_encode(self._rows), _LEVEL))
        self._rows = []

    def done(self) -> Packed[T]:
        size = len(self)
        if self._rows:
            self._close_block()
        return Packed(self._blocks, size, self._make, self._firsts)


def packed(rows: Iterable[Row], make: Callable[[Row], T], *, keyed: bool = False) -> Packed[T]:
    packing = Packing(make, keyed=keyed)
    for row in rows:
        packing.add(row)
    return packing.done()


def _first(row: Row) -> str:
    key: str = row[0]
    return key


def _unpacked(block: bytes) -> list[Row]:
    return _decode(zlib.decompress(block))
