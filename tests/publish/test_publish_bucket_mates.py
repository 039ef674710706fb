"""Other sites of the account: those in other buckets cost one small GET, those in the same bucket lose nothing."""

from __future__ import annotations

import gzip
from dataclasses import replace

import msgspec
import pytest

from sitepub.errors import AccessDenied, NetworkError
from sitepub.publish.bucket_mates import mates_in
from sitepub.publish.outcome import Outcome
from sitepub.publish.plan import Action
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.removal import prepare_removal, remove
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import VERSION, Former, JournalStep, State, Unsure
from sitepub.publish.states.state_store import StateStore
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import MemoryCloud, project, remote
from tests.publish.sites import BUCKET, live, plain
from tests.publish.state_forms import encode, overlay_1, version_1

STATE_BUCKET = "sitepub-state-ap-guangzhou-1250000000"
OTHER = project(stage="dev", bucket_name="elsewhere")
STATE = "shop/dev/site/state.json.gz"


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
    assert read_of(cloud) == {"state.json.gz"}
    removal = prepare_removal(remote(cloud))
    assert removal is not None
    assert read_of(cloud) == {"state.json.gz"}


@pytest.mark.parametrize("shared", [False, True])
def test_a_state_of_the_first_form_is_understood(cloud: MemoryCloud, shared: bool) -> None:
    deploy(remote(cloud), plain(a="1"))
    there = project(stage="dev") if shared else OTHER
    deploy(remote(cloud, there), plain(theirs="1"))
    states = StateStore(cloud.store(STATE_BUCKET), there.state_prefix)
    state = states.load()
    assert state is not None
    base = msgspec.structs.replace(state, manifest={"theirs.txt": state.manifest["theirs.txt"],
                                                    "gone.txt": state.manifest["theirs.txt"]})
    over = msgspec.structs.replace(state, manifest={"new.txt": state.manifest["theirs.txt"]})
    cloud.store(STATE_BUCKET).put(STATE, version_1(base, "0a"), {})
    cloud.store(STATE_BUCKET).put("shop/dev/site/overlay-0a", overlay_1(over, ("gone.txt",)), {})
    assert [set(mate.keys) for mate in mates_in(remote(cloud), BUCKET)] == [{"theirs.txt", "new.txt"}] * shared


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
        target = OTHER if kind == "moved away" else here
        with cloud.killed_at(kill_at, after=after) as attempt:
            place = remote(cloud, target)
            if kind == "dev":
                place = replace(place, states=OverlayStates(place.states.store, place.states.prefix))
            deploy(place, plain(both="theirs!", more="1"))
        theirs = {key for key, (data, _) in live(cloud).items() if data.startswith(b"theirs")}
        deploy(mine, plain(mine="2"))
        assert theirs <= live(cloud).keys(), f"killed at {kill_at}"
        if attempt.ended:
            assert "both.txt" in live(cloud)
            break
    else:
        pytest.fail("the run never attempt.ended")


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


def test_a_failure_while_looking_for_neighbours_stops_a_deploy_but_what_may_not_be_seen_does_not(
        cloud: MemoryCloud) -> None:
    mine = remote(cloud)
    deploy(mine, plain(a="1", b="1"))
    deploy(remote(cloud, project(stage="dev")), plain(b="2"))
    shard = next(key for key in cloud.store(STATE_BUCKET).objects if key.startswith("shop/dev/site/shards/"))
    for what, key in [("list", ""), ("get", STATE), ("get", shard)]:
        cloud.refuse_read = lambda w, k, what=what, key=key: (  # type: ignore[misc]
            NetworkError("cut") if (w, k) == (what, key) else None)
        with pytest.raises(NetworkError):
            prepare(mine, plain(a="2"))
    cloud.refuse_read = lambda what, key: AccessDenied("no", status=403) if (what, key) == ("list", "") else None
    assert prepare(mine, plain(a="2")).mates == ()


def test_remove_takes_shards_and_releases_too(cloud: MemoryCloud) -> None:
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
