"""What stands before every request that changes something in the cloud: may this run still write?

While a run holds a lock, its guard is asked before each try of such a request, on every wire: objects, settings and
cloud API. Without a lock nothing is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Guard(Protocol):
    """Implemented by ``publish.locking.lock.Lock``."""

    def check(self) -> None:
        """Cheap as long as there is no doubt. Raises :class:`~sitepub.errors.Refused` when nothing may be written any
        more, and what the cloud answers when that cannot be found out."""

    def window(self) -> tuple[float, float] | None:
        """The cloud's time of now and the time after which nothing of this run may be written, in Unix seconds, as a
        signature says it; ``None``: not known."""


class Fence:
    """The guards of one run's cloud. Safe for many threads."""

    def __init__(self) -> None:
        self._guards: tuple[Guard, ...] = ()
        self._change = threading.Lock()
        self._lifted = threading.local()

    def put_up(self, guard: Guard) -> None:
        with self._change:
            self._guards = (*self._guards, guard)

    def take_down(self, guard: Guard) -> None:
        with self._change:
            self._guards = tuple(one for one in self._guards if one is not guard)

    def check(self) -> None:
        """Raises what the guards raise."""
        if self._guards and not self._is_lifted:
            for guard in self._guards:
                guard.check()

    def window(self) -> tuple[float, float] | None:
        """Between which times a request must be signed to be valid."""
        first: tuple[float, float] | None = None
        for guard in self._guards:
            window = guard.window()
            if first is None or (window is not None and window[1] < first[1]):
                first = window
        return first

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """For the guard's own requests, in this thread."""
        before = self._is_lifted
        self._lifted.now = True
        try:
            yield
        finally:
            self._lifted.now = before

    @property
    def _is_lifted(self) -> bool:
        return getattr(self._lifted, "now", False)
