"""Punctuation of Chinese and Japanese input methods, and of word processors, where YAML needs that of ASCII.

Text may hold any of it. It is looked for only where a mistake was found, and only where YAML's own would stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from sitepub.errors import Problem

_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e\u2032\u2033\u300c\u300d\u300e\u300f\uff02\uff07\uff40"
_OPENING = {"\uff3b": "[", "\u3010": "[", "\u3014": "[", "\uff5b": "{"}
_DASHES = "\u2010-\u2015\u2212\u30fc\ufe58\ufe63\uff0d"
_BLANK = r"[ \u3000]"
_DASH = re.compile(rf"{_BLANK}*([{_DASHES}])(?={_BLANK})")
_VALUE = re.compile(rf"{_BLANK}*(?:-{_BLANK}+)?(?:[^\s:#'\"]{{1,60}}:{_BLANK}+)?(?:-{_BLANK}+)?([\[{{]?{_BLANK}*)(.*)$")
_HASH = re.compile(r"[ \u3000](\uff03)")
_INSIDE = re.compile(rf"[\uff0c\u3001\uff3d\u3011\uff5d\uff1a{_QUOTES}]")
_RULE = re.compile(rf"{_BLANK}*(?:[A-Za-z0-9-]{{1,60}}{_BLANK}*)?([\uff03\uff1a\uff0f])")
"""At the beginning of a line, or behind the name of a header."""
_PLAIN = {"\uff0f": "/",
          "\uff0c": ",", "\u3001": ",", "\uff3d": "]", "\u3011": "]", "\uff5d": "}", "\uff1a": ": ", "\uff03": "#",
          **_OPENING, **dict.fromkeys(_QUOTES, '"')}


def with_look_alikes(problems: Sequence[Problem], *, lines: bool = False) -> list[Problem]:
    """The problems; the hint of those whose line holds such a character names it. ``lines``: of `_headers` and
    `_redirects`, which are no YAML."""
    look = _in_rule if lines else _in_line
    return [replace(problem, hint=_hint(*found)) if (text := _line_of(problem)) and (found := look(text)) is not None
            else problem for problem in problems]


def _line_of(problem: Problem) -> str | None:
    line = problem.position.text if problem.position is not None else None
    return None if line is None or line.isascii() else line


def _in_rule(line: str) -> tuple[str, str] | None:
    found = _RULE.match(line)
    return (found[1], _PLAIN[found[1]]) if found is not None else None


def _hint(char: str, plain: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char)} stands in this line: type `{plain.strip()}`."


def _in_line(line: str) -> tuple[str, str] | None:
    dash = _DASH.match(line)
    if dash is not None:
        return dash[1], "-"
    value = _VALUE.match(line)
    if value is not None:
        first = value[2][:1]
        if first in _PLAIN and (first in _QUOTES or first in _OPENING):
            return first, _PLAIN[first]
        inside = _INSIDE.search(value[2]) if value[1] else None
        if inside is not None:
            return inside[0], _PLAIN[inside[0]]
    comment = _HASH.search(line)
    return (comment[1], "#") if comment is not None else None
