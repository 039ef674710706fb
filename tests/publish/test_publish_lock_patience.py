"""Waiting for the lock of another run."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from sitepub.errors import Refused
from sitepub.publish.locking.lock import Lock
from sitepub.publish.locking.patience import Patience, Waiting
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore
from tests.terminal.screen import sitepub

PREFIX = "a/dev/s/"


def state_bucket() -> MemoryStore:
    cloud = MemoryCloud()
    cloud.bucket("state-1").exists = True
    return cloud.store("state-1")


@dataclass
class Clock:
    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(("seconds", "tries"), [(0, 0), (1, 1), (2, 1), (3, 2), (4.5, 3), (60, 30), (0.25, 1)])
def test_the_patience_ends_when_it_says(seconds: float, tries: int) -> None:
    clock, notes = Clock(), list[str]()
    waiting = Waiting(Patience(seconds, notes.append), lambda: clock.now, clock.sleep)
    with pytest.raises(Refused) as told:
        for _ in range(1000):
            waiting.again(Refused("ann@pc is deploying this site", code="Locked", hint="wait"))
    assert len(clock.slept) == tries and sum(clock.slept) == pytest.approx(seconds)
    assert told.value.code == "Locked" and told.value.hint == "wait"
    assert ("waited" in told.value.message) == (seconds > 0)
    assert len(notes) == (0 if not seconds else 1 if seconds <= 30 else 2)


def test_a_run_waits_until_the_lock_is_free() -> None:
    store = state_bucket()
    first = Lock(store, PREFIX)
    first.acquire()
    ended = threading.Timer(0.6, first.release)
    ended.start()
    notes: list[str] = []
    began = time.monotonic()
    with Lock(store, PREFIX, patience=Patience(60, notes.append)):
        assert time.monotonic() - began >= 0.5
    ended.join()
    assert len(notes) == 1 and "is deploying this site since" in notes[0]


def test_without_patience_it_is_refused_at_once() -> None:
    store = state_bucket()
    with Lock(store, PREFIX), pytest.raises(Refused) as told, Lock(store, PREFIX):
        pass
    assert told.value.code == "Locked" and "waited" not in told.value.message


@pytest.mark.parametrize("time", ["x", "", "-1", "1d", "5 minutes", "1e9", "∞", "１２", "1:30", "99999999999"])
def test_what_is_no_time(time: str) -> None:
    code, screen = sitepub("deploy", "--local", "--lock-timeout", time)
    assert code == 2, screen.printed
    assert "is not a time" in screen.noted
