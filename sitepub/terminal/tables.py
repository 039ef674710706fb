"""Aligned columns, also with Chinese text in them. Plain enough to need no library."""

from __future__ import annotations

from collections.abc import Sequence

from sitepub.terminal.messages import display_width, visible
from sitepub.terminal.terminal import Terminal

_GAP = "  "
_LEAST = 8
"""Columns of text that are worth a cut."""


def table(terminal: Terminal, titles: Sequence[str], rows: Sequence[Sequence[str]], *,
          right: Sequence[int] = ()) -> str:
    """Rows below titles. ``right``: the columns to align right, counted from 0.

    On a terminal what is empty in all rows is left out. Where the rows are wider than the terminal, text in the last
    column is cut and an address there gets a line of its own, so that it can be copied; where less than that would
    fit, each row becomes lines of title and value. In a pipe nothing is lost.
    """
    cells = [[visible(cell) for cell in row] for row in rows]
    if terminal.stdout_is_tty:
        kept = [number for number in range(len(titles)) if any(row[number] for row in cells)]
        titles, cells = [titles[number] for number in kept], [[row[number] for number in kept] for row in cells]
        right = [kept.index(number) for number in right if number in kept]
    widths = [max(map(display_width, column)) for column in zip(titles, *cells, strict=True)]
    room = terminal.width - sum(width + len(_GAP) for width in widths[:-1])
    if not terminal.stdout_is_tty or room >= widths[-1]:
        return _lines(terminal, titles, cells, widths, right)
    if any("://" in row[-1] for row in cells) and room >= -len(_GAP):
        shown = _lines(terminal, titles[:-1], [row[:-1] for row in cells], widths[:-1], right).split("\n")
        below = [_GAP + row[-1] for row in cells]
        both = [line for row in zip(shown[1:], below, strict=True) for line in row]
        return "\n".join([shown[0], *filter(str.strip, both)])
    if room < _LEAST:
        return "\n\n".join(pairs(terminal, [(title, cell) for title, cell in zip(titles, row, strict=True) if cell])
                           for row in cells)
    return _lines(terminal, titles, [[*row[:-1], _cut(row[-1], room, terminal)] for row in cells], widths, right)


def _lines(terminal: Terminal, titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int],
           right: Sequence[int]) -> str:
    head = terminal.style(_line(titles, widths, right).rstrip(), "bold")
    return "\n".join([head, *(_line(row, widths, right).rstrip() for row in rows)])


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


def _cut(text: str, room: int, terminal: Terminal) -> str:
    if display_width(text) <= room:
        return text
    end = "…" if terminal.unicode else "..."
    while display_width(text) > room - len(end):
        text = text[:-1]
    return text + end
