"""What is asked about the commit that goes live; ``traffic`` and ``publish``. Through the program and real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sitepub.config.repository.git import is_ancestor
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor

WHO = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "A",
       "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_EMAIL": "a@example.com"}


def git(folder: Path, *words: str) -> str:
    answer = subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=folder, check=True,
                            capture_output=True, env={**os.environ, **WHO})
    return answer.stdout.decode().strip()


def commit(folder: Path, text: str = "", *options: str) -> str:
    if text:
        folder.joinpath("page.txt").write_text(text, encoding="utf-8")
        git(folder, "add", "page.txt")
    git(folder, "commit", "-q", "--allow-empty", "-m", text or "empty", *options)
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_which_commit_comes_before_which(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", f"--object-format={form}")
    first, second = commit(folder, "1"), commit(folder, "2")
    git(folder, "checkout", "-q", "-b", "side", first)
    side = commit(folder)
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-edit", "side")
    merged = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "--orphan", "other")
    other = commit(folder)
    for packed in (False, True):
        if packed:
            git(folder, "gc", "-q")
        assert is_ancestor(folder, first, second) and is_ancestor(folder, first, merged)
        assert is_ancestor(folder, side, merged) and is_ancestor(folder, second, merged)
        assert is_ancestor(folder, second, first) is False and is_ancestor(folder, merged, side) is False
        assert is_ancestor(folder, side, second) is False, "they have gone two ways"
        assert is_ancestor(folder, other, merged) is False and is_ancestor(folder, merged, other) is False
    for unknown in ("0" * len(first), "", "main", "-h", first[:12]):
        assert is_ancestor(folder, unknown, merged) is None and is_ancestor(folder, first, unknown) is None
    git(folder, "worktree", "add", "-q", "--detach", str(tmp_path / "worktree"), first)
    assert is_ancestor(tmp_path / "worktree", first, merged)
    assert is_ancestor(tmp_path, first, merged) is None, "there is no repository"
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "2", "--no-single-branch", f"file://{folder}", str(shallow))
    assert is_ancestor(shallow, second, merged) and is_ancestor(shallow, first, merged) in (True, None)
    assert is_ancestor(shallow, merged, second) is None, "its history is cut off: nothing is guessed"
    assert is_ancestor(shallow, first, other) is None


def repository_of(site: Site) -> Path:
    site.folder.joinpath(".gitignore").write_text("dist\n", encoding="utf-8")
    git(site.folder, "init", "-q", "-b", "main")
    git(site.folder, "add", ".")
    git(site.folder, "commit", "-qm", "first")
    return site.folder


def test_an_older_commit_and_changed_files_are_asked_about(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
                                                          ) -> None:
    site = make_site("guard", {"index.html": "one", "404.html": "none"})
    folder = repository_of(site)
    config = folder / "serverless.yml"
    config.write_text(config.read_text(encoding="utf-8").replace('"inputs"', '"protect": ["prod*"], "inputs"'),
                      encoding="utf-8")
    git(folder, "commit", "-qam", "protected")
    site.write({"index.html": "two"})
    git(folder, "commit", "-qam", "second")
    url = sitepub.deploy(folder)["url"]

    git(folder, "checkout", "-q", "HEAD~1")
    older = sitepub("deploy", "--local", "--json", cwd=folder)
    assert older.code == 5 and older.json["error"]["code"] == "OlderCommit"
    assert "older than" in older.err and "sitepub rollback" in older.err
    assert visitor.get(url).body == b"two"
    planned = sitepub("plan", "--local", cwd=folder)
    assert planned.code == 0 and "older than" in planned.err
    assert sitepub("deploy", "--local", "--yes", cwd=folder).code == 0 and visitor.get(url).body == b"one"
    assert sitepub("deploy", "--local", cwd=folder).code == 0, "nothing to do: nothing is asked"
    git(folder, "checkout", "-q", "main")
    assert sitepub("deploy", "--local", cwd=folder).code == 0, "forward is not asked about"

    site.write({"index.html": "not committed"})
    assert sitepub("deploy", "--local", cwd=folder).code == 0, "dev is not protected"
    dirty = sitepub("deploy", "--local", "--stage", "prod", "--json", cwd=folder)
    assert dirty.code == 5 and dirty.json["error"]["code"] == "NotCommitted" and "--yes" in dirty.err
    promoted = sitepub("promote", "dev", "--local", "--json", cwd=folder)
    assert promoted.code == 5 and promoted.json["error"]["code"] == "NotCommitted"
    assert sitepub("promote", "dev", "--to", "testing", "--local", cwd=folder).code == 0
    assert sitepub("deploy", "--local", "--stage", "prod-2", "--yes", cwd=folder).code == 0
    git(folder, "checkout", "-q", "--", ".")
    assert sitepub("deploy", "--local", "--stage", "prod", cwd=folder).code == 0

    clone = folder.parent / "clone"
    git(folder.parent, "clone", "-q", "--depth", "1", f"file://{folder}", str(clone))
    (clone / "src" / "index.html").write_text("three", encoding="utf-8")
    git(clone, "commit", "-qam", "third")
    git(folder, "checkout", "-q", "HEAD~2")
    sitepub.deploy(folder, "--yes")
    shallow = sitepub("deploy", "--local", "--yes", cwd=clone)  # another clone may be another project
    assert shallow.code == 0 and "git does not know" in shallow.err, "said, not guessed"


def test_traffic_and_publish(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("share", {"index.html": "one", "404.html": "none"})
    site.configure(src={"src": "./src", "hook": "echo ran >> ../ran.txt; mkdir -p ../dist; cp * ../dist",
                        "dist": "./dist"})
    for command, *words in (("deploy", "--inputs", "traffic=0.1"), ("plan", "--inputs", "traffic=0"),
                            ("promote", "dev", "--inputs", "traffic=0.5"), ("dev", "--inputs", "traffic=0.9")):
        refused = sitepub(command, *words, "--local", cwd=site.folder)
        assert refused.code == 5, refused.err
        for instead in ("--preview", "promote", "rollback"):
            assert instead in refused.err
    assert not (site.folder / "ran.txt").exists(), "nothing was built"
    assert sitepub("deploy", "--local", "--inputs", "traffic=1.5", cwd=site.folder).code == 2
    first = sitepub.deploy(site.folder, "--inputs", "publish=true", "traffic=1")
    assert first["marked"] == "stable"
    site.write({"index.html": "two"})
    assert sitepub.deploy(site.folder)["marked"] is None
    assert sitepub.deploy(site.folder, "--inputs", "publish=true")["changes"]["uploaded"] == 0
    listed = sitepub("releases", "--local", "--json", cwd=site.folder).json["releases"]
    assert [one["marks"] for one in listed] == [["stable"], ["stable"]]
    site.write({"index.html": "three"})
    sitepub.deploy(site.folder)
    back = sitepub("rollback", "stable", "--local", "--json", cwd=site.folder)
    assert back.code == 0 and back.json["of"] == listed[0]["id"]
