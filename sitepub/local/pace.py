"""How long the states of the cloud API take: `processing` before `online`, reviewing before issued.

Nothing runs in the background: a change keeps when it began and when it is through, and whoever reads the
state compares with the clock. It survives a restart, and a faster pace also ends what is under way.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PACE = 1.0
"""Seconds that a state takes; the real service takes minutes."""
SLOWEST = 3600.0


@dataclass(frozen=True, slots=True)
class Change:
    """A change that takes time. Unix seconds."""

    since: float = 0.0
    until: float = 0.0

    def ends(self, pace: float) -> float:
        """When it is through at this pace: what was promised, or sooner when the pace was raised since."""
        return min(self.until, self.since + pace)

    def under_way(self, now: float, pace: float) -> bool:
        return now < self.ends(pace)


NEVER = Change()
"""No change was ever made."""


def begin(now: float, pace: float) -> Change:
    """A change that begins now."""
    return Change(now, now + pace)


def parse_pace(text: str) -> float:
    """Seconds, 0 (at once) to an hour. Raises ValueError with a message for the user."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= SLOWEST:
        raise ValueError(f"pace {text.strip()!r}: expected seconds from 0 to {SLOWEST:g}")
    return seconds
