"""The clock by which objects age: it can be put ahead, so that a test need not wait for the days of lifecycle rules.

Only ages follow it. Signatures, the dates in answers and the times that objects are said to be from stay those of the
computer's clock, so clients notice nothing. An object ages by what passed on the computer's clock since it was written
and by every move since then; what is written after a move is new.
"""

from __future__ import annotations

import json
import time

DAY = 86_400.0
MOST = 100 * 365 * DAY
"""Seconds of one move."""


class Clock:
    """`moves`: when (Unix seconds) the clock was put ahead, and by how many seconds."""

    def __init__(self, moves: list[tuple[float, float]] | None = None) -> None:
        self._moves = moves or []

    @classmethod
    def of_text(cls, text: str) -> Clock:
        return cls([(float(at), float(seconds)) for at, seconds in json.loads(text)])

    @property
    def text(self) -> str:
        """As it is kept over a restart."""
        return json.dumps(self._moves)

    @property
    def ahead(self) -> float:
        """Seconds that it is ahead of the computer's clock."""
        return sum(seconds for _, seconds in self._moves)

    def move(self, seconds: float) -> None:
        """Let time pass. Raises ValueError."""
        if not 0 <= seconds <= MOST:
            raise ValueError(f"expected seconds from 0 to {MOST:g}")
        self._moves.append((time.time(), seconds))

    def now(self) -> float:
        return time.time() + self.ahead

    def age(self, since: float) -> float:
        """Seconds since a moment on the computer's clock."""
        return time.time() - since + sum(seconds for at, seconds in self._moves if at >= since)


def parse_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `12h` or `31d`. Raises ValueError with a message for the user."""
    text = text.strip()
    unit = {"s": 1.0, "h": 3600.0, "d": DAY}.get(text[-1:])
    try:
        seconds = float(text if unit is None else text[:-1]) * (unit or 1.0)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MOST:
        raise ValueError(f"{text[:50]!r}: expected seconds, or hours and days as in 12h and 31d")
    return seconds
