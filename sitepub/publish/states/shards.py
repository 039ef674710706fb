"""A manifest as a sorted list in shards (pure).

A shard begins where a hash of the key says so, about every thousand keys, so a key that comes or goes moves no border
but its own. A shard is named by a hash of what is in it and never changes: two manifests that hold the same in a range
of keys have the same shard there, and what differs between two manifests is found without reading what does not.
"""

from __future__ import annotations

import hashlib
import zlib
from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from sitepub.publish.states.manifest import Entry

ABOUT = 1000
"""Keys in a shard, on average."""
_BORDER = 2**32 // ABOUT
_SPREAD = 0x9E3779B1
"""An odd number near 2**32 times the golden ratio: CRC-32 alone is too regular for keys that are counted up."""
_NAMED = 16
"""Bytes of a hash that names what a site's files are; half as many name the rest."""

Row = tuple[str, Entry]
Headers = Mapping[str, Mapping[str, str]]
"""Hash of response headers → the headers."""


class ShardRef(msgspec.Struct, frozen=True, array_like=True):
    """What a root says of a shard."""

    first: str
    """Its first key; it goes on until the first key of the next shard."""
    count: int
    bytes: int
    """The sum of the sizes of its objects."""
    name: str

    @property
    def site(self) -> str:
        """Hash of what a scan of the site's folder finds: keys, contents and headers."""
        return self.name.partition(".")[0]


class Shard(msgspec.Struct, frozen=True, array_like=True):
    """Some consecutive keys of a manifest."""

    entries: dict[str, Entry]
    """In the order of the keys."""
    headers: dict[str, dict[str, str]] = {}
    """The response headers that the entries name by their hash, as far as they are known."""

    def ref(self) -> ShardRef:
        rows = self.entries
        rest = _rest_hash(rows, self.headers)
        name = site_hash((key, entry.md5, entry.size, entry.headers_hash) for key, entry in rows.items())
        return ShardRef(next(iter(rows)), len(rows), sum(entry.size for entry in rows.values()),
                        f"{name}.{rest}" if rest else name)


def begins_shard(key: str) -> bool:
    """Whether a shard begins with this key, wherever it stands."""
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) * _SPREAD & 0xFFFFFFFF < _BORDER


def site_hash(rows: Iterable[tuple[str, str, int, str]]) -> str:
    """Of (key, MD5, size, hash of the headers), in the order of the keys."""
    # A key may hold a line end, but no NUL: no two lists of rows give the same text.
    text = "".join([f"{key}\0{md5}\0{size}\0{headers}\0" for key, md5, size, headers in rows])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_NAMED).hexdigest()


