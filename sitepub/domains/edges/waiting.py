"""Waiting for an edge: states take minutes there, and the user sees that it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sitepub.domains.edges.edge import EdgeState, EdgeStatus, Tell
from sitepub.errors import CloudError, Interrupted, SitepubError

PATIENCE = 30 * 60.0
"""Seconds after which a wait is given up; the CDN takes 5 to 10 minutes as a rule."""
_FIRST = 0.1
_LONGEST = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Asks again and again, more slowly with time."""

    patience: float = PATIENCE
    longest: float = _LONGEST

    def until(self, host: str, look: Callable[[], EdgeState | None], status: EdgeStatus | None, *, tell: Tell,
              stop: threading.Event | None = None) -> EdgeState | None:
        """See :meth:`edge.Edge.wait`."""
        stop = stop or threading.Event()
        started, pause = time.monotonic(), _FIRST
        while True:
            state = look()
            if state is None:
                return None
            if state.status is EdgeStatus.REJECTED and status is not EdgeStatus.OFFLINE:
                raise CloudError(f"{host} was rejected{_why(state)}", code="EdgeRejected",
                                 hint="Look at it in the console: the domain's status there says why.")
            if state.status is status or (status is None and state.status is not EdgeStatus.PROCESSING):
                return state
            waited = time.monotonic() - started
            if waited > self.patience:
                wanted = status.value if status is not None else "ready"
                raise SitepubError(
                    f"{host} is still not {wanted} after {waited / 60:.0f} minutes{_why(state)}",
                    code="EdgeTimeout", hint="Nothing is lost: run the same command again to go on waiting.")
            tell(f"{state.said or state.status.value}, {waited:.0f} s")
            if stop.wait(min(pause, max(self.patience - waited, 0.0) + 0.01)):
                raise Interrupted(f"Interrupted while {host} was {state.status.value}.",
                                  hint="Run the same command again to go on.")
            pause = min(pause * 1.5, self.longest)


def _why(state: EdgeState) -> str:
    return f": {state.said}" if state.said else ""
