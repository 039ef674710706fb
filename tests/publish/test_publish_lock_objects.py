"""Whatever lies where the lock should be: it is a lock or none, and breaks nothing."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from sitepub.errors import Refused
from sitepub.publish.locking.lock import Lock, read_lock
from tests.publish.memory_cloud import MemoryCloud
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


ABSURD: list[object] = [4e12, -4e12, 1e300, -1e300, 0, -1, 2**63, 10**400, "", "soon", "4e12", None, True, [], {},
                        [[[]]], {"a": 1}, "\x1b[31m\n", "x" * 5000, "../../lock", "\ud800", 0.1]
FIELDS = ["token", "who", "pid", "space", "process_started", "since", "renewed", "lease", "fenced", "more"]


def lock_object(**changes: object) -> bytes:
    record = {"token": "t", "who": "ann@there", "pid": 1, "space": "elsewhere", "process_started": "1",
              "since": 1_700_000_000.0, "renewed": 0.0, "lease": 60.0}
    return json.dumps({**record, **changes}).encode()


@pytest.mark.parametrize("name", FIELDS)
def test_whatever_a_field_holds_the_lock_is_respected_or_taken_over_and_never_for_ever(
        cloud: MemoryCloud, name: str) -> None:
    for value in ABSURD:
        store = cloud.store("state-1")
        store.put("x/lock", lock_object(**{name: value}), {})
        try:
            with Lock(store, "x/") as lock:
                lock.still_ours()
        except Refused as error:
            assert error.code == "Locked" and error.hint and "seconds" in error.hint
        cloud.now += 601
        with Lock(store, "x/") as lock:
            lock.check()
        assert not store.objects, (name, value)


@pytest.mark.parametrize("data", [
    b"", b"null", b"[]", b"7", b"{}", b"[" * 100_000, b'{"more":' + b"[" * 100_000, b"\xff\xfe",
    b"{" + b" " * 10**6 + b"}", lock_object().replace(b"60.0", b"NaN"), lock_object().replace(b"60.0", b"1e999"),
    lock_object().replace(b'"pid": 1', b'"pid": ' + b"9" * 5000)])
def test_an_object_that_is_no_lock_stops_nobody(store: MemoryStore, data: bytes) -> None:
    store.put("x/lock", data, {})
    with Lock(store, "x/"):
        pass
    assert not store.objects


@pytest.mark.parametrize("since", [4e12, -5.0, 1e300, 253_402_300_800.0])
def test_a_time_that_no_calendar_has_is_left_out_of_the_message(store: MemoryStore, since: float) -> None:
    held_by_another(store, since=since)
    with pytest.raises(Refused) as error:
        Lock(store, "x/").acquire()
    assert error.value.message == "ann@there is deploying this site"


@pytest.mark.parametrize(("renewed", "outlived"), [(0.0, True), (4e12, True), (-4e12, True), (None, False)])
def test_a_store_that_tells_no_times_leaves_the_holders(
        store: MemoryStore, monkeypatch: pytest.MonkeyPatch, renewed: float | None, outlived: bool) -> None:
    held_by_another(store, renewed=time.time() if renewed is None else renewed)
    get = MemoryStore.get
    monkeypatch.setattr(MemoryStore, "get", lambda self, key: replace(get(self, key), headers={}))
    found = read_lock(store, "x/lock")
    assert found is not None and found.outlived is outlived
