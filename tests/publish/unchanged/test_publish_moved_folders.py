"""Files of a folder that was renamed are not read again, unless they may be others than those that were published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sitepub.leaks.search import SecretSearch
from sitepub.publish.outcome import Status
from sitepub.site import hashing
from sitepub.site.headers import HeaderBook
from sitepub.site.index import changes
from sitepub.site.index.changes import find_changes
from sitepub.site.index.file import Known
from sitepub.site.index.moved import MovedFiles
from sitepub.site.many.stamp import Stamp
from sitepub.site.walk import FoundFile
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.unchanged.computer import Computer, in_memory, site_project

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the edits are those of POSIX systems")
GBK = "<!doctype html><p>欢迎光临我们的网站，这里有很多新的文章</p>".encode("gbk")


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    """With a site of some folders that is live, and whose hashes are known to the index alone."""
    cloud = MemoryCloud()
    with in_memory(cloud, seconds_later=10):
        found = Computer(cloud, tmp_path / "home", site_project(tmp_path / "work"))
        for name in ("index.html", "404.html", "a/one.html", "a/two.html", "a/deep/three.html", "b/one.html",
                     "b/feed.xml", "b/noextension", "b/data.json"):
            write(found, name, f"<p>{name}</p>".encode())
        write(found, "b/gbk.html", GBK)
        write(found, "b/empty.html", b"")
        found.deploy()
        shutil.rmtree(tmp_path / "home" / "cache" / "hashes", ignore_errors=True)
        yield found


def write(computer: Computer, path: str, data: bytes) -> None:
    file = computer.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all files that are read for their hash."""
    found: list[str] = []
    real = hashing._read

    def watched(file: FoundFile, search: SecretSearch) -> object:
        found.append(file.path)
        return real(file, search)

    monkeypatch.setattr(hashing, "_read", watched)
    return found


def rename(computer: Computer, before: str, after: str) -> None:
    (computer.folder / after).parent.mkdir(parents=True, exist_ok=True)
    (computer.folder / before).rename(computer.folder / after)


def edited_before(computer: Computer) -> None:
    write(computer, "a/one.html", b"<p>b/one.html</p>")
    rename(computer, "a", "c")


def edited_after_with_its_time_put_back(computer: Computer) -> None:
    rename(computer, "a", "c")
    file = computer.folder / "c/one.html"
    before = file.stat()
    file.write_bytes(b"<p>x/one.html</p>")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_by_another_of_the_same_time(computer: Computer) -> None:
    rename(computer, "a", "c")
    file = computer.folder / "c/one.html"
    other = computer.folder / "other"
    other.write_bytes(b"<p>y/one.html</p>")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)


def copied_with_all_times(computer: Computer) -> None:
    shutil.copytree(computer.folder / "a", computer.folder / "c")
    shutil.rmtree(computer.folder / "a")


def swapped(computer: Computer) -> None:
    for before, after in (("a", "c"), ("b", "a"), ("c", "b")):
        rename(computer, before, after)


def hard_links(computer: Computer) -> None:
    shutil.copytree(computer.folder / "a", computer.folder / "c", copy_function=os.link)
    shutil.rmtree(computer.folder / "a")


def another_mode(computer: Computer) -> None:
    (computer.folder / "a/one.html").chmod(0o600)
    rename(computer, "a", "c")


def other_names(computer: Computer) -> None:
    rename(computer, "b", "c")
    rename(computer, "c/gbk.html", "c/gbk.txt")
    rename(computer, "c/data.json", "c/data.yaml")
    rename(computer, "c/one.html", "c/one.1a2b3c4d.js")


def into_another(computer: Computer) -> None:
    rename(computer, "b", "a/deep/b")
    write(computer, "a/deep/b/new.html", b"new")


def onto_a_deleted_one(computer: Computer) -> None:
    shutil.rmtree(computer.folder / "a")
    rename(computer, "b", "a")


