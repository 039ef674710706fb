"""A run of dev is ready as soon as it knows that everything is live, and whatever is edited from its start on is
published."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions import dev as dev_action
from sitepub.actions.deploying import quick_dev
from sitepub.actions.deploying.known_project import Given, remember
from sitepub.actions.deploying.quick_dev import Started, start_at_once
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.dev.options import DevOptions
from sitepub.errors import CloudError
from sitepub.publish.outcome import Status
from sitepub.site.index import listing
from sitepub.watch import filesystems, linux_watching
from sitepub.watch.inotify import Inotify
from tests.amount import times
from tests.dev.dev_process import until
from tests.dev.test_dev_serve import Notes
from tests.publish.memory_cloud import APP_ID, MemoryCloud
from tests.publish.unchanged.computer import ACCOUNT, Computer, in_memory
from tests.publish.unchanged.test_publish_histories import another_tick

CONFIG = "component: website\nname: shop\ninputs:\n  src: ./site\n  bucketName: shop\n"
SEEDS = times(12, long=2000)
_scandir = os.scandir


@dataclass
class Place:
    """A site that is live, on a computer that knows it."""

    computer: Computer
    notes: Notes = field(default_factory=Notes)

    @property
    def folder(self) -> Path:
        return self.computer.folder

    @property
    def given(self) -> Given:
        return Given(self.folder.parent)

    @property
    def options(self) -> DevOptions:
        return DevOptions(self.folder.parent / "serverless.yml", allow_delete=True, allow_empty=True)

    def write(self, *names: str, text: str = "<p>one</p>") -> None:
        for name in names:
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text} {name}", encoding="utf-8")

    def load(self) -> Project:
        return load_project(self.options.config_file, environ=self.computer.environ)

    def deploy(self) -> None:
        self.computer.project = self.load()
        self.computer.deploy()
        remember(self.given, self.computer.project, self.computer.environ)
        another_tick(self.folder.parent)

    def is_live(self) -> bool:
        try:
            return {key: data for key, (data, _) in self.computer.live().items()} == {
                path.relative_to(self.folder).as_posix(): path.read_bytes()
                for path in self.folder.rglob("*") if path.is_file()}
        except OSError:
            return False

    def start(self) -> Started:
        started = Started()
        start_at_once(self.given, self.options, self.notes, self.computer.environ, started)
        return started

    @contextlib.contextmanager
    def running(self, started: Started) -> Iterator[None]:
        loop = dev_action.open_loop(self.load(), self.options, self.notes, self.computer.environ, look=started.look)
        thread = threading.Thread(target=loop.run, args=(threading.Event(),))
        thread.start()
        try:
            yield
        finally:
            loop.quit()
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    cloud = MemoryCloud()
    for module in (dev_action, quick_dev):
        monkeypatch.setattr(module, "connect", lambda *_arguments, **_options: ACCOUNT)
    root = tmp_path / "deep/er/shop"
    (root / "site").mkdir(parents=True)
    (root / "serverless.yml").write_text(CONFIG, encoding="utf-8")
    with in_memory(cloud, seconds_later=10):
        project = load_project(root / "serverless.yml", environ={})
        found = Place(Computer(cloud, tmp_path / "home", project))
        found.write("index.html", "404.html", *(f"blog/{number % 3}/{number}.html" for number in range(12)))
        found.deploy()
        yield found


def test_it_is_said_that_everything_is_live_before_anything_is_loaded_to_publish_with(place: Place) -> None:
    started = place.start()
    assert started.look is not None and started.look.said
    [ready] = place.notes.done
    assert (ready.outcome.status, ready.files, ready.changed) == (Status.UNCHANGED, 14, [])
    assert ready.url == ACCOUNT.website_url(f"shop-{APP_ID}", "https", "")
    place.write("blog/1/1.html", text="<p>two</p>")
    with place.running(started):
        until(place.is_live, "the edit")
        place.write("blog/2/2.html", text="<p>two</p>")
        until(place.is_live, "another edit")
    # The first publish of the run found nothing, or the first edit; that everything is live was said once.
    assert [one.outcome.status for one in place.notes.done].count(Status.UNCHANGED) == 1


def gone(place: Place) -> None:
    shutil.rmtree(place.folder / "blog/2")


def other_root(place: Place) -> None:
    computer = Computer(place.computer.cloud, place.folder.parent.parent / "other-home", place.computer.project)
    place.write("late.html")
    computer.deploy()
    (place.folder / "late.html").unlink()


def with_a_tool(place: Place) -> None:
    (place.folder.parent / "serverless.yml").write_text(f"{CONFIG}  dev: {{command: make}}\n", encoding="utf-8")
    place.deploy()


NOT_AT_ONCE: dict[str, Callable[[Place], object]] = {
    "a file has changed": lambda place: place.write("index.html", text="<p>two</p>"),
    "a file is new": lambda place: place.write("blog/0/new.html"),
    "a folder is new": lambda place: place.write("new/deep/a.html"),
    "a folder is gone": gone,
    "another computer has published": other_root,
    "the state is gone": lambda place: place.computer.cloud.store(
        place.computer.project.state_bucket_for(APP_ID)).objects.clear(),
    "the index is gone": lambda place: shutil.rmtree(place.computer.home / "cache/index"),
    "serverless.yml has changed": lambda place: place.folder.parent.joinpath("serverless.yml").write_text(
        f"{CONFIG}  region: ap-beijing\n", encoding="utf-8"),
    "there is a .env file": lambda place: place.folder.parent.joinpath(".env").write_text("A=1\n", encoding="utf-8"),
    "a command is to run beside it": with_a_tool,
}


@pytest.mark.parametrize("what", NOT_AT_ONCE)
def test_nothing_is_said_at_once_where_something_may_be_to_do(place: Place, what: str) -> None:
    NOT_AT_ONCE[what](place)
    started = place.start()
    assert not place.notes.done
    if started.look is not None:
        assert not started.look.said
        started.look.close()


def test_a_cloud_that_does_not_answer_is_left_to_the_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_arguments: object) -> None:
        raise CloudError("no", code="SlowDown", status=503)

    monkeypatch.setattr("sitepub.actions.deploying.deploy.ask", refuses)
    started = place.start()
    assert started.look is not None and not started.look.said and not place.notes.done
    with place.running(started):
        until(lambda: place.notes.done, "the first publish")


def test_the_folder_is_listed_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []

    def scandir(path: Any) -> Any:
        listed.append(os.fsdecode(path).rstrip("/"))
        return _scandir(path)

    for number in range(30):
        place.write(f"more/{number}/a.html")
    place.deploy()
    monkeypatch.setattr(os, "scandir", scandir)
    started = place.start()
    inside = [path for path in listed if path.startswith(f"{place.folder}/")]
    assert started.look is not None and started.look.said
    assert len(inside) == len(set(inside)) == 35
    if os.name == "posix" and os.uname().sysname == "Linux":
        watcher = started.look.watched._watcher
        assert isinstance(watcher, linux_watching.InotifyWatcher) and set(inside) < watcher.watched()
    started.look.close()


class Editor:
    """Edits a site, now and then, from inside of whatever dev does at its start."""

    def __init__(self, place: Place, seed: int) -> None:
        self.place = place
        self.random = random.Random(seed)
        self.often = self.random.choice((0.01, 0.03, 0.15))
        self.count = 0
        self.resting = False

    def maybe(self) -> None:
        if self.resting or self.random.random() > self.often:
            return
        self.resting = True  # what it does itself is no moment to do something
        with contextlib.suppress(OSError):
            self.one()
        self.resting = False

    def one(self) -> None:
        self.count += 1
        folders = [path for path in self.place.folder.rglob("*") if path.is_dir()]
        files = [path for path in self.place.folder.rglob("*") if path.is_file() and path.name[0] != "i"]
        folder, file = self.random.choice([self.place.folder, *folders]), self.random.choice(files)
        match self.random.choice(("write", "write", "same size", "new", "new folder", "delete", "move", "rename",
                                  "move folder", "delete folder")):
            case "write":
                file.write_text(f"<p>{self.count}</p>", encoding="utf-8")
            case "same size":
                status = file.stat()
                file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
                os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
            case "new":
                (folder / f"new{self.count}.html").write_text(f"<p>{self.count}</p>", encoding="utf-8")
            case "new folder":
                (folder / f"f{self.count}/deep").mkdir(parents=True)
                (folder / f"f{self.count}/deep/a.html").write_text(f"<p>{self.count}</p>", encoding="utf-8")
            case "delete":
                file.unlink()
            case "move":
                file.rename(folder / f"moved{self.count}.html")
            case "rename":
                file.replace(self.random.choice(files))
            case "move folder":
                self.random.choice(folders).rename(folder / f"g{self.count}")
            case _:
                shutil.rmtree(self.random.choice(folders))


@pytest.mark.parametrize("first", range(0, SEEDS, 100))
def test_whatever_is_edited_at_any_moment_of_the_start_is_published(
        place: Place, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around each step: the folder is listed, a folder is watched, the state is asked for, the index is copied."""
    said = 0
    for seed in range(first, min(first + 100, SEEDS)):
        editor = Editor(place, seed)
        with monkeypatch.context() as patch:
            for owner, name in ((listing, "read"), (Inotify, "add"), (quick_dev, "still_settled"),
                                (quick_dev, "known"), (shutil, "copyfile"), (dev_action, "connect")):
                patch.setattr(owner, name, around(getattr(owner, name), editor))
            started = place.start()
            said += started.look is not None and started.look.said
            with place.running(started):
                editor.maybe()
                try:
                    until(place.is_live, "the bucket equal to the folder")
                except AssertionError as error:
                    raise AssertionError(f"seed {seed}, {editor.count} edits: {place.notes.errors}") from error
                editor.resting = True
        place.write("index.html", "404.html", text=str(seed))
        place.deploy()
    assert said or SEEDS < 10


def around(what: Callable[..., Any], editor: Editor) -> Callable[..., Any]:
    def edited(*arguments: Any, **options: Any) -> Any:
        editor.maybe()
        try:
            return what(*arguments, **options)
        finally:
            editor.maybe()

    return edited


@pytest.mark.skipif(not Path("/proc/sys/fs/inotify").exists(), reason="inotify is Linux's")
def test_with_more_folders_than_may_be_watched_it_polls_and_loses_nothing(
        place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "most_folders", lambda: 3)
    started = place.start()
    assert started.look is not None and started.look.said and started.look.watched.polling
    assert any("max_user_watches" in text for text in place.notes.reported)
    place.write("blog/1/1.html", text="<p>two</p>")
    with place.running(started):
        until(place.is_live, "the edit")
