"""The roots of a state bucket are found by few pages, and all of them, whatever was known of it before."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sitepub.publish.bucket_mates import mates_in
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.states import all_roots
from sitepub.publish.states.all_roots import Start, find_roots
from tests.publish.memory_cloud import MemoryCloud, project, remote
from tests.publish.sites import BUCKET, plain

_BESIDE = ("content/{0:04}-1", "journal-{0}", "lock", "lock-over-{0}", "overlay-{0}", "previews/{0}", "releases/{0:04}",
           "shards/{0:04}", "state.json", "state.json.gz", "state.json.gz.old", "previews/p{0}/state.json.gz",
           "previews/p{0}/shards/{0}", "previews/p{0}/content/{0}", "previews-{0}", "buckets.json", "zzz/{0}")
_SITES = ("a/dev/a/", "a/dev/ab/", "a/prod/a/", "a-b/dev/a/", "b/dev/a.b/", "hosts/", "previews/dev/x/", "")


def some_keys(rand: random.Random) -> set[str]:
    return {rand.choice(_SITES) + rand.choice(_BESIDE).format(rand.randrange(40)) for _ in range(rand.randrange(300))}


@pytest.mark.parametrize("page", [1, 3, 20, 1000])
def test_every_root_is_found_wherever_pages_began(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_roots, "PAGE", page)
    monkeypatch.setattr(all_roots, "_FEW", max(1, page // 4))
    rand, cloud = random.Random(page), MemoryCloud()
    cloud.bucket("states").exists = True
    store = cloud.store("states")
    starts: tuple[Start, ...] = ()
    for _ in range(60):
        store.objects.clear()
        for key in some_keys(rand):
            store.put(key, b"", {})
        if rand.random() < 0.3:
            starts = (Start(rand.choice(sorted(some_keys(rand) | {"a"})), rand.random() < 0.5),)
        found = find_roots(store, starts)
        roots = sorted(key for key in store.objects if key.endswith("/state.json.gz"))
        assert [one.key for one in found.found] == roots
        again = find_roots(store, found.starts)
        assert again.found == found.found
        assert len(again.starts) <= 64
        starts = again.starts


def test_what_sites_keep_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_roots, "PAGE", 100)
    cloud = MemoryCloud()
    cloud.bucket("states").exists = True
    store = cloud.store("states")
    for site in "abc":
        for number in range(2000):
            store.put(f"{site}/prod/x/content/{number:05}", b"", {})
            store.put(f"{site}/prod/x/shards/{number:05}", b"", {})
        store.put(f"{site}/prod/x/state.json.gz", b"", {})
    cloud.reads.clear()
    first = find_roots(store)
    assert len(first.found) == 3
    assert len(cloud.reads) <= 7
    assert [one.few for one in first.starts] == [True] * len(first.starts)
    cloud.reads.clear()
    assert find_roots(store, first.starts) == first
    assert len(cloud.reads) == len(first.starts) <= 7


def test_the_root_of_a_site_elsewhere_is_read_once(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    there = remote(cloud, project(stage="dev", bucket_name="elsewhere"))
    publish(there, plain(a="1"), prepare(there, plain(a="1")))
    here = remote(cloud)
    object.__setattr__(here, "environ", {"SITEPUB_HOME": str(tmp_path)})

    def read() -> list[str]:
        cloud.reads.clear()
        assert mates_in(here, BUCKET) == ()
        return [key for what, key in cloud.reads if what == "get"]

    assert read() == [there.states.key]
    assert read() == []
    publish(there, plain(a="2"), prepare(there, plain(a="2")))
    assert read() == [there.states.key]
    moved = remote(cloud, project(stage="dev"))
    publish(moved, plain(b="1"), prepare(moved, plain(b="1")))
    assert [set(mate.keys) for mate in mates_in(here, BUCKET)] == [{"b.txt"}]
    assert [set(mate.keys) for mate in mates_in(here, BUCKET)] == [{"b.txt"}], "one that is in the bucket is read again"
    for file in (tmp_path / "cache" / "roots").iterdir():
        file.write_bytes(b"\x93 no such thing")
    assert [set(mate.keys) for mate in mates_in(here, BUCKET)] == [{"b.txt"}]
