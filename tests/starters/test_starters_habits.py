"""The commands that people know publish: `hexo generate --deploy`, `hexo deploy`, and `deploy` of a package manager."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sitepub.actions.init import init
from tests.amount import AMOUNT
from tests.conftest import LocalCloud
from tests.e2e.conftest import make_sitepub
from tests.starters.built import InstallPackages, npm, package_manager
from tests.terminal.screen import sitepub

pytestmark = [pytest.mark.npm, pytest.mark.skipif(os.name == "nt", reason="npm's programs are started through a shell there")]


def run(folder: Path, environ: dict[str, str], *command: str) -> tuple[int, str]:
    ended = subprocess.run([npm(command[0]) if "/" not in command[0] else command[0], *command[1:]], cwd=folder,
                           env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, encoding="utf-8", timeout=300, check=False)
    return ended.returncode, ended.stdout


@pytest.fixture
def environ(local_cloud: LocalCloud, home: Path) -> dict[str, str]:
    """The program is `sitepub` of PATH, whatever Python runs the tests."""
    programs = home / "programs"
    programs.mkdir()
    (programs / "sitepub").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sitepub "$@"\n')
    (programs / "sitepub").chmod(0o755)
    found = dict(make_sitepub(local_cloud, home).environ)
    return {**found, "PATH": f"{programs}{os.pathsep}{found['PATH']}"}


def test_hexo_deploys_what_it_generated(tmp_path: Path, environ: dict[str, str], npm_packages: InstallPackages) -> None:
    blog = init("hexo-starter", None, folder=tmp_path, here=tmp_path).folder
    npm_packages("hexo-starter", blog)
    # A second build would fail.
    (blog / "serverless.yml").write_text(json.dumps({"component": "website", "name": "habits", "inputs": {
        "src": {"src": "./", "hook": "exit 9", "dist": "./public", "error": "404.html"}}}))
    assert sitepub("init", "--hexo-deployer", "--cwd", str(blog))[0] == 0
    config, hexo = blog / "_config.yml", str(blog / "node_modules" / ".bin" / "hexo")
    plain = config.read_text(encoding="utf-8")
    assert plain.endswith("deploy:\n  type: sitepub\n")
    config.write_text(plain + "  stage: testing\n  local: true\n", encoding="utf-8")
    code, out = run(blog, environ, hexo, "generate", "--deploy")
    assert code == 0, out
    assert "Deploying: sitepub" in out and 'Stage: "testing"' in out and "Deploy done: sitepub" in out
    assert "> habits > Success" in out and (blog / "public" / "index.html").is_file()

    config.write_text(plain, encoding="utf-8")  # the real cloud, and no keys
    code, out = run(blog, environ, hexo, "deploy")
    assert code == 3, out
    assert "sitepub ended with status 3" in out and "Deploy done" not in out and "sitepub-deployer.js" not in out

    config.write_text(plain + "  command: [no-such-program]\n", encoding="utf-8")
    code, out = run(blog, environ, hexo, "deploy")
    assert code == 1 and "no-such-program was not found on PATH: install sitepub" in out


only_long = pytest.mark.skipif(AMOUNT != "long", reason="fetches a package manager: tests/run --long")


@pytest.mark.parametrize(("manager", "arguments"), [
    ("npm", ("run", "deploy", "--", "--local")),
    pytest.param("pnpm", ("run", "deploy", "--local"), marks=only_long),
    pytest.param("yarn", ("deploy", "--local"), marks=only_long),
    pytest.param("bun", ("run", "deploy", "--local"), marks=only_long)])
def test_a_package_manager_runs_the_deploy_script(
        manager: str, arguments: tuple[str, ...], tmp_path: Path, environ: dict[str, str],
        npm_packages: InstallPackages) -> None:
    (tmp_path / "package.json").write_text('{\n\t"name": "x",\n\t"private": true\n}\n')
    (tmp_path / "index.html").write_text("<p>hello</p>")
    assert sitepub("init", "--deploy-script", "--cwd", str(tmp_path))[0] == 0
    code, out = run(tmp_path, environ, package_manager(manager), *arguments)
    assert code == 0 and "Success" in out, out
