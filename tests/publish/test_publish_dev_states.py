"""Publishing one change after the other: the state kept in memory, and its changes written over the shards."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sitepub.errors import CloudError
from sitepub.publish.apply import Counts
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.dev_release import record_dev_release
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import Killed, MemoryCloud, remote
from tests.publish.release.kept import check_releases
from tests.publish.sites import as_published, live, plain, site_file, sites, snapshot

pytestmark = pytest.mark.usefixtures("one_after_another")

PREFIX = "shop/prod/site/"


class Session:
    """A ``sitepub dev`` as far as the bucket sees it."""

    def __init__(self, cloud: MemoryCloud) -> None:
        place = remote(cloud)
        self.states = OverlayStates(place.states.store, place.states.prefix)
        self.remote: Remote = replace(place, states=self.states)

    def publish(self, site: Snapshot) -> Outcome:
        prepared = prepare(self.remote, site, known=self.states.known)
        return publish(self.remote, site, prepared, PublishOptions(allow_delete=True, threads=1, record=False))

    def end(self) -> bool:
        return record_dev_release(self.remote, self.states, Counts(uploaded=2), None)


def deploy(cloud: MemoryCloud, site: Snapshot) -> Outcome:
    place = remote(cloud)
    return publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=1))


@pytest.fixture
def cloud() -> MemoryCloud:
    return MemoryCloud()


def test_a_small_change_reads_no_state_and_writes_no_shard(cloud: MemoryCloud) -> None:
    session = Session(cloud)
    session.publish(plain(a="1", b="1"))
    cloud.reads.clear()
    cloud.writes.clear()
    assert session.publish(plain(a="2", b="1")).status is Status.PUBLISHED
    names = [(what, key.removeprefix(PREFIX).partition("-")[0]) for what, key in cloud.writes]
    state = ("put", "state.json.gz")
    assert names == [("put", "lock"), state, ("put", "a.txt"), state, ("delete", "lock")]
    assert not [key for what, key in cloud.reads if what == "get" and key != f"{PREFIX}lock"]


def test_others_see_the_state_of_now_and_their_deploy_puts_all_of_it_into_shards(cloud: MemoryCloud) -> None:
    session = Session(cloud)
    session.publish(plain(a="1", b="1", c="1"))
    session.publish(plain(a="2", b="1", d="1"))
    seen = remote(cloud).states.load()
    assert seen is not None and seen == session.states.known and set(seen.manifest) == {"a.txt", "b.txt", "d.txt"}
    assert deploy(cloud, plain(a="2", b="1", d="1")).status is Status.UNCHANGED
    assert deploy(cloud, plain(a="3")).counts == Counts(uploaded=1, deleted=2)
    seen = remote(cloud).states.load()
    assert seen is not None and not ShardedManifest.of(seen.manifest).changes


def test_a_session_notices_that_somebody_else_has_deployed(cloud: MemoryCloud) -> None:
    session = Session(cloud)
    session.publish(plain(a="1"))
    session.publish(plain(a="2"))
    deploy(cloud, plain(a="2", theirs="1"))
    outcome = session.publish(plain(a="3"))
    assert [step.key for step in outcome.prepared.plan.deletions] == ["theirs.txt"]
    assert live(cloud) == as_published(plain(a="3"))


def test_two_sessions_in_turns_both_know_what_is_live(cloud: MemoryCloud) -> None:
    mine, yours = Session(cloud), Session(cloud)
    for number in range(4):
        mine.publish(plain(a=f"{number}"))
        yours.publish(plain(b=f"{number}"))
        assert live(cloud) == as_published(plain(b=f"{number}"))
    mine.end()
    yours.end()
    assert deploy(cloud, plain(b="3")).status is Status.UNCHANGED


def test_the_end_leaves_one_release_and_nothing_over_the_shards(cloud: MemoryCloud) -> None:
    session = Session(cloud)
    for number in range(3):
        session.publish(plain(a=f"{number}"))
    releases = Releases(session.states.store, PREFIX, session.states.shards)
    assert releases.ids() == []
    assert session.end() and not session.end()
    assert len(releases.ids()) == 1
    record = releases.read(releases.ids()[0], remote(cloud).states.load())
    state = remote(cloud).states.load()
    assert state is not None and record.info == state.release and record.manifest == state.manifest
    assert not ShardedManifest.of(state.manifest).changes
    session.publish(plain(a="again"))
    assert live(cloud) == as_published(plain(a="again"))


def test_a_session_that_changed_nothing_writes_nothing(cloud: MemoryCloud) -> None:
    deploy(cloud, plain(a="1"))
    cloud.writes.clear()
    session = Session(cloud)
    assert session.publish(plain(a="1")).status is Status.UNCHANGED
    assert not session.end() and cloud.writes == []


def test_many_changes_are_put_into_shards(cloud: MemoryCloud) -> None:
    session = Session(cloud)
    session.publish(plain(a="1"))
    session.publish(plain(**{f"n{number}": "1" for number in range(1200)}))
    root = cloud.bucket(session.states.store.bucket).objects[f"{PREFIX}state.json.gz"]
    assert len(root.data) < 1500
    assert remote(cloud).states.load() == session.states.known


@settings(max_examples=times(25), suppress_health_check=[HealthCheck.too_slow])
@given(sites(), sites(), sites(), st.booleans(), st.booleans())
def test_killed_at_any_write_of_a_session_the_next_run_ends_as_an_undisturbed_one(
        first: Snapshot, second: Snapshot, third: Snapshot, after: bool, by_session: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        session = Session(cloud)
        session.publish(first)
        cloud.revive()
        cloud.kill_at, cloud.kill_after = kill, after
        try:
            session.publish(second)
            session.publish(third)
            session.end()
        except Killed:
            pass
        else:
            break
        note(f"killed at write {kill}")
        cloud.revive()
        outcome = Session(cloud).publish(second) if by_session else deploy(cloud, second)
        assert outcome.status in (Status.PUBLISHED, Status.UNCHANGED)
        assert live(cloud) == as_published(second)
        assert deploy(cloud, second).status is Status.UNCHANGED
        kill += 1


def test_what_gets_new_headers_first_and_another_content_then_is_kept_for_the_last_release(cloud: MemoryCloud) -> None:
    deploy(cloud, snapshot(site_file("a.txt", b"of the release"), site_file("b.txt", b"b")))
    session = Session(cloud)
    for a, age in ((b"of the release", 1), (b"of the release", 2), (b"another", 2), (b"one more", 2)):
        session.publish(snapshot(site_file("a.txt", a, age=age), site_file("b.txt", b"b")))
        check_releases(cloud)
    session.publish(snapshot(site_file("b.txt", b"b")))
    check_releases(cloud)


@pytest.mark.parametrize("kill", range(14))
def test_two_files_that_change_places_after_a_run_that_did_not_end_are_kept(cloud: MemoryCloud, kill: int) -> None:
    deploy(cloud, plain(a="1", b="2"))
    cloud.fail = lambda what, key: CloudError("no", status=500) if (what, key) == ("copy", "a.txt") else None
    deploy(cloud, plain(a="3", b="2"))
    cloud.fail = lambda _what, _key: None
    cloud.revive()
    cloud.look = lambda: check_releases(cloud)
    cloud.kill_at = kill
    with contextlib.suppress(Killed):
        Session(cloud).publish(plain(a="2", b="1"))
    cloud.revive()
    check_releases(cloud)


def test_a_release_of_dev_has_its_website_settings(cloud: MemoryCloud) -> None:
    session = Session(cloud)
    website = session.publish(plain(a="1")).prepared.wanted.website
    assert record_dev_release(session.remote, session.states, Counts(), website)
    releases = Releases(session.states.store, PREFIX, session.states.shards)
    assert releases.read(releases.ids()[0], session.states.load()).record.website == website
