"""A deploy of a folder that has not changed makes no plan and reads no file, unless something else is to be done."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sitepub.config.bucket_settings import HeaderRule, LifecycleRule
from sitepub.config.project import Releases
from sitepub.errors import CloudError, PartlyDone, SitepubError
from sitepub.publish import glance
from sitepub.publish.outcome import Unchanged
from sitepub.site.index.compare import compare
from sitepub.site.index.file import IndexFile
from tests.publish.memory_cloud import APP_ID, MemoryCloud
from tests.publish.unchanged.computer import Computer, in_memory, site_project


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    """With a small site that is live."""
    cloud = MemoryCloud()
    with in_memory(cloud, seconds_later=10):
        found = Computer(cloud, tmp_path / "home", site_project(tmp_path / "work"))
        write(found, "index.html", "404.html", "blog/post.html", "blog/2026/deep.html", "a.css")
        found.deploy()
        yield found


def write(computer: Computer, *paths: str, text: str = "<p>one</p>") -> None:
    for path in paths:
        file = computer.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def index_of(computer: Computer) -> Path:
    (found,) = (computer.home / "cache" / "index").glob("*.sqlite")
    return found


def test_one_request_and_no_file_is_read(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    computer.cloud.reads.clear()
    computer.cloud.writes.clear()
    opened: list[str] = []
    real = os.open

    def watched(path: str, *rest: int, **more: int) -> int:
        opened.append(str(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", watched)
    done = computer.deploy()
    assert isinstance(done.outcome, Unchanged)
    assert done.outcome.counts.unchanged == 5
    assert done.outcome.release_id
    assert computer.cloud.reads == [("get", "shop/prod/site/state.json.gz")]
    assert computer.cloud.writes == []
    assert not [path for path in opened if path.startswith(str(computer.folder))]


def test_what_is_said_of_the_folder_is_said_each_time(computer: Computer) -> None:
    (computer.folder / "404.html").unlink()
    (computer.folder / ".DS_Store").write_bytes(b"x")
    computer.change_source(exclude=("nothing/**",))
    first = computer.deploy()
    before = computer.shown
    again = computer.deploy()
    assert isinstance(again.outcome, Unchanged)
    assert computer.shown == before
    assert len(before) == 2
    assert again.left_out == first.left_out != ()


def test_a_pattern_that_left_out_what_is_gone_now_is_warned_of(computer: Computer) -> None:
    computer.change_source(exclude=("blog/draft.html", "old/"))
    write(computer, "blog/draft.html", "old/page.html")
    computer.deploy()
    assert computer.recognised() and not computer.shown
    (computer.folder / "blog" / "draft.html").unlink()
    computer.deploy()
    assert computer.shown == ["src.exclude: `blog/draft.html` matches no file"]


CHANGES: dict[str, Callable[[Computer], object]] = {
    "replace": lambda one: one.change(replace=True),
    "a setting": lambda one: one.change(
        headers=(HeaderRule("*.css", {"Cache-Control": "no-store"}),)),
    "a pattern": lambda one: one.change_source(exclude=("blog/",)),
    "env": lambda one: one.change(env={"a": 1}),
    "an ignore file": lambda one: (one.project.root / ".sitepubignore").write_text("a.css\n"),
    "another bucket": lambda one: one.change(bucket_name="other"),
    "another stage": lambda one: one.change(stage="test", bucket_name="other"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_decides_what_is_published_ends_it(computer: Computer, what: str) -> None:
    assert computer.recognised()
    CHANGES[what](computer)
    assert not computer.recognised()
    assert computer.live() == computer.wanted()


@pytest.mark.parametrize("option", ["verify", "force"])
def test_options_that_ask_for_more_get_it(computer: Computer, option: str) -> None:
    assert not computer.recognised(**{option: True})
    assert computer.recognised()


def test_a_secret_that_is_in_use_now_is_looked_for_in_all_files(computer: Computer, monkeypatch: pytest.MonkeyPatch
                                                                ) -> None:
    write(computer, "app.js", text="const key = 'Zx81kfa02ndhUqwe77aaQQpl012345ab'")
    computer.deploy()
    assert computer.recognised()
    monkeypatch.setattr(Computer, "environ", {"SITEPUB_HOME": str(computer.home),
                                              "TENCENT_SECRET_KEY": "Zx81kfa02ndhUqwe77aaQQpl012345ab"})
    with pytest.raises(SitepubError, match=r"app\.js"):
        computer.deploy()


def test_what_another_computer_has_published_is_replaced(computer: Computer, tmp_path: Path) -> None:
    other = Computer(computer.cloud, tmp_path / "other-home", site_project(tmp_path / "other"))
    write(other, "index.html", "404.html", "new.html", text="two")
    other.deploy()
    assert other.live() == other.wanted()
    assert not computer.recognised()
    assert computer.live() == computer.wanted()
    assert computer.recognised()


def test_the_bucket_itself_is_looked_at_once_a_day(computer: Computer) -> None:
    for mark in (computer.home / "cache" / "checked").iterdir():
        os.utime(mark, (time.time() - glance.DAY - 1,) * 2)
    del computer.cloud.bucket(computer.project.bucket(APP_ID)).objects["index.html"]
    assert not computer.recognised()
    assert computer.live() == computer.wanted()


def test_what_was_kept_for_open_tabs_goes_when_its_time_has_come(computer: Computer) -> None:
    computer.change(releases=Releases(keep_assets=3600))
    computer.deploy()
    (computer.folder / "a.css").unlink()
    computer.deploy()
    assert "a.css" in computer.live()
    assert computer.recognised()
    computer.cloud.now += 3601
    assert not computer.recognised()
    assert "a.css" not in computer.live()


def test_rules_that_delete_the_site_are_warned_of_each_time(computer: Computer) -> None:
    computer.change(lifecycle=(LifecycleRule("all", expiration_days=1),))
    computer.deploy()
    said = computer.shown
    assert said
    assert computer.recognised()
    assert computer.shown == said


def test_the_state_of_a_run_that_did_not_end_is_not_passed_by(computer: Computer) -> None:
    write(computer, "index.html", "a.css", text="two")
    computer.cloud.fail = lambda what, key: CloudError("no") if (what, key) == ("copy", "index.html") else None
    with pytest.raises(PartlyDone):
        computer.deploy()
    computer.cloud.fail = lambda _what, _key: None
    write(computer, "index.html", "a.css")
    assert not computer.recognised()
    assert computer.live() == computer.wanted()


def test_a_state_that_is_gone_is_made_again(computer: Computer) -> None:
    computer.cloud.buckets.clear()
    assert not computer.recognised()
    assert computer.live() == computer.wanted()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "another program's": lambda file: file.write_bytes(b"SQLite format 3\0" + bytes(9000)),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "a folder": lambda file: (file.unlink(), file.mkdir()),  # type: ignore[func-returns-value]
    "without facts": lambda file: _sql(file, "DELETE FROM facts"),
    "without a record": lambda file: _sql(file, "DELETE FROM folders WHERE path = X''"),
    "another digest": lambda file: _sql(file, "UPDATE folders SET digest = X'00112233445566778899aabbccddeeff'"),
    "records of another type": lambda file: _sql(file, "UPDATE folders SET newest = 'now'"),
    "another form": lambda file: _sql(file, "UPDATE facts SET data = X'00'"),
    "no tables": lambda file: _sql(file, "DROP TABLE folders"),
}


def _sql(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as base:
        base.execute(statement)
    base.close()


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_index_counts_as_none(computer: Computer, how: str) -> None:
    assert computer.recognised()
    DAMAGE[how](index_of(computer))
    write(computer, "blog/post.html", text="two")
    (computer.folder / "blog" / "2026" / "deep.html").unlink()
    assert not computer.recognised()
    assert computer.live() == computer.wanted()


def test_every_byte_of_the_index_counts(computer: Computer) -> None:
    """A record that lost a folder, and the folder is gone too: nothing else would say that its pages are to go."""
    whole, label = index_of(computer).read_bytes(), IndexFile(index_of(computer)).facts.label
    (computer.folder / "blog" / "2026" / "deep.html").unlink()
    (computer.folder / "blog" / "2026").rmdir()
    for at in range(0, len(whole), 97):
        index_of(computer).write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:])
        index = IndexFile.open(index_of(computer), label)
        found = compare(index, computer.folder) if index is not None else None
        assert found is None or not found.same
    index_of(computer).write_bytes(whole)
    assert not computer.recognised()
    assert computer.live() == computer.wanted()


def test_a_site_with_a_link_is_always_read(computer: Computer) -> None:
    try:
        (computer.folder / "link.css").symlink_to("a.css")
    except OSError:
        pytest.skip("no symbolic links here")
    computer.deploy()
    assert not computer.recognised()
    write(computer, "a.css", text="two")
    assert not computer.recognised()
    assert computer.live() == computer.wanted()
