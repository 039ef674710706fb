"""Aligned columns, also with Chinese text in them. Plain enough to need no library."""

from __future__ import annotations

from collections.abc import Sequence

from sitepub.terminal.messages import display_width, visible
from sitepub.terminal.terminal import Terminal

_GAP = "  "


def table(terminal: Terminal, titles: Sequence[str], rows: Sequence[Sequence[str]], *,
          right: Sequence[int] = ()) -> str:
    """Rows below titles. ``right``: the columns to align right, counted from 0.

    On a terminal what is empty in all rows is left out, and the last column is cut to the width; in a pipe nothing is
    lost.
    """
    cells = [[visible(cell) for cell in row] for row in rows]
    if terminal.stdout_is_tty:
        kept = [number for number in range(len(titles)) if any(row[number] for row in cells)]
        titles, cells = [titles[number] for number in kept], [[row[number] for number in kept] for row in cells]
        right = [kept.index(number) for number in right if number in kept]
    widths = [max(map(display_width, column)) for column in zip(titles, *cells, strict=True)]
    head = _line(titles, widths, right).rstrip()
    lines = [terminal.style(_cut(head, terminal) if terminal.stdout_is_tty else head, "bold")]
    for row in cells:
        line = _line(row, widths, right).rstrip()
        lines.append(_cut(line, terminal) if terminal.stdout_is_tty else line)
    return "\n".join(lines)


def pairs(terminal: Terminal, rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, values aligned: ``region   ap-guangzhou``. Values may have several lines."""
    width = max((display_width(name) for name, _value in rows), default=0)
    lines = []
    for name, value in rows:
        first, *rest = value.split("\n")
        label = terminal.style(_padded(name, width), "dim")
        lines.append(f"{label}{_GAP}{visible(first)}".rstrip())
        lines += [" " * width + _GAP + visible(line) for line in rest]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    return _GAP.join(_padded(cell, width, left=number not in right)
                     for number, (cell, width) in enumerate(zip(cells, widths, strict=True)))


def _padded(text: str, width: int, *, left: bool = True) -> str:
    space = " " * (width - display_width(text))
    return text + space if left else space + text


def _cut(line: str, terminal: Terminal) -> str:
    if display_width(line) <= terminal.width:
        return line
    end = "…" if terminal.unicode else "..."
    room = terminal.width - len(end)
    while display_width(line) > room:
        line = line[:-1]
    return line + end
