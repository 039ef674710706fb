"""``env.js`` beside the sources while the hook runs, as the first form of the component wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.actions.build import build
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.errors import HookFailed
from sitepub.site.snapshot import Snapshot

FORM = """\
component: "@serverless/tencent-website"
name: shop
inputs:
  code: {{root: ./frontend, src: ./dist, hook: {hook}{more}}}
  env: {{apiUrl: "https://api.example.com"}}
"""
HOOK = "'mkdir -p dist && cp {env} dist/seen.txt && touch dist/index.html'"


def old_site(folder: Path, hook: str = HOOK.format(env="env.js"), more: str = "") -> Project:
    (folder / "frontend").mkdir(parents=True, exist_ok=True)
    file = folder / "serverless.yml"
    file.write_text(FORM.format(hook=hook, more=more))
    return load_project(file, environ={})


def built(project: Project, tmp_path: Path) -> Snapshot:
    environ = {"PATH": "/usr/bin:/bin", "SITEPUB_HOME": str(tmp_path / "home")}
    return build(project, run_the_hook=True, environ=environ, output=lambda _: None)


@pytest.mark.parametrize(("more", "place"), [("", "env.js"), (", envPath: public", "public/env.js"),
                                            (", envPath: ./src/js/", "src/js/env.js")])
def test_the_hook_finds_it_and_it_is_gone_afterwards(tmp_path: Path, more: str, place: str) -> None:
    snapshot = built(old_site(tmp_path, HOOK.format(env=place), more), tmp_path)
    assert not (tmp_path / "frontend" / place).exists()
    text = (tmp_path / "frontend/dist/seen.txt").read_text()
    assert text.startswith("window.env") and "https://api.example.com" in text
    assert not snapshot.warnings
    assert any(key.endswith("env.js") for key in snapshot.files)


def test_it_is_gone_after_a_hook_that_failed(tmp_path: Path) -> None:
    with pytest.raises(HookFailed):
        built(old_site(tmp_path, "'cat env.js && exit 3'"), tmp_path)
    assert not (tmp_path / "frontend/env.js").exists()


def test_one_of_an_earlier_tool_is_renewed_and_stays(tmp_path: Path) -> None:
    project = old_site(tmp_path)
    env = tmp_path / "frontend/env.js"
    env.write_text("window.env = {};\nwindow.env.apiUrl = 1;\n")
    built(project, tmp_path)
    assert "https://api.example.com" in env.read_text()
    assert (tmp_path / "frontend/dist/seen.txt").read_text() == env.read_text()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_the_users_own_stays_with_a_warning(tmp_path: Path, kind: str) -> None:
    project = old_site(tmp_path, "'mkdir -p dist && touch dist/index.html'")
    env = tmp_path / "frontend/env.js"
    if kind == "file":
        env.write_text("export const mine = 1;\n")
    elif kind == "folder":
        env.mkdir()
    else:
        env.symlink_to(tmp_path / "elsewhere.js")
    (warning,) = built(project, tmp_path).warnings
    assert "frontend/env.js" in warning.message
    assert warning.position is not None
    assert env.is_dir() if kind == "folder" else env.is_symlink() or env.read_text() == "export const mine = 1;\n"
    assert not (tmp_path / "elsewhere.js").exists()


def test_todays_form_writes_nothing_beside_the_sources(tmp_path: Path) -> None:
    file = tmp_path / "serverless.yml"
    file.write_text("component: website\nname: a\ninputs:\n  src: {src: ., hook: 'test ! -e env.js && mkdir -p dist"
                    " && touch dist/index.html', dist: dist}\n  env: {A: 1}\n")
    project = load_project(file, environ={})
    assert project.source.env_in_source is None
    built(project, tmp_path)
