"""Manifests in shards: what is cut where, what a change touches, what a comparison reads."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitepub.publish.states import shards
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.shards import Merged, Shard, ShardRef, begins_shard, differing, merge, site_hash, split

HEADERS = {"h0": {"Content-Type": "text/plain"}, "h1": {"Content-Type": "text/html"}}


@dataclass
class Shelf:
    """Shards by name; notes which were read."""

    shards: dict[str, Shard] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)

    def load(self, refs: Sequence[ShardRef]) -> Sequence[Shard]:
        self.read += [ref.name for ref in refs]
        return [self.shards[ref.name] for ref in refs]

    def put(self, entries: dict[str, Entry]) -> tuple[ShardRef, ...]:
        found = {shard.ref().name: shard for shard in split(sorted(entries.items()), HEADERS)}
        self.shards |= found
        return tuple(shard.ref() for shard in found.values())

    def rows(self, refs: Sequence[ShardRef]) -> dict[str, Entry]:
        return {key: entry for ref in refs for key, entry in self.shards[ref.name].entries.items()}

    def merge(self, refs: Sequence[ShardRef], changes: dict[str, Entry | None]) -> Merged:
        merged = merge(refs, changes, self.load, HEADERS)
        self.shards |= merged.fresh
        return merged


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """About four keys each, so that few keys have many borders."""
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 4)


keys = st.text("ab/", min_size=1, max_size=4) | st.text(min_size=1, max_size=3).filter(lambda key: "\0" not in key)
entries = st.builds(
    lambda content, size, headers, plain, adopted, kept, until, written: Entry(
        content, size, headers, content if plain else f"{content}-2", adopted, kept, until, written),
    st.sampled_from(["m0", "m1", "m2"]), st.integers(0, 3), st.sampled_from(["h0", "h1", "", "unknown"]),
    st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0, 0, 7]),
    st.sampled_from([0, 8]))
manifests = st.dictionaries(keys, entries, max_size=40)
changes = st.dictionaries(keys, st.none() | entries, max_size=12)


@given(manifests)
def test_a_manifest_comes_back_from_its_shards_in_order(manifest: dict[str, Entry]) -> None:
    shelf = Shelf()
    refs = shelf.put(manifest)
    assert list(shelf.rows(refs).items()) == sorted(manifest.items())
    assert sum(ref.count for ref in refs) == len(manifest)
    assert sum(ref.bytes for ref in refs) == sum(entry.size for entry in manifest.values())
    assert [ref.first for ref in refs] == sorted(ref.first for ref in refs)
    assert all(begins_shard(ref.first) for ref in refs[1:])


@given(manifests, manifests)
def test_shards_have_the_same_name_exactly_when_they_hold_the_same(
        one: dict[str, Entry], other: dict[str, Entry]) -> None:
    shelf = Shelf()
    first, second = shelf.put(one), shelf.put(other)
    assert (first == second) == (one == other)


@settings(max_examples=400)
@given(manifests, st.lists(changes, min_size=1, max_size=3))
def test_merged_changes_give_the_shards_that_the_whole_would_give(
        manifest: dict[str, Entry], history: list[dict[str, Entry | None]]) -> None:
    shelf = Shelf()
    refs = shelf.put(manifest)
    for change in history:
        merged = shelf.merge(refs, change)
        manifest = {key: entry for key, entry in {**manifest, **change}.items() if entry is not None}
        assert merged.refs == Shelf().put(manifest)
        assert not {ref.name for ref in refs} & set(merged.fresh)
        refs = merged.refs


@given(manifests, keys, entries)
def test_a_new_key_moves_no_border_but_its_own_and_reads_one_shard(
        manifest: dict[str, Entry], key: str, entry: Entry) -> None:
    shelf = Shelf()
    manifest.pop(key, None)
    refs = shelf.put(manifest)
    merged = shelf.merge(refs, {key: entry})
    assert len(shelf.read) <= 1 and len(merged.fresh) <= 2
    assert len(set(merged.refs) - set(refs)) <= 2
    assert {ref.first for ref in merged.refs[1:]} >= {ref.first for ref in refs[1:]} - {key}
    back = shelf.merge(merged.refs, {key: None})
    assert back.refs == refs


@given(manifests, changes)
def test_what_differs_is_found_in_the_shards_that_differ(
        manifest: dict[str, Entry], change: dict[str, Entry | None]) -> None:
    shelf = Shelf()
    refs = shelf.put(manifest)
    after = {key: entry for key, entry in {**manifest, **change}.items() if entry is not None}
    others = shelf.put(after)
    found = differing(refs, others)
    mine, theirs = shelf.rows(found.ours), shelf.rows(found.theirs)
    assert {key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)} == {
        key for key in {**manifest, **after} if manifest.get(key) != after.get(key)}
    changed = sum(manifest.get(key) != after.get(key) for key in change)
    assert len(found.ours) <= 2 * changed and len(found.theirs) <= 2 * changed


@given(manifests, changes)
def test_what_a_scan_does_not_tell_makes_no_difference_to_it(
        manifest: dict[str, Entry], change: dict[str, Entry | None]) -> None:
    def scanned(rows: dict[str, Entry]) -> dict[str, tuple[str, int, str]]:
        return {key: (entry.md5, entry.size, entry.headers_hash) for key, entry in rows.items()}

    shelf = Shelf()
    after = {key: entry for key, entry in {**manifest, **change}.items() if entry is not None}
    found = differing(shelf.put(manifest), shelf.put(after), site_only=True)
    mine, theirs = scanned(shelf.rows(found.ours)), scanned(shelf.rows(found.theirs))
    before, then = scanned(manifest), scanned(after)
    assert {key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)} == {
        key for key in {**before, **then} if before.get(key) != then.get(key)}


@given(st.lists(st.tuples(st.text(max_size=3).filter(lambda text: "\0" not in text), st.sampled_from(["m", "mm"]),
                          st.integers(0, 12), st.sampled_from(["h", ""])), unique=True, max_size=4))
def test_different_rows_have_different_hashes(rows: list[tuple[str, str, int, str]]) -> None:
    for number in range(len(rows)):
        assert site_hash(rows) != site_hash(rows[:number])
        assert site_hash(rows) != site_hash([*rows[:number], *rows[number + 1:]])


def test_headers_that_become_known_give_a_shard_another_name() -> None:
    rows = [("a", Entry("m", 1, "h0", "m"))]
    unknown, known = next(split(rows, {})), next(split(rows, HEADERS))
    assert unknown.headers == {} and known.headers == {"h0": HEADERS["h0"]}
    assert unknown.ref().name != known.ref().name == known.ref().site == unknown.ref().site


@pytest.mark.parametrize("name", [
    "posts/{:06}/index.html", "img/{}.png", "assets/chunk-{:08x}.js", "标签/{}/index.html", "a/{:b}", "{}"])
def test_shards_have_about_a_thousand_keys_whatever_the_names_look_like(
        name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_BORDER", 2**32 // shards.ABOUT)
    sizes, size = [], 0
    for key in sorted(name.format(number * 3) for number in range(100_000)):
        if begins_shard(key):
            sizes.append(size)
            size = 0
        size += 1
    assert 60 <= len(sizes) <= 145 and max(sizes) < 12_000


def test_random_changes_to_a_large_manifest_write_what_they_touch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 100)
    rand = random.Random(3)
    shelf = Shelf()
    manifest = {f"f{number:05}": Entry("m0", 1, "h0", "m0") for number in range(20_000)}
    refs = shelf.put(manifest)
    for _ in range(20):
        shelf.read.clear()
        key = f"f{rand.randrange(20_000):05}"
        merged = shelf.merge(refs, {key: Entry("m1", rand.randrange(9), "h0", "m1")})
        assert len(shelf.read) == 1 and len(merged.fresh) <= 1
        refs = merged.refs
