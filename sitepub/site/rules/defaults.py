"""What is not published by default: see ``ignore`` for what the user says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.read_from import FILE_NAMES
from sitepub.leaks.names import OPTION as ALLOW_SECRETS

IGNORE_FILE = ".sitepubignore"
INCLUDE = "src.include"
FOLLOW_LINKS = "src.followLinks"


def ignore_files(project_root: Path, folder: Path) -> tuple[Path, ...]:
    """Where patterns may stand, in the order in which they count."""
    return tuple(dict.fromkeys((project_root / IGNORE_FILE, folder / IGNORE_FILE)))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of sitepub's own that leaves something out."""

    what: str
    """What such a file or folder is, in words that follow "is"."""
    secret: bool = False
    """It may hold secrets: only ``src.allowSecrets`` publishes it."""
    scrap: bool = False
    """It is not meant by ``*`` or by the name of its folder: a pattern has to name such files."""

    @property
    def option(self) -> str:
        """What publishes it all the same."""
        return ALLOW_SECRETS if self.secret else INCLUDE


VERSION_CONTROL = Rule("version control", secret=True)
ENVIRONMENT = Rule("a file of environment variables", secret=True)
CONFIGURATION = Rule("sitepub's configuration", secret=True)
OWN = Rule("a file of sitepub", scrap=True)
PACKAGES = Rule("a folder of npm packages")
SYSTEM = Rule("a file that operating systems leave behind", scrap=True)
EDITOR = Rule("a backup or swap file of an editor", scrap=True)
TOOL = Rule("settings or a cache of a development tool")

_VERSION_CONTROL = frozenset({".git", ".svn", ".hg", ".bzr"})
"""Folders; in a worktree or a submodule ``.git`` is a file."""
_SYSTEM = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_EDITOR = re.compile(r"\..*\.sw[a-p]|.*~|#.*#|\.#.*", re.DOTALL)
"""Swap, backup, autosave and lock files."""
_TOOL_FILES = frozenset({
    ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", ".gitlab-ci.yml", ".hgignore", ".keep", ".editorconfig",
    ".npmignore", ".dockerignore", ".nvmrc", ".node-version", ".travis.yml", ".prettierrc", ".prettierignore",
    ".eslintrc", ".eslintrc.json", ".eslintrc.js", ".eslintignore", ".stylelintrc", ".babelrc", ".browserslistrc",
})
_TOOL_FOLDERS = frozenset({
    ".github", ".gitea", ".vscode", ".idea", ".sass-cache", ".jekyll-cache", ".parcel-cache", ".cache", ".yarn",
    ".vercel", ".netlify",
})


def default_rule(name: str, *, folder: bool, at_root: bool = False) -> Rule | None:
    """The rule that leaves a file or folder of this name out; ``None``: it is published.

    ``name``: without its parents; ``at_root``: it stands directly in the web root."""
    lower = name.lower()
    if lower[0] not in ".#" and lower[-1] != "~" and not (lower in _SYSTEM or at_root):
        return None
    if lower in _VERSION_CONTROL:
        return VERSION_CONTROL
    if folder:
        if at_root and lower == "node_modules":
            return PACKAGES
        if lower == ".sitepub":
            return OWN
        return TOOL if lower in _TOOL_FOLDERS else None
    if at_root and lower in FILE_NAMES:
        return CONFIGURATION
    if lower.startswith(".env"):
        return ENVIRONMENT
    if lower.startswith(".sitepub"):
        return OWN
    if lower in _SYSTEM or lower.startswith("._"):  # AppleDouble files of macOS
        return SYSTEM
    if lower in _TOOL_FILES:
        return TOOL
    return EDITOR if (lower[0] in ".#" or lower[-1] == "~") and _EDITOR.fullmatch(lower) else None
