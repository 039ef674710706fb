"""Waiting for an edge: states take minutes there, and the user sees that it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sitepub.domains.edges.edge import EdgeState, EdgeStatus, Report
from sitepub.domains.poll import Patience, poll
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

    def until(self, host: str, look: Callable[[], EdgeState | None], status: EdgeStatus | None, *, report: Report,
              stop: threading.Event | None = None) -> EdgeState | None:
        """See :meth:`edge.Edge.wait`."""
        last: list[EdgeState] = []

        def seen() -> tuple[EdgeState | None] | None:
            state = look()
            if state is None:
                return (None,)
            if state.status is EdgeStatus.REJECTED and status is not EdgeStatus.OFFLINE:
                raise CloudError(f"{host} was rejected{_why(state)}", code="EdgeRejected",
                                 hint="Open it in the console: the domain's status there says why.")
            if state.status is status or (status is None and state.status is not EdgeStatus.PROCESSING):
                return (state,)
            last[:] = [state]
            return None

        patience = Patience(self.patience, _FIRST, self.longest)
        try:
            found = poll(seen, patience, lambda passed: report(f"{_word(last[0])}, {passed:.0f} s"),
                         stop or threading.Event())
        except Interrupted as error:
            raise Interrupted(f"Interrupted while {host} was {last[0].status.value}.", hint=error.hint) from None
        if found is not None:
            return found[0]
        wanted = status.value if status is not None else "ready"
        raise SitepubError(f"{host} is still not {wanted} after {self.patience / 60:.0f} minutes{_why(last[0])}",
                           code="EdgeTimeout", hint="Nothing is lost: run the same command again to continue waiting.")


def _word(state: EdgeState) -> str:
    return state.said or state.status.value


def _why(state: EdgeState) -> str:
    return f": {state.said}" if state.said else ""
