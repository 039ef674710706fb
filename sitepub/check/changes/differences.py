"""What differs between two versions of a page, in small pieces: a tag, or the text between two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

_PIECE = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->)?|<[^<>]*+>?|[^<]+")
_MOST = 3000
"""Pieces of the part that differs which are compared one by one."""
_RUN = 40
"""Differing pieces in a row that are taken one by one."""
LONGEST = 2_000_000
"""Characters of a page that is compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One piece that differs. ``before`` or ``after`` is empty where a piece was added or is gone."""

    before: str
    after: str
    line: int
    """In the new page, from 1."""


def differences(before: str, after: str) -> Iterator[Difference]:
    """In their order; nothing for equal texts."""
    a, b = _PIECE.findall(before[:LONGEST]), _PIECE.findall(after[:LONGEST])
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    line = 1 + sum(piece.count("\n") for piece in b[:start])
    a, b = a[start:len(a) - end], b[start:len(b) - end]
    if len(a) == len(b) and sum(one != other for one, other in zip(a, b, strict=True)) * 2 <= len(a) + 2:
        opcodes = [("replace", at, at + 1, at, at + 1) for at, (one, other) in enumerate(zip(a, b, strict=True))
                   if one != other]
    else:
        opcodes = [code for code in SequenceMatcher(None, a[:_MOST], b[:_MOST]).get_opcodes() if code[0] != "equal"]
    lines = _lines(b, line)
    for tag, i1, i2, j1, j2 in opcodes:
        if tag in ("insert", "delete"):
            yield Difference("".join(a[i1:i2][:_RUN]), "".join(b[j1:j2][:_RUN]), lines[min(j1, len(lines) - 1)]
                             if lines else line)
            continue
        for number, (old, new) in enumerate(zip_longest(a[i1:i2][:_RUN], b[j1:j2][:_RUN], fillvalue="")):
            if old != new:
                yield Difference(old, new, lines[min(j1 + number, len(lines) - 1)] if lines else line)


def _lines(pieces: list[str], line: int) -> list[int]:
    found = []
    for piece in pieces:
        found.append(line + len(piece) - len(piece.lstrip("\n")))
        line += piece.count("\n")
    return found


def changed_part(before: str, after: str) -> tuple[int, int, int]:
    """(start, end in ``before``, end in ``after``) of what differs between two texts, up to whole words."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    while start and (before[start - 1].isalnum() or before[start - 1] in "_-"):
        start -= 1
    while end and (after[len(after) - end].isalnum() or after[len(after) - end] in "_-"):
        end -= 1
    return start, len(before) - end, len(after) - end
