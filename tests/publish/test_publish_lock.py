"""The lock: held by one, renewed, given back, taken over from the dead."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from sitepub.errors import NetworkError, Refused
from sitepub.publish.locking.lock import Lock, LockRecord, read_lock
from sitepub.publish.locking.owner import is_dead, process_space, started_at, who
from sitepub.tencent.cos.store import LargeFile, Retry, Sent, Stored
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud()
    cloud.bucket("state-1").exists = True
    return cloud


@pytest.fixture
def store(cloud: MemoryCloud) -> MemoryStore:
    return cloud.store("state-1")


def held_by_another(store: MemoryStore, *, lease: float = 60.0, **changes: object) -> None:
    record = {"token": "t", "who": "ann@there", "pid": 1, "space": "elsewhere", "process_started": "1",
              "since": 1_700_000_000.0, "renewed": 0.0, "lease": lease}
    store.put("x/lock", msgspec.json.encode({**record, **changes}), {})


def test_a_held_lock_is_refused_with_who_since_and_until(store: MemoryStore) -> None:
    with Lock(store, "x/") as lock:
        lock.still_ours()
        with pytest.raises(Refused) as error:
            Lock(store, "x/").acquire()
        assert who() in error.value.message and error.value.hint and "seconds" in error.value.hint
        lock.still_ours()
    assert not store.objects


def test_the_lock_is_given_back_also_after_a_failure(store: MemoryStore) -> None:
    with pytest.raises(KeyboardInterrupt), Lock(store, "x/"):
        raise KeyboardInterrupt
    assert not store.objects


def test_a_living_lock_of_another_computer_is_respected(store: MemoryStore) -> None:
    held_by_another(store)
    with pytest.raises(Refused, match="ann@there is deploying this site since 2023-11-14"):
        Lock(store, "x/").acquire()


def test_a_lease_that_ran_out_by_the_clouds_clock_is_taken_over(
        cloud: MemoryCloud, store: MemoryStore) -> None:
    held_by_another(store)
    cloud.now += 61
    with Lock(store, "x/") as lock:
        lock.still_ours()
    assert not store.objects


def test_a_damaged_lock_does_not_block_for_ever(store: MemoryStore) -> None:
    store.put("x/lock", b"{", {})
    with Lock(store, "x/"):
        pass


@pytest.mark.skipif(not process_space(), reason="this system does not tell whether a process lives")
def test_of_this_machine_a_dead_holder_is_known_and_a_reused_pid_too(store: MemoryStore) -> None:
    space, me = process_space(), os.getpid()
    assert not is_dead(space, me, started_at(me))
    assert is_dead(space, me, "another start")
    assert is_dead(space, 2**22 + 1, "1")
    assert not is_dead("other machine", 2**22 + 1, "1")
    assert not is_dead("", 2**22 + 1, "1") and not is_dead(space, me, "")
    held_by_another(store, space=space, pid=me, process_started="another start")
    with Lock(store, "x/"):
        pass


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="Linux")
def test_the_process_space_names_the_pid_namespace() -> None:
    assert len(process_space()) == 16


def test_a_lock_that_was_taken_away_is_noticed_and_not_given_back_for_the_other(store: MemoryStore) -> None:
    lost = threading.Event()
    with Lock(store, "x/", on_lost=lost.set) as lock:
        held_by_another(store)
        with pytest.raises(Refused, match="ann@there has it now") as error:
            lock.still_ours()
        assert error.value.code == "LockLost" and lost.is_set()
    assert list(store.objects) == ["x/lock"]


def test_the_lease_is_renewed_and_a_loss_is_noticed_while_waiting(
        cloud: MemoryCloud, store: MemoryStore) -> None:
    lost, renewed = threading.Event(), threading.Event()

    def look() -> None:
        if len(cloud.writes) > 1:
            renewed.set()

    cloud.look = look
    with Lock(store, "x/", renewal=0.01, on_lost=lost.set):
        assert renewed.wait(60)
        store.delete(["x/lock"])
        assert lost.wait(60)


class VersionedStore(MemoryStore):
    """A bucket with versioning: forbid-overwrite has no effect there."""

    versioned = False

    def put(self, key: str, body: bytes | os.PathLike[str], headers: Mapping[str, str], *, md5: str | None = None,
            forbid_overwrite: bool = False, sent: Sent | None = None, retry: Retry | None = None,
            large: LargeFile | None = None) -> Stored:
        del forbid_overwrite
        stored = super().put(key, body, headers, md5=md5, sent=sent, retry=retry, large=large)
        self.after_put()
        return stored

    def after_put(self) -> None:
        pass


def test_where_forbid_overwrite_has_no_effect_the_token_read_back_decides(cloud: MemoryCloud) -> None:
    store = VersionedStore(cloud, "state-1")

    def overwritten() -> None:
        store.after_put = lambda: None  # type: ignore[method-assign]
        held_by_another(store)

    store.after_put = overwritten  # type: ignore[method-assign]
    with pytest.raises(Refused, match="ann@there"):
        Lock(store, "x/").acquire()


def test_with_versioning_a_lock_is_looked_for_before_it_is_written(cloud: MemoryCloud) -> None:
    store = VersionedStore(cloud, "state-1")
    held_by_another(store)
    before = dict(store.objects)
    store.versioned = True  # an answer has shown it, as that with the state does
    with pytest.raises(Refused, match="ann@there"):
        Lock(store, "x/").acquire()
    assert store.objects == before
    cloud.now += 61
    with Lock(store, "x/") as lock:
        assert lock.taken_over and not lock.found_free
    with Lock(store, "x/") as lock:
        assert not lock.taken_over and lock.found_free


def test_a_lock_that_was_replaced_unseen_counts_as_taken_over(cloud: MemoryCloud) -> None:
    store = VersionedStore(cloud, "state-1")
    held_by_another(store)
    store.after_put = lambda: setattr(store, "versioned", True)  # type: ignore[method-assign]
    with Lock(store, "x/") as lock:
        assert lock.taken_over and lock.taken_from_fenced


def test_of_many_who_find_a_dead_lock_exactly_one_takes_it_over(
        cloud: MemoryCloud, store: MemoryStore) -> None:
    held_by_another(store)
    cloud.now += 61
    start, answers = threading.Barrier(8), []
    locks = [Lock(cloud.store("state-1"), "x/") for _ in range(8)]

    def contend(lock: Lock) -> None:
        start.wait()
        try:
            lock.acquire()
        except Refused:
            answers.append("refused")
        else:
            answers.append("held")

    threads = [threading.Thread(target=contend, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["held"] + ["refused"] * 7
    holder = read_lock(store, "x/lock")
    assert holder is not None and isinstance(holder.record, LockRecord)
    for lock in locks:
        lock.release()
    assert not store.objects


def test_a_lock_that_could_not_be_given_back_does_not_keep_its_own_process_out(
        cloud: MemoryCloud, store: MemoryStore) -> None:
    with Lock(store, "site/"):
        cloud.fail = lambda what, _key: NetworkError("gone") if what == "delete" else None
    cloud.fail = lambda _what, _key: None
    assert store.head("site/lock") is not None
    # One that is held is respected by this process too.
    with Lock(store, "site/"), pytest.raises(Refused), Lock(store, "site/"):
        pass
    assert store.head("site/lock") is None


def test_who_takes_over_looks_again_before_writing(cloud: MemoryCloud, store: MemoryStore) -> None:
    held_by_another(store, lease=-1.0)

    def look() -> None:
        if cloud.writes[-1][1].startswith("x/lock-over-"):
            cloud.look = lambda: None
            held_by_another(store, token="quicker", who="bob@there")

    cloud.look = look
    with pytest.raises(Refused, match="bob@there"):
        Lock(store, "x/").acquire()
    held = read_lock(store, "x/lock")
    assert held is not None and held.record.token == "quicker"


def test_the_renewal_notices_that_another_has_the_lock_and_leaves_it_to_him(store: MemoryStore) -> None:
    lost = threading.Event()
    with Lock(store, "x/", renewal=0.005, on_lost=lost.set) as lock:
        for _ in range(600):
            # Again and again: it may have been written over by a renewal that had looked just before.
            held_by_another(store)
            if lost.wait(0.05):
                break
        with pytest.raises(Refused, match="was lost"):
            lock.still_ours()
    held = read_lock(store, "x/lock")
    assert held is not None and held.record.token == "t"
