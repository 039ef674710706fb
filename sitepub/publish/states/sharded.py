"""A manifest that lies in shards, read where it is asked for, and what has changed in it since."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.shards import Headers, Merged, Row, Shard, ShardRef, SortedChanges, merge, place_of

_AT_ONCE = 64
"""Shards that are read together while a manifest is streamed."""


class Reader(Protocol):
    """Where shards come from."""

    @property
    def headers(self) -> Mapping[str, Mapping[str, str]]:
        """Response headers by their hash, of what was read so far."""

    def read(self, refs: Sequence[ShardRef], *, keep: bool = True) -> Sequence[Shard]:
        """The shards, in this order. ``keep``: they are likely to be asked for again. Raises what the cloud answers,
        and :class:`~sitepub.errors.SitepubError` for a shard that is missing or damaged."""

    def knows(self, ref: ShardRef) -> bool:
        """Whether it was read or written, and is at hand."""


class NoReader:
    """For manifests without shards."""

    headers: Mapping[str, Mapping[str, str]] = {}

    def read(self, refs: Sequence[ShardRef], *, keep: bool = True) -> Sequence[Shard]:
        del keep
        if refs:
            raise ValueError("nothing to read shards from")
        return ()

    def knows(self, ref: ShardRef) -> bool:
        del ref
        return False


@dataclass(frozen=True, eq=False, slots=True)
class ShardedManifest(Mapping[str, Entry]):
    """Key → entry. Two that name the same shards and changes are equal without reading any."""

    refs: tuple[ShardRef, ...] = ()
    reader: Reader = field(default_factory=NoReader)
    changes: Mapping[str, Entry | None] = field(default_factory=dict)
    """What lies over the shards: new and changed entries; ``None`` for a key that is not there any more."""
    _last: list[tuple[str, str | None, Mapping[str, Entry]]] = field(default_factory=list, init=False, repr=False)
    """The two shards that were asked for last, the first key of each and that of the next one: most keys come in their
    order, those that were and those that will be in turn."""

    @classmethod
    def of(cls, entries: Mapping[str, Entry]) -> ShardedManifest:
        return entries if isinstance(entries, ShardedManifest) else cls(changes=entries)

    def __getitem__(self, key: str) -> Entry:
        found = self._found(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str, default: Any = None) -> Any:
        # The library's own way raises and catches an error for each key that is not there.
        found = self._found(key)
        return default if found is None else found

    def _found(self, key: str) -> Entry | None:
        return self.changes[key] if self.changes and key in self.changes else self._in_shards(key)

    def _in_shards(self, key: str) -> Entry | None:
        for first, end, entries in self._last:
            if first <= key and (end is None or key < end):
                return entries.get(key)
        if not self.refs or key < self.refs[0].first:
            return None
        number = place_of(self.refs, key)
        entries = self.reader.read([self.refs[number]])[0].entries
        end = self.refs[number + 1].first if number + 1 < len(self.refs) else None
        last = (self.refs[number].first, end, entries)
        self._last[:] = [last, *self._last[:1]]  # at once: other threads may look
        return entries.get(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._found(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.stream(keep=True))

    def __len__(self) -> int:
        count = sum(ref.count for ref in self.refs)
        for key, entry in self.changes.items():
            count += (entry is not None) - (self._in_shards(key) is not None)
        return count

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ShardedManifest) and (self.refs or not self.changes) and (other.refs or not other.changes):
            return self.refs == other.refs and self.changes == other.changes
        return Mapping.__eq__(self, other)

    __hash__ = None  # type: ignore[assignment]

    def items(self) -> ItemsView[str, Entry]:
        return _Items(self)

    @property
    def bytes(self) -> int:
        """The sum of the sizes of its objects."""
        total = sum(ref.bytes for ref in self.refs)
        for key, entry in self.changes.items():
            before = self._in_shards(key)
            total += (entry.size if entry is not None else 0) - (before.size if before is not None else 0)
        return total

    def stream(self, *, keep: bool = False) -> Iterator[Row]:
        """Every row in the order of the keys, in little memory unless ``keep``."""
        if isinstance(self.changes, SortedChanges) and not self.refs:
            yield from ((key, entry) for key, entry in self.changes.rows() if entry is not None)
            return
        pending = sorted(self.changes)
        at = 0
        for start in range(0, len(self.refs), _AT_ONCE):
            for shard in self.reader.read(self.refs[start:start + _AT_ONCE], keep=keep):
                for key, entry in shard.entries.items():
                    while at < len(pending) and pending[at] < key:
                        if (new := self.changes[pending[at]]) is not None:
                            yield pending[at], new
                        at += 1
                    if key not in self.changes:
                        yield key, entry
        for key in pending[at:]:
            if (new := self.changes[key]) is not None:
                yield key, new

    def headers_of(self, keys: Iterable[str]) -> dict[str, Mapping[str, str]]:
        """Hash → response headers, as far as they are known, of the shards that hold these keys."""
        numbers = {place_of(self.refs, key) for key in keys} if self.refs else set()
        found: dict[str, Mapping[str, str]] = {}
        for shard in self.reader.read([self.refs[number] for number in sorted(numbers)]):
            found.update(shard.headers)
        return found

    def changed(self, changes: Mapping[str, Entry | None]) -> ShardedManifest:
        """With further changes over it."""
        if not changes:
            return self
        if isinstance(changes, SortedChanges) and not self.changes:
            return ShardedManifest(self.refs, self.reader, changes)
        if not self.refs:
            left = {key: entry for key, entry in {**self.changes, **changes}.items() if entry is not None}
            return ShardedManifest((), self.reader, left)
        return ShardedManifest(self.refs, self.reader, {**self.changes, **changes})

    @property
    def is_new(self) -> bool:
        """Nothing of it lies in shards yet, and it has very many entries."""
        return not self.refs and isinstance(self.changes, SortedChanges)

    def settled(self, headers: Headers) -> Merged:
        """The shards that hold all of it. Reads those that change. ``headers``: of the changes, by their hash."""
        return merge(self.refs, self.changes, self.reader.read, headers)


class _Items(ItemsView[str, Entry]):
    """One after the other, without looking up each key."""

    _mapping: ShardedManifest

    def __iter__(self) -> Iterator[Row]:
        return self._mapping.stream(keep=True)


class Owned(Mapping[str, Entry]):
    """All that sitepub owns in a bucket: the files of the site, and those that it has dropped and that stay for a
    while. An entry that says until when belongs to the latter."""

    __slots__ = ("retained", "site")

    def __init__(self, site: ShardedManifest, retained: ShardedManifest) -> None:
        self.site = site
        self.retained = retained

    def __getitem__(self, key: str) -> Entry:
        found = self.site.get(key)
        return self.retained[key] if found is None else found

    def get(self, key: str, default: Any = None) -> Any:
        found = self.site.get(key)
        return self.retained.get(key, default) if found is None else found

    def __contains__(self, key: object) -> bool:
        return key in self.site or key in self.retained

    def __iter__(self) -> Iterator[str]:
        yield from self.site
        yield from self.retained

    def __len__(self) -> int:
        return len(self.site) + len(self.retained)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Owned):
            return self.site == other.site and self.retained == other.retained
        return Mapping.__eq__(self, other)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, entries: Mapping[str, Entry]) -> Owned:
        """From entries of both kinds."""
        if isinstance(entries, Owned):
            return entries
        retained = {key: entry for key, entry in entries.items() if entry.until}
        site = ShardedManifest.of(entries)
        return cls(site.changed(dict.fromkeys(retained)) if retained else site, ShardedManifest.of(retained))

    def one_list(self) -> ShardedManifest:
        """Both as one list."""
        return self.site.changed(dict(self.retained))

    def changed(self, changes: Mapping[str, Entry | None]) -> Owned:
        """With other entries, each in the list that it belongs to; ``None``: gone."""
        if not changes:
            return self
        if isinstance(changes, SortedChanges) and not self.site.refs and not self.site.changes and not self.retained:
            return Owned(self.site.changed(changes), self.retained)
        site: dict[str, Entry | None] = {}
        retained: dict[str, Entry | None] = {}
        some = bool(self.retained.refs or self.retained.changes)
        for key, entry in changes.items():
            if entry is not None and not entry.until:
                site[key] = entry
            elif key in self.site:
                site[key] = None
            if entry is not None and entry.until:
                retained[key] = entry
            elif some and key in self.retained:
                retained[key] = None
        return Owned(self.site.changed(site), self.retained.changed(retained))
