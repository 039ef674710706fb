"""Whatever happens to a folder between two deploys, the bucket holds it byte for byte after the second.

Each history is a site, and some edits before each deploy. In most of them everything that was written is taken to be
older than it is, so that the index recognises folders; in some it is as fresh as it is.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sitepub.config.bucket_settings import HeaderRule
from sitepub.errors import SitepubError
from sitepub.publish.outcome import Unchanged
from sitepub.publish.states import shards
from sitepub.publish.unchanged.folder_memory import FolderMemory
from sitepub.site.many.files import in_order
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.unchanged.computer import ACCOUNT, Computer, in_memory, site_project
from tests.publish.unchanged.folder_edits import Edits

HISTORIES = times(40, quick=10, long=10_000)
AT_ONCE = 500
"""Histories of one test: as many processes as there are can share the work."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the edits are those of POSIX systems")


def another_tick(folder: Path) -> None:
    """Wait until the clock of the file system has gone on: that within one tick nothing can be distinguished is what
    the rule about fresh files is for, and they are taken for old ones here."""
    probe = folder / "probe"
    probe.touch()
    before = probe.stat().st_mtime_ns
    while probe.stat().st_mtime_ns == before:
        probe.touch()
    probe.unlink()


def change_settings(computer: Computer, rand: random.Random) -> str:
    kind = rand.choice(("headers", "exclude", "env", "nothing", "nothing", "nothing"))
    if kind == "headers":
        rules = ((), (HeaderRule("*.css", {"Cache-Control": "no-store"}),), (HeaderRule("blog/", {"Expires": "0"}),))
        computer.change(headers=rand.choice(rules))
    elif kind == "exclude":
        computer.change_source(exclude=rand.choice(((), ("a.html",), ("img/",), ("*.xml", "!sitemap.xml"))))
    elif kind == "env":
        computer.change(env=rand.choice(({}, {"api": "one"}, {"api": "two"})))
    return kind


def run_history(seed: int, folder: Path) -> Counter[str]:
    """How deploys ended."""
    rand = random.Random(seed)
    fresh = rand.random() < 0.15
    cloud = MemoryCloud()
    found: Counter[str] = Counter()
    home = folder / "home"
    with in_memory(cloud, seconds_later=0.0 if fresh else 10.0), pytest.MonkeyPatch.context() as patch:
        computer = Computer(cloud, home, site_project(folder / "work"))
        edits = Edits(computer.folder, rand)
        edits.fill()
        other = Computer(cloud, folder / "other-home", site_project(folder / "other-work"))
        others = Edits(other.folder, rand)
        others.fill()
        if rand.random() < 0.5:
            patch.setattr(shards, "_BORDER", 2**32 // 3)
        done: list[str] = []
        for _ in range(rand.randint(2, 4)):
            try:
                outcome = computer.deploy().outcome
            except SitepubError as error:
                done.append(f"deploy: {error.code}")
                found["refused"] += 1
            else:
                word = "recognised" if isinstance(outcome, Unchanged) else str(outcome.status)
                found[word] += 1
                done.append(f"deploy: {word}")
                assert computer.live() == computer.wanted(), f"seed {seed}: {done}"
            if rand.random() < 0.1:
                # Only the index knows what was there: nothing else may hide its mistakes.
                shutil.rmtree(home / "cache" / "hashes", ignore_errors=True)
            if rand.random() < 0.2:
                with suppress(SitepubError):
                    others.one()
                    other.deploy()
                    done.append("another computer's deploy")
            another_tick(folder)
            done += [edits.one() for _ in range(rand.choice((0, 0, 1, 1, 1, 2, 5)))]
            if rand.random() < 0.15:
                done.append(change_settings(computer, rand))
            another_tick(folder)
            assert as_dev_sees_it(computer) == files_of(computer), f"seed {seed}: {done}"
    return found


def files_of(computer: Computer) -> object:
    """What a whole scan finds, or why there can be none."""
    return _found(lambda: scan(computer.project, computer.folder, environ=computer.environ))


def as_dev_sees_it(computer: Computer) -> object:
    """The same, by a run of dev that begins now."""
    memory = FolderMemory(computer.project, ACCOUNT, computer.folder, computer.environ)
    kept = KeptSnapshot(computer.project, computer.folder, environ=computer.environ, memory=memory)
    try:
        return _found(kept.snapshot)
    finally:
        memory.close()


def _found(read: Callable[[], Snapshot]) -> object:
    try:
        snapshot = read()
    except SitepubError as error:
        return error.code, error.message
    files = [(file.key, file.md5, file.size, file.headers_hash) for file in in_order(snapshot.files)]
    assert len(files) == len(snapshot)
    assert [row[0] for row in files] == sorted({row[0] for row in files})
    assert {(key, snapshot.files[key].md5) for key in snapshot.files} == {row[:2] for row in files}
    return files, sorted({problem.message for problem in snapshot.warnings}), snapshot.left_out, snapshot.rules


@pytest.mark.parametrize("first", range(0, HISTORIES, AT_ONCE))
def test_the_bucket_is_the_folder_after_any_history(first: int, tmp_path: Path) -> None:
    found: Counter[str] = Counter()
    for seed in range(first, min(first + AT_ONCE, HISTORIES)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        found += run_history(seed, folder)
        shutil.rmtree(folder)
    assert found["recognised"] > found.total() / 20
    assert found["published"] > found.total() / 4
