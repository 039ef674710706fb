"""Characters in serverless.yml that look like nothing, or like another: they come from web pages and input methods.

YAML knows only the space and the line break of ASCII. A no-break space before a key makes it another key, one after a
value belongs to the value, and the full-width colon of Chinese input methods is no colon.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sitepub.config.document import Text
from sitepub.errors import Problem

_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u0085\u2028\u2029\u180e\u2800\u3164\u115f\u1160\uffa0"
_UNSEEN = "\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe00-\ufe0f"
"""Without a form of their own. Not U+200C and U+200D, which some scripts and emoji are written with."""
_COLON = "\uff1a"
_SUSPECT = re.compile(f"[{_SPACES}{_UNSEEN}]|[\uff1a]")
_LINE = re.compile(rf"""^(?P<indent>[\s\-?{_SPACES}{_UNSEEN}]*)
    (?: (?P<key>[^\s:#'"\[\]{{}},&*!|>%@`{_SPACES}{_UNSEEN}\uff1a]+)
        (?P<gap>[\s{_SPACES}{_UNSEEN}]*) (?P<colon>[:\uff1a])
        (?P<after>[\s{_SPACES}{_UNSEEN}]*) )?
    (?P<rest>.*)$""", re.VERBOSE | re.DOTALL)


def invisible_characters(text: Text) -> Iterator[Problem]:
    """A problem for each place where such a character changes what the file says: in the indent, in or around a key,
    at the ends of a plain value. Inside of quotes, in comments and between words it may be meant.

    A full-width colon may be part of a text: those problems count only where the YAML is wrong, see
    :func:`is_about_a_colon`."""
    if _SUSPECT.search(text.content) is None:
        return
    index = 0
    quoted_block: int | None = None
    for line in text.content.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        depth = len(bare) - len(bare.lstrip(" "))
        if quoted_block is not None and (not bare.strip() or depth > quoted_block):
            index += len(line)
            continue  # the text of a `|` or `>` block is the user's
        quoted_block = depth if re.search(r"(?:^|[\s:-])[|>][+-]?[0-9]?\s*(?:#.*)?$", bare) else None
        for at, why in _in_line(bare):
            yield Problem(f"{name_of(bare[at])} stands here, {why}", text.position(index + at),
                          "Type `: `, a colon and a space." if bare[at] == _COLON else "Type it again.")
        index += len(line)


def is_about_a_colon(problem: Problem) -> bool:
    return problem.message.startswith(name_of(_COLON))


def name_of(char: str) -> str:
    """``U+00A0 NO-BREAK SPACE``."""
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


def _in_line(line: str) -> Iterator[tuple[int, str]]:
    if _SUSPECT.search(line) is None or line.lstrip().startswith("#"):
        return
    found = _LINE.match(line)
    assert found is not None
    for group, why in (("indent", "where YAML expects ordinary spaces"), ("gap", "and YAML takes it for a letter of"
                       " the key"), ("after", "and YAML takes it for a letter of the value")):
        at = _first(line, *found.span(group)) if found.span(group)[0] >= 0 else None
        if at is not None:
            yield at, why
            return
    if found["colon"] == _COLON:
        if found["key"].isascii():
            yield found.start("colon"), "and YAML does not take it for a colon"
        return
    rest, start = found["rest"], found.start("rest")
    if rest[:1] in ("'", '"', "#", "[", "{", "|", ">"):
        return
    plain = re.split(r"[ \t]#", rest, maxsplit=1)[0].rstrip(" \t")
    end = len(plain)
    while end and re.match(f"[{_SPACES}{_UNSEEN}]", plain[end - 1]):
        end -= 1
    if end < len(plain):
        yield start + end, "and YAML takes it for a letter of the value"
    elif re.sub(f"[{_UNSEEN}]", "", plain).isascii() and (at := _first(line, start, start + end, _UNSEEN)) is not None:
        yield at, "though it is invisible"


def _first(line: str, start: int, end: int, characters: str = _SPACES + _UNSEEN) -> int | None:
    found = re.compile(f"[{characters}]").search(line, start, end)
    return found.start() if found is not None else None
