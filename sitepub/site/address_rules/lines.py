"""The lines of a rule file, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sitepub.errors import Position, Problem

LONGEST = 8_000
"""Characters of a line. Cloudflare Pages takes 2,000; a long Content-Security-Policy may be more elsewhere."""
_SHOWN = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a line."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is neither empty nor a comment."""

    file: str
    number: int
    text: str
    """Without the space around it."""
    indent: int
    """Characters in front of ``text``."""

    def at(self, column: int | None = None) -> Position:
        """``column``: in ``text``, from 0; left out: where the text begins."""
        shown = " " * self.indent + self.text
        return Position(self.file, self.number, self.indent + 1 + (column or 0),
                        shown if len(shown) <= _SHOWN else shown[:_SHOWN])

    def tokens(self) -> list[Token]:
        return [Token(found[0], found.start()) for found in re.finditer(r"\S+", self.text)]


def lines_of(text: str, file: str, problems: list[Problem]) -> Iterator[Line]:
    """The lines that say something. Ends of lines may be those of any system."""
    for number, raw in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        line = Line(file, number, stripped, len(raw) - len(raw.lstrip()))
        if len(stripped) > LONGEST:
            problems.append(Problem(f"the line is longer than {LONGEST:,} characters", line.at()))
        elif (found := _CONTROL.search(stripped)) is not None:
            problems.append(Problem(f"the line holds the control character U+{ord(found[0]):04X}",
                                    line.at(found.start()), "take it out: no address and no header has one"))
        else:
            yield line