def headers(computer: Computer) -> None:
    rename(computer, "b", "c")
    write(computer, "_headers", b"/c/*\n  Cache-Control: no-store\n")


def with_a_new_page(computer: Computer) -> None:
    rename(computer, "a", "c")
    write(computer, "c/new.html", b"<p>new</p>")


@pytest.mark.parametrize("edit", [
    edited_before, edited_after_with_its_time_put_back, replaced_by_another_of_the_same_time, copied_with_all_times,
    swapped, hard_links, another_mode, other_names, into_another, onto_a_deleted_one, headers, with_a_new_page])
def test_the_bucket_is_the_folder(computer: Computer, edit: Callable[[Computer], None]) -> None:
    edit(computer)
    assert computer.deploy().outcome.status is Status.PUBLISHED
    assert computer.live() == computer.wanted()
    # What the index has of it now is right, too.
    assert computer.recognised()
    rename(computer, "index.html", "first.html")
    rename(computer, "first.html", "index.html")
    write(computer, "404.html", b"changed")
    computer.deploy()
    assert computer.live() == computer.wanted()


def test_only_what_may_be_another_file_is_read(computer: Computer, read: list[str]) -> None:
    rename(computer, "a", "c")
    rename(computer, "b", "d/e")
    computer.deploy()
    assert sorted(read) == ["d/e/gbk.html"]
    assert computer.live() == computer.wanted()
    read.clear()
    rename(computer, "c", "a")
    computer.deploy()
    assert read == []
    assert computer.live() == computer.wanted()


def test_a_file_that_was_too_fresh_to_be_recognised_is_read(tmp_path: Path, read: list[str]) -> None:
    cloud = MemoryCloud()
    with in_memory(cloud):
        fresh = Computer(cloud, tmp_path / "home", site_project(tmp_path / "work"))
        write(fresh, "index.html", b"<p>index</p>")
        write(fresh, "a/one.html", b"<p>one</p>")
        fresh.deploy()
        read.clear()
        rename(fresh, "a", "c")
        fresh.deploy()
        assert "c/one.html" in read
        assert fresh.live() == fresh.wanted()


@pytest.mark.parametrize(("most", "whole"), [(12, False), (4, True)])
def test_with_very_many_changes_the_whole_folder_is_read(
        computer: Computer, monkeypatch: pytest.MonkeyPatch, most: int, whole: bool) -> None:
    monkeypatch.setattr(changes, "MOST", most)
    answers = []

    def watched(*args: object) -> object:
        answers.append(find_changes(*args))  # type: ignore[arg-type]
        return answers[-1]

    monkeypatch.setattr(changes, "find_changes", watched)
    rename(computer, "b", "c")
    computer.deploy()
    assert [one is None for one in answers] == [whole]
    assert computer.live() == computer.wanted()


def test_a_file_is_known_by_its_name_and_all_of_its_stamp() -> None:
    """Also where a file system renames a file and leaves its times alone."""
    book, stamp = HeaderBook(), Stamp(5, 10, 20, 30)
    gone = Known(b"one.html", 0o644, *stamp, b"m" * 16, 0)
    fresh = Known(b"two.html", 0, 5, 0, 0, 0, b"n" * 16, 0)
    headers = [("hash", book.of("a/one.html", "one.html")[0])]
    files = MovedFiles(Path("site"), [], [gone, fresh], headers, book)
    found = files.find("c/one.html", stamp)
    assert found is not None and (found.path, found.md5) == ("c/one.html", gone.md5)
    assert files.find("c/two.html", stamp) is None, "what is looked for in a file depends on its name"
    for changed in (stamp._replace(size=6), stamp._replace(mtime_ns=11), stamp._replace(ctime_ns=21),
                    stamp._replace(inode=31)):
        assert files.find("c/one.html", changed) is None
    assert files.find("c/two.html", Stamp(5, 0, 0, 0)) is None, "it was too fresh to be recognised"
