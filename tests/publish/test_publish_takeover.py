"""After a take-over the bucket is listed before it is trusted, until the old owner can write no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from sitepub.config.bucket_settings import Access
from sitepub.errors import CloudError, SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking import lease
from sitepub.publish.locking.lock import LOST, Lock
from sitepub.publish.locking.lock_record import LEFT_BEHIND
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import State
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.tencent.fence import Fence
from tests.publish.memory_cloud import Killed, MemoryCloud, project, remote
from tests.publish.sites import BUCKET, as_published, live, site_file, snapshot

INDEX, AGED = site_file("index.html", b"1", "text/html"), site_file("aged.css", b"aged", "text/css")
FIRST = snapshot(INDEX, AGED, site_file("gone.css", b"gone", "text/css"))
SLEEPER = snapshot(site_file("index.html", b"the sleeper's", "text/html"),
                   site_file("aged.css", b"aged", "text/css", 9),
                   site_file("sleeper.html", b"only the sleeper has it", "text/html"))
OTHER = snapshot(site_file("index.html", b"the other's", "text/html"), AGED, site_file("other.css", b"o", "text/css"))


def deploy(place: Remote, site: Snapshot) -> Outcome:
    return publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=1))


@pytest.fixture(autouse=True)
def elsewhere() -> Iterator[None]:
    LEFT_BEHIND.clear()
    yield
    LEFT_BEHIND.clear()


def fall_asleep(cloud: MemoryCloud, site: Snapshot, at: str = "index.html") -> None:
    """A deploy stops before it writes this key. It is on another computer, for all that anybody knows."""
    cloud.fail = lambda what, key: stopped() if (what, key) in (("put", at), ("copy", at)) else None

    def stopped() -> Exception:
        cloud._dead = True
        raise Killed

    with pytest.raises(Killed):
        deploy(remote(cloud), site)
    cloud.fail = lambda _what, _key: None
    cloud.revive()
    LEFT_BEHIND.clear()


def state_of(cloud: MemoryCloud) -> State:
    state = remote(cloud).states.load()
    assert state is not None
    return state


@pytest.fixture
def taken_over() -> MemoryCloud:
    """The other has published, and the sleeper is about to wake up."""
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    fall_asleep(cloud, SLEEPER)
    assert deploy(remote(cloud), OTHER).status is Status.PUBLISHED
    assert live(cloud) == as_published(OTHER)
    return cloud


def listed(cloud: MemoryCloud) -> bool:
    return any(what == "list" for what, _ in cloud.reads)


def test_the_next_runs_list_the_bucket_until_the_mark_has_run_out(taken_over: MemoryCloud) -> None:
    cloud = taken_over
    assert state_of(cloud).unsure is not None
    for _ in range(2):
        cloud.reads.clear()
        cloud.writes.clear()
        assert deploy(remote(cloud), OTHER).status is Status.UNCHANGED
        assert listed(cloud) and not cloud.writes
    cloud.now += 301
    assert deploy(remote(cloud), OTHER).status is Status.UNCHANGED
    assert state_of(cloud).unsure is None
    cloud.reads.clear()
    assert deploy(remote(cloud), OTHER).status is Status.UNCHANGED
    assert not listed(cloud)


def write(file: SiteFile) -> Callable[[MemoryCloud], object]:
    return lambda cloud: cloud.store(BUCKET).put(file.key, file.data or b"", file.headers)


LATE: dict[str, Callable[[MemoryCloud], object]] = {
    "content": write(SLEEPER.files["index.html"]),
    "a new page": write(SLEEPER.files["sleeper.html"]),
    "headers": lambda cloud: cloud.store(BUCKET).copy("aged.css", "aged.css", SLEEPER.files["aged.css"].headers),
    "a deletion": lambda cloud: cloud.store(BUCKET).delete(["other.css"]),
    "a setting": lambda cloud: cloud.bucket(BUCKET).put_acl("private"),
}


@pytest.mark.parametrize("late", LATE)
def test_whatever_the_old_owner_still_writes_the_next_deploy_puts_right(taken_over: MemoryCloud, late: str) -> None:
    cloud = taken_over
    LATE[late](cloud)
    outcome = deploy(remote(cloud), OTHER)
    assert outcome.status is Status.PUBLISHED or outcome.settings
    assert live(cloud) == as_published(OTHER) and cloud.bucket(BUCKET).values["acl"] == "public-read"
    cloud.writes.clear()
    assert deploy(remote(cloud), OTHER).status is Status.UNCHANGED and not cloud.writes
    LATE[late](cloud)
    deploy(remote(cloud), OTHER)
    assert live(cloud) == as_published(OTHER), "once more, while it may"


def test_remove_takes_what_the_old_owner_wrote_late(taken_over: MemoryCloud) -> None:
    cloud = taken_over
    LATE["a new page"](cloud)
    removal = prepare_removal(remote(cloud))
    assert removal is not None
    remove(remote(cloud), removal)
    assert not cloud.bucket(BUCKET).exists


def test_an_object_of_others_is_not_taken_for_one_of_the_old_owner() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    LATE["a new page"](cloud)
    fall_asleep(cloud, SLEEPER)
    for _ in range(2):
        deploy(remote(cloud), OTHER)
        assert live(cloud).keys() == {*OTHER.files, "sleeper.html"}


def test_a_lock_object_that_somebody_deleted_leaves_the_same_doubt() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    fall_asleep(cloud, SLEEPER)
    place = remote(cloud)
    place.states.store.delete(["shop/prod/site/lock"])
    deploy(place, OTHER)
    LATE["content"](cloud)
    deploy(remote(cloud), OTHER)
    assert live(cloud) == as_published(OTHER) and state_of(cloud).unsure is not None


def test_a_run_that_came_to_its_end_and_one_that_is_known_to_be_dead_leave_none() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    cloud.fail = lambda what, key: CloudError("broken") if (what, key) == ("copy", "index.html") else None
    assert deploy(remote(cloud), SLEEPER).status is Status.PARTIAL
    cloud.fail = lambda _what, _key: None
    assert deploy(remote(cloud), OTHER).status is Status.PUBLISHED
    assert state_of(cloud).unsure is None
    cloud.writes.clear()

    def look() -> None:
        if cloud.writes[-1][1].endswith("state.json.gz"):
            cloud.kill_at = len(cloud.writes)

    cloud.look = look
    with pytest.raises(Killed):
        deploy(remote(cloud), SLEEPER)
    cloud.look = lambda: None
    cloud.revive()
    # This very process knows that it has nothing under way.
    assert deploy(remote(cloud), OTHER).status is Status.PUBLISHED
    assert state_of(cloud).unsure is None


def test_the_bucket_is_looked_at_again_after_the_lock_was_taken_over() -> None:
    """The old owner wrote between the look and the lock."""
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    fall_asleep(cloud, SLEEPER)
    place = remote(cloud)
    prepared = prepare(place, FIRST)
    LATE["a new page"](cloud)
    publish(place, FIRST, prepared, PublishOptions(allow_delete=True, threads=1))
    assert live(cloud) == as_published(FIRST)


def test_one_that_fell_asleep_before_its_journal_leaves_the_mark_too() -> None:
    cloud = MemoryCloud()
    deploy(remote(cloud), FIRST)
    fall_asleep(cloud, SLEEPER, at="shop/prod/site/state.json.gz")
    place = remote(cloud, project(access=Access(acl="private")))
    outcome = publish(place, FIRST, prepare(place, FIRST), PublishOptions(threads=1))
    assert [step.kind for step in outcome.settings] == ["acl"]
    assert state_of(cloud).unsure is not None


def test_the_mark_does_not_follow_the_site_into_another_bucket(taken_over: MemoryCloud) -> None:
    cloud = taken_over
    LATE["a new page"](cloud)
    cloud.bucket("other-1250000000").exists = True
    sleepers = SLEEPER.files["sleeper.html"]
    cloud.store("other-1250000000").put(sleepers.key, sleepers.data or b"", {})
    moved = remote(cloud, project(bucket_name="other"))
    deploy(moved, OTHER)
    assert sleepers.key in cloud.bucket("other-1250000000").objects
    removal = prepare_removal(moved)
    assert removal is not None
    remove(moved, removal)
    assert not cloud.bucket(BUCKET).objects and list(cloud.bucket("other-1250000000").objects) == [sleepers.key]


def test_the_memory_cloud_refuses_all_that_a_sleeping_run_had_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the embedded cloud does (tests/tencent/test_tencent_fence.py): what was signed before, of every thread."""
    cloud, slept = MemoryCloud(), 0.0
    steady = lease._steady
    monkeypatch.setattr(lease, "_steady", lambda: steady() + slept)
    deploy(remote(cloud), FIRST)
    place, other = remote(cloud), remote(cloud)
    second = threading.Thread(target=lambda: refused.append(code_of(lambda: place.settings.put_tags({"a": "b"}))))
    refused: list[str] = []
    signed = threading.Event()
    fence: Fence = place.store.fence  # type: ignore[attr-defined]
    own = fence.window

    def window() -> tuple[float, float] | None:
        found = own()
        signed.set()
        return found

    def sleep(what: str, _key: str) -> None:
        nonlocal slept
        if what != "put" or second.ident is not None:
            return
        monkeypatch.setattr(fence, "window", window)
        second.start()
        assert signed.wait(60)
        slept += 100
        cloud.now += 100

    with Lock(place.states.store, place.states.prefix, renewal=1000) as lock:
        cloud.fail = sleep
        refused.append(code_of(lambda: place.store.put("index.html", b"late", {})))
        second.join(10)
        with Lock(other.states.store, other.states.prefix):
            refused.append(code_of(lambda: place.store.put("index.html", b"later", {})))
            other.store.put("other.html", b"of the other", {})
        assert lock.is_lost
    assert refused == ["RequestExpired", "RequestExpired", LOST]
    assert live(cloud)["index.html"] == as_published(FIRST)["index.html"] and "other.html" in live(cloud)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(SitepubError) as failed:
        call()
    return str(failed.value.code)
