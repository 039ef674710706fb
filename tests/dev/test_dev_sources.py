"""What a changed path means for a project."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from sitepub.config.project import Dev, Project, Source
from sitepub.dev.sources import Role, Sources
from sitepub.errors import ConfigError

ROOT = Path("/home/me/blog").absolute()


def project(*, hook: str | None = "npx hexo generate", dev: Dev | None = None, folder: Path = ROOT) -> Project:
    source = Source(folder=folder, hook=hook, dist=ROOT / "public" if hook else None)
    return Project(root=ROOT, file=ROOT / "serverless.yml", app="a", stage="prod", name="n", source=source,
                   dev=dev or Dev())


def role(of: Project, path: str) -> Role | None:
    return Sources(of, of.file).role(Path(os.path.normpath(ROOT / path)))


@pytest.mark.parametrize("path", [
    "source/_posts/a.md", "_config.yml", "themes/light/layout/index.ejs", "package.json", "source"])
def test_sources_of_a_hook_ask_for_a_build(path: str) -> None:
    assert role(project(), path) is Role.SOURCE


@pytest.mark.parametrize("path", [
    "public/index.html", "public", "node_modules/hexo/index.js", "themes/x/node_modules/y.js", ".git/HEAD",
    ".git/index.lock", ".cache/x", "source/_posts/.a.md.swp", "source/a.md~", ".sitepub-schema.json", "../other/x",
    ".DS_Store", "coverage/x"])
def test_what_is_built_cached_or_kept_by_tools_means_nothing(path: str) -> None:
    assert role(project(), path) is None


def test_the_cache_that_hexo_writes_in_every_build_means_nothing(tmp_path: Path) -> None:
    of = replace(project(folder=tmp_path), root=tmp_path)
    cache = tmp_path / "db.json"
    assert Sources(of, of.file).role(cache) is Role.SOURCE
    (tmp_path / "_config.yml").touch()
    assert Sources(of, of.file).role(cache) is None
    assert Sources(of, of.file).role(tmp_path / "source" / "db.json") is Role.SOURCE


@pytest.mark.parametrize("path", [
    "serverless.yml", ".env", ".env.prod", "../.env", "../../.env.prod", ".sitepubignore", "public/.sitepubignore"])
def test_what_the_project_is_made_of_is_read_again(path: str) -> None:
    assert role(project(), path) is Role.CONFIG


def test_the_env_file_of_another_stage_means_nothing_to_this_one() -> None:
    assert role(project(hook=None, folder=ROOT / "site"), ".env.testing") is None


def test_without_a_hook_the_folder_itself_is_published() -> None:
    plain = project(hook=None, folder=ROOT / "site")
    assert role(plain, "site/a.html") is Role.OUTPUT and role(plain, "site") is Role.OUTPUT
    assert role(plain, "site/.well-known/x") is Role.OUTPUT
    assert role(plain, "site/node_modules/x.js") is None and role(plain, "site/lib/node_modules/x.js") is Role.OUTPUT
    assert role(plain, "site/.git/index") is None and role(plain, "notes.md") is None


def test_of_a_tool_that_builds_by_itself_the_output_is_published_and_the_sources_tell_of_repairs() -> None:
    tooled = project(dev=Dev(command="npx hexo generate --watch"))
    assert not Sources(tooled, tooled.file).builds
    assert role(tooled, "public/index.html") is Role.OUTPUT and role(tooled, "source/a.md") is Role.SOURCE


def test_watch_and_ignore_adjust_it() -> None:
    watch = (ROOT / "source", ROOT / "../shared", ROOT / "_config.yml")
    adjusted = project(dev=Dev(tuple(Path(path).resolve() for path in watch), ("source/drafts/", "*.log")))
    sources = Sources(adjusted, adjusted.file)
    assert sources.role(ROOT / "source/a.md") is Role.SOURCE
    assert sources.role((ROOT / "../shared/b.md").resolve()) is Role.SOURCE
    assert sources.role(ROOT / "themes/x.ejs") is None
    assert sources.role(ROOT / "source/drafts/a.md") is None and sources.role(ROOT / "source/x.log") is None
    assert sources.skips(ROOT / "source/drafts") and not sources.skips(ROOT / "source/posts")


def test_a_pattern_that_is_none_is_reported() -> None:
    wrong = replace(project(), dev=Dev(ignore=("!",)))
    with pytest.raises(ConfigError, match=r"dev\.ignore"):
        Sources(wrong, wrong.file)
