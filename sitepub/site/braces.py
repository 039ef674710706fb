"""Braces in patterns: ``*.{map,md}`` stands for ``*.map`` and ``*.md``, as in a shell.

Braces may stand in each other, alternatives may be empty, ``{1..3}`` and ``{a..e}`` are sequences. A backslash makes
a character literal; braces without a comma or a sequence, and those that are not closed, are literal too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST = 1000
"""Patterns that one may stand for."""
_LONGEST = 50_000
"""Characters of all of them together."""
_SPECIAL = re.compile(r"(\\.|[{},])", re.DOTALL)
_SEQUENCE = re.compile(r"(-?[0-9]{1,4})\.\.(-?[0-9]{1,4})|([A-Za-z])\.\.([A-Za-z])")


class BracesError(ValueError):
    """A pattern stands for too many."""


@dataclass(slots=True)
class _Level:
    """An open brace: its alternatives so far, each with all that it stands for."""

    parts: list[list[str]] = field(default_factory=lambda: [[""]])

    def add(self, texts: list[str]) -> None:
        last = self.parts[-1]
        self.parts[-1] = texts if last == [""] else _combined(last, texts)


def alternatives(pattern: str) -> list[str]:
    """The patterns that this one stands for, in order; itself when it has no braces. Raises :class:`BracesError`."""
    if "{" not in pattern:
        return [pattern]
    levels = [_Level()]
    for piece in _SPECIAL.split(pattern):
        if piece == "{":
            levels.append(_Level())
        elif piece == "," and len(levels) > 1:
            levels[-1].parts.append([""])
        elif piece == "}" and len(levels) > 1:
            closed = levels.pop()
            levels[-1].add(_alternatives_of(closed))
        elif piece:
            levels[-1].add([piece])
    while len(levels) > 1:
        opened = levels.pop()
        levels[-1].add(_literal("{", opened))
    return levels[0].parts[0]


def _alternatives_of(level: _Level) -> list[str]:
    if len(level.parts) > 1:
        return _limited([text for part in level.parts for text in part])
    texts = level.parts[0]
    found = _SEQUENCE.fullmatch(texts[0]) if len(texts) == 1 else None
    return _sequence(found) if found is not None else [f"{{{text}}}" for text in texts]


def _sequence(found: re.Match[str]) -> list[str]:
    if found[1] is not None:
        first, last = int(found[1]), int(found[2])
        width = max(len(found[1]), len(found[2])) if found[1].startswith("0") or found[2].startswith("0") else 0
        return _limited([str(number).zfill(width) for number in _between(first, last)])
    return [chr(number) for number in _between(ord(found[3]), ord(found[4]))]


def _between(first: int, last: int) -> range:
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _literal(start: str, level: _Level) -> list[str]:
    texts = [start]
    for number, part in enumerate(level.parts):
        texts = _combined(_combined(texts, [","]) if number else texts, part)
    return texts


def _combined(before: list[str], after: list[str]) -> list[str]:
    if len(before) * len(after) > MOST:
        raise BracesError(f"its braces stand for more than {MOST:,} patterns")
    return _limited([one + other for one in before for other in after])


def _limited(texts: list[str]) -> list[str]:
    if len(texts) > MOST or sum(map(len, texts)) > _LONGEST:
        raise BracesError(f"its braces stand for more than {MOST:,} patterns, or for very long ones")
    return texts
