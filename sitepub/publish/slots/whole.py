"""Whether a slot holds what its state says: compared with a listing before visitors get it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State
from sitepub.tencent.cos.store import Listed, ObjectStore


def differences(store: ObjectStore, state: State) -> list[str]:
    """What is not as the state says, in words. One request for each 1,000 objects.

    Shards that were not read or written in this run are compared by number and size of their objects, and read only
    where those differ: reading them all would cost more than the listing."""
    site = ShardedManifest.of(state.manifest)
    retained = dict(ShardedManifest.of(state.retained).items())
    firsts = [ref.first for ref in site.refs]
    groups: list[dict[str, Listed]] = [{} for _ in firsts]
    found: dict[str, Listed] = {}
    for there in store.list():
        if there.key in retained or there.key in site.changes or not firsts or there.key < firsts[0]:
            found[there.key] = there
        else:
            groups[bisect_right(firsts, there.key) - 1][there.key] = there
    wrong = _compared(retained.items(), found)
    wrong += _compared(((key, entry) for key, entry in site.changes.items() if entry is not None), found)
    read = [number for number, (ref, there) in enumerate(zip(site.refs, groups, strict=True))
            if site.reader.knows(ref) or len(there) != ref.count
            or sum(one.size for one in there.values()) != ref.bytes]
    for number, shard in zip(read, site.reader.read([site.refs[one] for one in read], keep=False), strict=True):
        wrong += _compared(((key, entry) for key, entry in shard.entries.items() if key not in site.changes),
                           groups[number])
    return wrong


def _compared(entries: Iterable[tuple[str, Entry]], there: Mapping[str, Listed]) -> list[str]:
    wrong = []
    for key, entry in entries:
        one = there.get(key)
        if one is None:
            wrong.append(f"{key} is missing")
        elif one.size != entry.size or (entry.etag and one.etag != entry.etag):
            wrong.append(f"{key} is another object")
    return wrong
