"""Projects with an unknown build, and plain HTML."""

from __future__ import annotations

import re

from sitepub.site.detect.framework import Framework
from sitepub.site.detect.project_files import ProjectFiles, flag, inside

BUILT = ("dist", "build", "out", "_site", "output", "www", "docs/dist", "dist/spa")
"""Folders that are the output of some build."""
_SOURCES = (".", "src", "public", "app", "client", "static", "web", "www", "source", "templates", "html")
"""Where the page lies that a build starts from."""
_PAGES = ("index.html", "index.htm", "index.ejs", "index.pug", "index.hbs", "index.njk", "index.html.ejs", "index.jade")
_BUILDERS = re.compile(r"(build|generate|export|bundle|compile|prod|production|dist)([:_.-].*)?")
_NO_SITE = re.compile(r"weapp|alipay|swan|android|ios|electron|server|docker|types|lib|watch|dev|storybook|test",
                      re.IGNORECASE)
_PATH = re.compile(r"\bpath\s*:\s*(?:path\.)?(?:resolve|join)\(\s*__dirname\s*,\s*[\"'`]([^\"'`\n]{1,200})[\"'`]\s*\)")
"""``output.path`` of webpack.config.js."""


def unknown_build(files: ProjectFiles) -> Framework | None:
    """A build script beside a page. What lies here is what the site is made from, not the site: it is not published."""
    script = build_script(files)
    if script is None:
        return None
    source = next((_below(place, page) for place in _SOURCES for page in _PAGES
                   if files.is_file(_below(place, page))), None)
    built = next((f"{place}/index.html" for place in BUILT if files.is_file(f"{place}/index.html")), None)
    page = source or built
    if page is None:
        return None
    hook = files.run_script(script)
    dist, certain = _dist_of(files, script)
    why = f"package.json ({script}) and {page}"
    error = next((name for name in ("404.html", "error.html") if files.is_file(f"{dist}/{name}")), "index.html")
    return Framework(id="build", title=f"A site that `{hook}` makes", why=why, hook=hook, dist=dist, error=error,
                     install=files.install, dist_is_a_guess=not certain)


def build_script(files: ProjectFiles) -> str | None:
    """The script that builds for visitors: ``build``, or one with a name like it."""
    named = [name for name in files.scripts if _BUILDERS.fullmatch(name)]
    named = [name for name in named if not _NO_SITE.search(name)] or named
    order = ("build", "build:prod", "build:production", "build:h5", "build:web", "generate", "export")
    return next((name for name in (*order, *named) if name in named), None)


def _dist_of(files: ProjectFiles, script: str) -> tuple[str, bool]:
    """The output folder and whether something says so."""
    command = files.scripts[script]
    config = files.config("webpack.config")
    path = _PATH.search(files.text(config))
    folders = (flag(command, "--out-dir", "--outdir", "--outDir", "--dist-dir", "--output-path", "--output", "--dest",
                 "--destination"), path[1] if path else None)
    for named in folders:
        if named and (dist := inside(named)):
            return dist, True
    made = next((place for place in BUILT if files.is_file(f"{place}/index.html")), None)
    return made or "dist", made is not None


def plain_html(files: ProjectFiles) -> Framework | None:
    if build_script(files) is not None:
        return None
    for place in (".", "public", "dist", "src", *BUILT):
        prefix = "" if place == "." else f"{place}/"
        if not files.is_file(f"{prefix}index.html"):
            continue
        error = next((name for name in ("404.html", "error.html") if files.is_file(prefix + name)), "index.html")
        advice = ("Everything in this folder is published; list what should stay out under src.exclude.",)
        return Framework(id="html", title="Plain HTML", why=f"{prefix}index.html", src=place, error=error,
                         advice=advice if place == "." else ())
    return None


def _below(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
