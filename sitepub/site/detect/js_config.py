"""Single values out of JavaScript and TypeScript configuration files, read without running them."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Unread(Enum):
    """The value is there, but as an expression, or several times with different values."""

    UNREAD = "unread"


UNREAD: Final = Unread.UNREAD

# A string that is never closed ends with its line (or the text); looked for again from its next character, a text
# full of quotes would take time by the square of its length.
_STRING = (r"""("(?:\\.|[^"\\\n])*+(?:"|(?=\n|\\?\Z))|'(?:\\.|[^'\\\n])*+(?:'|(?=\n|\\?\Z))"""
           r"""|`(?:\\.|[^`\\])*+(?:`|(?=\\?\Z)))""")
_STRING_OR_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_VALUE = re.compile(
    r"""\s*(?:(?P<quote>["'`])(?P<text>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)|(?P<flag>true|false)\b)
        \s*(?:as\s+const\s*)?(?=[,}\]);]|\Z)""", re.VERBOSE | re.DOTALL)
_BLOCK = re.compile(r"\s*\{")


def js_value(source: str, *path: str) -> str | bool | Unread | None:
    """The string or boolean at ``path`` (``"build", "outDir"``); ``None`` when the key is not there.

    Only literals are read. The key counts where it stands with the fewest braces around it, so that an option
    of the same name inside a plugin's own options is not taken for the tool's.
    """
    code = _STRING_OR_COMMENT.sub(lambda found: found[1] or " " * len(found[0]), source)
    bare = re.sub(_STRING, lambda found: (found[0][0] + "_" * (len(found[0]) - 2) + found[0][0])[:len(found[0])], code,
                  flags=re.DOTALL)
    start, end = 0, len(code)
    for key in path[:-1]:
        blocks = [place for place in _keys(code, bare, key, start, end) if _opens_block(bare, place)]
        if not blocks:
            return None
        start = bare.index("{", blocks[0]) + 1
        end = _closing(bare, start)
    values = {_literal(code, place) for place in _keys(code, bare, path[-1], start, end)}
    if not values:
        return None
    return values.pop() if len(values) == 1 else UNREAD


def _keys(code: str, bare: str, key: str, start: int, end: int) -> list[int]:
    """Where the values of ``key: value`` begin, for the outermost occurrences within the range."""
    found: list[tuple[int, int]] = []
    name = re.escape(key)
    depth, counted = 0, start
    for match in re.finditer(rf"""(?<![\w$.])(?:{name}|(["']){name}\1)\s*:""", code[start:end]):
        place = start + match.start()
        # Not a key when it stands inside a string: there ``bare`` has been blanked.
        if bare[place] == "_" and not key.startswith("_"):
            continue
        depth += bare.count("{", counted, place) - bare.count("}", counted, place)
        counted = place
        found.append((depth, start + match.end()))
    outermost = min((around for around, _place in found), default=0)
    return [place for around, place in found if around == outermost]


def _opens_block(bare: str, place: int) -> bool:
    return _BLOCK.match(bare, place) is not None


def _closing(bare: str, start: int) -> int:
    depth = 1
    for match in re.compile(r"[{}]").finditer(bare, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return len(bare)


def _literal(code: str, place: int) -> str | bool | Unread:
    match = _VALUE.match(code, place)
    if match is None:
        return UNREAD
    if match["flag"]:
        return match["flag"] == "true"
    if match["quote"] == "`" and "${" in match["text"]:
        return UNREAD
    return re.sub(r"\\(.)", r"\1", match["text"])
