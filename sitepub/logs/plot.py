"""Bars as SVG, drawn here: nothing is loaded from anywhere, and the colours are those of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 960
HEIGHT = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 8, 12, 40
_LABELS = 6
_CHARACTER = 7.5
"""Width of a character of a label, generously."""


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    shown: str
    """The value in words, for the tooltip."""


def bars(title: str, values: Sequence[Bar], *, axis: Sequence[tuple[float, str]] = (), id: str = "") -> str:
    """An ``svg`` element with one bar for each value. ``axis``: heights to mark, with their words."""
    highest = max((bar.value for bar in values), default=0) or 1
    highest = max([highest, *(height for height, _ in axis)])
    across, down = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    step = across / max(len(values), 1)
    gap = 0.15 * step if step > 3 else 0
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{escape(id)}-t">'
             f'<title id="{escape(id)}-t">{escape(title)}</title>']
    for height, words in axis:
        y = _TOP + down * (1 - height / highest)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                     f'<text class="mark" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}'
                     '</text>')
    for number, bar in enumerate(values):
        tall = down * bar.value / highest
        if bar.value > 0:
            # Too small to be seen is not the same as nothing.
            tall = max(tall, 1.0)
        x = _LEFT + number * step + gap / 2
        parts.append(f'<rect class="bar" x="{x:.2f}" y="{_TOP + down - tall:.2f}" width="{step - gap:.2f}" '
                     f'height="{tall:.2f}"><title>{escape(bar.label)}: {escape(bar.shown)}</title></rect>')
    every = -(-len(values) // _LABELS) or 1
    taken = 0.0
    for number in range(0, len(values), every):
        label = values[number].label
        # One that has no room to its right ends at the edge; never on the one before it.
        x = min(_LEFT + number * step, WIDTH - _CHARACTER * len(label))
        if x >= taken:
            parts.append(f'<text class="mark" x="{x:.1f}" y="{HEIGHT - 14}">{escape(label)}</text>')
            taken = x + _CHARACTER * len(label)
    parts.append(f'<line class="base" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_TOP + down}" '
                 f'y2="{_TOP + down}"/></svg>')
    return "".join(parts)


def round_marks(highest: float, count: int = 4) -> list[float]:
    """Heights at round numbers, the last at or above the highest value."""
    if highest <= 0:
        return [0]
    step = 1.0
    while step * count < highest:
        # 1, 2, 5, 10, 20, 50 …
        step *= 2.5 if f"{step:.0e}"[0] == "2" else 2
    marks = [0.0]
    while marks[-1] < highest:
        marks.append(marks[-1] + step)
    return marks
