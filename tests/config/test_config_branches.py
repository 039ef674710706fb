"""What is known of a branch in real repositories: merged, deleted, alive, or not to be known."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from sitepub.config.repository.branches import Branches, branches_of

WHO = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c",
       "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ.get("PATH", "")}
MERGED, DELETED, UNKNOWN = "merged into main", "deleted", ""


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, env={**WHO, "HOME": str(folder)}, check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, name: str) -> str:
    (folder / name).write_text(name, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """main, and a branch ``work`` one commit ahead of it."""
    folder = tmp_path_factory.mktemp("branches") / "made"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "one")
    git(folder, "checkout", "-q", "-b", "work")
    commit(folder, "two")
    git(folder, "checkout", "-q", "main")
    return folder


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "repository"))


def read(folder: Path) -> Branches:
    found = branches_of(folder, WHO)
    assert found is not None
    return found


def fate(folder: Path, *, changed: bool = False, since: float = 0, made_here: bool = True, shared: bool = False,
         of: str = "work", at: str = "") -> str:
    tip = at or "0" * 40
    return read(folder).fate(of, commit=tip + ("+" if changed else ""), since=since, made_here=made_here, shared=shared)


def test_a_branch_that_others_can_still_work_on_lives(repository: Path) -> None:
    assert fate(repository) == UNKNOWN
    git(repository, "pack-refs", "--all")
    assert fate(repository) == UNKNOWN


@pytest.mark.parametrize("how", [["--ff-only"], ["--no-ff"]])
@pytest.mark.parametrize("packed", [False, True])
def test_a_merged_branch(repository: Path, how: list[str], packed: bool) -> None:
    git(repository, "merge", "-q", *how, "work")
    if packed:
        git(repository, "pack-refs", "--all")
        git(repository, "gc", "-q")
    assert fate(repository) == MERGED
    tip = git(repository, "rev-parse", "work")
    assert fate(repository, changed=True, at=tip) == UNKNOWN, "what was changed is in no commit yet"
    commit(repository, "later")
    assert fate(repository) == MERGED
    git(repository, "branch", "-q", "-D", "work")
    assert fate(repository, made_here=False, at=tip) == MERGED, "its commit is in main"


def test_one_that_was_squashed_is_known_once_it_is_deleted(repository: Path) -> None:
    git(repository, "merge", "-q", "--squash", "work")
    git(repository, "commit", "-q", "-m", "squashed")
    assert fate(repository) == UNKNOWN
    git(repository, "branch", "-q", "-D", "work")
    assert fate(repository) == DELETED


def test_the_main_branch_and_the_one_that_is_checked_out_stay(repository: Path) -> None:
    assert fate(repository, of="main") == UNKNOWN
    git(repository, "merge", "-q", "work")
    git(repository, "checkout", "-q", "work")
    assert fate(repository) == UNKNOWN


def test_a_branch_of_another_computer_that_was_never_pushed_may_be_there(repository: Path) -> None:
    git(repository, "branch", "-q", "-D", "work")
    assert fate(repository, made_here=False) == UNKNOWN
    assert fate(repository, made_here=True) == DELETED


def clone(source: Path, to: Path, *options: str) -> Path:
    git(source.parent, "clone", "-q", "--no-local", "-b", "main", *options, f"file://{source}", str(to))
    return to


def test_what_was_at_the_remote_and_is_gone_after_a_fetch_is_deleted(repository: Path, tmp_path: Path) -> None:
    before = time.time() - 1000
    mine = clone(repository, tmp_path / "mine")
    assert fate(mine, made_here=False, shared=True, since=before) == UNKNOWN, "there, as origin/work"
    assert read(mine).is_shared("work") and not read(mine).is_shared("other")
    git(repository, "branch", "-q", "-D", "work")
    git(mine, "fetch", "-q", "--prune")
    assert fate(mine, made_here=False, shared=True, since=before) == DELETED
    assert fate(mine, made_here=False, shared=True, since=time.time() + 1000) == UNKNOWN, "pushed since the last fetch"
    fresh = clone(repository, tmp_path / "fresh")
    assert fate(fresh, made_here=False, shared=True, since=before) == DELETED, "a clone knows all branches"
    assert fate(fresh, made_here=False, shared=False, since=before) == UNKNOWN


@pytest.mark.parametrize("options", [("--depth", "1"), ("--single-branch",), ("--depth", "1", "--no-single-branch")])
def test_a_clone_of_a_part_does_not_know(repository: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    git(repository, "branch", "-q", "-D", "work")
    part = clone(repository, tmp_path / "part", *options)
    assert fate(part, made_here=False, shared=True) == UNKNOWN
    git(part, "fetch", "-q")
    assert fate(part, made_here=False, shared=True) == UNKNOWN
    assert fate(part, made_here=True, shared=True) == UNKNOWN, "a CI system works in the same folder again and again"


def test_the_branch_of_a_fork_is_nowhere_here(repository: Path, tmp_path: Path) -> None:
    fresh = clone(repository, tmp_path / "fresh")
    assert fate(fresh, of="someone:work", made_here=False, shared=True) == UNKNOWN
    git(repository, "merge", "-q", "work")
    git(fresh, "pull", "-q")
    tip = git(repository, "rev-parse", "work")
    assert fate(fresh, of="someone:work", made_here=False, shared=True, at=tip) == MERGED


def test_a_merge_is_seen_where_only_the_remote_has_the_branch(repository: Path, tmp_path: Path) -> None:
    git(repository, "merge", "-q", "--no-ff", "work")
    mine = clone(repository, tmp_path / "mine")
    assert fate(mine, made_here=False, shared=True) == MERGED
    git(mine, "checkout", "-q", "-b", "other")
    git(mine, "branch", "-q", "-D", "main")
    assert fate(mine, made_here=False) == MERGED, "main is known from the remote alone"


def test_names_that_are_no_branches_and_folders_that_are_no_repositories(repository: Path, tmp_path: Path) -> None:
    assert fate(repository, made_here=False, of="wor") == UNKNOWN
    assert fate(repository, made_here=False, of="../main") == UNKNOWN
    (tmp_path / "plain").mkdir()
    assert branches_of(tmp_path / "plain", WHO) is None
    (repository / ".git" / "refs" / "heads" / "broken").write_text("no commit", encoding="utf-8")
    (repository / ".git" / "packed-refs").write_bytes(b"\xff\xfe no reference\n")
    assert read(repository).tips("broken") == [] and fate(repository) == UNKNOWN
