"""Watching on Linux: whatever happens to folders, every place that is not as it was is reported afterwards."""

from __future__ import annotations

import errno
import random
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from sitepub.watch.changes import Change, Happened
from sitepub.watch.places import Places
from tests.dev.dev_process import until

if sys.platform != "linux":
    pytest.skip("inotify is Linux's", allow_module_level=True)

from sitepub.watch.inotify import Inotify
from sitepub.watch.linux_watching import InotifyWatcher


def skips(path: Path) -> bool:
    return path.name in ("node_modules", ".git")


class Mirror:
    """Reads a tree only where changes are reported: it is equal to the tree when no change was lost."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.files = contents(tree)
        self.heard: list[Change] = []
        self._lock = threading.Lock()

    def __call__(self, changes: Sequence[Change]) -> None:
        with self._lock:
            self.heard += changes
            for change in changes:
                self._look(change.path)

    def _look(self, path: Path) -> None:
        for known in [known for known in self.files if known.is_relative_to(path)]:
            del self.files[known]
        if self.tree.is_relative_to(path):
            self.files.update(contents(self.tree))
        elif path.is_relative_to(self.tree):
            self.files.update(contents(path))

    def is_right(self) -> bool:
        with self._lock:
            return self.files == contents(self.tree)


def contents(path: Path) -> dict[Path, str]:
    found: dict[Path, str] = {}
    try:
        if path.is_dir():
            for below in path.iterdir():
                if not skips(below):
                    found.update(contents(below))
        else:
            found[path] = path.read_text(encoding="utf-8")
    except OSError:
        return found
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "blog/source"
    for name in ("posts/deep", "packages/a/node_modules/x", "node_modules/y", ".git/refs"):
        (tree / name).mkdir(parents=True)
    (tree / "posts/a.md").write_text("0")
    return tree


@contextmanager
def mirror_of(tree: Path) -> Iterator[tuple[Mirror, InotifyWatcher]]:
    mirror = Mirror(tree)
    watcher = InotifyWatcher(Places((tree,), (tree.parent,), skips), mirror)
    watcher.start()
    try:
        yield mirror, watcher
    finally:
        watcher.stop()


class Vandal:
    """Does things to a tree as fast as it can: writes, deletes, moves within it, out of it, and the tree itself."""

    def __init__(self, tree: Path, seed: int) -> None:
        self.tree = tree
        self.outside = tree.parent.parent
        self.random = random.Random(seed)
        self.written = 0

    def rage(self) -> None:
        for _ in range(self.random.randint(1, 15)):
            try:
                self._act()
            except OSError:
                continue  # there is no such file now, or it is in the way
            if self.random.random() < 0.2:
                time.sleep(self.random.choice((0.001, 0.01, 0.05)))
        self.tree.mkdir(parents=True, exist_ok=True)

    def _path(self) -> Path:
        names = ("posts", "deep", "a.md", "b.md", "packages", "x", "new", "node_modules")
        depth = self.random.choice((1, 1, 2, 2, 3))
        return self.tree.joinpath(*(self.random.choice(names) for _ in range(depth)))

    def _spare(self) -> Path:
        return self.outside / f"spare{self.random.randint(0, 3)}"

    def _act(self) -> None:
        path, other = self._path(), self._path()
        act = self.random.choice(("write", "write", "write", "mkdir", "delete", "move", "move", "out", "in", "tree",
                                  "above", "anew"))
        if act == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            self.written += 1
            path.write_text(f"text {self.written}")
        elif act == "mkdir":
            path.mkdir(parents=True)
        elif act == "delete":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif act == "move":
            other.parent.mkdir(parents=True, exist_ok=True)
            path.rename(other)
        elif act == "out":
            path.rename(self._spare())
        elif act == "in":
            other.parent.mkdir(parents=True, exist_ok=True)
            self._spare().rename(other)
        elif act == "anew":
            shutil.rmtree(self.tree)
            (self.tree / "posts").mkdir(parents=True)
            (self.tree / "posts/a.md").write_text(str(self.written))
        else:
            away = self.outside / "away"
            moved = self.tree if act == "tree" else self.tree.parent
            moved.rename(away)
            time.sleep(self.random.choice((0, 0, 0.001, 0.02)))
            away.rename(moved)


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_done_to_a_tree_every_place_is_reported_after_it_has_changed(tree: Path, seed: int) -> None:
    vandal = Vandal(tree, seed)
    with mirror_of(tree) as (mirror, _):
        for _ in range(6):
            vandal.rage()
            until(mirror.is_right, "the mirror to be right")


def test_a_queue_that_was_full_puts_everything_in_doubt(tree: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="utf-8"))
    if limit > 100_000:
        pytest.skip("this kernel keeps too many events to fill its queue here")
    heard: list[Change] = []
    first, free = threading.Event(), threading.Event()

    def reported(changes: Sequence[Change]) -> None:
        heard.extend(changes)
        first.set()
        free.wait()

    watcher = InotifyWatcher(Places((tree,), (tree.parent,), skips), reported)
    watcher.start()
    try:
        (tree / "first").touch()
        assert first.wait(60)
        (tree.parent / "serverless.yml").touch()
        for number in range(limit // 4):
            for name in ("a", "b"):
                (tree / f"posts/{name}{number}").write_text("x")  # made, changed, closed
        (tree / "posts/new").mkdir()
        free.set()
        until(lambda: Change(tree, Happened.DOUBT) in heard, "the doubt")
        since = heard[heard.index(Change(tree, Happened.DOUBT)):]
        assert Change(tree.parent / "serverless.yml", Happened.WRITTEN) in since
        (tree / "posts/new/page").write_text("x")
        until(lambda: Change(tree / "posts/new/page", Happened.WRITTEN) in heard, "a change after that")
    finally:
        free.set()
        watcher.stop()


def test_when_no_more_folders_can_be_watched_it_goes_on_by_looking(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mirror_of(tree) as (mirror, _):
        def exhausted(_self: Inotify, folder: str, **_how: bool) -> int:
            raise OSError(errno.ENOSPC, "no", folder)

        monkeypatch.setattr(Inotify, "add", exhausted)
        (tree / "new/deep").mkdir(parents=True)
        until(lambda: Change(tree, Happened.DOUBT) in mirror.heard, "the doubt")
        (tree / "new/deep/page").write_text("x")
        until(mirror.is_right, "the mirror to be right")


def test_only_what_matters_is_watched(tree: Path) -> None:
    with mirror_of(tree) as (mirror, watcher):
        (tree / "packages/b/node_modules/z").mkdir(parents=True)
        (tree / "packages/b/page.md").write_text("x")
        until(mirror.is_right, "the mirror to be right")
        below = {str(Path(path).relative_to(tree.parent)) for path in watcher.watched()
                 if Path(path).is_relative_to(tree.parent)}
        assert below == {".", "source", "source/posts", "source/posts/deep", "source/packages", "source/packages/a",
                         "source/packages/b"}
        shutil.rmtree(tree / "packages")
        until(mirror.is_right, "the mirror to be right")
        until(lambda: not any("packages" in path for path in watcher.watched()), "the watches to end")


def test_a_link_that_leads_elsewhere_is_reported_as_a_new_tree(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / "page").write_text(name)
    tree = tmp_path / "site/public"
    tree.parent.mkdir()
    tree.symlink_to(tmp_path / "releases/one")
    with mirror_of(tree) as (mirror, _):
        (tree / "page").write_text("changed")
        until(lambda: mirror.files[tree / "page"] == "changed", "a change through the link")
        fresh = tmp_path / "site/fresh"
        fresh.symlink_to(tmp_path / "releases/two")
        fresh.replace(tree)
        until(lambda: mirror.files.get(tree / "page") == "two", "the other release")
        (tree / "page").write_text("changed again")
        until(mirror.is_right, "a change in the other release")
