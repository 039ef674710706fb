"""Before visitors get a slot it is compared with a listing, shard by shard."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from sitepub.publish.slots.whole import differences
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import Shard, ShardRef
from sitepub.publish.states.state import VERSION, State
from sitepub.tencent.cos.store import Listed


def entry(number: int) -> Entry:
    return Entry(md5=f"{number:032x}", size=number + 1, etag=f"{number:032x}", headers_hash="h")


@dataclass
class Shards:
    """Implements the reader of a manifest."""

    shards: dict[ShardRef, Shard]
    at_hand: set[ShardRef] = field(default_factory=set)
    reads: list[ShardRef] = field(default_factory=list)
    headers: Any = field(default_factory=dict)

    def read(self, refs: Sequence[ShardRef], *, keep: bool = True) -> Sequence[Shard]:
        del keep
        self.reads += [ref for ref in refs if ref not in self.at_hand]
        return [self.shards[ref] for ref in refs]

    def knows(self, ref: ShardRef) -> bool:
        return ref in self.at_hand


@dataclass
class Bucket:
    """Lists what it has; says how many objects of one listing were in use at once."""

    objects: dict[str, Listed]

    def list(self) -> Iterator[Listed]:
        yield from (self.objects[key] for key in sorted(self.objects, key=str.encode))


def slot(rand: random.Random) -> tuple[State, Bucket, Shards]:
    keys = [f"{folder}/{number:02}.html" for folder in "abcdef" for number in range(rand.randrange(1, 5))]
    entries = {key: entry(number) for number, key in enumerate(keys)}
    shards: dict[ShardRef, Shard] = {}
    for folder in "abcdef":
        shard = Shard({key: one for key, one in entries.items() if key.startswith(folder)}, {"h": {}})
        shards[shard.ref()] = shard
    refs = tuple(sorted(shards, key=lambda ref: ref.first))
    changes: dict[str, Entry | None] = {}
    if rand.random() < 0.5:
        changes[rand.choice(keys)] = entry(77)
        changes["aa/new.html"] = entry(78)
        changes[rand.choice(keys)] = None
    retained = {"b/zz-old.css": entry(90), "0.css": entry(91)} if rand.random() < 0.5 else {}
    reader = Shards(shards, set(rand.sample(refs, rand.randrange(len(refs)))))
    site = ShardedManifest(refs, reader, changes)
    state = State(version=VERSION, app="a", stage="s", name="n", region="r", bucket="b", said=(), manifest=site,
                  retained=retained)
    there = {key: Listed(key, one.size, one.etag) for key, one in [*entries.items(), *changes.items(),
                                                                   *retained.items()] if one is not None}
    for key, one in changes.items():
        if one is None:
            there.pop(key, None)
    return state, Bucket(there), reader


@pytest.mark.parametrize("seed", range(40))
def test_what_is_missing_or_another_object_is_found(seed: int) -> None:
    rand = random.Random(seed)
    state, bucket, reader = slot(rand)
    assert differences(bucket, state) == []  # type: ignore[arg-type]
    if not isinstance(state.manifest, ShardedManifest) or not state.manifest.changes:
        assert reader.reads == [], "number and size of the objects say enough"
    wrong = set()
    for key in rand.sample(sorted(bucket.objects), rand.randrange(1, 4)):
        if rand.random() < 0.5:
            del bucket.objects[key]
            wrong.add(f"{key} is missing")
        else:
            there = bucket.objects[key]
            bucket.objects[key] = Listed(key, there.size + 1, "0" * 32)
            wrong.add(f"{key} is another object")
    assert set(differences(bucket, state)) == wrong  # type: ignore[arg-type]


def test_all_of_it_is_missing() -> None:
    state, bucket, _ = slot(random.Random(1))
    count = len(bucket.objects)
    bucket.objects.clear()
    assert len(differences(bucket, state)) == count  # type: ignore[arg-type]


def test_another_object_of_the_same_size_is_seen_in_a_shard_that_was_written_in_this_run() -> None:
    state, bucket, reader = slot(random.Random(2))
    ref = next(iter(reader.shards))
    reader.at_hand = {ref}
    there = bucket.objects[ref.first]
    bucket.objects[ref.first] = Listed(ref.first, there.size, "f" * 32)
    assert differences(bucket, state) == [f"{ref.first} is another object"]  # type: ignore[arg-type]
