"""How long the states of the cloud API take: `processing` before `online`, reviewing before issued.

Nothing runs in the background: a change stores when it began and when it ends, and each read of the
state compares with the clock. It survives a restart, and a faster pace also ends what is under way.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PACE = 1.0
"""Seconds that a state takes; the real service takes minutes."""
SLOWEST = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast states follow each other."""

    seconds: float = DEFAULT_PACE
    done_before: float = 0.0
    """Changes that began earlier (Unix seconds) have ended: a faster pace ended them."""

    def set_to(self, seconds: float, now: float) -> Pace:
        """The pace from now on."""
        return Pace(seconds, max(self.done_before, now - self.seconds, now - seconds))


@dataclass(frozen=True, slots=True)
class Change:
    """A change that takes time. Unix seconds."""

    since: float = 0.0
    until: float = 0.0

    def ends(self, pace: Pace) -> float:
        """When it ends at this pace (Unix seconds): as planned, or sooner when the pace was made faster since."""
        if self.since <= pace.done_before:
            return self.since
        return min(self.until, self.since + pace.seconds)

    def under_way(self, now: float, pace: Pace) -> bool:
        return now < self.ends(pace)


NEVER = Change()
"""No change was ever made."""


def begin(now: float, pace: Pace) -> Change:
    """A change that begins now."""
    return Change(now, now + pace.seconds)


def parse_pace(text: str) -> float:
    """Seconds, 0 (at once) to an hour. Raises ValueError with a message for the user."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= SLOWEST:
        raise ValueError(f"pace {text.strip()!r}: expected seconds from 0 to {SLOWEST:g}")
    return seconds
