"""Watching real folders, by events and by polling."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sitepub.watch import filesystems, watching
from sitepub.watch.changes import Change, Happened
from sitepub.watch.library_watching import EventWatcher
from sitepub.watch.places import Places, watches
from sitepub.watch.polling import PollingWatcher, between, scan
from sitepub.watch.watcher import CannotWatch, Listing
from sitepub.watch.watching import open_watcher
from tests.dev.dev_process import until


class Ear:
    """Hears changes."""

    def __init__(self) -> None:
        self.heard: list[Change] = []

    def __call__(self, changes: Sequence[Change]) -> None:
        self.heard += changes

    def wait_for(self, path: Path, what: Happened | None = None) -> None:
        until(lambda: any(one.path == path and what in (None, one.what) for one in self.heard), f"{what} {path}")

    def about(self, path: Path) -> list[Change]:
        """What was heard of a path or from above or below it."""
        return [one for one in self.heard if one.path.is_relative_to(path)]


def skip_modules(folder: Path) -> bool:
    return folder.name == "node_modules"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "blog/source"
    for name in ("posts/deep", "packages/a/node_modules/x", "node_modules/y"):
        (tree / name).mkdir(parents=True)
    return tree


@pytest.fixture(params=["events", "library", "polling"])
def ear(request: pytest.FixtureRequest, tree: Path) -> Iterator[Ear]:
    ear = Ear()
    places = Places((tree,), (tree.parent,), skip_modules)
    if request.param == "polling":
        polling = PollingWatcher(places, ear, interval=0.02)
        polling.start()
        yield ear
        polling.stop()
    elif request.param == "library":
        library = EventWatcher(places, ear)
        library.start()
        yield ear
        library.stop()
    else:
        watcher, why = open_watcher(places, ear)
        assert why is None
        yield ear
        watcher.stop()


def test_files_written_moved_and_deleted_are_heard(ear: Ear, tree: Path) -> None:
    page = tree / "posts/deep/page.md"
    page.write_text("1")
    ear.wait_for(page, Happened.WRITTEN)
    page.rename(tree / "moved.md")
    ear.wait_for(page, Happened.GONE)
    ear.wait_for(tree / "moved.md", Happened.WRITTEN)
    (tree / "moved.md").unlink()
    ear.wait_for(tree / "moved.md", Happened.GONE)
    (tree.parent / "serverless.yml").write_text("x")
    ear.wait_for(tree.parent / "serverless.yml", Happened.WRITTEN)


def test_new_folders_are_heard_and_listened_to(ear: Ear, tree: Path) -> None:
    for below in (tree / "new", tree / "packages/new", tree / "posts/new"):
        below.mkdir()
        ear.wait_for(below, Happened.FOLDER)
        (below / "page.md").write_text("1")
        ear.wait_for(below / "page.md", Happened.WRITTEN)


def test_a_tree_that_goes_and_comes_again_is_listened_to_again(ear: Ear, tree: Path) -> None:
    page, text = tree / "posts/page.md", ""

    def heard() -> bool:
        """What is written before the new watch is there is covered by the folder, which is reported after that."""
        nonlocal text
        text += "2"
        page.write_text(text)
        return Change(page, Happened.WRITTEN) in ear.heard

    shutil.rmtree(tree)
    ear.wait_for(tree, Happened.GONE)
    page.parent.mkdir(parents=True)
    ear.wait_for(tree, Happened.FOLDER)
    until(heard, "a change in the tree that came again")
    ear.heard.clear()
    tree.rename(tree.parent / "aside")
    (tree.parent / "aside").rename(tree)
    until(heard, "a change in the tree that was away for a moment")


@pytest.mark.parametrize("rounds", range(3))
def test_nothing_written_around_such_a_moment_is_lost(tree: Path, rounds: int) -> None:
    """The folder is reported when it is watched again: that covers what was not reported."""
    del rounds
    page = tree / "posts/page.md"
    page.write_text("before")
    seen: list[str] = []

    def look(changes: Sequence[Change]) -> None:
        if any(page.is_relative_to(one.path) for one in changes) and page.exists():
            seen.append(page.read_text())

    watcher, _ = open_watcher(Places((tree,), (tree.parent,), skip_modules), look)
    try:
        for number in range(20):
            tree.rename(tree.parent / "aside")
            (tree.parent / "aside").rename(tree)
            page.write_text(f"text {number}")
            until(lambda: seen and seen[-1] == page.read_text(), f"text {number} seen")
    finally:
        watcher.stop()


def test_what_is_skipped_is_not_heard(ear: Ear, tree: Path) -> None:
    (tree / "node_modules/y/index.js").write_text("x")
    (tree / "packages/a/node_modules/x/index.js").write_text("x")
    (tree / "posts/page.md").write_text("1")
    ear.wait_for(tree / "posts/page.md")
    assert not ear.about(tree / "node_modules") and not ear.about(tree / "packages/a/node_modules")


def test_a_tree_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    ear, tree = Ear(), tmp_path / "not/yet/there"
    watcher, _ = open_watcher(Places((tree,)), ear)
    try:
        tree.mkdir(parents=True)
        ear.wait_for(tmp_path / "not", Happened.FOLDER)
        ear.wait_for(tree, Happened.FOLDER)
        (tree / "page").write_text("1")
        ear.wait_for(tree / "page")
    finally:
        watcher.stop()


def test_a_tree_with_something_to_skip_becomes_several_watches(tree: Path) -> None:
    found = watches(Places((tree,), (), skip_modules))
    assert found == {(str(tree.parent), False), (str(tree), False), (str(tree / "posts"), True),
                     (str(tree / "packages"), False), (str(tree / "packages/a"), False)}
    whole = watches(Places((tree,), (tree.parent,)))
    assert whole == {(str(tree.parent), False), (str(tree), True)}


def test_where_no_events_are_reported_it_polls_and_says_why(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "silent", lambda _path: "nfs4")
    watcher, why = open_watcher(Places((tree,)), Ear())
    watcher.stop()
    assert isinstance(watcher, PollingWatcher) and why is not None and "nfs4" in why


def test_where_it_is_unknown_a_file_is_made_to_find_out(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "uncertain", lambda _path: True)
    watcher, why = open_watcher(Places((tree,)), Ear())
    watcher.stop()
    assert why is None
    monkeypatch.setattr(watching, "system_watcher", lambda places, _report: EventWatcher(places, lambda _changes: None))
    monkeypatch.setattr(watching, "_PROBE_SECONDS", 0.2)
    watcher, why = open_watcher(Places((tree,)), Ear())
    watcher.stop()
    assert isinstance(watcher, PollingWatcher) and why is not None
    assert not list(tree.glob(".sitepub*"))


def test_a_system_that_refuses_is_polled(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refuses(EventWatcher):
        def start(self, _listing: Listing | None = None) -> None:
            raise CannotWatch("too many watches")

    monkeypatch.setattr(watching, "system_watcher", Refuses)
    watcher, why = open_watcher(Places((tree,)), Ear())
    watcher.stop()
    assert isinstance(watcher, PollingWatcher) and why == "too many watches"


def test_two_scans_and_what_is_between_them(tree: Path) -> None:
    places = Places((tree,), (), skip_modules)
    (tree / "a").write_text("1")
    before = scan(places)
    (tree / "a").unlink()
    (tree / "b").mkdir()
    (tree / "b/c").write_text("1")
    found = between(before, scan(places))
    assert found == [Change(tree / "a", Happened.GONE), Change(tree / "b", Happened.FOLDER),
                     Change(tree / "b/c", Happened.WRITTEN)]


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
30 22 0:26 / /mnt/c rw,noatime - 9p drvfs rw
31 22 0:27 / /home/me/with\\040space rw - nfs4 server:/x rw
32 22 0:28 / /home/me/local rw - btrfs /dev/sdb rw
33 22 0:29 / /sshfs rw - fuse.sshfs me@there: rw
34 22 0:30 / /usb rw - fuseblk /dev/sdc1 rw
"""


@pytest.mark.parametrize(("path", "kind", "silent"), [
    ("/srv/site", "ext4", False), ("/mnt/c/Users/me/site", "9p", True), ("/home/me/with space/site", "nfs4", True),
    ("/home/me/local/site", "btrfs", False), ("/sshfs/site", "fuse.sshfs", True), ("/usb/site", "fuseblk", False),
    ("/mnt/cc", "ext4", False)])
def test_the_type_of_a_file_system_tells_whether_it_tells(path: str, kind: str, silent: bool) -> None:
    assert filesystems.type_of(Path(path), MOUNTS) == kind
    assert (filesystems.silent(Path(path), MOUNTS) is not None) == silent
