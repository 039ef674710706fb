"""The commit that a release records: read from any real repository, and from hostile ones without running anything."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from sitepub.config.repository.git import Commit, commit_of
from sitepub.publish.release.origin import origin_here
from sitepub.terminal import secrets
from tests.publish.hostile_repository import Trap, make_hostile

QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "A",
         "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_EMAIL": "a@example.com"}


def git(folder: Path, *words: str, **extra: str) -> str:
    answer = subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=folder, check=True,
                            capture_output=True, env={**os.environ, **QUIET, **extra})
    return answer.stdout.decode("utf-8", "replace").strip()


def repository(folder: Path, *options: str, subject: str = "first") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    folder.joinpath("page.html").write_text("one")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", subject)
    return git(folder, "rev-parse", "HEAD")


def test_a_commit_its_subject_and_changes_to_files(tmp_path: Path) -> None:
    head = repository(tmp_path, subject="first\nline two\n\nbody")
    assert commit_of(tmp_path) == Commit(head, "first line two")
    tmp_path.joinpath("new.html").write_text("not tracked")
    assert commit_of(tmp_path) == Commit(head, "first line two")
    tmp_path.joinpath("page.html").write_text("two")
    assert commit_of(tmp_path) == Commit(head + "+", "first line two")
    git(tmp_path, "add", "page.html")
    assert commit_of(tmp_path) == Commit(head + "+", "first line two")


def test_changes_count_below_the_folder_only(tmp_path: Path) -> None:
    repository(tmp_path)
    tmp_path.joinpath("site").mkdir()
    tmp_path.joinpath("site/a.html").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "second")
    head = git(tmp_path, "rev-parse", "HEAD")
    tmp_path.joinpath("page.html").write_text("two")
    assert commit_of(tmp_path / "site") == Commit(head, "second")
    tmp_path.joinpath("site/a.html").unlink()
    assert commit_of(tmp_path / "site") == Commit(head + "+", "second")


def test_a_packed_repository(tmp_path: Path) -> None:
    head = repository(tmp_path)
    git(tmp_path, "gc", "-q")
    git(tmp_path, "pack-refs", "--all")
    assert not tmp_path.joinpath(".git/refs/heads/main").exists()
    assert not tmp_path.joinpath(".git/objects", head[:2]).exists()
    assert commit_of(tmp_path) == Commit(head, "first")


def test_a_detached_head_a_worktree_a_separate_folder_and_a_shared_clone(tmp_path: Path) -> None:
    head = repository(tmp_path / "one")
    git(tmp_path / "one", "checkout", "-q", "--detach")
    assert commit_of(tmp_path / "one") == Commit(head, "first")
    git(tmp_path / "one", "worktree", "add", "-q", "-b", "other", str(tmp_path / "two"))
    tmp_path.joinpath("two/page.html").write_text("two")
    git(tmp_path / "two", "commit", "-qam", "on other")
    assert commit_of(tmp_path / "two") == Commit(git(tmp_path / "two", "rev-parse", "HEAD"), "on other")
    assert commit_of(tmp_path / "one") == Commit(head, "first")
    third = repository(tmp_path / "three", "--separate-git-dir", str(tmp_path / "elsewhere"))
    assert commit_of(tmp_path / "three") == Commit(third, "first")
    git(tmp_path, "clone", "-q", "--shared", str(tmp_path / "one"), str(tmp_path / "four"))
    assert commit_of(tmp_path / "four") == Commit(head, "first")


def test_a_submodule_is_a_repository_and_its_own_files_are_not_looked_at_from_outside(tmp_path: Path) -> None:
    inner = repository(tmp_path / "theme")
    repository(tmp_path / "blog")
    git(tmp_path / "blog", "submodule", "add", "-q", str(tmp_path / "theme"), "themes/theme")
    git(tmp_path / "blog", "commit", "-qm", "with a theme")
    head = git(tmp_path / "blog", "rev-parse", "HEAD")
    assert commit_of(tmp_path / "blog/themes/theme") == Commit(inner, "first")
    assert commit_of(tmp_path / "blog") == Commit(head, "with a theme")


def test_before_the_first_commit_and_outside_of_a_repository_there_is_none(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) is None


def test_sha256_a_split_index_and_line_ends_that_git_translates(tmp_path: Path) -> None:
    head = repository(tmp_path / "sha", "--object-format=sha256")
    assert len(head) == 64
    assert commit_of(tmp_path / "sha") == Commit(head, "first")
    head = repository(tmp_path / "split")
    git(tmp_path / "split", "update-index", "--split-index")
    assert commit_of(tmp_path / "split") == Commit(head, "first")
    tmp_path.joinpath("split/page.html").write_text("two")
    assert commit_of(tmp_path / "split") == Commit(head + "+", "first")
    head = repository(tmp_path / "crlf")
    git(tmp_path / "crlf", "config", "core.autocrlf", "true")
    tmp_path.joinpath("crlf/text.txt").write_bytes(b"a\r\nb\r\n")
    git(tmp_path / "crlf", "add", ".")
    git(tmp_path / "crlf", "commit", "-qm", "lines")
    os.utime(tmp_path / "crlf/text.txt", (1, 1))  # so that its content is compared
    assert commit_of(tmp_path / "crlf") == Commit(git(tmp_path / "crlf", "rev-parse", "HEAD"), "lines")


def test_a_message_in_another_encoding(tmp_path: Path) -> None:
    repository(tmp_path)
    git(tmp_path, "config", "i18n.commitEncoding", "GBK")
    tmp_path.joinpath("message").write_bytes("更新博客".encode("gbk"))
    git(tmp_path, "commit", "-q", "--allow-empty", "-F", "message")
    found = commit_of(tmp_path)
    assert found is not None
    assert found.subject == "更新博客"


@pytest.mark.parametrize(("named", "known"), [
    ((), False), (("{root}",), True), (("*",), True), (("{above}/*",), True), (("{root}", ""), False),
    (("/other",), False)])
def test_a_repository_of_another_user_counts_only_when_it_is_named_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...], known: bool,
) -> None:
    root = tmp_path / "site"
    head = repository(root)
    words = [word.format(root=root.resolve(), above=tmp_path.resolve()) for word in named]
    tmp_path.joinpath("gitconfig").write_text("".join(f"[safe]\n\tdirectory = {word}\n" for word in words))
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    assert commit_of(root, environ) == Commit(head, "first")
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 4321)
    assert commit_of(root, environ) == (Commit(head, "first") if known else None)


def test_without_git_the_commit_is_known_and_files_are_taken_as_unchanged(tmp_path: Path) -> None:
    head = repository(tmp_path / "site")
    tmp_path.joinpath("site/page.html").write_text("two")
    assert commit_of(tmp_path / "site", {"PATH": str(tmp_path)}) == Commit(head, "first")


@pytest.mark.parametrize("files", [
    {"HEAD": "ref: refs/heads/../../../secret\n"}, {"HEAD": "ref: /etc/passwd\n"}, {"HEAD": "ref: refs/heads/main\0x"},
    {"HEAD": "x" * 10_000_000}, {"HEAD": b"\xff\xfe\x00"}, {"HEAD": ""},
    {"HEAD": "ref: refs/heads/a\n", "refs/heads/a": "ref: refs/heads/b\n", "refs/heads/b": "ref: refs/heads/a\n"},
    {"refs/heads/main": "ref: " + "a/" * 5000},
    {"commondir": "../" * 5000}, {"commondir": "../../../../../../../../etc"},
], ids=lambda files: " ".join(files))
def test_a_git_folder_that_is_damaged_or_hostile_means_no_commit(
    tmp_path: Path, files: Mapping[str, str | bytes],
) -> None:
    repository(tmp_path)
    for name, content in files.items():
        tmp_path.joinpath(".git", name).write_bytes(content.encode() if isinstance(content, str) else content)
    assert commit_of(tmp_path) is None


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/main", "packed-refs", "commondir"])
@pytest.mark.parametrize("what", ["pipe", "zero", "huge", "ring"])
def test_files_that_never_end_do_not_stop_it(tmp_path: Path, name: str, what: str) -> None:
    repository(tmp_path)
    git(tmp_path, "pack-refs", "--all")
    file = tmp_path / ".git" / name
    file.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(file)
    elif what == "huge":
        with file.open("wb") as stream:
            stream.truncate(10**12)
    else:
        file.symlink_to("/dev/zero" if what == "zero" else name.rpartition("/")[2])
    started = time.monotonic()
    found = commit_of(tmp_path)
    assert time.monotonic() - started < 5
    assert found is None or found.subject == "first"


def test_a_git_file_that_names_itself_or_a_commit_that_is_a_bomb_is_bounded(tmp_path: Path) -> None:
    import zlib

    tmp_path.joinpath(".git").write_text("gitdir: .git\n")
    assert commit_of(tmp_path) is None
    tmp_path.joinpath(".git").write_text("gitdir: " + "x" * 10_000_000)
    assert commit_of(tmp_path) is None
    tmp_path.joinpath(".git").unlink()
    repository(tmp_path)
    bomb = tmp_path / ".git/objects/aa" / ("a" * 38)
    bomb.parent.mkdir(exist_ok=True)
    bomb.write_bytes(zlib.compress(b"commit 99999999\0" + bytes(100_000_000), 9))
    tmp_path.joinpath(".git/HEAD").write_text("a" * 40)
    found = commit_of(tmp_path)
    assert found is not None
    assert found.subject == ""


def test_nothing_of_a_hostile_repository_runs(tmp_path: Path) -> None:
    head = repository(tmp_path / "site")
    trap = Trap(tmp_path / "trap")
    make_hostile(tmp_path / "site", trap)
    assert trap.runs_under(tmp_path / "site"), "the trap works: git itself runs what the repository names"
    trap.reset()
    environ = {**os.environ, "PATH": f".{os.pathsep}{tmp_path / 'site' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    here = Path.cwd()
    os.chdir(tmp_path / "site")
    try:
        found = commit_of(tmp_path / "site", environ)
    finally:
        os.chdir(here)
    assert trap.sprung() == []
    assert found is not None
    assert found.id.rstrip("+") == head


@pytest.mark.parametrize(("words", "in_use"), [
    ("Merge branch 'main' of https://bob:S3cretPassw0rd@git.example.com/shop/site", False),
    ("fetch https://x:S3cretPassw0rd@git.example.com:8443/a.git and ssh://git:S3cretPassw0rd@host/b", False),
    ("deploy with S3cretPassw0rd", True), ("S3cretPassw0rd: see http://S3cretPassw0rd@git.example.com/x", True)])
def test_what_is_written_down_of_a_release_holds_no_secret(tmp_path: Path, words: str, in_use: bool) -> None:
    """Of an address, and of a key that this run uses."""
    if in_use:
        secrets.register("S3cretPassw0rd")
    actor = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "S3cretPassw0rd"} if in_use else {}
    repository(tmp_path, subject=words)
    for message in (words, None):
        origin = origin_here(tmp_path, {"PATH": os.environ["PATH"], **actor}, message)
        assert origin.message and "S3cret" not in repr(origin), origin
