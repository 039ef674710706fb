"""Which files of the folder are not published.

Two kinds:

* **By default** (:func:`rules.defaults.default_rule`): version control, ``.env*`` files, what systems and editors drop
  (``.DS_Store``, ``Thumbs.db``, swap and backup files), settings of development tools, and at the root of the site
  ``node_modules`` and ``serverless.yml``. The names of such files mean files only: a folder ``.env tips/`` or
  ``notes~/`` is a page's. Every plan shows what these rules left out. ``src.include`` brings it back; what may hold
  secrets needs ``src.allowSecrets``.
* **What the user says**, in gitignore syntax, matched below the web root: ``.sitepubignore`` (beside
  serverless.yml, then in the published folder), ``src.exclude``, and ``src.include``, which brings files back
  that something before it left out. Later patterns win.

Every other file is published, names with a leading dot included (``.well-known/``, ``.nojekyll``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sitepub.config.document import shown_path, undecodable
from sitepub.config.project import Project, Source
from sitepub.config.small_file import read_small_text
from sitepub.errors import Position, Problem, SiteError
from sitepub.site.braces import BracesError, alternatives
from sitepub.site.globs import MOST, GlobError, Globs, as_line, globs, hint_for_backslash
from sitepub.site.rules.defaults import IGNORE_FILE, Rule, ignore_files
from sitepub.site.secret_files import Allowed


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of the user, as it was written."""

    text: str
    option: str
    """Where it stands: ``src.exclude``, or "" in a ``.sitepubignore``."""
    position: Position | None
    line: str
    """In gitignore syntax; what brings files back begins with ``!``."""


class IgnoreRules:
    """The user's patterns. Raises :class:`~sitepub.errors.SiteError` naming every one that is not valid."""

    def __init__(self, project: Project, folder: Path) -> None:
        problems: list[Problem] = []
        source = project.source
        patterns: list[Pattern] = []
        for file in ignore_files(project.root, folder):
            patterns += _lines_of(file, problems)
        patterns += _entries(source, "exclude", source.exclude)
        patterns += [replace(one, line=one.line[1:] if one.line.startswith("!") else "!" + one.line)
                     for one in _entries(source, "include", source.include)]
        _refuse_too_many(patterns)
        self.patterns = [one for one in patterns if _is_valid(one, problems)]
        """Those that leave files out or bring them back, in the order in which they count."""
        self.secrets = [one for one in _entries(source, "allowSecrets", source.allow_secrets)
                        if _is_valid(one, problems)]
        if problems:
            raise SiteError("a pattern that says which files to publish is not valid", problems=problems)
        lines = [one.line for one in self.patterns]
        back = [line[1:] for line in lines if line.startswith("!")]
        self.active = bool(lines)
        """Are there any patterns at all?"""
        self.can_prune = not back
        """An excluded folder need not be looked into: nothing could bring a file in it back."""
        try:
            self._globs = Globs(lines) if lines else None
        except GlobError as error:
            raise SiteError(f"the patterns that say which files to publish cannot be used: {error}",
                            position=source.position) from None
        self._allowed = Allowed(source.allow_secrets)
        self._named = [each for line in back if not _names_all(line) for each in globs(line)]
        self._reach = {False: [literal_parts(each) for line in back for each in alternatives(line)],
                       True: [literal_parts(each) for one in self.secrets for each in alternatives(one.line)]}

    def undecided(self) -> list[Pattern]:
        """The patterns that have not decided about any path so far."""
        decided = self._globs.decided if self._globs is not None else ()
        return [one for number, one in enumerate(self.patterns) if number not in decided]

    def said(self, path: str) -> bool | None:
        """Whether the patterns leave a path out; ``None``: they say nothing about it. ``path``: below the web root,
        with ``/`` at its end for a folder."""
        return self._globs.check(path) if self._globs is not None else None

    def brings_back(self, path: str, rule: Rule) -> bool:
        """Is this published although a default rule would leave it out?"""
        if rule.secret:
            return self._allowed(path)
        return self.said(path) is False and not (rule.scrap and not self._is_named(path))

    def _is_named(self, path: str) -> bool:
        """Does a pattern bring this path back by its own name, not by that of a folder?"""
        return any(each.match(path) == 2 for each in self._named)

    def reaches_into(self, folder: str, rule: Rule, *, on_the_way: bool = False) -> bool:
        """Does a pattern name something below a folder that a default rule leaves out? Only one that spells the
        folder out counts: ``*.html`` does not bring back what lies in ``node_modules``. ``on_the_way``: the folder
        lies in another one, which is spelled out."""
        parts = folder.rstrip("/").split("/")
        return any(literal[:len(parts)] == parts[:len(literal)] and (on_the_way or len(literal) >= len(parts))
                   for literal in self._reach[rule.secret] if literal)


def _refuse_too_many(patterns: Sequence[Pattern]) -> None:
    """Before they are compared one by one: braces make up to a thousand of each."""
    count = 0
    for one in patterns:
        try:
            count += len(alternatives(one.line))
        except BracesError:
            count += 1
        if count > MOST:
            raise SiteError(f"there are more than {MOST:,} patterns that say which files to publish",
                            position=one.position,
                            hint="Leave whole folders out (drafts/), or use * and ** in place of lists.")


def _names_all(pattern: str) -> bool:
    return not pattern.rstrip("/").rpartition("/")[2].strip("*")


def literal_parts(pattern: str) -> list[str]:
    """The parts of a path that a pattern begins with, up to the first that holds a wildcard; none when it may match
    in any folder."""
    bare = pattern.removeprefix("./").rstrip("/")
    if "/" not in bare:
        return []
    parts = bare.lstrip("/").split("/")
    return parts[:next((at for at, part in enumerate(parts) if re.search(r"[*?\[\\]", part)), len(parts))]


def _lines_of(file: Path, problems: list[Problem]) -> list[Pattern]:
    name = shown_path(file)
    try:
        text = read_small_text(file)
    except UnicodeDecodeError as error:
        problems.append(undecodable(name, error))
        return []
    except OSError as error:
        # A link that leads nowhere is there: what it left out so far must not go public.
        if not isinstance(error, FileNotFoundError) or file.is_symlink():
            problems.append(Problem(f"{IGNORE_FILE} cannot be read: {error.strerror}", Position(name),
                                    "Write the patterns into an ordinary file, one a line."))
        return []
    lines = text.splitlines()
    if sum(bool(line.strip()) for line in lines) > MOST:
        problems.append(Problem(f"{IGNORE_FILE} holds more than {MOST:,} patterns", Position(name)))
        return []
    return [Pattern(line, "", Position(name, number, 1, line[:200]), line) for number, line in enumerate(lines, 1)]


def _entries(source: Source, key: str, texts: Sequence[str]) -> list[Pattern]:
    places = source.places.get(key, ())
    return [Pattern(text, f"src.{key}", places[number] if number < len(places) else source.position, as_line(text))
            for number, text in enumerate(texts)]


def _is_valid(pattern: Pattern, problems: list[Problem]) -> bool:
    """Is it a pattern? An empty line and a comment are not; what cannot be one is a problem."""
    try:
        globs(pattern.line)
        return bool(pattern.line.strip()) and not pattern.line.startswith("#")
    except GlobError as error:
        label = f"{pattern.option}: " if pattern.option else ""
        shown = pattern.text if len(pattern.text) <= 80 else pattern.text[:80] + "…"
        problems.append(Problem(f"{label}{shown!r} is not a pattern as .gitignore knows them: {error}",
                                pattern.position, hint_for_backslash(pattern.text)))
    return False
