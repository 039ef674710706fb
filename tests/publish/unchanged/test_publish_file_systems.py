"""Where the file system does not say enough of a file, it is read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sitepub.publish.outcome import Unchanged
from sitepub.site.index import file_system, listing
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.unchanged.computer import Computer, in_memory, site_project

PAGES = ("index.html", "404.html", "blog/post.html")


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    found = made(tmp_path)
    with in_memory(found.cloud, seconds_later=10):
        yield found


def made(folder: Path) -> Computer:
    found = Computer(MemoryCloud(), folder / "home", site_project(folder / "work"))
    for path in PAGES:
        (found.folder / path).parent.mkdir(exist_ok=True)
        (found.folder / path).write_text("<p>one</p>", encoding="utf-8")
    return found


def changed_without_a_trace(file: Path) -> None:
    """With all that a file system without a time of change shows put back."""
    before = file.stat()
    file.write_text("<p>two</p>", encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


class Entry:
    """An entry of a folder on another file system."""

    def __init__(self, entry: os.DirEntry[Any]) -> None:
        self._entry = entry
        self.name, self.path = entry.name, entry.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        status = self._entry.stat(follow_symlinks=follow_symlinks)
        fields = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
        return os.stat_result((*status[:2], status.st_dev + 1, *status[3:]), fields)


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Another file system lies at this folder, with the same inodes and times."""
    real = listing.read

    def listed(path: bytes, *, keep: bool = False) -> listing.Listing:
        if os.fsdecode(path).rstrip(os.sep) != str(folder):
            return real(path, keep=keep)
        with os.scandir(path) as entries:
            return listing._listing([Entry(entry) for entry in entries], keep=keep)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "read", listed)
        yield


def test_a_folder_on_which_another_file_system_lies_now_is_read(computer: Computer) -> None:
    computer.deploy()
    assert computer.recognised()
    with mounted(computer.folder / "blog"):
        assert not computer.recognised()
    with mounted(computer.folder):
        assert not computer.recognised(), "the folder below it is on another one"
    assert computer.recognised()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the type of a file system is known on Linux")
@pytest.mark.parametrize("kind", ["nfs4", "9p", "fuse.sshfs", "vfat", "virtiofs", "something-new", None])
def test_there_is_no_index_where_changes_may_not_show(computer: Computer, kind: str | None,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_system, "type_of", lambda _folder: kind)
    computer.deploy()
    assert not computer.recognised()
    assert not list(computer.home.rglob("*.sqlite"))


@pytest.mark.parametrize("kind", ["vfat", "exfat", "fuse.sshfs"])
def test_where_a_file_can_get_all_its_times_back_each_file_is_read(computer: Computer, kind: str,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_system, "type_of", lambda _folder: kind)
    computer.deploy()
    assert not (computer.home / "cache" / "hashes").exists()
    changed_without_a_trace(computer.folder / "blog" / "post.html")
    computer.deploy()
    assert computer.live() == computer.wanted()


def test_another_file_system_in_the_place_of_the_web_root_is_seen(computer: Computer, monkeypatch: pytest.MonkeyPatch
                                                                  ) -> None:
    computer.deploy()
    assert computer.recognised()
    monkeypatch.setattr("sitepub.site.index.label.same_file_system", lambda _folder: 4711)
    assert not computer.recognised()


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no file system here whose times have more than 64 bits")
def test_times_that_no_index_holds_end_no_deploy(computer: Computer) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        far = made(Path(folder))
        far.cloud = computer.cloud
        far.deploy()
        assert far.recognised()
        for second in (253_402_300_799, -20_000_000_000):
            page = far.folder / "blog" / "post.html"
            page.write_text(f"<p>{second}</p>", encoding="utf-8")
            os.utime(page, (second, second))
            if abs(page.stat().st_mtime_ns) < 2**63:
                pytest.skip("this file system changes such times")
            for _ in range(2):
                assert not isinstance(far.deploy().outcome, Unchanged)
                assert far.live() == far.wanted()
