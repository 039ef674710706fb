"""A deploy that would take the place of another project's site asks; teammates and build servers are not asked."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Sitepub, Visitor
from tests.publish.test_publish_git import git, repository

CONFIG = "component: website\nname: {name}\ninputs:\n  src: ./src\n"
ONE = {"index.html": "one", "404.html": "not here", "a.html": "a", "b/index.html": "b", "site.css": "body{}"}
TWO = {"index.html": "two", "404.html": "nothing", "works/index.html": "w", "site.css": "body{}"}


def project(folder: Path, name: str, files: dict[str, str]) -> Path:
    for path, text in files.items():
        place = folder / "src" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (folder / "serverless.yml").write_text(CONFIG.format(name=name))
    return folder


def test_another_project_of_the_same_name_asks_before_it_replaces_the_site(
    sitepub: Sitepub, visitor: Visitor, tmp_path: Path
) -> None:
    one, two = project(tmp_path / "博客", "twice", ONE), project(tmp_path / "作品集", "twice", TWO)
    url = sitepub.deploy(one)["url"]
    refused = sitepub("deploy", "--local", "--json", cwd=two)
    assert (refused.code, refused.json["error"]["code"]) == (5, "OtherProject")
    assert str(one.resolve()) in refused.json["error"]["message"] and "--yes" in refused.json["error"]["hint"]
    assert visitor.get(url).body == b"one" and visitor.get(url, "/a.html").body == b"a"
    plan = sitepub("plan", "--local", cwd=two)
    assert plan.code == 0 and "deploy would ask first: the last release of twice" in plan.err
    down = sitepub("remove", "--local", cwd=two)
    assert down.code == 5 and "was made from another project" in down.err
    assert sitepub.deploy(two, "--yes")["changes"]["deleted"] == 2
    assert visitor.get(url).body == b"two"
    # Whoever was replaced is another project now.
    assert sitepub("deploy", "--local", cwd=one).code == 5
    assert sitepub.deploy(two)["status"] == "ok"
    # A large site is guarded against deletions first; then, too, it is said whose it is.
    many = project(tmp_path / "many", "many", {f"{number}.html": "x" for number in range(30)} | ONE)
    sitepub.deploy(many)
    refused = sitepub("deploy", "--local", "--yes", "--json", cwd=project(tmp_path / "few", "many", ONE))
    assert (refused.code, refused.json["error"]["code"]) == (5, "MassDeletion")
    assert "was made from another project" in refused.json["error"]["message"]
    # Moved, with a page more: nobody is asked.
    two.rename(tmp_path / "portfolio")
    moved = project(tmp_path / "portfolio", "twice", {"new.html": "n"})
    assert sitepub.deploy(moved)["changes"]["uploaded"] == 1
    assert sitepub.deploy(project(moved, "twice", dict.fromkeys(TWO, "all new")))["changes"]["uploaded"] == 4


def test_clones_and_build_servers_publish_a_whole_redesign_without_a_question(
    sitepub: Sitepub, tmp_path: Path
) -> None:
    one = project(tmp_path / "one", "shared", ONE)
    repository(one)
    git(one, "remote", "add", "origin", "https://ann:secret@example.com/ann/shared.git")
    sitepub.deploy(one)
    elsewhere = {"SITEPUB_HOME": str(tmp_path / "home of another computer")}
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", one.as_uri(), str(clone))
    git(clone, "remote", "set-url", "origin", "git@example.com:ann/shared.git")
    redesign = {name: f"redesigned {name}" for name in ONE}
    assert sitepub.deploy(project(clone, "shared", redesign), **elsewhere)["changes"]["uploaded"] == len(ONE)
    plain = project(tmp_path / "runner", "shared", dict.fromkeys(ONE, "again"))
    assert sitepub("deploy", "--local", cwd=plain, **elsewhere).code == 5
    sitepub.deploy(plain, **elsewhere, CI_PROJECT_DIR=str(plain), CI_PROJECT_URL="https://example.com/ann/shared")
