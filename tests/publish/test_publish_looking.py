"""What lies under many keys is found by a few pages of a listing, or by single requests where those cost less."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable

import pytest

from sitepub.errors import AccessDenied
from sitepub.publish.looking import FreeKeys, look_at
from tests.publish.memory_bucket import Object
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore

ENTRY = Object(b"x", {}, "e", 0)


def cloud_with(keys: Iterable[str]) -> tuple[MemoryCloud, MemoryStore]:
    cloud = MemoryCloud()
    cloud.bucket("bucket").exists = True
    store = cloud.store("bucket")
    store.objects.update(dict.fromkeys(keys, ENTRY))
    return cloud, store


def look(cloud: MemoryCloud, store: MemoryStore, keys: Iterable[str]) -> tuple[set[str], frozenset[str], Counter[str]]:
    cloud.reads.clear()
    found = look_at(store, keys, threading.Event())
    return set(found.there), found.unknown, Counter(what for what, _ in cloud.reads)


POSTS = [f"posts-{number // 100:03}/{number:05}.html" for number in range(8000)]
MOVED = [key.replace("posts", "moved") for key in POSTS]
SITES: dict[str, tuple[list[str], list[str], int]] = {
    "none is there": (POSTS, MOVED, 1),
    "all are there": (POSTS, POSTS, 9),
    "a part is there": (POSTS[::3], POSTS, 4),
    "few": (POSTS, POSTS[:20], 20),
    "one": (POSTS, ["a"], 1),
    "nothing is asked": (POSTS, [], 0),
    "far apart": (POSTS, POSTS[::100], 80 + 1),
    "first dense, then far apart": (POSTS, POSTS[:4000] + POSTS[4000::200], 5 + 20),
    "many beside one key": ([f"a{number:04}" for number in range(3000)], [f"a{number:04}" for number in range(900)], 2),
    "short names": ([chr(code) for code in range(33, 127)], [chr(code) for code in range(30, 130)], 1),
    "beyond ASCII": ([f"日本{chr(0x4e00 + number)}" for number in range(2500)],
                     [f"日本{chr(0x4e00 + number)}" for number in range(0, 5000, 2)], 4),
    "an empty bucket": ([], POSTS, 1),
}


@pytest.mark.parametrize("site", SITES)
def test_pages_answer_for_many_keys(site: str) -> None:
    there, wanted, most = SITES[site]
    cloud, store = cloud_with(there)
    found, unknown, requests = look(cloud, store, wanted)
    assert found == set(there) & set(wanted)
    assert not unknown
    assert requests.total() <= most, requests


def test_any_keys_of_any_bucket() -> None:
    rand = random.Random(5)
    for _ in range(60):
        names = [f"{rand.choice('abc')}{rand.choice(('', '/', '//'))}{rand.randrange(10 ** rand.randint(1, 4))}"
                 for _ in range(rand.choice((10, 300, 3000)))]
        cloud, store = cloud_with(rand.sample(names, rand.randrange(len(names))))
        wanted = set(rand.sample(names, rand.randrange(len(names))))
        found, _, requests = look(cloud, store, wanted)
        assert found == wanted & store.objects.keys()
        assert requests["head"] <= len(wanted)


def test_who_may_not_list_asks_for_each_and_who_may_not_read_does_not_know() -> None:
    cloud, store = cloud_with(POSTS[:100])
    cloud.refuse_read = lambda what, _key: AccessDenied("no") if what == "list" else None
    assert look(cloud, store, POSTS[:200]) == (set(POSTS[:100]), frozenset(), {"list": 1, "head": 200})
    cloud.refuse_read = lambda _what, _key: AccessDenied("no")
    assert look(cloud, store, POSTS[:30])[:2] == (set(), frozenset(POSTS[:30]))


@pytest.mark.parametrize("site", SITES)
def test_free_keys_are_found_in_the_order_of_copies(site: str) -> None:
    there, wanted, most = SITES[site]
    cloud, store = cloud_with(there)
    free = FreeKeys(store, lambda: 1000.0)
    assert [free.is_free(key) for key in wanted] == [key not in store.objects for key in wanted]
    assert len(cloud.reads) <= 20 + most + len(wanted) // 100


def test_what_others_put_there_is_seen_a_moment_later() -> None:
    now = [1000.0]
    cloud, store = cloud_with([])
    free = FreeKeys(store, lambda: now[0])
    for key in MOVED[:1000]:
        assert free.is_free(key)
    store.objects.update(dict.fromkeys(MOVED[2000:], ENTRY))
    now[0] += 1.0
    assert [free.is_free(key) for key in MOVED[1500:2500]] == [True] * 500 + [False] * 500
    assert len(cloud.reads) < 25


def test_threads_that_come_out_of_order_get_true_answers() -> None:
    rand = random.Random(7)
    cloud, store = cloud_with(POSTS[::2])
    now = [0.0]
    free = FreeKeys(store, lambda: now[0])
    keys = sorted(POSTS[:3000], key=lambda key: (POSTS.index(key) // 128, rand.random()))
    for key in keys:
        now[0] += 0.002
        assert free.is_free(key) is (key not in store.objects)
    assert len(cloud.reads) < 800
