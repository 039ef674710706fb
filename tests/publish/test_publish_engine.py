"""The engine: many at a time, phase after phase, and what happens when something fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from sitepub.errors import AccessDenied, CloudError, PreconditionFailed
from sitepub.publish.apply import HOPELESS, Engine
from sitepub.publish.diff import diff
from sitepub.publish.plan import Plan, Step
from sitepub.publish.progress import Silent
from sitepub.publish.states.manifest import Entry
from sitepub.publish.workers import Workers
from sitepub.site.snapshot import SiteFile
from sitepub.tencent.cos.store import Stored
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore
from tests.publish.sites import BUCKET, live, site_file, snapshot


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud()
    cloud.bucket(BUCKET).exists = True
    return cloud


def run(cloud: MemoryCloud, plan: Plan, **options: object) -> Engine:
    engine = Engine(plan, cloud.store(BUCKET), **options)  # type: ignore[arg-type]
    try:
        if engine.write():
            engine.delete()
    finally:
        engine.close()
    return engine


def failing(keys: set[str], error: Callable[[], Exception]) -> Callable[[str, str], Exception | None]:
    return lambda _what, key: error() if key in keys else None


PAGE = site_file("index.html", b"page", "text/html")
ASSETS = [site_file(f"a{number}.css", b"%d" % number, "text/css") for number in range(10)]


def test_a_failed_asset_fails_alone_but_no_page_is_written_and_nothing_is_deleted(cloud: MemoryCloud) -> None:
    old = site_file("old.txt", b"old")
    cloud.store(BUCKET).put(old.key, old.data or b"", old.headers)
    cloud.fail = failing({"a3.css"}, lambda: CloudError("broken", status=500))
    engine = run(cloud, diff(snapshot(PAGE, *ASSETS), {"old.txt": Entry.of(old)}))
    assert [failure.step.key for failure in engine.failures] == ["a3.css"]
    assert set(live(cloud)) == {"old.txt"} | {file.key for file in ASSETS} - {"a3.css"}
    assert set(engine.owned) == set(live(cloud))
    assert [step.key for step in engine.undone] == ["a3.css", "index.html", "old.txt"]


def test_the_manifest_says_exactly_what_was_done(cloud: MemoryCloud) -> None:
    engine = run(cloud, diff(snapshot(PAGE, *ASSETS), {}))
    assert engine.owned == {file.key: Entry.of(file) for file in [PAGE, *ASSETS]}
    assert engine.counts.uploaded == 11 and engine.bytes_sent == 14


def test_a_copy_whose_source_changed_becomes_an_upload(cloud: MemoryCloud) -> None:
    source, target = site_file("a.bin", b"content"), site_file("b.bin", b"content")
    cloud.store(BUCKET).put("a.bin", b"other..", {})
    engine = run(cloud, diff(snapshot(source, target), {"a.bin": Entry.of(source)}))
    assert engine.counts.uploaded == 1 and engine.counts.copied == 0
    assert live(cloud)["b.bin"][0] == b"content"


def test_a_key_that_turns_out_to_be_taken_by_the_same_content_is_taken_over(cloud: MemoryCloud) -> None:
    cloud.store(BUCKET).put("index.html", b"page", {"X": "theirs"})
    engine = run(cloud, diff(snapshot(PAGE), {}))
    assert engine.counts.headers == 1
    assert live(cloud)["index.html"] == (b"page", PAGE.headers)
    assert engine.owned["index.html"].adopted, "it is not ours to delete"


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("listed", [False, True])
def test_what_was_there_with_the_same_content_is_adopted_also_when_it_is_empty_or_written_again(
        cloud: MemoryCloud, listed: bool, force: bool) -> None:
    store = cloud.store(BUCKET)
    empty = site_file("empty.txt", b"")
    store.put("index.html", b"page", {"X": "theirs"})
    store.put("empty.txt", b"", {"X": "theirs"})
    listing = {there.key: there for there in store.list()} if listed else None
    engine = run(cloud, diff(snapshot(PAGE, empty, ASSETS[0]), {}, listing=listing, force=force))
    assert {key for key, entry in engine.owned.items() if entry.adopted} == {"index.html", "empty.txt"}
    again = diff(snapshot(PAGE, empty, ASSETS[0]), engine.owned, force=True)
    assert {key for key, entry in run(cloud, again).owned.items() if entry.adopted} == {"index.html", "empty.txt"}


def test_a_key_that_turns_out_to_be_taken_by_other_content_fails_and_stays(cloud: MemoryCloud) -> None:
    cloud.store(BUCKET).put("index.html", b"theirs", {})
    engine = run(cloud, diff(snapshot(PAGE), {}))
    assert engine.failures and "did not upload it" in str(engine.failures[0])
    assert live(cloud)["index.html"][0] == b"theirs"


def test_after_many_failures_in_a_row_no_more_are_begun(cloud: MemoryCloud) -> None:
    files = [site_file(f"f{number}", b"x%d" % number) for number in range(10 * HOPELESS)]
    cloud.fail = lambda _what, _key: AccessDenied("no", status=403)
    engine = run(cloud, diff(snapshot(*files), {}, listing={}), threads=4)
    assert HOPELESS <= len(engine.failures) < HOPELESS + 4


def test_after_a_stop_no_step_is_begun_and_what_was_done_is_known(cloud: MemoryCloud) -> None:
    stop = threading.Event()

    class StopAtFive(Silent):
        count = 0

        def finished(self, step: Step) -> None:
            del step
            self.count += 1
            if self.count == 5:
                stop.set()

    engine = run(cloud, diff(snapshot(PAGE, *ASSETS), {}), progress=StopAtFive(), stop=stop, threads=1)
    assert len(engine.owned) == len(live(cloud)) == 5
    assert not engine.failures and len(engine.undone) == 6


def test_a_large_upload_is_broken_off_by_a_stop_and_is_no_failure(cloud: MemoryCloud) -> None:
    stop = threading.Event()
    big = SiteFile("big.bin", 20 * 1024**2, "0" * 32, {"Content-Type": "x/y"}, "h", data=b"")

    class Sending(MemoryStore):
        def put(self, *_: Any, **options: Any) -> Stored:
            stop.set()
            options["sent"](1024)
            raise AssertionError("the upload went on")

    engine = Engine(diff(snapshot(big), {}), Sending(cloud, BUCKET), stop=stop)
    assert not engine.write()
    engine.close()
    assert not engine.failures and len(engine.undone) == 1


def test_a_stop_does_not_wait_for_another_try(cloud: MemoryCloud) -> None:
    stop = threading.Event()

    class Retrying(MemoryStore):
        def put(self, *_: Any, **options: Any) -> Stored:
            options["retry"](CloudError("slow down", status=503), 0.1)
            stop.set()
            options["retry"](CloudError("slow down", status=503), 60.0)
            raise AssertionError("it was tried again")

    engine = Engine(diff(snapshot(PAGE), {}), Retrying(cloud, BUCKET), stop=stop)
    assert not engine.write()
    engine.close()
    assert not engine.failures and len(engine.undone) == 1


def test_a_deletion_that_fails_keeps_its_entry(cloud: MemoryCloud) -> None:
    for file in ASSETS:
        cloud.store(BUCKET).put(file.key, file.data or b"", file.headers)
    cloud.fail = lambda what, key: PreconditionFailed("no") if (what, key) == ("delete", "a4.css") else None
    engine = run(cloud, diff(snapshot(PAGE), {file.key: Entry.of(file) for file in ASSETS}))
    assert set(engine.owned) == {"index.html", "a4.css"}
    assert engine.counts.deleted == 9 and len(engine.failures) == 1


def test_the_biggest_files_of_a_phase_begin_first(cloud: MemoryCloud) -> None:
    sizes = [3, 50, 7]
    run(cloud, diff(snapshot(*(site_file(f"f{size}", b"x" * size) for size in sizes)), {}), threads=1)
    assert [key for _, key in cloud.writes] == ["f50", "f7", "f3"]


def test_the_crew_does_every_job_once_and_serves_batch_after_batch() -> None:
    done: list[int] = []
    lock = threading.Lock()

    def work(job: int) -> None:
        with lock:
            done.append(job)

    workers = Workers(8, work, threading.Event())
    for start in range(0, 300, 100):
        workers.run(range(start, start + 100))
        assert sorted(done) == list(range(start + 100))
    workers.close()


def test_what_the_work_lets_through_ends_the_batch() -> None:
    class End(BaseException):
        pass

    def work(job: int) -> None:
        if job == 3:
            raise End

    workers = Workers(2, work, threading.Event())
    with pytest.raises(End):
        workers.run(range(100))
    workers.close()
