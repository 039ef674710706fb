"""A run of dev begins with what the last deploy, or the last run of dev, has remembered of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Counts
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.states import shards, state_store
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.dev_release import record_dev_release
from sitepub.publish.unchanged.folder_memory import FolderMemory
from sitepub.site import rescan
from sitepub.site.index.indexed_files import IndexedFiles
from sitepub.site.many.files import ChangedFiles
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import MemoryCloud, remote
from tests.publish.unchanged.computer import ACCOUNT, Computer, in_memory, site_project

FILES = 60


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    """With a site of several shards, not published yet."""
    monkeypatch.setattr(shards, "_BORDER", 2**32 // 8)
    cloud = MemoryCloud()
    with in_memory(cloud, seconds_later=10):
        found = Computer(cloud, tmp_path / "home", site_project(tmp_path / "work"))
        for number in range(FILES):
            write(found, f"posts-{number % 4}/{number}.html")
        write(found, "index.html", "404.html")
        yield found


def write(computer: Computer, *paths: str, text: str = "<p>one</p>") -> None:
    for path in paths:
        file = computer.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text} {path}", encoding="utf-8")


class Dev:
    """The part of a run of dev that reads the folder and publishes it."""

    def __init__(self, computer: Computer) -> None:
        project, environ = computer.project, computer.environ
        self.computer = computer
        self.memory = FolderMemory(project, ACCOUNT, computer.folder, environ)
        self.kept = KeptSnapshot(project, computer.folder, environ=environ, memory=self.memory)
        place = remote(computer.cloud, project)
        self.overlay = OverlayStates(place.states.store, place.states.prefix)
        self.remote = replace(place, states=self.overlay, environ=environ)

    def publish(self) -> Snapshot:
        snapshot = self.kept.snapshot()
        prepared = prepare(self.remote, snapshot, direct=True, known=self.overlay.known)
        publish(self.remote, snapshot, prepared, PublishOptions(record=False, allow_delete=True))
        self.memory.published(self.overlay, self.remote.bucket, snapshot)
        assert self.computer.live() == self.computer.wanted()
        return snapshot

    def end(self) -> None:
        record_dev_release(self.remote, self.overlay, Counts(), None)
        self.memory.close()


def is_recognised(snapshot: Snapshot) -> bool:
    return isinstance(snapshot.files, ChangedFiles) and isinstance(snapshot.files.base, IndexedFiles)


def no_walk(*_arguments: object) -> None:
    raise AssertionError("the whole folder was walked")


def test_after_a_deploy_no_file_is_read_and_no_shard(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    computer.deploy()
    monkeypatch.setattr(rescan, "walk", no_walk)
    computer.cloud.reads.clear()
    dev = Dev(computer)
    assert is_recognised(dev.publish())
    assert computer.cloud.reads == [("get", "shop/prod/site/state.json.gz")]
    dev.end()


def test_a_save_after_it_reads_one_shard(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    computer.deploy()
    monkeypatch.setattr(rescan, "walk", no_walk)
    dev = Dev(computer)
    dev.publish()
    for number, path in enumerate(("posts-1/1.html", "posts-2/new.html", "posts-9/2.html")):
        write(computer, path, text=f"<p>{number}</p>")
        computer.cloud.reads.clear()
        dev.kept.touch([computer.folder / path])
        dev.publish()
        assert len([key for _, key in computer.cloud.reads if "/shards/" in key]) <= 1
    (computer.folder / "posts-1/1.html").unlink()
    dev.kept.touch([computer.folder / "posts-1"])
    dev.publish()
    dev.kept.touch_all()
    assert is_recognised(dev.publish())
    dev.end()


def test_a_first_run_of_dev_remembers_for_the_next_one(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_store, "FEW", 5)
    first = Dev(computer)
    assert not is_recognised(first.publish())
    first.end()
    write(computer, "index.html", text="<p>saved while nothing ran</p>")
    monkeypatch.setattr(rescan, "walk", no_walk)
    second = Dev(computer)
    assert is_recognised(second.publish())
    second.end()
    # The root that dev has left is not taken for one of a deploy that has settled everything.
    assert not computer.recognised()
    assert computer.recognised()


def test_a_deploy_beside_it_brings_the_index_to_another_state(computer: Computer) -> None:
    computer.deploy()
    dev = Dev(computer)
    dev.publish()
    write(computer, "posts-1/1.html", text="<p>two</p>")
    computer.deploy()
    assert computer.recognised()
    dev.kept.touch([computer.folder / "posts-1/1.html"])
    dev.publish()
    dev.end()


def test_what_others_have_published_is_compared_and_no_file_is_read(
        computer: Computer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computer.deploy()
    other = Computer(computer.cloud, tmp_path / "other-home", site_project(tmp_path / "other"))
    for number in range(0, FILES, 7):
        write(other, f"posts-{number % 4}/{number}.html", text="<p>of others</p>")
    write(other, "index.html", "404.html")
    other.deploy()
    monkeypatch.setattr(rescan, "walk", no_walk)
    dev = Dev(computer)
    assert is_recognised(dev.publish())
    dev.end()