def _rest_hash(rows: Mapping[str, Entry], headers: Headers) -> str:
    """Of what a scan does not find; "" for objects that are just as the site says."""
    parts = [f"{key}\0{entry.etag}\0{entry.adopted:d}{entry.kept:d}\0{entry.until}\0{entry.written}\0"
             for key, entry in rows.items()
             if entry.etag != entry.md5 or entry.adopted or entry.kept or entry.until or entry.written]
    parts += sorted({f"?{entry.headers_hash}\0" for entry in rows.values() if entry.headers_hash not in headers})
    if not parts:
        return ""
    return hashlib.blake2b("".join(parts).encode("utf-8", "surrogatepass"), digest_size=_NAMED // 2).hexdigest()


def split(rows: Iterable[Row], headers: Headers) -> Iterator[Shard]:
    """The shards of rows that are in the order of their keys."""
    part: dict[str, Entry] = {}
    for key, entry in rows:
        if part and begins_shard(key):
            yield _shard(part, headers)
            part = {}
        part[key] = entry
    if part:
        yield _shard(part, headers)


def _shard(entries: dict[str, Entry], headers: Headers) -> Shard:
    named = sorted({entry.headers_hash for entry in entries.values()})
    return Shard(entries, {name: dict(headers[name]) for name in named if name in headers})


class SortedChanges(Mapping[str, Entry | None]):
    """Very many changes of a manifest, in the order of their keys; made one after the other."""

    @abstractmethod
    def rows(self) -> Iterator[tuple[str, Entry | None]]: ...

    def items(self) -> ItemsView[str, Entry | None]:
        return _Rows(self)


class _Rows(ItemsView[str, Entry | None]):
    _mapping: SortedChanges

    def __iter__(self) -> Iterator[tuple[str, Entry | None]]:
        return self._mapping.rows()


Load = Callable[[Sequence[ShardRef]], Sequence[Shard]]
"""Reads shards."""


def place_of(refs: Sequence[ShardRef], key: str) -> int:
    """The number of the shard that holds a key, or would hold it; there is at least one."""
    return max(0, bisect_right(refs, key, key=lambda ref: ref.first) - 1)


def places_of(refs: Sequence[ShardRef], keys: Sequence[str]) -> set[int]:
    """The numbers of the shards that hold these keys, or would hold them. The keys are in order."""
    found: set[int] = set()
    at = 0
    while refs and at < len(keys):
        number = place_of(refs, keys[at])
        found.add(number)
        at = bisect_left(keys, refs[number + 1].first, at) if number + 1 < len(refs) else len(keys)
    return found


@dataclass(frozen=True, slots=True)
class Merged:
    """A manifest in shards after some changes."""

    refs: tuple[ShardRef, ...]
    fresh: Mapping[str, Shard]
    """By name: the shards that were not there before."""


def merge(refs: Sequence[ShardRef], changes: Mapping[str, Entry | None], load: Load, headers: Headers) -> Merged:
    """The shards after ``changes`` (``None``: the key goes). Reads those that change, and no others."""
    if not changes:
        return Merged(tuple(refs), {})
    if isinstance(changes, SortedChanges):
        changes = dict(changes.items())
    pending = sorted(changes)
    touched = places_of(refs, pending)
    # Where the first key of a shard goes, the rest of it joins the shard before.
    for number in sorted(touched, reverse=True):
        at = number
        while at > 0 and changes.get(refs[at].first, at) is None:
            at -= 1
            touched.add(at)
    known = dict(headers)
    order = sorted(touched)
    loaded = dict(zip(order, load([refs[number] for number in order]), strict=True))
    for shard in loaded.values():
        known.update(shard.headers)
    after: list[ShardRef] = []
    fresh: dict[str, Shard] = {}
    there = {ref.name for ref in refs}

    def add(rows: dict[str, Entry]) -> None:
        for shard in split(sorted(rows.items()), known):
            ref = shard.ref()
            after.append(ref)
            if ref.name not in there:
                fresh[ref.name] = shard

    if not refs:
        add({key: entry for key in pending if (entry := changes[key]) is not None})
    for changed, run in groupby(range(len(refs)), key=lambda number: number in touched):
        numbers = list(run)
        if not changed:
            after += [refs[number] for number in numbers]
            continue
        rows: dict[str, Entry] = {}
        for number in numbers:
            rows.update(loaded[number].entries)
        for key in _between(pending, refs, numbers[0], numbers[-1]):
            entry = changes[key]
            if entry is None:
                rows.pop(key, None)
            else:
                rows[key] = entry
        add(rows)
    return Merged(tuple(after), fresh)


def _between(keys: Sequence[str], refs: Sequence[ShardRef], first: int, last: int) -> Sequence[str]:
    """Those of the sorted keys that belong to the shards ``first`` to ``last``."""
    begin = 0 if first == 0 else bisect_left(keys, refs[first].first)
    end = len(keys) if last + 1 == len(refs) else bisect_left(keys, refs[last + 1].first)
    return keys[begin:end]


@dataclass(frozen=True, slots=True)
class Differing:
    """Which parts of two manifests are not the same."""

    ours: tuple[ShardRef, ...]
    theirs: tuple[ShardRef, ...]


def differing(ours: Sequence[ShardRef], theirs: Sequence[ShardRef], *, site_only: bool = False) -> Differing:
    """The shards that only one of the two has: all that has to be read to know what differs. ``site_only``: ETags and
    what else a scan does not find is left out of the comparison."""
    def identity(ref: ShardRef) -> tuple[str, str]:
        return ref.first, ref.site if site_only else ref.name

    left, right = {identity(ref) for ref in ours}, {identity(ref) for ref in theirs}
    return Differing(tuple(ref for ref in ours if identity(ref) not in right),
                     tuple(ref for ref in theirs if identity(ref) not in left))
