"""Two runs that meet end as one of them, never as a mix."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sitepub.config.bucket_settings import Website
from sitepub.domains.hosts.open_hosts import service_api
from sitepub.errors import Refused
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Status
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_settings import Made
from tests.conftest import LocalCloud
from tests.publish.memory_bucket import MemoryBucket
from tests.publish.memory_cloud import MemoryCloud, project, remote
from tests.publish.pausing import Nursery, deploy, deploying, place_of, site_of
from tests.publish.sites import BUCKET, live, site_file, snapshot

posix = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP and fork are POSIX")
BLOG = {"index.html": "the blog", "shared.css": "p{}", "blog.html": "blog"}
SHOP = {"index.html": "the shop", "shared.css": "p{}", "shop.html": "shop"}


def names() -> dict[str, Any]:
    mark = "x" + uuid.uuid4().hex[:10]
    return {"bucket_name": f"race-{mark}", "state_bucket": f"state-{mark}"}


def contents(cloud: LocalCloud, named: dict[str, Any]) -> dict[str, str]:
    with place_of(cloud, named) as place:
        return {there.key: place.store.get(there.key).data.decode() for there in place.store.list()}


# -- two sites, one bucket -------------------------------------------------------------------------------------


def nothing_was_replaced(cloud: LocalCloud, named: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """Whoever says that it is published has all its files there, and the other has not said so."""
    found = contents(cloud, named)
    done = [site for site, result in zip((BLOG, SHOP), results, strict=True) if result["status"] == "published"]
    for site in done:
        assert found.items() >= site.items(), (results, found)
    assert len(done) <= 1
    for result in results:
        assert result["status"] in ("published", "partial") or result["code"] == "ForeignObjects", result


@posix
def test_two_new_sites_in_one_bucket_paused_at_each_answer_replace_nothing_of_each_other(nursery: Nursery) -> None:
    cloud = nursery.cloud

    def meet(at: int) -> bool:
        named = names()
        with deploying(nursery, BLOG, {**named, "name": "blog"}, stop_at=at) as blog:
            if not blog.wait_for_stop():
                return False
            with place_of(cloud, {**named, "name": "shop"}) as place:
                second = deploy(place, site_of(SHOP))
            blog.wake()
            nothing_was_replaced(cloud, named, [blog.result(), second])
        return True

    with ThreadPoolExecutor(4) as threads:
        met = list(threads.map(meet, range(1, 32)))
    assert 15 < sum(met) < 31


@posix
def test_two_new_sites_in_one_bucket_at_once_replace_nothing_of_each_other(nursery: Nursery) -> None:
    for _ in range(6):
        named = names()
        with deploying(nursery, BLOG, {**named, "name": "blog"}) as blog, deploying(
                nursery, SHOP, {**named, "name": "shop"}) as shop:
            nothing_was_replaced(nursery.cloud, named, [blog.result(), shop.result()])


# -- one site, two runs ----------------------------------------------------------------------------------------

FIRST = {"index.html": "first", "old.html": "old", "same.css": "same", "aged.css": "aged", "a.css": "a1"}
SLEEPER = {"index.html": "of the sleeper", "same.css": "same", "aged.css": "aged@9", "a.css": "a2",
           "sleeper.html": "only the sleeper has it", "s.css": "s"}
OTHER = {"index.html": "of the other", "same.css": "same", "aged.css": "aged@5", "a.css": "a3",
         "other.html": "only the other has it"}
LEASE = 2.0


def is_exactly(place: Remote, site: Snapshot) -> bool:
    found = {there.key: place.store.get(there.key) for there in place.store.list()}
    return {key: (there.data, there.headers.get("cache-control")) for key, there in found.items()} == {
        file.key: (file.data, file.headers["Cache-Control"]) for file in site}


@posix
@pytest.mark.parametrize("began_with", [FIRST, None], ids=["a later deploy", "the first deploy"])
def test_a_deploy_that_slept_past_its_lease_at_any_answer_writes_nothing_into_the_next_one(
        nursery: Nursery, began_with: dict[str, str] | None) -> None:
    def meet(at: int) -> str:
        named = names()
        with place_of(nursery.cloud, named) as place:
            if began_with is not None:
                assert deploy(place, site_of(began_with))["status"] == "published"
            with deploying(nursery, SLEEPER, named, stop_at=at, lease=LEASE) as sleeper:
                if not sleeper.wait_for_stop():
                    return "over"
                time.sleep(LEASE)
                other = deploy(place, site_of(OTHER))
                while other.get("code") == "Locked":
                    time.sleep(0.2)
                    other = deploy(place, site_of(OTHER))
                assert other["status"] == "published", (at, other)
                sleeper.wake()
                slept = sleeper.result()
            # It may have been through already; and one that had not begun comes after the other, or is asked about it.
            if slept["status"] == "published":
                assert is_exactly(place, site_of(SLEEPER)) or is_exactly(place, site_of(OTHER)), (at, slept)
            else:
                assert slept["code"] in ("LockLost", "ForeignObjects"), (at, slept)
                assert is_exactly(place, site_of(OTHER)), at
            again = deploy(place, site_of(OTHER))
            assert again["status"] in ("published", "unchanged") and is_exactly(place, site_of(OTHER)), (at, again)
            assert deploy(place, site_of(OTHER))["status"] == "unchanged", at
            assert not [there.key for there in place.states.store.list() if "/lock" in there.key]
        return str(slept["status"])

    with ThreadPoolExecutor(10) as threads:
        ends = list(threads.map(meet, range(1, 46)))
    assert ends.count("error") > 10 and "over" in ends, ends


def test_who_lost_the_lock_can_change_nothing_that_belongs_to_the_site(local_cloud: LocalCloud) -> None:
    """Objects, settings, state, former buckets, and what hosts need: one fence stands before all of them."""
    named = names()
    cloud = Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                  local_cloud.address)
    with open_remote(project(**named), cloud) as place:
        publish(place, site_of(FIRST), prepare(place, site_of(FIRST)))
        former, former_settings = place.elsewhere(place.bucket)
        api = service_api(cloud)
        writes: list[Callable[[], object]] = [
            lambda: place.store.put("late", b"1", {}), lambda: place.store.copy("late", "index.html", {}),
            lambda: place.store.delete(["index.html"]), lambda: place.settings.put_acl("private"),
            lambda: place.settings.delete(), lambda: place.states.store.put("late", b"1", {}), place.states.delete,
            lambda: former.delete(["index.html"]), lambda: former_settings.put_acl("private"),
            lambda: api.call("dnspod", "CreateDomain", {"Domain": f"{named['bucket_name']}.example"})]
        with Lock(place.states.store, place.states.prefix) as lock:
            lock.check()
            place.states.store.delete([lock.key])
            with pytest.raises(Refused):
                lock.still_ours()
            for write in writes:
                with pytest.raises(Refused) as error:
                    write()
                assert error.value.code == "LockLost"
            former_settings.close()
            former.close()
        assert is_exactly(place, site_of(FIRST)) and place.states.load() is not None
        assert place.settings.get_acl() == "public-read"
        place.store.put("late", b"1", {})


class Contested(MemoryBucket):
    """Somebody else makes the bucket, and puts something into it, when it is about to be made."""

    made = Made.BEFORE

    def create(self) -> Made:
        super().create()
        self.cloud.store(self.name).put("index.html", b"theirs", {})
        return self.made


INDEX = site_file("index.html", b"ours", "text/html")


@pytest.mark.parametrize("made", [Made.BEFORE, Made.UNSURE])
def test_a_plan_for_a_missing_bucket_is_made_again_and_asked_about_when_it_was_there(made: Made) -> None:
    cloud = MemoryCloud()
    bucket = cloud.buckets[BUCKET] = Contested(cloud, BUCKET)
    bucket.made = made
    place = remote(cloud)
    asked: list[Prepared] = []
    prepared = prepare(place, snapshot(INDEX))
    outcome = publish(place, snapshot(INDEX), prepared, PublishOptions(approve=asked.append, threads=1))
    assert [[step.key for step in one.plan.taken_over] for one in asked] == [["index.html"]]
    assert outcome.status is Status.PUBLISHED and outcome.state.created is None
    removal = prepare_removal(place)
    assert removal is not None and removal.buckets[0].bucket_stays == "sitepub did not create it"


def test_a_refusal_then_leaves_nothing_behind() -> None:
    cloud = MemoryCloud()
    cloud.buckets[BUCKET] = Contested(cloud, BUCKET)
    place = remote(cloud)

    def refuse(_: Prepared) -> None:
        raise Refused("no")

    with pytest.raises(Refused):
        publish(place, snapshot(INDEX), prepare(place, snapshot(INDEX)), PublishOptions(approve=refuse))
    assert live(cloud) == {"index.html": (b"theirs", {})} and place.states.load() is None
    assert not cloud.bucket(BUCKET).values


def test_a_bucket_whose_making_got_no_answer_and_that_is_empty_counts_as_made() -> None:
    class Lost(MemoryBucket):
        def create(self) -> Made:
            super().create()
            return Made.UNSURE

    cloud = MemoryCloud()
    cloud.buckets[BUCKET] = Lost(cloud, BUCKET)
    place = remote(cloud)
    outcome = publish(place, snapshot(INDEX), prepare(place, snapshot(INDEX)), PublishOptions(threads=1))
    assert outcome.status is Status.PUBLISHED and outcome.state.created is not None


def test_a_bucket_made_between_by_others_is_listed_although_the_state_is_trusted_otherwise() -> None:
    """The site's bucket was deleted, and somebody else made one of the same name just before it is made again."""
    cloud = MemoryCloud()
    place = remote(cloud)
    other = site_file("other.txt", b"other")
    publish(place, snapshot(INDEX, other), prepare(place, snapshot(INDEX, other)), PublishOptions(threads=1))
    cloud.buckets[BUCKET] = Contested(cloud, BUCKET)
    place = remote(cloud, project(website=Website(error="error.html")))
    prepared = prepare(place, snapshot(INDEX, other), verify=True)
    assert prepared.new_bucket
    outcome = publish(place, snapshot(INDEX, other), prepared, PublishOptions(threads=1))
    assert outcome.status is Status.PUBLISHED and live(cloud)["other.txt"][0] == b"other"
