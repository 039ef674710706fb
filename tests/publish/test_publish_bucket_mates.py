"""Other sites of the account: those in other buckets cost one small GET, those in the same bucket lose nothing."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import msgspec
import pytest

from sitepub.errors import AccessDenied, CloudError, NetworkError
from sitepub.publish.bucket_mates import mates_in
from sitepub.publish.plan import Action
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import Outcome, publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import VERSION, Former, JournalStep, State, StateStore, Unsure, encode
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import Killed, MemoryCloud, project, remote
from tests.publish.sites import BUCKET, live, plain

STATE_BUCKET = "sitepub-state-ap-guangzhou-1250000000"
OTHER = project(stage="dev", bucket_name="elsewhere")
STATE, PLACE = "shop/dev/site/state.json.gz", "shop/dev/site/buckets.json"


@pytest.fixture
def cloud() -> MemoryCloud:
    return MemoryCloud()


def deploy(place: Remote, site: Snapshot) -> Outcome:
    return publish(place, site, prepare(place, site))


def read_of(cloud: MemoryCloud, stage: str = "dev") -> set[str]:
    """What was read of the other site since it was last asked."""
    found = {key.rpartition("/")[2] for what, key in cloud.reads if what == "get" and key.startswith(f"shop/{stage}/")}
    cloud.reads.clear()
    return found


def test_the_state_of_a_site_in_another_bucket_is_not_read(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), plain(a="1"))
    deploy(remote(cloud, OTHER), plain(**{f"n{number}": "1" for number in range(50)}))
    read_of(cloud)
    deploy(remote(cloud), plain(a="2"))
    assert read_of(cloud) == {"buckets.json"}
    removal = prepare_removal(remote(cloud))
    assert removal is not None
    assert read_of(cloud) == {"buckets.json"}


@pytest.mark.parametrize("damage", [
    None, b"", b"[]", b"{}", b"\xff", b"[" * 5000, b'{"version":1,"state":3,"buckets":[]}',
    b'{"version":1,"state":"00","buckets":["elsewhere-1250000000"]}', b'{"version":1,"state":"ETAG"}',
    b'{"version":2,"state":"ETAG","buckets":["elsewhere-1250000000"]}',
    b'{"version":1,"state":"ETAG","buckets":"elsewhere-1250000000"}',
    b'{"version":1,"state":"ETAG","buckets":["elsewhere-1250000000"' + b" " * 70_000 + b"]}"])
def test_without_a_small_object_that_counts_the_state_is_read(cloud: MemoryCloud, damage: bytes | None) -> None:
    """A site of an older sitepub writes none; one that it wrote over leaves a stale one."""
    deploy(remote(cloud), plain(a="1"))
    shared = project(stage="dev")
    deploy(remote(cloud, shared), plain(theirs="1"))
    store = cloud.store(STATE_BUCKET)
    if damage is None:
        store.delete([PLACE])
    else:
        store.put(PLACE, damage.replace(b"ETAG", b"00"), {})
    read_of(cloud)
    assert {mate.site: set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)} == {"shop/dev/site": {"theirs.txt"}}
    assert "state.json.gz" in read_of(cloud)


def test_a_site_that_an_older_sitepub_moved_here_is_found(cloud: MemoryCloud) -> None:
    """It writes the state and knows nothing of the object beside it, which names another bucket."""
    deploy(remote(cloud), plain(a="1"))
    deploy(remote(cloud, OTHER), plain(moved="1"))
    states = StateStore(cloud.store(STATE_BUCKET), OTHER.state_prefix)
    state = states.load()
    assert state is not None
    cloud.store(STATE_BUCKET).put(STATE, encode(msgspec.structs.replace(state, bucket=BUCKET)), {})
    assert [set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)] == [{"moved.txt"}]


@pytest.mark.parametrize("kind", ["first deploy", "moved here", "moved away", "changed", "dev"])
@pytest.mark.parametrize("after", [False, True])
def test_a_neighbour_that_is_killed_anywhere_loses_nothing_of_what_it_has_here(kind: str, after: bool) -> None:
    """At every write of another site's run: what it put into the bucket stays there, whoever drops such a key."""
    here = project(stage="dev")
    for kill_at in range(40):
        cloud = MemoryCloud()
        mine = remote(cloud)
        # The key is ours first; the other site then has a file of that name, and we drop it.
        deploy(mine, plain(both="mine", mine="1"))
        begin = {"moved here": OTHER, "moved away": here, "changed": here}.get(kind)
        if begin is not None:
            deploy(remote(cloud, begin), plain(both="theirs", old="1"))
        cloud.writes.clear()
        cloud.kill_at, cloud.kill_after = kill_at, after
        target = OTHER if kind == "moved away" else here
        try:
            place = remote(cloud, target)
            if kind == "dev":
                place = replace(place, states=OverlayStates(place.states.store, place.states.prefix))
            deploy(place, plain(both="theirs!", more="1"))
        except Killed:
            ended = False
        else:
            ended = True
        cloud.revive()
        theirs = {key for key, (data, _) in live(cloud).items() if data.startswith(b"theirs")}
        deploy(mine, plain(mine="2"))
        assert theirs <= live(cloud).keys(), f"killed at {kill_at}"
        if ended:
            assert "both.txt" in live(cloud)
            break
    else:
        pytest.fail("the run never ended")


