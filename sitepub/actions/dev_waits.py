"""What dev waits for: the network, somebody else's deploy. Told once, however often it is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sitepub.dev.session import End
from sitepub.errors import Refused

_LONG = 5.0
"""Seconds of failing requests that nobody has to be told of."""
_BRIEFLY = 1.5
"""Seconds that a lock may be somebody else's before that is told: two sessions of dev at one site meet now and then."""


class Waits:
    """Safe for several threads."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()
        self._locked: dict[str, float] = {}
        """Name → since when its lock is somebody else's."""
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Is it known to be out of reach?"""
        return name in self._told

    def again(self, name: str, end: End, error: Exception) -> End:
        """Work on the target of this name ("": on something else) is to be tried again: when."""
        if isinstance(error, Refused) and error.code == "Locked":
            now = time.monotonic()
            if now - self._locked.setdefault(name, now) < _BRIEFLY:
                return End.SOON
        if end is End.LATER:
            self._wait(name, getattr(error, "message", str(error)))
        return end

    def no_answer(self, name: str, whose: str, since: float) -> None:
        """A request got no good answer and is tried again; ``since``: when this work was begun."""
        if time.monotonic() - since >= _LONG:
            self._wait(name, f"no good answer from {whose} so far")

    def over(self, name: str) -> None:
        """It was reached."""
        with self._lock:
            self._told -= {"", name}
            self._locked.pop(name, None)

    def _wait(self, name: str, why: str) -> None:
        with self._lock:
            told = name in self._told
            self._told.add(name)
        if not told:
            self._tell(why)
