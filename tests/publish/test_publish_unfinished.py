"""A journal that is found: its run was killed, or somebody is at work right now. The lock is looked at first."""

from __future__ import annotations

import json
import os

import msgspec
import pytest

from sitepub.publish.locking.lock import Lock
from sitepub.publish.locking.owner import process_space, started_at
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.states.state import Journal
from tests.publish.memory_cloud import MemoryCloud, remote
from tests.publish.sites import plain

STATE_BUCKET = "sitepub-state-ap-guangzhou-1250000000"
LOCK = "shop/prod/site/lock"


@pytest.fixture
def cloud() -> MemoryCloud:
    """A site whose state says that somebody began a deploy."""
    cloud = MemoryCloud()
    place = remote(cloud)
    publish(place, plain(a="1"), prepare(place, plain(a="1")))
    state = place.states.load()
    assert state is not None
    place.states.save(msgspec.structs.replace(state, pending=Journal("r", "2026-01-01T00:00:00Z", "ann@desk")))
    return cloud


def record(**changes: object) -> bytes:
    values = {"token": "t", "who": "ann@desk", "pid": 1, "space": "another computer", "process_started": "1",
              "since": 1.0, "renewed": 1.0, "lease": 60.0}
    return json.dumps({**values, **changes}).encode()


OWN = {"pid": os.getpid(), "space": process_space(), "process_started": started_at(os.getpid())}


@pytest.mark.parametrize(("lock", "age", "running"), [
    (None, 0, False), (record(), 0, True), (record(), 59, True), (record(), 61, False), (b"no record", 2, False),
    (record(lease=0), 2, False), (record(**{**OWN, "process_started": "never"}), 0, False),
    (record(**OWN), 0, False),
], ids=["no lock", "held", "held for long", "run out", "damaged", "no lease", "its process is gone", "our own"])
def test_a_deploy_that_is_still_running_is_not_said_to_have_been_killed(
        cloud: MemoryCloud, lock: bytes | None, age: float, running: bool) -> None:
    if lock is not None:
        cloud.store(STATE_BUCKET).put(LOCK, lock, {})
        cloud.now += age
    [note] = prepare(remote(cloud), plain(a="2")).notes
    assert note.startswith("the deploy that ann@desk began at 2026-01-01T00:00:00Z ")
    assert ("is still running" in note, "did not end" in note) == (running, not running)


def test_a_deploy_that_ended_in_part_is_not_said_to_have_been_killed(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    state = place.states.load()
    assert state is not None and state.pending is not None
    place.states.save(msgspec.structs.replace(state, pending=msgspec.structs.replace(state.pending, ended=True)))
    [note] = prepare(place, plain(a="2")).notes
    assert "ended before everything was done" in note and "did not end" not in note


def test_the_run_that_holds_the_lock_now_finishes_what_another_left(cloud: MemoryCloud) -> None:
    place = remote(cloud)
    with Lock(place.states.store, place.states.prefix):
        [note] = prepare(place, plain(a="2")).notes
    assert "did not end" in note
