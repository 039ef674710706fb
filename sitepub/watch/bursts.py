"""Bursts: many changes that belong together become one (pure; times are given, in seconds).

Saving a file is several events: editors write beside it and rename over it, or move it away and write a new
one. Tools write hundreds of files, a checkout thousands. A burst ends when nothing has happened for a moment;
for a longer one while something is missing that was there before, since that often comes back at once. When it
never gets quiet, a burst ends anyway after a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sitepub.watch.changes import Change, Happened


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    quiet: float = 0.03
    quiet_when_gone: float = 0.15
    """While a path of the burst has gone and not come back."""
    longest: float = 2.0
    """From the first change: no burst waits longer for quiet."""
    many: int = 1000
    """Changes from which single paths are not kept: the burst is about everything. A system that could not
    keep up with its events has sent more than that."""


SITE = Pace()
"""For files that are published as they are."""
SOURCES = Pace(many=1_000_000)
"""For what a hook builds from: the loop guard wants to know each path."""
CONFIG = Pace(quiet=0.1, quiet_when_gone=0.4)
"""For serverless.yml and the like: an editor may empty a file first, and half a file would be shown as a mistake."""
OUTPUT = Pace(quiet=0.15, quiet_when_gone=0.8, longest=10.0)
"""For what a tool writes: it may empty a folder first and fill it again."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Changes that belong together."""

    paths: frozenset[Path] = frozenset()
    """The paths that have changed. A folder stands for all that is in it."""
    everything: bool = False
    """Too many paths, or a change was missed."""

    def __bool__(self) -> bool:
        return self.everything or bool(self.paths)

    def with_(self, other: Burst) -> Burst:
        return Burst(self.paths | other.paths, self.everything or other.everything)


class Bursts:
    """Collects changes until they end."""

    def __init__(self, pace: Pace = SITE) -> None:
        self.pace = pace
        self._begin()

    def _begin(self) -> None:
        self._latest: dict[Path, Happened] = {}
        self._count = 0
        self._everything = False
        self._first = 0.0
        self._last = 0.0
        self._gone = 0

    def add(self, changes: Iterable[Change], now: float) -> None:
        for change in changes:
            if not self._count:
                self._first = now
            self._count += 1
            self._last = now
            if change.what is Happened.DOUBT or self._count > self.pace.many:
                self._everything = True
            before = self._latest.get(change.path)
            self._gone += (change.what is Happened.GONE) - (before is Happened.GONE)
            self._latest[change.path] = change.what

    @property
    def due(self) -> float | None:
        """When the burst ends if nothing more happens; ``None``: there is none."""
        if not self._count:
            return None
        quiet = self.pace.quiet_when_gone if self._gone else self.pace.quiet
        return min(self._last + quiet, max(self._first + self.pace.longest, self._last))

    def take(self, now: float) -> Burst | None:
        """The burst, if it has ended by now."""
        due = self.due
        if due is None or now < due:
            return None
        paths = frozenset() if self._everything else frozenset(self._latest)
        burst = Burst(paths, self._everything)
        self._begin()
        return burst
