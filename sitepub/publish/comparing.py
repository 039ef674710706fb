"""Compares a site with its manifest where the two differ: shards that are the same on both sides are not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sitepub.publish.plan import Plan
from sitepub.publish.release.going_back import ReleasedFiles
from sitepub.publish.retention import AT_ONCE, Retention
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import ShardRef, begins_shard, place_of, places_of, site_hash
from sitepub.publish.states.shards import differing as differing_shards
from sitepub.publish.states.state import State
from sitepub.site.index.indexed_files import IndexedFiles
from sitepub.site.many.files import ChangedFiles, differing
from sitepub.site.snapshot import SiteFile, Snapshot

_READING = 100
"""Bytes of a packed shard for each of its keys: what reading it costs."""

Compare = Callable[[Snapshot, Mapping[str, Entry], Mapping[str, Entry]], Plan]
"""Makes a plan of a part of a site, of what is owned of that, and of what else may be copied."""


@dataclass(frozen=True, slots=True)
class Part:
    """What has to be compared."""

    files: Snapshot
    owned: Mapping[str, Entry]
    unchanged: int
    """Files of the rest."""
    rest: ShardedManifest
    """The rest; not read yet."""
    beside: Mapping[str, Entry] = field(default_factory=dict)
    """Of the rest, what was read all the same: it may be copied."""


def part_of(snapshot: Snapshot, base: State, retention: Retention = AT_ONCE) -> Part:
    """The keys in which a site and its manifest differ, and some beside them."""
    site, retained = ShardedManifest.of(base.manifest), ShardedManifest.of(base.retained)
    if not site.refs:
        return Part(snapshot, dict(base.owned), 0, ShardedManifest())
    if (indexed := indexed_in(snapshot.files)) is not None:
        return _known_changes(snapshot, indexed, base, retention)
    if isinstance(snapshot.files, ReleasedFiles) and not snapshot.files.manifest.changes:
        released = snapshot.files
        local: Mapping[ShardRef, Iterable[str]] = {ref: released.keys_in([ref]) for ref in released.refs}
    else:
        local = {_ref(keys, snapshot): keys for keys in _groups(snapshot)}
    over = {place_of(site.refs, key) for key in site.changes}
    untouched = [ref for number, ref in enumerate(site.refs) if number not in over]
    found = differing_shards(tuple(local), untouched, site_only=True)
    apart = {ref.first for ref in found.theirs} | {site.refs[number].first for number in over}
    read = [ref for ref in site.refs if ref.first in apart]
    files = {key: snapshot.files[key] for ref in found.ours for key in local[ref]}
    owned: dict[str, Entry] = {}
    for shard in site.reader.read(read):
        owned.update(shard.entries)
    for key, entry in site.changes.items():
        if entry is None:
            owned.pop(key, None)
        else:
            owned[key] = entry
    _add_retained(owned, files, base, retained, retention)
    rest = ShardedManifest(tuple(ref for ref in site.refs if ref.first not in apart), site.reader)
    return Part(Snapshot(files), owned, len(snapshot) - len(files), rest)


def indexed_in(files: Mapping[str, SiteFile]) -> IndexedFiles | None:
    """What an index knows of these files, if most of them come from one."""
    if isinstance(files, ChangedFiles):
        files = files.base
    return files if isinstance(files, IndexedFiles) else None


def _known_changes(snapshot: Snapshot, indexed: IndexedFiles, base: State, retention: Retention) -> Part:
    """The index of the folder agrees with a manifest of this site. So what differs lies in what has changed in the
    folder since, and in the shards in which that manifest and the one of now differ."""
    site, retained = ShardedManifest.of(base.manifest), ShardedManifest.of(base.retained)
    found = differing_shards(indexed.base, site.refs, site_only=True)
    keys = {*indexed.changes.files, *indexed.changes.gone, *site.changes, *_over(snapshot.files, indexed)}
    if found.ours:
        keys.update(indexed.between(_ranges(indexed.base, found.ours)))
    apart = {ref.first for ref in found.theirs}
    in_order = sorted(keys)
    touched = places_of(site.refs, in_order)
    numbers = [number for number, ref in enumerate(site.refs) if number in touched or ref.first in apart]
    there: dict[str, Entry] = {}
    for ref, shard in zip([site.refs[number] for number in numbers],
                          site.reader.read([site.refs[number] for number in numbers]), strict=True):
        there.update(shard.entries)
        if ref.first in apart:
            keys.update(shard.entries)
    for key, entry in site.changes.items():
        if entry is None:
            there.pop(key, None)
        else:
            there[key] = entry
    if len(keys) > len(in_order):
        in_order = sorted(keys)
    files = {key: file for key in in_order if (file := snapshot.files.get(key)) is not None}
    owned = {key: there.pop(key) for key in keys if key in there}
    _add_retained(owned, files, base, retained, retention)
    read = set(numbers)
    rest = ShardedManifest(tuple(ref for number, ref in enumerate(site.refs) if number not in read), site.reader)
    return Part(Snapshot(files), owned, len(snapshot) - len(files), rest, there)


def _over(files: Mapping[str, SiteFile], indexed: IndexedFiles) -> Iterable[str]:
    """What has changed since the index was compared with the folder."""
    if isinstance(files, ChangedFiles):
        yield from (key for key, file in files.changes.items() if file != indexed.get(key))


def _ranges(refs: Sequence[ShardRef], some: Sequence[ShardRef]) -> list[tuple[str, str | None]]:
    """Of keys: those that some of the shards hold."""
    ends = {one.first: other.first for one, other in pairwise(refs)}
    return [(ref.first, ends.get(ref.first)) for ref in some]


def _add_retained(owned: dict[str, Entry], files: Iterable[str], base: State, retained: ShardedManifest,
                  retention: Retention) -> None:
    """What the site has dropped: all of it when something is to go, else what comes back."""
    if base.due and retention.is_over(base.due):
        owned.update(retained.items())
    elif retained.refs or retained.changes:
        owned.update({key: entry for key in files if key not in owned and (entry := retained.get(key)) is not None})


def part_since(snapshot: Snapshot, before: Snapshot, base: State) -> Part | None:
    """What has changed since another version of the same site, with which the manifest agrees. ``None``: that is not
    known."""
    keys = differing(before.files, snapshot.files)
    if keys is None:
        return None
    files = {key: snapshot.files[key] for key in sorted(keys) if key in snapshot.files}
    known = base.owned
    owned = {key: entry for key in keys if (entry := known.get(key)) is not None}
    return Part(Snapshot(files), owned, len(snapshot) - len(files), known.site)


def _groups(snapshot: Snapshot) -> list[list[str]]:
    groups: list[list[str]] = []
    for key in sorted(snapshot.files):
        if not groups or begins_shard(key):
            groups.append([])
        groups[-1].append(key)
    return groups


def _ref(keys: list[str], snapshot: Snapshot) -> ShardRef:
    files = [snapshot.files[key] for key in keys]
    return ShardRef(keys[0], len(keys), 0,
                    site_hash((file.key, file.md5, file.size, file.headers_hash) for file in files))


def plan_by_parts(part: Part, base: State, compare: Compare) -> Plan:
    """The plan of the whole site, made from a part of it."""
    plan = compare(part.files, part.owned, part.beside)
    rest = sum(ref.count for ref in part.rest.refs)
    if rest and plan.bytes_to_send > _READING * rest:
        # The bucket may hold some of it under other keys: to look costs less than to send.
        plan = compare(part.files, part.owned, {**part.beside, **dict(part.rest.stream())})
    owned = base.owned.changed(dict.fromkeys(plan.given_up))
    return replace(plan, unchanged=plan.unchanged + part.unchanged, known=owned)
