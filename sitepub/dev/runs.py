"""The runs of the hook, and what was changed during them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from sitepub.dev.loop_guard import LoopGuard, Verdict, changed_after, stamps
from sitepub.dev.schedule import Task

_LAG = 0.3
"""Seconds after the end of a build in which its own changes may still be reported."""
_POLLING_LAG = 1.5


class HookRuns:
    """Asks the loop guard after each run. Everything here is for the main thread."""

    def __init__(self) -> None:
        self.due: float | None = None
        """A build has ended, and this is when everything that was changed during it has been reported."""
        self._guard = LoopGuard()
        self._during: set[Path] = set()
        self._follow_up = False
        self._began = 0.0
        self._ended = (0.0, 0.0)
        """When the last run ended (seconds since 1970), and how long it took."""

    def began(self, task: Task, now: float) -> None:
        self._follow_up, self._began = task.follow_up, now

    def ended(self, now: float, *, polling: bool) -> None:
        self._ended = (time.time(), now - self._began)
        self.due = now + (_POLLING_LAG if polling else _LAG)

    def during(self, paths: Iterable[Path]) -> None:
        """These were changed while the hook ran, or just after."""
        self._during |= set(paths)

    def outside(self, paths: Iterable[Path]) -> None:
        """These were changed while no hook ran."""
        self._guard.outside(paths)

    def verdict(self) -> Verdict:
        """Were the changes during the last run made by the user or by the hook? Answered once for each run."""
        if self.due is None:
            return Verdict()
        self.due = None
        during, self._during = stamps(self._during), set()
        end, seconds = self._ended
        return self._guard.after_run(during, follow_up=self._follow_up, late=changed_after(during, end),
                                     seconds=seconds)
