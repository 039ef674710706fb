"""`plan --explain`: why it is this stage, and what it has of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import LocalCloud
from tests.e2e.conftest import make_sitepub
from tests.terminal.screen import sitepub

_CONFIG = """\
component: website
name: ci-explain
stages:
  main: prod
  prod: {inputs: {region: ap-shanghai, env: {A: '${env:A_KEY}'}}}
inputs:
  src: ./public
  region: ap-beijing
"""


def test_each_override_is_shown_with_its_place(tmp_path: Path, home: Path, local_cloud: LocalCloud) -> None:
    folder = tmp_path / "site"
    (folder / "public").mkdir(parents=True)
    (folder / "public" / "index.html").write_text("<h1>x</h1>")
    (folder / "serverless.yml").write_text(_CONFIG)
    (folder / ".env.prod").write_text("A_KEY=value-of-prod\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    environ = {name: value for name, value in make_sitepub(local_cloud, home).environ.items()
               if not name.startswith(("GITHUB_", "CI", "CNB"))}
    code, screen = sitepub("plan", "--explain", "--local", "--cwd", str(folder), environ=environ)
    assert code == 0, screen.noted
    first, region, env = screen.printed.splitlines()[:3]
    assert first.startswith("Stage prod: the branch main, by `stages` at ") and first.endswith("serverless.yml:4:9")
    assert "inputs.region: ap-shanghai, instead of ap-beijing (" in region and ":5:27)" in region
    assert "inputs.env.A: ${env:A_KEY}, instead of nothing (" in env and "value-of-prod" not in screen.printed
    code, screen = sitepub("plan", "--json", "--local", "--cwd", str(folder), environ=environ)
    found = screen.object
    assert [(one["path"], one["before"], one["line"]) for one in found["overrides"]] == [
        ("inputs.region", "ap-beijing", 5), ("inputs.env.A", None, 5)]
    assert found["stage_from"].startswith("the branch main")


def test_dev_asks_before_it_publishes_each_save_to_the_stage_of_a_branch(tmp_path: Path, home: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "serverless.yml").write_text(
        "component: website\nname: x\nstages: {main: prod}\ninputs: {src: ./public}\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    code, screen = sitepub("dev", "--cwd", str(tmp_path), environ={"SITEPUB_HOME": str(home), "HOME": str(home)})
    assert code == 5
    assert "Publish each save to the stage prod?" in screen.noted and "the branch main, by `stages`" in screen.noted
