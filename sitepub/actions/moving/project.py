"""A project whose site was published by another tool: what the framework makes, and what that tool's file says."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sitepub.config.small_file import RULE_FILE_LIMIT, read_small_text
from sitepub.site.address_rules.rule_files import HEADERS, REDIRECTS
from sitepub.site.detect.framework import Framework
from sitepub.site.moving.moved import Moved, headers_text, redirects_text

_SOURCES = ("public", "static", "source", "src", "docs", "assets")
"""Folders that generators copy to the site as they are."""
_IDS = {"EdgeOne Pages": "edgeone", "Cloudflare": "cloudflare", "CloudBase": "cloudbase"}


def framework_with(framework: Framework | None, moved: Moved, folder: Path) -> Framework | None:
    """``framework``: recognised in ``moved.base`` below the folder, and seen from there. ``None``: neither knows what
    to publish."""
    base = moved.base
    found = framework if framework is None or base == "." else replace(
        framework, src=_joined(base, framework.src), dist=framework.dist and _joined(base, framework.dist))
    if found is None:
        if moved.folder is None and moved.hook is None:
            return None
        found = Framework(_IDS.get(moved.tool, moved.tool.lower()), moved.tool, moved.file, src=moved.folder or base)
    hook = moved.hook or found.hook
    if hook is not None and (moved.folder != "." or moved.hook is not None):
        dist = moved.folder or found.dist
        found = replace(found, hook=hook, src=base if moved.hook else found.src, dist=dist or _joined(base, "dist"),
                        dist_is_a_guess=dist is None or (found.dist_is_a_guess and moved.folder is None))
    elif moved.folder is not None:
        found = replace(found, hook=None, dist=None, src=moved.folder, install=None)
    install = None if (folder / base / "node_modules").exists() else moved.install or found.install
    return replace(
        found, install=install if found.hook is not None else None, error=moved.error or found.error,
        spa=moved.spa or (found.spa and moved.error is None),
        ignore_html_ext=found.ignore_html_ext or moved.without_html, bucket=moved.bucket or found.bucket,
        region=moved.region or found.region)


def rule_files(moved: Moved, folder: Path) -> dict[str, tuple[str, str]]:
    """``_redirects`` and ``_headers`` → the name that is free in the folder, and the text. Rules of a file that the
    site has already come first, as on Netlify: only one file is read."""
    found = {}
    for usual, count, text in ((REDIRECTS, moved.redirects, redirects_text), (HEADERS, moved.blocks, headers_text)):
        if count:
            name = usual if not os.path.lexists(folder / usual) else f"{usual}.moved"
            found[usual] = name, text(moved, _there(folder, usual, moved.folder))
    return found


def _there(folder: Path, name: str, published: str | None) -> list[str]:
    for place in dict.fromkeys((published or ".", *_SOURCES)):
        try:
            text = read_small_text(folder / place / name, RULE_FILE_LIMIT)
        except (OSError, UnicodeDecodeError):
            continue
        return [f"# Copied from {place}/{name}, which is not read any more".replace(" ./", " "), *text.splitlines()]
    return []


def _joined(base: str, path: str) -> str:
    return base if path == "." else path if base == "." else f"{base}/{path}"
