"""A kept snapshot is always the one that a scan would give."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.config.project import Project
from sitepub.errors import SiteError
from sitepub.site import rescan
from sitepub.site.ignore import IgnoreRules
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot
from sitepub.site.walk import Seen, Walked, walk
from tests.amount import times
from tests.site.sample import project, write

SITE: dict[str, str | bytes] = {"index.html": "1", "css/site.css": "2", "posts/a.html": "3", "posts/b/c.html": "4"}


def kept(folder: Path, **source: object) -> KeptSnapshot:
    return KeptSnapshot(project(folder, source=source), folder, environ={})


def same(one: Snapshot, other: Snapshot) -> bool:
    return dict(one.files) == dict(other.files)


@pytest.fixture
def full_scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the whole folder was walked."""
    count = [0]

    def counted(project: Project, folder: Path, rules: IgnoreRules, seen: Seen | None = None) -> Walked:
        count[0] += 1
        return walk(project, folder, rules, seen)

    monkeypatch.setattr(rescan, "walk", counted)
    return count


def test_one_saved_file_is_read_alone(tmp_path: Path, full_scans: list[int]) -> None:
    site = kept(write(tmp_path, SITE))
    site.snapshot()
    write(tmp_path, {"posts/a.html": "changed", "posts/new.html": "new"})
    (tmp_path / "css/site.css").unlink()
    site.touch([tmp_path / "posts/a.html", tmp_path / "posts/new.html", tmp_path / "css/site.css"])
    assert same(site.snapshot(), scan(project(tmp_path), tmp_path))
    assert full_scans == [1] and not site.touched


def test_a_folder_that_moved_takes_its_files_along(tmp_path: Path, full_scans: list[int]) -> None:
    site = kept(write(tmp_path, SITE))
    site.snapshot()
    (tmp_path / "posts").rename(tmp_path / "articles")
    site.touch([tmp_path / "posts", tmp_path / "articles"])
    found = site.snapshot()
    assert "articles/b/c.html" in found.files and "posts/a.html" not in found.files
    assert same(found, scan(project(tmp_path), tmp_path)) and full_scans == [1]


def test_what_is_never_published_or_excluded_stays_out(tmp_path: Path) -> None:
    site = kept(write(tmp_path, SITE), exclude=("drafts/", "*.map"))
    site.snapshot()
    new: dict[str, str | bytes] = {
        ".git/config": "x", "drafts/one.html": "x", "posts/a.js.map": "x", ".a.html.swp": "x",
        "node_modules/x/y.js": "x", ".vscode/settings.json": "{}", ".well-known/x": "yes", "posts/.env.local": "x"}
    write(tmp_path, new)
    site.touch(tmp_path / name for name in new)
    found = site.snapshot()
    assert set(found.files) == {*SITE, ".well-known/x"}
    assert same(found, scan(project(tmp_path, source={"exclude": ("drafts/", "*.map")}), tmp_path))


def test_an_ignore_file_makes_everything_doubtful(tmp_path: Path, full_scans: list[int]) -> None:
    site = kept(write(tmp_path, SITE))
    site.snapshot()
    write(tmp_path, {".sitepubignore": "posts/"})
    site.touch([tmp_path / ".sitepubignore"])
    assert set(site.snapshot().files) == {"index.html", "css/site.css"} and full_scans == [2]


def test_links_are_followed_by_whole_scans(tmp_path: Path, full_scans: list[int]) -> None:
    write(tmp_path, SITE)
    site = kept(tmp_path)
    site.snapshot()
    try:
        (tmp_path / "blog").symlink_to("posts", target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    site.touch([tmp_path / "blog"])
    assert "blog/a.html" in site.snapshot().files
    write(tmp_path, {"posts/a.html": "changed"})
    site.touch([tmp_path / "posts/a.html"])
    found = site.snapshot()
    assert same(found, scan(project(tmp_path), tmp_path)) and full_scans == [3]


def test_after_an_error_nothing_is_forgotten(tmp_path: Path) -> None:
    site = kept(write(tmp_path, SITE))
    site.snapshot()
    write(tmp_path, {"server.pem": "-----BEGIN PRIVATE KEY-----\nx", "posts/a.html": "changed"})
    site.touch([tmp_path / "posts/a.html", tmp_path / "server.pem"])
    with pytest.raises(SiteError):
        site.snapshot()
    (tmp_path / "server.pem").unlink()
    site.touch([tmp_path / "server.pem"])
    assert same(site.snapshot(), scan(project(tmp_path), tmp_path))


def test_too_many_paths_are_a_whole_scan(tmp_path: Path, full_scans: list[int]) -> None:
    site = kept(write(tmp_path, SITE))
    site.snapshot()
    write(tmp_path, {"posts/a.html": "changed"})
    site.touch(tmp_path / f"posts/{number}" for number in range(rescan.MANY + 2))
    assert same(site.snapshot(), scan(project(tmp_path), tmp_path)) and full_scans == [2]


def test_the_folder_itself_made_anew_is_a_whole_scan(tmp_path: Path) -> None:
    folder = write(tmp_path / "a/site", SITE)
    site = kept(folder)
    site.snapshot()
    shutil.rmtree(folder)
    write(folder, {"index.html": "other"})
    site.touch([folder])
    assert set(site.snapshot().files) == {"index.html"}
    write(folder, {"new.html": "x"})
    site.touch([tmp_path / "a"])
    assert set(site.snapshot().files) == {"index.html", "new.html"}


names = st.sampled_from(["a", "b", "c.html", "d", ".git", "e~", "drafts"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
actions = st.one_of(
    st.tuples(st.just("write"), paths, st.sampled_from(["1", "22"])),
    st.tuples(st.just("delete"), paths, st.just("")),
    st.tuples(st.just("move"), paths, paths))


@settings(max_examples=times(150), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(actions, max_size=4), max_size=5))
def test_whatever_happens_the_kept_snapshot_is_what_a_scan_finds(
        tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, str, str]]]) -> None:
    folder = write(tmp_path_factory.mktemp("site"), {"index.html": "1"})
    site = kept(folder, exclude=("drafts/",))
    site.snapshot()
    for happening in rounds:
        for what, first, second in happening:
            _do(folder, site, what, first, second)
        assert same(site.snapshot(), scan(project(folder, source={"exclude": ("drafts/",)}), folder))
    shutil.rmtree(folder)


def _do(folder: Path, site: KeptSnapshot, what: str, first: str, second: str) -> None:
    path = folder / first
    if what == "write":
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(second)
        except OSError:
            return
        # Events tell of the outermost folder that is new.
        site.touch([path, *(folder / parent for parent in Path(first).parents if str(parent) != ".")][-2:])
    elif what == "delete" and os.path.lexists(path):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        site.touch([path])
    elif what == "move" and os.path.lexists(path) and not os.path.lexists(folder / second):
        try:
            (folder / second).parent.mkdir(parents=True, exist_ok=True)
            path.rename(folder / second)
        except OSError:
            return
        top = folder / Path(second).parts[0]
        site.touch([path, top, folder / second])
