"""How one problem looks: the message, the place, the offending line with a caret, the hint."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import TYPE_CHECKING

from sitepub.errors import Position, Problem
from sitepub.terminal.plain import one_line, visible
from sitepub.terminal.secrets import scrub

if TYPE_CHECKING:
    from sitepub.terminal.terminal import Terminal

__all__ = ["display_width", "plain", "printed", "problem_lines", "visible"]

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""Control sequences, strings (titles, links) and single escapes of ECMA-48."""
_COLOR = re.compile(r"\x1b\[[0-9;:]*m")


def problem_lines(terminal: Terminal, label: str, color: str, problem: Problem) -> list[str]:
    """The lines that show a problem on stderr."""
    position = problem.position
    place = f"{visible(str(position))}: " if position is not None else ""
    head = terminal.style(f"{label}:", "bold", color, on_stderr=True)
    lines = [f"{head} {place}{visible(problem.message)}"]
    if position is not None:
        lines += _quoted(position, terminal.width)
    if problem.hint:
        lines.append(f"  hint: {visible(problem.hint)}")
    return lines


def plain(line: str) -> str:
    """The line without colours, links and other escape sequences of terminals."""
    return _ESCAPES.sub("", line) if "\x1b" in line else line


def printed(line: str, *, colors: bool) -> str:
    """A line that another program printed: its colours stay, whatever else would steer the terminal does not.

    A secret may have colours in its midst, where the scrubber does not recognize it: such a line loses them.
    """
    bare = plain(line)
    if not colors or bare == line or scrub(bare) != bare:
        return visible(bare)
    parts, at, colored = [], 0, False
    for escape in _ESCAPES.finditer(line):
        parts.append(visible(line[at:escape.start()]))
        at = escape.end()
        if _COLOR.fullmatch(escape[0]):
            parts.append(escape[0])
            colored = True
    parts.append(visible(line[at:]))
    return "".join(parts) + "\x1b[0m" * colored


def display_width(text: str) -> int:
    """Columns the text takes: wide East Asian characters two, combining marks none."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
               for char in text)


def _quoted(position: Position, width: int) -> list[str]:
    """The offending line and, below it, a caret at the column."""
    if position.text is None or position.line is None:
        return []
    text = position.text.rstrip("\r\n").replace("\t", " ")
    text = "".join(char if one_line(char) == char else "?" for char in text)
    column = position.column
    if PurePath(position.file).name.startswith(".env"):
        # Any value in such a file may be a secret.
        name, equals, _value = text.partition("=")
        shown = f"{name}=…" if equals else text
    else:
        shown = scrub(text)
    if shown != text and column is not None and column > len(shown):
        column = None
    margin = f"  {position.line} | "
    room = max(width - len(margin) - 1, 20)
    if column is not None and column > room:
        cut = column - room // 2
        shown = "…" + shown[cut:]
        column -= cut - 1
    lines = [margin + shown[:room]]
    if column is not None and 1 <= column <= len(shown) + 1:
        lines.append(" " * (len(margin) - 2) + "| " + " " * display_width(shown[: column - 1]) + "^")
    return lines
