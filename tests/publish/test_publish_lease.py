"""A holder of the lock that sleeps past its lease, and what a take-over leaves behind."""

from __future__ import annotations

import threading
import time

import pytest

from sitepub.errors import NetworkError, Refused
from sitepub.publish.locking import lease
from sitepub.publish.locking.lock import LEASE, Lock, read_lock
from sitepub.publish.locking.lock_record import LEFT_BEHIND
from tests.publish.memory_cloud import Killed, MemoryCloud
from tests.publish.memory_store import MemoryStore
from tests.publish.test_publish_lock import held_by_another


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud()
    cloud.bucket("state-1").exists = True
    return cloud


@pytest.fixture
def store(cloud: MemoryCloud) -> MemoryStore:
    return cloud.store("state-1")


class Clocks:
    """The two clocks of this computer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steady = self.wall = 0.0
        steady, wall = lease._steady, time.time
        monkeypatch.setattr(lease, "_steady", lambda: steady() + self.steady)
        monkeypatch.setattr(time, "time", lambda: wall() + self.wall)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_a_write_within_the_lease_asks_nobody(cloud: MemoryCloud, store: MemoryStore, clocks: Clocks) -> None:
    with Lock(store, "x/") as lock:
        cloud.reads.clear()
        clocks.steady = clocks.wall = 20
        lock.check()
        assert not cloud.reads


@pytest.mark.parametrize(("steady", "wall"), [(30, 30), (30, 0), (0, 30), (30, -1e6), (-5, 30)])
def test_in_doubt_the_lock_is_read_and_renewed(
        cloud: MemoryCloud, store: MemoryStore, clocks: Clocks, steady: float, wall: float) -> None:
    """Either clock may be the one that stood still, or was set."""
    with Lock(store, "x/") as lock:
        clocks.steady, clocks.wall = steady, wall
        cloud.reads.clear()
        cloud.writes.clear()
        lock.check()
        lock.check()
        assert cloud.reads == [("get", "x/lock")] and cloud.writes == [("put", "x/lock")]


@pytest.mark.parametrize("slept", [45.0, 59.0, 61.0, 1e6])
def test_who_slept_goes_on_if_nobody_came(
        cloud: MemoryCloud, store: MemoryStore, clocks: Clocks, slept: float) -> None:
    with Lock(store, "x/") as lock:
        clocks.steady = clocks.wall = slept
        cloud.now += slept
        lock.check()
        assert list(store.objects) == ["x/lock"]
        with pytest.raises(Refused):
            Lock(store, "x/").acquire()
        cloud.reads.clear()
        lock.check()
        assert not cloud.reads
    assert not store.objects


@pytest.mark.parametrize("gone", [False, True], ids=["while the other works", "when the other has ended"])
def test_who_slept_too_long_writes_nothing_any_more(
        cloud: MemoryCloud, store: MemoryStore, clocks: Clocks, gone: bool) -> None:
    lost = threading.Event()
    with Lock(store, "x/", on_lost=lost.set) as lock:
        cloud.now += 61
        other = Lock(cloud.store(store.bucket), "x/")
        other.acquire()
        assert other.taken_over and not other.found_free
        if gone:
            other.release()
        clocks.steady = clocks.wall = 61
        for _ in range(2):
            with pytest.raises(Refused) as error:
                lock.check()
            assert error.value.code == "LockLost"
        assert lost.is_set() and lock.is_lost
    assert list(store.objects) == ([] if gone else ["x/lock"])
    other.release()


def test_who_slept_before_giving_back_does_not_give_back_the_lock_of_the_next(
        cloud: MemoryCloud, store: MemoryStore, clocks: Clocks) -> None:
    """Between the look and the deletion."""
    lock, other = Lock(store, "x/"), Lock(cloud.store(store.bucket), "x/")
    lock.acquire()

    def sleep(what: str, key: str) -> Exception | None:
        if (what, key) == ("get", "x/lock") and not clocks.steady:
            clocks.steady = clocks.wall = 61
            there = store.objects["x/lock"]
            cloud.now += 61
            other.acquire()
            mine, store.objects["x/lock"] = store.objects["x/lock"], there
            cloud.look = lambda: store.objects.__setitem__("x/lock", mine)
        return None

    cloud.refuse_read = sleep
    lock.release()
    cloud.look = lambda: None
    cloud.refuse_read = lambda _what, _key: None
    other.release()


def test_a_lock_that_cannot_be_read_lets_nothing_be_written(
        cloud: MemoryCloud, store: MemoryStore, clocks: Clocks) -> None:
    with Lock(store, "x/") as lock:
        clocks.steady = 61
        cloud.refuse_read = lambda _what, _key: NetworkError("gone")
        with pytest.raises(NetworkError):
            lock.check()
        cloud.refuse_read = lambda _what, _key: None
        lock.check()


def test_a_renewal_that_takes_longer_than_the_lease_ends_the_run(
        cloud: MemoryCloud, store: MemoryStore, clocks: Clocks) -> None:
    """Somebody may have had the lock in between, and it was written over."""
    with Lock(store, "x/") as lock:
        clocks.steady = 40
        cloud.look = lambda: setattr(clocks, "steady", 200)
        with pytest.raises(Refused, match="was lost"):
            lock.check()


def test_a_lock_object_that_somebody_deleted_is_noticed_in_doubt(store: MemoryStore, clocks: Clocks) -> None:
    with Lock(store, "x/") as lock:
        store.delete(["x/lock"])
        clocks.steady = 30
        with pytest.raises(Refused) as error:
            lock.check()
        assert error.value.code == "LockLost"
    assert not store.objects


def test_many_threads_in_doubt_renew_once(cloud: MemoryCloud, store: MemoryStore, clocks: Clocks) -> None:
    with Lock(store, "x/") as lock:
        clocks.steady = 30
        cloud.reads.clear()
        threads = [threading.Thread(target=lock.check) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert cloud.reads == [("get", "x/lock")]


# -- claims ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_write_of_a_take_over_nothing_stays_in_the_state_bucket(after: bool) -> None:
    kill = 0
    while True:
        cloud = MemoryCloud()
        cloud.bucket("state-1").exists = True
        store = cloud.store("state-1")
        held_by_another(store)
        cloud.now += 61
        cloud.writes.clear()
        cloud.kill_at, cloud.kill_after = kill, after
        try:
            with Lock(store, "x/"):
                pass
        except Killed:
            cloud.revive()
            LEFT_BEHIND.clear()
            for _ in range(2):
                with Lock(store, "x/"):
                    pass
            assert not store.objects, f"killed at write {kill}"
            kill += 1
        else:
            break
    assert not store.objects and kill >= 4


def test_a_claim_that_could_not_be_deleted_is_no_failure_and_goes_with_the_next_take_over(
        cloud: MemoryCloud, store: MemoryStore) -> None:
    held_by_another(store)
    cloud.now += 61
    cloud.fail = lambda what, _key: NetworkError("gone") if what == "delete" else None
    lock = Lock(store, "x/")
    lock.acquire()
    cloud.fail = lambda _what, _key: None
    assert set(store.objects) == {"x/lock", "x/lock-over-t"}
    lock.release()
    cloud.now += 61
    held_by_another(store, token="another")
    cloud.now += 61
    with Lock(store, "x/"):
        assert set(store.objects) == {"x/lock"}


def test_the_lease_can_be_shortened_for_tests(monkeypatch: pytest.MonkeyPatch, store: MemoryStore) -> None:
    monkeypatch.setenv("SITEPUB_LEASE", "3")
    with Lock(store, "x/"):
        held = read_lock(store, "x/lock")
        assert held is not None and held.record.lease == 3.0 and held.record.fenced
    monkeypatch.setenv("SITEPUB_LEASE", "soon")
    assert lease.lease_seconds() == LEASE
