"""The name that `init` gives a site: made from its folder, and not the same for two folders."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from sitepub.actions.starters import TEMPLATES, project_name
from sitepub.publish.project.mark import computer_id

_LONGEST = 40
_DIGITS = 6
_NOTHING = "site"
"""Stands before the hash where nothing of the folder's name can stay."""

_COMMON = frozenset({
    "app", "build", "client", "demo", "dist", "docs", "doc", "example", "front", "frontend", "html", "htdocs", "index",
    "new-folder", "out", "output", "package", "pages", "project", "public", "repo", "root", "site", "src", "static",
    "test", "tmp", "ui", "untitled", "untitled-folder", "web", "webapp", "website", "workspace", "www",
    *(template.name for template in TEMPLATES), *(template.short for template in TEMPLATES if template.short != "hexo"),
})
"""Folders that many projects have: the folder above says which one it is."""
_PLACES = frozenset({
    "builds", "code", "desktop", "dev", "documents", "downloads", "git", "github", "home", "mnt", "opt", "private",
    "projects", "repos", "runner", "sites", "source", "srv", "temp", "users", "usr", "var", "work", "workspaces",
    "www-data",
}) | _COMMON
"""Folders that say nothing about what lies in them."""


def site_name(folder: Path, environ: Mapping[str, str] | None = None) -> str:
    """Lowercase letters, digits and hyphens, at most 40.

    What cannot stay (most scripts, symbols, the end of a long name) is replaced by a hash of the path and of this
    computer: several words become the same in Latin letters, and a site that takes the place of another is worse than
    a name that cannot be pronounced. The same folder gets the same name again.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - the user's own way to it, links and all
    name, whole = _plain(folder.name)
    if whole and (not name or name in _COMMON):
        above, above_whole = _plain(folder.parent.name)
        if above and above not in _PLACES and folder.parent != _home():
            name, whole = f"{above}-{name}".strip("-"), whole and above_whole
        else:
            whole = False
    if whole and len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(f"{computer_id(environ)}\0{folder}".encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name[:_LONGEST - _DIGITS - 1].rstrip('-') or _NOTHING}-{digest}"


def _plain(text: str) -> tuple[str, bool]:
    """What can stay of a name, and whether that is all but accents, spaces and punctuation."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    whole = all(char.isascii() or (unicodedata.category(char)[0] in "ZPC" and char.isprintable()) for char in bare)
    return project_name(bare, "", longest=255), whole


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
