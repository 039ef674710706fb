"""What dev waits for: the network, another deploy. Each is reported once, however often it is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sitepub.dev.schedule import End
from sitepub.errors import Refused

_LONG = 5.0
"""Seconds of failing requests that are not reported."""
_BRIEFLY = 1.5
"""Seconds that another process may hold the lock before that is reported: two runs of dev that publish one site wait
for each other now and then."""


class Waits:
    """Which targets are out of reach. Its methods may be called from several threads."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """``report`` is called with the reason, from the thread that found it."""
        self._report = report
        self._reported: set[str] = set()
        self._locked: dict[str, float] = {}
        """Name of a target → since when another process holds its lock."""
        self._began = 0.0
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Is this target known to be out of reach?"""
        return name in self._reported

    def task_began(self, now: float) -> None:
        """A task begins: requests that fail from now on are its own."""
        self._began = now

    def again(self, name: str, end: End, error: Exception) -> End:
        """When a task that ``error`` has broken off is tried again. ``name``: of the target, "" without one."""
        if isinstance(error, Refused) and error.code == "Locked":
            now = time.monotonic()
            if now - self._locked.setdefault(name, now) < _BRIEFLY:
                return End.SOON
        if end is End.LATER:
            self._wait(name, getattr(error, "message", str(error)))
        return end

    def request_failed(self, name: str, bucket: str) -> None:
        """A request to this target failed and is tried again."""
        if time.monotonic() - self._began >= _LONG:
            self._wait(name, f"no good answer from {bucket} so far")

    def over(self, name: str) -> None:
        """This target was reached."""
        with self._lock:
            self._reported -= {"", name}
            self._locked.pop(name, None)

    def _wait(self, name: str, why: str) -> None:
        with self._lock:
            known = name in self._reported
            self._reported.add(name)
        if not known:
            self._report(why)
