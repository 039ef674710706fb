from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.leaks.search import SecretSearch
from sitepub.site import hash_cache, hashing
from sitepub.site.hash_cache import HashCache, is_sure
from sitepub.site.many.stamp import Stamp
from sitepub.site.scan import scan
from sitepub.site.walk import FoundFile
from tests.amount import times
from tests.site.sample import project, write

POSIX = os.name != "nt"


def hashes(folder: Path, cache: Path) -> dict[str, str]:
    return {file.key: file.md5 for file in scan(project(folder), folder, cache_file=cache, environ={})}


def truth(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as changed long ago (their ctime cannot be set back)."""
    monkeypatch.setattr(hash_cache, "UNSURE_NS", -10**15)


def let_the_clock_tick(folder: Path) -> None:
    """Return when a file changed from now on gets another time than any before."""
    probe = folder / "probe"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    reads: list[str] = []
    original = hashing._read

    def read(file: FoundFile, search: SecretSearch) -> object:
        reads.append(file.name)
        return original(file, search)

    monkeypatch.setattr(hashing, "_read", read)
    return reads


@pytest.mark.usefixtures("long_ago")
def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "site", {"a.html": "a", "b/c.html": "c"})
    cache = tmp_path / "cache" / "hashes"
    reads = count_reads(monkeypatch)
    first = hashes(folder, cache)
    assert sorted(reads) == ["a.html", "c.html"]
    assert hashes(folder, cache) == first
    assert len(reads) == 2
    write(folder, {"b/c.html": "changed"})
    assert hashes(folder, cache) == truth(folder)
    assert reads[2:] == ["c.html"]


def test_a_file_changed_just_before_it_was_read_is_read_again_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "site", {"a.html": "a"})
    future = time.time() + 3600
    os.utime(folder / "a.html", (future, future))
    reads = count_reads(monkeypatch)
    hashes(folder, tmp_path / "cache")
    hashes(folder, tmp_path / "cache")
    assert len(reads) == 2


@pytest.mark.parametrize(("age", "sure"), [
    (0, False), (1_900_000_000, False), (2_100_000_000, True), (-1, False)])
def test_two_seconds_must_lie_between_a_change_and_the_reading(age: int, sure: bool) -> None:
    now = 1_700_000_000_000_000_000
    assert is_sure(Stamp(1, now - age, 5, 1), now) is sure
    assert is_sure(Stamp(1, 5, now - age, 1), now) is sure


@pytest.mark.skipif(not POSIX, reason="Windows keeps no time of the last change of a file's entry")
@pytest.mark.usefixtures("long_ago")
def test_an_edit_of_the_same_size_with_its_old_time_restored_is_seen(tmp_path: Path) -> None:
    folder = write(tmp_path / "site", {"a.html": "one"})
    before = (folder / "a.html").stat()
    hashes(folder, tmp_path / "cache")
    let_the_clock_tick(tmp_path)
    write(folder, {"a.html": "two"})
    os.utime(folder / "a.html", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (folder / "a.html").stat().st_mtime_ns == before.st_mtime_ns
    assert hashes(folder, tmp_path / "cache") == truth(folder)


EDITS = st.lists(st.tuples(
    st.sampled_from(["write", "same size", "same size, same time", "replace", "delete", "swap", "touch",
                     "scan", "scan"]),
    st.sampled_from(["a.txt", "b.txt", "d/c.txt"]), st.binary(min_size=1, max_size=8)), max_size=12)


@pytest.mark.skipif(not POSIX, reason="Windows keeps no time of the last change of a file's entry")
@pytest.mark.usefixtures("long_ago")
@settings(max_examples=times(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_the_cache_is_never_wrong_whatever_is_edited(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, bytes]]
) -> None:
    base = tmp_path_factory.mktemp("cached")
    folder = write(base / "site", {"a.txt": "1", "b.txt": "1", "d/c.txt": "1"})
    for kind, name, content in [*edits, ("scan", "", b"")]:
        path = folder / name
        let_the_clock_tick(base)
        if kind == "scan":
            assert hashes(folder, base / "cache") == truth(folder)
        elif kind == "write" or not path.exists():
            path.write_bytes(content)
        elif kind.startswith("same size"):
            old = path.stat()
            path.write_bytes((content * 8)[:old.st_size])
            if kind.endswith("time"):
                os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        elif kind == "replace":
            old = path.stat()
            other = base / "other"
            other.write_bytes((content * 8)[:old.st_size])
            os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
            other.replace(path)
        elif kind == "delete":
            path.unlink()
        elif kind == "swap" and (folder / "a.txt").exists() and name != "a.txt":
            path.rename(base / "kept")
            (folder / "a.txt").rename(path)
            (base / "kept").rename(folder / "a.txt")
        else:
            path.touch()


@pytest.mark.usefixtures("long_ago")
@pytest.mark.parametrize("damage", ["empty", "cut", "flip", "text", "folder", "other version"])
def test_a_damaged_cache_counts_as_none(tmp_path: Path, damage: str) -> None:
    folder = write(tmp_path / "site", {f"{n}.txt": str(n) for n in range(20)})
    cache = tmp_path / "cache"
    hashes(folder, cache)
    data = cache.read_bytes()
    if damage == "folder":
        cache.unlink()
        cache.mkdir()
    elif damage == "flip":
        for place in range(0, len(data), 7):
            cache.write_bytes(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1:])
            assert HashCache(cache, folder).known == {}
    else:
        cache.write_bytes({"empty": b"", "cut": data[:-3], "text": b"not a cache at all",
                           "other version": data.replace(b"hashes-1", b"hashes-0")}[damage])
    assert hashes(folder, cache) == truth(folder)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    folder = write(tmp_path / "site", {"a.txt": "a"})
    (tmp_path / "file").write_text("not a folder")
    assert hashes(folder, tmp_path / "file" / "cache") == truth(folder)


@pytest.mark.usefixtures("long_ago")
def test_the_cache_of_another_folder_does_not_count(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", {"a.txt": "1"}), write(tmp_path / "two", {"a.txt": "2"})
    hashes(one, tmp_path / "cache")
    assert HashCache(tmp_path / "cache", one).known
    assert not HashCache(tmp_path / "cache", two).known


@pytest.mark.usefixtures("long_ago")
def test_several_scans_at_once_share_a_cache(tmp_path: Path) -> None:
    folder = write(tmp_path / "site", {f"{n}.txt": str(n) for n in range(200)})
    cache = tmp_path / "cache"
    wrong: list[dict[str, str]] = []

    def work() -> None:
        for _ in range(10):
            found = hashes(folder, cache)
            if found != expected:
                wrong.append(found)

    expected = truth(folder)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("cache")] == ["cache"]


def test_large_and_many_files_are_hashed_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = {f"{n}.txt": str(n) for n in range(400)}
    files |= {"large.bin": os.urandom(3_000_000), "larger.bin": os.urandom((1 << 20) * 2), "empty": b""}
    folder = write(tmp_path / "site", files)
    assert hashes(folder, tmp_path / "cache") == truth(folder)
    monkeypatch.setattr(hashing, "_SLOW", -1.0)  # as on a slow disk: the rest goes to threads
    assert hashes(folder, tmp_path / "other-cache") == truth(folder)
