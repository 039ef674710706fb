"""Stages of branches that are gone, and stages from below the project's folder. Through the program and real git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sitepub.config.finding import find_above
from tests.e2e.conftest import MakeSite, Sitepub
from tests.releases.test_releases_protect import git, repository_of


def test_stages_of_branches_that_are_gone(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("prune", {"index.html": "one", "404.html": "none"})
    folder = repository_of(site)
    config = json.loads((folder / "serverless.yml").read_text(encoding="utf-8"))
    (folder / "serverless.yml").write_text(json.dumps({**config, "protect": ["keep-*"]}), encoding="utf-8")
    git(folder, "commit", "-qam", "config")

    def publish(branch: str, stage: str, text: str) -> None:
        git(folder, "checkout", "-q", "-B", branch, "main")
        site.write({"index.html": text})
        git(folder, "commit", "-qam", text)
        sitepub.deploy(folder, "--stage", stage, "--yes")

    publish("feature/gone", "feature-gone", "gone")
    publish("feature/merged", "feature-merged", "merged")
    publish("feature/open", "feature-open", "open")
    publish("feature/kept", "keep-1", "kept")
    publish("feature/old", "shared", "old")
    publish("feature/new", "shared", "new")
    publish("feature/here", "dev", "here")
    git(folder, "checkout", "-q", "main")
    sitepub.deploy(folder, "--stage", "prod", "--yes")
    git(folder, "merge", "-q", "--no-edit", "feature/merged")
    git(folder, "branch", "-qD", "feature/gone", "feature/kept", "feature/old", "feature/new", "feature/here")

    listed = sitepub("prune", "--merged", "--local", "--json", cwd=folder)
    assert listed.code == 0, listed.err
    judged = {one["stage"]: one for one in listed.json["stages"]}
    assert {stage for stage, one in judged.items() if one["goes"]} == {"feature-gone", "feature-merged"}
    assert listed.json["removed"] == []
    for stage, words in (("feature-gone", "deleted"), ("feature-merged", "merged into main"), ("keep-1", "protected"),
                         ("shared", "2 branches"), ("feature-open", "not merged"), ("dev", "stage of this folder"),
                         ("prod", "not merged")):
        assert words in judged[stage]["why"], judged[stage]
    removed = sitepub("prune", "--merged", "--yes", "--local", "--json", cwd=folder)
    assert removed.code == 0 and {one["stage"] for one in removed.json["removed"]} == {"feature-gone", "feature-merged"}
    left = sitepub("stages", "--local", "--json", cwd=folder / "src").json["stages"]
    assert {one["stage"] for one in left} == set(judged) - {"feature-gone", "feature-merged"}
    again = sitepub("prune", "--merged", "--local", cwd=folder)
    assert again.code == 0 and "no stage to remove" in again.out and "keep-1 stays" in again.err
    assert sitepub("prune", "--local", cwd=folder).code == 2

    below = folder / "src" / "deep"
    below.mkdir()
    assert sitepub("remove", "--local", "--yes", cwd=below).code == 2, "no stage is named"
    gone = sitepub("remove", "--stage", "feature-open", "--local", "--yes", "--json", cwd=below)
    assert gone.code == 0 and gone.json["stage"] == "feature-open" and gone.json["deleted"] > 0, gone.err
    assert sitepub("deploy", "--local", cwd=below).code == 2, "what publishes works on the folder itself"

    clone = folder.parent / "elsewhere"
    git(folder.parent, "clone", "-q", f"file://{folder}", str(clone))
    unknown = sitepub("prune", "--merged", "--local", "--json", "--stage", "other", cwd=clone).json["stages"]
    assert not any(one["goes"] for one in unknown)
    assert "is not known here" in {one["stage"]: one["why"] for one in unknown}["dev"]


@pytest.mark.parametrize("kind", ["plain", "nested", "no component", "other repository"])
def test_the_site_that_a_folder_lies_in(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "serverless.yml"
    file.write_text("component: website\nname: a\ninputs: {src: .}\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    expected: Path | None = file
    if kind == "nested":
        expected = tmp_path / "a" / "serverless.yml"
        expected.write_text("component: website\nname: b\ninputs: {src: .}\n")
    elif kind == "no component":
        (tmp_path / "a" / "serverless.yml").write_text("app: a\n")
        expected = None
    elif kind == "other repository":
        git(tmp_path / "a", "init", "-q")
        expected = None
    assert find_above(below) == expected
