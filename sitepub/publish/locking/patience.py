"""How long a run waits for the lock of another."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sitepub.errors import Refused
from sitepub.interrupts import pause

BETWEEN = 2.0
"""Seconds between two tries at most."""
_QUIET = 30.0
"""Seconds between two notes about the wait."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait, and who is shown that the run waits."""

    seconds: float = 0.0
    note: Callable[[str], None] = lambda _words: None


@dataclass(slots=True)
class Waiting:
    """The wait of one run. ``clock`` in seconds."""

    patience: Patience
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = pause
    _began: float | None = field(default=None, init=False)
    _noted: float = field(default=0.0, init=False)

    def again(self, refused: Refused) -> None:
        """Wait a little for the next try. Raises ``refused`` when the time is over, and
        :class:`~sitepub.errors.Interrupted` on Ctrl-C."""
        now = self.clock()
        if self._began is None:
            self._began = now
        left = self._began + self.patience.seconds - now
        if left <= 0:
            if self.patience.seconds > 0:
                raise Refused(f"{refused.message}; waited {self.patience.seconds:g} s for its lock", code=refused.code,
                              hint=refused.hint)
            raise refused
        if self._began == now or now - self._noted >= _QUIET:
            self._noted = now
            self.patience.note(f"waiting for the lock: {refused.message}")
        self.sleep(min(BETWEEN, left))
