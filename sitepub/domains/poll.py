"""Asks again and again until a state is there: the one waiting loop of this room."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sitepub.errors import Interrupted

T = TypeVar("T")
_LONGER = 1.5
"""How much longer each pause is than the one before."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long to go on asking, the first pause, and the longest one."""

    total: float
    first: float
    longest: float


ONCE = Patience(0.0, 0.0, 0.0)
"""Asks once and does not wait."""


def poll(look: Callable[[], T | None], patience: Patience, status: Callable[[float], None], stop: threading.Event, *,
         hint: str = "Run the same command again to continue.") -> T | None:
    """What ``look`` answers, once it is not ``None``; ``None`` when patience has run out.

    ``status`` gets the seconds that have passed, before each pause. Raises :class:`~sitepub.errors.Interrupted` with
    ``hint`` when ``stop`` is set, and what ``look`` raises."""
    started, pause = time.monotonic(), patience.first
    while (found := look()) is None:
        passed = time.monotonic() - started
        if passed >= patience.total:
            return None
        status(passed)
        if stop.wait(min(pause, patience.total - passed)):
            raise Interrupted("Interrupted while waiting.", hint=hint)
        pause = min(pause * _LONGER, patience.longest)
    return found
