"""Which files of the folder are not published.

Three kinds:

* **Never** (:func:`is_never_published`): version control, ``.env*``, what systems and editors drop
  (``.DS_Store``, ``Thumbs.db``, ``desktop.ini``, swap and backup files), ``.sitepub*``, and at the root of
  the site ``node_modules`` and ``serverless.yml``. Nothing brings them back.
* **Left out unless asked for** (:data:`TOOL_FILES`): the settings of development tools, such as
  ``.gitignore``, ``.github/``, ``.vscode/``.
* **What the user says**, in gitignore syntax, matched below the web root: ``.sitepubignore`` (beside
  serverless.yml, then in the published folder), ``src.exclude``, and ``src.include``, which brings files back
  that something before it left out. Later patterns win.

Every other file is published, names with a leading dot included (``.well-known/``, ``.nojekyll``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sitepub.config.project import Project
from sitepub.errors import Position, Problem, SiteError
from sitepub.site.globs import GlobError, Globs, glob

IGNORE_FILE = ".sitepubignore"

_NEVER = frozenset({".git", ".svn", ".hg", ".bzr", ".ds_store", "thumbs.db", "desktop.ini"})
_NEVER_AT_ROOT = frozenset({"node_modules", "serverless.yml", "serverless.yaml", "serverless.json"})
_NEVER_PATTERN = re.compile(
    r"\.env.*|\.sitepub.*|\._.*"  # settings and secrets; AppleDouble files of macOS
    r"|\..*\.sw[a-p]|.*~|#.*#|\.#.*",  # swap, backup and lock files of editors
    re.DOTALL)

TOOL_FILES = frozenset({
    ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", ".github", ".gitlab-ci.yml", ".gitea",
    ".hgignore", ".keep", ".vscode", ".idea", ".editorconfig", ".npmignore", ".dockerignore", ".nvmrc",
    ".node-version",
    ".travis.yml", ".prettierrc", ".prettierignore", ".eslintrc", ".eslintrc.json", ".eslintrc.js",
    ".eslintignore", ".stylelintrc", ".babelrc", ".browserslistrc", ".sass-cache", ".jekyll-cache",
    ".parcel-cache", ".cache", ".yarn", ".vercel", ".netlify",
})


def is_never_published(name: str, *, at_root: bool = False) -> bool:
    """``name``: of a file or folder, without its parents; ``at_root``: it stands directly in the web root."""
    lower = name.lower()
    if lower in _NEVER or (at_root and lower in _NEVER_AT_ROOT):
        return True
    return (lower[0] in ".#" or lower[-1] == "~") and _NEVER_PATTERN.fullmatch(lower) is not None


class IgnoreRules:
    """The user's patterns. Raises :class:`~sitepub.errors.SiteError` naming every one that is not valid."""

    def __init__(self, project: Project, folder: Path) -> None:
        problems: list[Problem] = []
        lines: list[str] = []
        for file in dict.fromkeys((project.root / IGNORE_FILE, folder / IGNORE_FILE)):
            lines += _lines_of(file, problems)
        source = project.source
        lines += _checked(source.exclude, "src.exclude", source.position, problems)
        lines += [line[1:] if line.startswith("!") else "!" + line
                  for line in _checked(source.include, "src.include", source.position, problems)]
        if problems:
            raise SiteError("a pattern that says which files to publish is not valid", problems=problems)
        self.active = bool(lines)
        """Are there any patterns at all?"""
        self.can_prune = not any(line.startswith("!") for line in lines)
        """An excluded folder need not be looked into: nothing could bring a file in it back."""
        try:
            self._globs = Globs(lines) if lines else None
        except GlobError as error:
            raise SiteError(f"the patterns that say which files to publish cannot be used: {error}",
                            position=source.position) from None

    def excludes(self, path: str, *, tool_file: bool = False) -> bool:
        """``path``: below the web root, with ``/`` at its end for a folder. ``tool_file``: it is, or lies in,
        one of :data:`TOOL_FILES`."""
        if self._globs is None:
            return tool_file
        said = self._globs.check(path)
        return tool_file if said is None else said


def _lines_of(file: Path, problems: list[Problem]) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(f"{IGNORE_FILE} cannot be read: {error}", Position(str(file))))
        return []
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        wrong = _wrong(line)
        if wrong:
            problems.append(Problem(wrong, Position(str(file), number, 1, line)))
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return lines


def _checked(patterns: Sequence[str], option: str, position: Position | None,
             problems: list[Problem]) -> list[str]:
    lines = []
    for pattern in patterns:
        line = pattern.removeprefix("./")
        wrong = _wrong(line)
        if wrong:
            problems.append(Problem(f"{option}: {wrong}", position))
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return lines


def _wrong(line: str) -> str | None:
    try:
        glob(line)
    except GlobError as error:
        shown = line if len(line) <= 80 else line[:80] + "…"
        return f"{shown!r} is not a pattern as .gitignore knows them: {error}"
    return None
