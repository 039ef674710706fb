"""Patterns that match nothing: reported with their places, because files that they should leave out are public.

A pattern that could match something in a place that was not read (a folder that is left out as a whole) is not
reported, nor one for what is left out by default anyway (``.DS_Store``), which lists of patterns hold just in case.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sitepub.config.checks.look_alikes import with_look_alikes
from sitepub.config.project import Project
from sitepub.errors import Position, Problem
from sitepub.site.braces import alternatives
from sitepub.site.globs import Glob, as_line, globs
from sitepub.site.headers import HeaderBook
from sitepub.site.ignore import IgnoreRules, Pattern, literal_parts
from sitepub.site.pattern_hints import Hints
from sitepub.site.rules.defaults import default_rule
from sitepub.site.walk import Walked

_LOOKED_AT = 20_000
"""Paths in left out folders that are checked; with more of them, a pattern is not reported."""
_EXPLAINED = 50
"""Patterns for which the reason is looked for."""
_LONGEST = 200
"""Characters of a pattern that are shown."""


def unused_patterns(project: Project, folder: Path, rules: IgnoreRules, headers: HeaderBook,
                    walked: Walked) -> list[Problem]:
    """Warnings about a whole walk, in the order of the options. ``rules`` and ``headers``: after all files went through
    them."""
    silent = rules.undecided() + rules.secrets
    rest = _unmatched_header_patterns(project, headers)
    if not silent and not rest:
        return []
    published = [file.path for file in walked.files]
    known = [*published, *walked.excluded, *walked.left_out]
    unseen = _Unseen(folder, [path for path in (*walked.excluded, *walked.left_out) if path.endswith("/")])
    found: list[tuple[str, str, Position | None]] = []
    for pattern in silent:
        parts = globs(pattern.line)
        if not _matches(parts, known) and not _is_for_scrap(pattern) and not unseen.may_match(pattern.line, parts):
            found.append((pattern.option, pattern.text, pattern.position))
    for text, position in rest:
        if not _matches(globs(as_line(text.removeprefix("!"))), published):
            found.append(("headers", text, position))
    found.sort(key=_place)
    hints = Hints(project, folder, known)
    return with_look_alikes([
        Problem(_message(option, text), position, hints.hint(text) if number < _EXPLAINED else None)
        for number, (option, text, position) in enumerate(found)])


def unmatched_blocks(headers: HeaderBook) -> list[Problem]:
    """Warnings about blocks of `_headers` that hold headers kept with files, and match none."""
    return [Problem(f"`{_shortened(str(one.address))}` matches no file, so {one.headers[0][0]} is set nowhere",
                    one.block.position, "`ignoreHtmlExt: true` serves page.html at /page"
                    if one.address.exact and "." not in one.address.path else None)
            for one in headers.unmatched_blocks()]


def _place(found: tuple[str, str, Position | None]) -> tuple[str, int, int]:
    position = found[2]
    return (position.file, position.line or 0, position.column or 0) if position is not None else ("", 0, 0)


def _message(option: str, text: str) -> str:
    shown = _shortened(text)
    return f"{option}: `{shown}` matches no file" if option else f"`{shown}` matches no file"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _matches(patterns: Sequence[Glob], paths: Sequence[str]) -> bool:
    return any(pattern.match(path) for pattern in patterns for path in paths)


def _unmatched_header_patterns(project: Project, headers: HeaderBook) -> list[tuple[str, Position | None]]:
    matched = headers.matched()
    found = [(rule.pattern, rule.position) for number, rule in enumerate(project.headers)
             if number not in matched and not (rule.but or rule.no_extension)]
    # A rule with several conditions may match nothing though each pattern does.
    for rule in project.headers:
        if rule.but or rule.no_extension:
            found += [(rule.pattern, rule.position), *((f"!{text}", place) for text, place in rule.but)]
    return list(dict.fromkeys(found))


def _is_for_scrap(pattern: Pattern) -> bool:
    names = [each.lstrip("!").rstrip("/").rpartition("/")[2] for each in alternatives(pattern.line)]
    return all(name and any(default_rule(name, folder=folder, at_root=True) for folder in (True, False))
               for name in names)


class _Unseen:
    """What lies in folders that were not looked into."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        self._root = root
        self._folders = folders
        self._paths: list[str] | None = None
        self.too_many = False

    def may_match(self, line: str, patterns: Sequence[Glob]) -> bool:
        if not self._folders:
            return False
        for each in alternatives(line.removeprefix("!")):
            spelled = "/".join(literal_parts(each)) + "/"
            if any(spelled.startswith(folder) for folder in self._folders):
                return True
        if self._paths is None:
            self._paths = list(itertools.islice(self._walk(), _LOOKED_AT))
            self.too_many = len(self._paths) == _LOOKED_AT
        return self.too_many or _matches(patterns, self._paths)

    def _walk(self) -> Iterator[str]:
        below: Callable[[str], str] = lambda path: os.path.relpath(path, self._root).replace(os.sep, "/")  # noqa: E731
        for folder in self._folders:
            for parent, folders, files in os.walk(self._root / folder):
                yield from (below(os.path.join(parent, name)) + "/" for name in folders)  # noqa: PTH118
                yield from (below(os.path.join(parent, name)) for name in files)  # noqa: PTH118
