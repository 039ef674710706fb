"""Whether a slot holds what its state says: compared with a listing before visitors get it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import Shard, ShardRef
from sitepub.publish.states.state import State
from sitepub.tencent.cos.store import Listed, ObjectStore


def differences(store: ObjectStore, state: State) -> list[str]:
    """What is not as the state says, in words. One request for each 1,000 objects.

    Shards that were not read or written in this run are compared by number and size of their objects, and read only
    where those differ: reading them all would cost more than the listing. No more than the objects of one shard are
    held at once, as long as nothing differs."""
    site = ShardedManifest.of(state.manifest)
    retained = dict(ShardedManifest.of(state.retained).items())
    apart: dict[str, Listed] = {}
    wrong: list[str] = []
    unsure: list[tuple[ShardRef, Mapping[str, Listed]]] = []
    for ref, there in _by_shards(store.list(), site, retained, apart):
        if site.reader.knows(ref):
            wrong += _of_shard(site, site.reader.read([ref], keep=False)[0], there)
        elif len(there) != ref.count or sum(one.size for one in there.values()) != ref.bytes:
            unsure.append((ref, there))
    for (_, there), shard in zip(unsure, site.reader.read([ref for ref, _ in unsure], keep=False), strict=True):
        wrong += _of_shard(site, shard, there)
    wrong += _compared(retained.items(), apart)
    wrong += _compared(((key, entry) for key, entry in site.changes.items() if entry is not None), apart)
    return wrong


def _by_shards(listed: Iterable[Listed], site: ShardedManifest, retained: Container[str], apart: dict[str, Listed]
               ) -> Iterator[tuple[ShardRef, Mapping[str, Listed]]]:
    """Each shard with the objects that are there in its range. ``apart``: gets the others."""
    refs = iter(site.refs)
    ref, following = None, next(refs, None)
    there: dict[str, Listed] = {}
    for one in listed:  # in the order of their keys, as shards are
        if one.key in retained or one.key in site.changes or (ref is None and (
                following is None or one.key < following.first)):
            apart[one.key] = one
            continue
        while following is not None and one.key >= following.first:
            if ref is not None:
                yield ref, there
            ref, following, there = following, next(refs, None), {}
        there[one.key] = one
    while ref is not None or following is not None:
        if ref is not None:
            yield ref, there
        ref, following, there = following, next(refs, None), {}


def _of_shard(site: ShardedManifest, shard: Shard, there: Mapping[str, Listed]) -> list[str]:
    return _compared(((key, entry) for key, entry in shard.entries.items() if key not in site.changes), there)


def _compared(entries: Iterable[tuple[str, Entry]], there: Mapping[str, Listed]) -> list[str]:
    wrong = []
    for key, entry in entries:
        one = there.get(key)
        if one is None:
            wrong.append(f"{key} is missing")
        elif one.size != entry.size or (entry.etag and one.etag != entry.etag):
            wrong.append(f"{key} is another object")
    return wrong
