"""What nobody needs is cleared away, and nothing else: attacked with kills, sleepers and roots of others."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.config.project import Releases as Policy
from sitepub.errors import CloudError, Refused
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Status
from sitepub.publish.release.collect import Sweep, is_due, oldest_kept
from sitepub.publish.states import shards
from sitepub.publish.states.packed import packed
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import LiveShare, ReleaseMark, State, Unsure
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import Killed, MemoryCloud
from tests.publish.release.kept import (
    PREFIX,
    STATE_BUCKET,
    check_all,
    check_no_litter,
    check_releases,
    deploy,
    go_back,
    kept_contents,
    kept_releases,
    place_of,
    state_of,
)
from tests.publish.sites import as_published, live, plain, sites

pytestmark = pytest.mark.usefixtures("one_after_another")

STATE = State(version=2, app="a", stage="s", name="n", region="r", bucket="b")


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 2)
    yield


def released(cloud: MemoryCloud, count: int, **policy: int) -> list[str]:
    """So many deploys; their releases, oldest first."""
    found = []
    for number in range(count):
        outcome = deploy(cloud, plain(a=f"content {number}", b=f"{number // 3}"), **policy)
        assert outcome.release is not None
        found.append(outcome.release.id)
    return found


def test_the_releases_that_the_project_wants_are_kept_and_records_of_all() -> None:
    cloud = MemoryCloud()
    ids = released(cloud, 12, number=3)
    kept = [release.id for release in kept_releases(cloud)]
    assert 3 <= len(kept) <= 4 and kept == ids[::-1][:len(kept)]
    place = place_of(cloud)
    assert Releases(place.states.store, PREFIX, place.states.shards).ids() == ids[::-1]
    check_no_litter(cloud)
    check_releases(cloud)
    go_back(cloud, kept[-1], number=3)


def test_releases_beyond_an_age_go_and_the_live_one_stays() -> None:
    ids = ["20260105T000000Z-000000", "20260103T000000Z-000000", "20260101T000000Z-000000"]
    now = 1767571200.0 + 3600  # an hour after the newest
    assert oldest_kept(ids, Policy(number=2), now) == ids[1]
    assert oldest_kept(ids, Policy(age=3 * 86400), now) == ids[1]
    assert oldest_kept(ids, Policy(age=60), now) == ids[0]
    assert oldest_kept([], Policy(), now) == ""
    aged = msgspec.structs.replace(STATE, oldest=ids[2], kept=3)
    assert is_due(aged, Policy(age=2 * 86400), now) and not is_due(aged, Policy(age=4 * 86400), now)
    assert not is_due(msgspec.structs.replace(aged, kept=1), Policy(age=2 * 86400), now), "it is the live one"
    assert is_due(aged, Policy(number=1), now) and not is_due(aged, Policy(number=2), now), "not for a single one"


def test_a_marked_release_is_kept_with_its_content() -> None:
    cloud = MemoryCloud()
    first = released(cloud, 1)[0]
    place = place_of(cloud)
    state = place.states.load()
    assert state is not None
    place.states.save(msgspec.structs.replace(state, marks=(ReleaseMark(first, "stable", "", "me"),)))
    released(cloud, 6, number=2)
    assert [release.id for release in kept_releases(cloud)][-1] == first
    go_back(cloud, first, number=2)
    assert live(cloud)["a.txt"][0] == b"content 0"


def test_what_a_preview_names_stays() -> None:
    cloud = MemoryCloud()
    deploy(cloud, plain(a="of the preview"))
    state = state_of(cloud)
    assert state is not None
    refs = ShardedManifest.of(state.manifest).refs
    cloud.store(STATE_BUCKET).put(f"{PREFIX}previews/main.json.gz", packed({"shards": refs}), {})
    released(cloud, 6, number=1)
    contents = {(entry.md5, entry.size) for entry in state.manifest.values()}
    assert contents <= kept_contents(cloud)
    assert {f"{PREFIX}shards/{ref.name}" for ref in refs} <= set(cloud.bucket(STATE_BUCKET).objects)
    cloud.store(STATE_BUCKET).delete([f"{PREFIX}previews/main.json.gz"])
    released(cloud, 6, number=1)
    assert not contents & kept_contents(cloud)


@settings(max_examples=times(5), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sites(), min_size=3, max_size=5), st.booleans())
def test_killed_anywhere_nothing_needed_is_gone_and_nothing_unneeded_stays(
        history: list[Snapshot], after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        for site in history[:-1]:
            deploy(cloud, site, number=1)
        cloud.revive()
        cloud.look = lambda cloud=cloud: check_all(cloud)  # type: ignore[misc]
        with cloud.killed_at(kill, after=after) as attempt:
            deploy(cloud, history[-1], number=1)
        note(f"killed at write {kill}")
        last = history[-1 - kill % 2]
        status = deploy(cloud, last, number=1).status
        assert status in (Status.PUBLISHED, Status.UNCHANGED)
        assert live(cloud) == as_published(last)
        if status is Status.PUBLISHED:
            check_no_litter(cloud)
        assert deploy(cloud, last, number=1).status is Status.UNCHANGED
        if status is Status.UNCHANGED:
            # With nothing to do a run does not look whether there is a lock of a dead one, which may have kept content
            # before it wrote its journal. The next one with something to do clears both away.
            assert deploy(cloud, plain(last="1"), number=1).status is Status.PUBLISHED
        check_no_litter(cloud)
        if attempt.ended:
            return
        kill += 1


def test_a_sweep_that_fails_is_no_failure_of_the_deploy_and_is_made_up_for() -> None:
    cloud = MemoryCloud()
    cloud.fail = lambda what, key: (CloudError("no", status=500) if what == "delete" and "/content/" in key else None)
    released(cloud, 5, number=1)
    state = state_of(cloud)
    assert state is not None and state.litter
    check_releases(cloud)
    cloud.fail = lambda _what, _key: None
    assert deploy(cloud, plain(a="content 4", b="1"), number=1).status is Status.UNCHANGED
    check_no_litter(cloud)


def test_a_run_that_lost_its_lock_while_it_swept_deletes_nothing() -> None:
    """It has marked, and sleeps; another deploy brings back content that nothing named before."""
    cloud = MemoryCloud()
    deploy(cloud, plain(a="comes back"))
    deploy(cloud, plain(a="2"))
    place = place_of(cloud)
    state = place.states.load()
    assert state is not None
    alone = msgspec.structs.replace(state, oldest=state.release.id if state.release else "")
    with Lock(place.states.store, PREFIX) as lock:
        sweep = Sweep(place.states, alone, lock.check)
        check = sweep.check

        def asleep() -> None:
            sweep.check = check
            del cloud.store(STATE_BUCKET).objects[f"{PREFIX}lock"]
            deploy(cloud, plain(a="comes back"))
            lock.still_ours()

        sweep.check = asleep
        with pytest.raises(Refused, match="lock of this site was lost"):
            sweep.run()
    check_releases(cloud)
    deploy(cloud, plain(a="3"))
    check_releases(cloud)


def test_nothing_is_swept_while_a_run_that_lost_its_lock_may_still_write() -> None:
    cloud = MemoryCloud()
    released(cloud, 3, number=1)
    place = place_of(cloud)
    state = place.states.load()
    assert state is not None
    cloud.store(STATE_BUCKET).put(f"{PREFIX}content/{'0' * 32}-3", b"abc", {})
    place.states.save(msgspec.structs.replace(state, litter=True, unsure=Unsure(cloud.now + 500)))
    deploy(cloud, plain(a="while in doubt"))
    assert f"{PREFIX}content/{'0' * 32}-3" in cloud.store(STATE_BUCKET).objects
    cloud.now += 1000
    deploy(cloud, plain(a="later"))
    deploy(cloud, plain(a="later"))
    assert f"{PREFIX}content/{'0' * 32}-3" not in cloud.store(STATE_BUCKET).objects


def test_what_is_not_ours_and_what_another_site_has_stays() -> None:
    cloud = MemoryCloud()
    store = cloud.store(STATE_BUCKET)
    released(cloud, 1)
    zeros = "0" * 32
    theirs = [f"{PREFIX}notes.txt", f"{PREFIX}content/notes", f"{PREFIX}content/{zeros}-x", "shop/dev/site/content/x",
              f"shop/dev/site/content/{zeros}-3", "content/x", f"{PREFIX}deeper/shards/x"]
    for key in theirs:
        store.put(key, b"abc", {})
    released(cloud, 6, number=1)
    assert set(theirs) <= set(store.objects)


def test_a_release_that_is_live_for_a_share_of_the_visitors_is_kept_with_its_content() -> None:
    cloud = MemoryCloud()
    first = released(cloud, 1, number=1)[0]
    place = place_of(cloud)
    state = place.states.load()
    assert state is not None
    place.states.save(msgspec.structs.replace(state, shares=(LiveShare(first, 0.1, "2026-11-29T12:00:00", "ann@pc"),)))
    released(cloud, 6, number=1)
    assert first in {release.id for release in kept_releases(cloud)}
    check_releases(cloud)
    after = state_of(cloud)
    assert after is not None and [one.release for one in after.shares] == [first]


@pytest.mark.parametrize("root", [b'{"version":9,"reader":"9.1","parts":["s"]}', b"no root"])
def test_nothing_is_swept_while_a_root_cannot_be_read(root: bytes) -> None:
    """A newer sitepub may name in another way what it needs."""
    cloud = MemoryCloud()
    released(cloud, 2, number=1)
    data = gzip.compress(root) if root.startswith(b"{") else root
    cloud.store(STATE_BUCKET).put(f"{PREFIX}previews/main.json.gz", data, {})
    before = kept_contents(cloud)
    released(cloud, 4, number=1)
    assert before <= kept_contents(cloud)
    cloud.store(STATE_BUCKET).delete([f"{PREFIX}previews/main.json.gz"])
    deploy(cloud, plain(a="the last"), number=1)
    check_no_litter(cloud)


@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_is_killed_while_it_takes_over_from_a_killed_one_leaves_nothing_in_the_end(after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        released(cloud, 2)
        cloud.fail = lambda what, key, cloud=cloud: _dies(cloud) if (what, key) == ("copy", "a.txt") else None  # type: ignore[misc]
        with pytest.raises(Killed):
            deploy(cloud, plain(a="first", c="1"))
        cloud.fail = lambda _what, _key: None
        cloud.revive()
        with cloud.killed_at(kill, after=after) as attempt:
            deploy(cloud, plain(a="second"))
        status = deploy(cloud, plain(a="third")).status
        assert status is Status.PUBLISHED
        check_no_litter(cloud)
        check_releases(cloud)
        if attempt.ended:
            return
        kill += 1


def _dies(cloud: MemoryCloud) -> None:
    cloud._dead = True
    raise Killed


def test_a_claim_of_a_dead_run_does_not_stay() -> None:
    cloud = MemoryCloud()
    released(cloud, 1)
    with Lock(cloud.store(STATE_BUCKET), PREFIX) as lock:
        record = lock._record()
    cloud.store(STATE_BUCKET).put(f"{PREFIX}lock-over-0123", record, {})
    cloud.now += 1000
    released(cloud, 6, number=1)
    assert not [key for key in cloud.bucket(STATE_BUCKET).objects if "lock-over" in key]


def test_a_deploy_that_has_nothing_to_sweep_lists_nothing() -> None:
    cloud = MemoryCloud()
    released(cloud, 2)
    cloud.reads.clear()
    released(cloud, 1)
    assert [key for what, key in cloud.reads if what == "list" and key] == [f"{PREFIX}releases/"], (
        "whether an old copy of the root was put back")


def test_only_what_may_be_unneeded_is_looked_for() -> None:
    """The shards of a release are read as long as something is there of which nobody knows yet who needs it."""
    cloud = MemoryCloud()
    deploy(cloud, plain(**{f"n{number}": f"{number}" for number in range(40)}))
    place = place_of(cloud)
    state = place.states.load()
    assert state is not None and len(ShardedManifest.of(state.manifest).refs) > 8
    cloud.reads.clear()
    Sweep(place.states, state, lambda: None).run()
    assert not [key for _, key in cloud.reads if "/shards/" in key], "no content is there"
