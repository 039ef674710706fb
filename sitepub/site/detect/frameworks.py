"""Which tool makes this site? Recognised by its files, never by running anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from sitepub.site.detect.apps import (
    angular,
    ember,
    parcel,
    quasar,
    react_router,
    rsbuild,
    rspress,
    storybook,
    storybook_of_a_library,
    taro,
    umi,
)
from sitepub.site.detect.framework import Framework
from sitepub.site.detect.node import NODE_DETECTORS, hexo
from sitepub.site.detect.pages import blazor, docsify, flutter, honkit, mdbook, pelican, quartz, sphinx, zola
from sitepub.site.detect.project_files import ProjectFiles, inside, outside, toml_of, yaml_value
from sitepub.site.detect.unknown import plain_html, unknown_build

__all__ = ["Framework", "detect"]


def detect(folder: Path) -> Framework | None:
    """The framework of the project in ``folder``, or ``None`` when there is no site that we know."""
    files = ProjectFiles(folder)
    detectors: list[Callable[[ProjectFiles], Framework | None]] = [
        hexo, quartz, angular, ember, quasar, taro, react_router, storybook_of_a_library, rspress, umi,
        *NODE_DETECTORS, rsbuild, parcel, honkit, docsify, zola, _hugo, _mkdocs, mdbook, pelican, _jekyll, sphinx,
        flutter, blazor, storybook, unknown_build, plain_html]
    return next((found for detector in detectors if (found := detector(files)) is not None), None)


def _hugo(files: ProjectFiles) -> Framework | None:
    names = ["toml", "yaml", "yml", "json"]
    config = files.config("hugo", names) or files.config("config/_default/hugo", names)
    if config is None:
        # The old names say nothing on their own.
        config = files.config("config", names) or files.config("config/_default/config", names)
        if config is None or not any(files.has(name) for name in ("archetypes", "content", "layouts")):
            return None
    text = files.text(config)
    named = _hugo_value(config, text, "publishdir")
    dist = inside(named) if named else "public"
    script = "build" if "hugo" in files.scripts.get("build", "") else None
    themed_404 = (files.is_file("layouts/404.html") or any(files.folder.glob("themes/*/layouts/404.html"))
                  or any(files.folder.glob("themes/*/layouts/_default/404.html")))
    by_module = files.is_file("go.mod") or re.search(r"^[ \t]*[\[\"]?module\b", text, re.MULTILINE) is not None
    return Framework(
        id="hugo", title="Hugo", why=config,
        # Hugo leaves pages of an earlier build in place unless it is told to clean.
        hook=files.run_script(script) if script else "hugo --minify --cleanDestinationDir",
        dist=dist or "public",
        error="404.html" if themed_404 or by_module or _built_404(files, dist) else "index.html",
        install=files.install if script else None,
        advice=outside("publishDir", config) if named and dist is None else (),
    )


def _hugo_value(config: str, text: str, key: str) -> str | None:
    """A top-level setting; Hugo does not care for the case of its name."""
    if config.endswith((".yaml", ".yml")):
        return yaml_value(text, key)
    try:
        content = toml_of(text) if config.endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    return next((v for k, v in content.items() if k.lower() == key and isinstance(v, str)), None)


def _mkdocs(files: ProjectFiles) -> Framework | None:
    config = files.first(["mkdocs.yml", "mkdocs.yaml"])
    if config is None:
        return None
    named = yaml_value(files.text(config), "site_dir")
    dist = inside(named) if named else "site"
    # MkDocs' own themes make a 404 page.
    return Framework(id="mkdocs", title="MkDocs", why=config, hook=f"{files.python_runner}mkdocs build",
                     dist=dist or "site",
                     advice=outside("site_dir", config) if named and dist is None else ())


def _jekyll(files: ProjectFiles) -> Framework | None:
    config = files.first(["_config.yml", "_config.yaml", "_config.toml"])
    gemfile = files.text("Gemfile")
    by_gem = re.search(r"""^[ \t]*gem[ \t]+["'](?:jekyll|github-pages)["']""", gemfile, re.MULTILINE)
    by_folder = any(files.has(name) for name in ("_posts", "_layouts", "_includes"))
    if not by_gem and not (config and by_folder):
        return None
    named = yaml_value(files.text(config), "destination")
    dist = inside(named) if named else "_site"
    own_404 = files.first(["404.html", "404.md", "404.markdown"]) is not None
    return Framework(
        id="jekyll", title="Jekyll", why="Gemfile (jekyll)" if by_gem else f"{config} and _posts",
        hook="bundle exec jekyll build" if gemfile else "jekyll build", dist=dist or "_site",
        error="404.html" if own_404 or _built_404(files, dist) else "index.html",
        install="bundle install" if by_gem and not files.has("Gemfile.lock") else None,
        advice=outside("destination", config) if named and dist is None else (),
    )


def _built_404(files: ProjectFiles, dist: str | None) -> bool:
    return dist is not None and files.is_file(f"{dist}/404.html")