def test_what_lies_over_a_state_counts(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), plain(a="1"))
    there = remote(cloud, project(stage="dev"))
    place = replace(there, states=OverlayStates(there.states.store, there.states.prefix))
    deploy(place, plain(kept="1", gone="1"))
    assert place.states.key == STATE
    deploy(place, plain(kept="1", new="1"))
    assert [set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)] == [{"kept.txt", "new.txt"}]


def test_former_buckets_count(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), plain(a="1"))
    deploy(remote(cloud, project(stage="dev")), plain(old="1"))
    deploy(remote(cloud, OTHER), plain(old="1"))
    assert json.loads(cloud.store(STATE_BUCKET).get(PLACE).data)["buckets"] == ["elsewhere-1250000000", BUCKET]
    assert [set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)] == [{"old.txt"}]


def test_what_a_run_that_lost_its_lock_may_still_write_counts(cloud: MemoryCloud) -> None:
    deploy(remote(cloud), plain(a="1"))
    there = remote(cloud, project(stage="dev"))
    deploy(there, plain(theirs="1"))
    state = there.states.load()
    assert state is not None
    steps = (JournalStep(Action.UPLOAD, "late.txt"), JournalStep(Action.DELETE, "gone.txt"))
    there.states.save(msgspec.structs.replace(state, unsure=Unsure(until=cloud.now + 60, steps=steps)))
    assert [set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)] == [{"theirs.txt", "late.txt"}]


@pytest.mark.parametrize("error", [CloudError("busy", status=503), NetworkError("cut")])
def test_a_small_object_that_cannot_be_written_fails_nothing(cloud: MemoryCloud, error: Exception) -> None:
    deploy(remote(cloud), plain(a="1"))
    cloud.fail = lambda what, key: error if (what, key) == ("put", PLACE) else None
    deploy(remote(cloud, project(stage="dev")), plain(theirs="1"))
    assert [set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)] == [{"theirs.txt"}]


def test_a_failure_while_looking_for_neighbours_stops_a_deploy_but_what_may_not_be_seen_does_not(
        cloud: MemoryCloud) -> None:
    mine = remote(cloud)
    deploy(mine, plain(a="1", b="1"))
    deploy(remote(cloud, project(stage="dev")), plain(b="2"))
    for what, key in [("list", ""), ("get", PLACE), ("get", STATE)]:
        cloud.refuse_read = lambda w, k, what=what, key=key: (  # type: ignore[misc]
            NetworkError("cut") if (w, k) == (what, key) else None)
        with pytest.raises(NetworkError):
            prepare(mine, plain(a="2"))
    cloud.refuse_read = lambda what, key: AccessDenied("no", status=403) if (what, key) == ("list", "") else None
    assert prepare(mine, plain(a="2")).mates == ()


def test_remove_takes_the_small_object_too(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    deploy(place, plain(a="1"))
    deploy(remote(cloud, OTHER), plain(a="1"))
    removal = prepare_removal(remote(cloud, OTHER))
    assert removal is not None
    remove(remote(cloud, OTHER), removal)
    assert not [key for key in cloud.store(STATE_BUCKET).objects if key.startswith("shop/dev/")]


def test_the_keys_of_a_large_neighbour_are_read_in_little_memory(cloud: MemoryCloud) -> None:
    import tracemalloc

    deploy(remote(cloud), plain(a="1"))
    keys = {f"posts/{number:06}/index.html": Entry("0" * 32, 9, "1" * 32, "0" * 32) for number in range(100_000)}
    state = State(version=VERSION, app="shop", stage="dev", name="site", region="ap-guangzhou", bucket="x-1250000000",
                  manifest=dict.fromkeys(["index.html"], Entry("", 0, "")),
                  former=(Former(BUCKET, "ap-guangzhou", keys),))
    cloud.store(STATE_BUCKET).put(STATE, encode(state), {})
    text = len(gzip.decompress(encode(state)))
    place = remote(cloud)
    tracemalloc.start()
    try:
        found = mates_in(place, BUCKET)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [len(mate.keys) for mate in found] == [100_000]
    assert peak < 3.5 * text, f"{peak:,} for {text:,} bytes of text"
