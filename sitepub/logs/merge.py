"""Putting answers of a log service together: they overlap, come late, out of order, and twice.

A service that indexes logs as they come in shows some a moment after others of a later time. So a caller that
follows asks for a window that reaches back, knows again what it has seen, and holds each visit for a short
while, so that an earlier one can still go before it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sitepub.logs.visit import Visit


class Seen:
    """Which visits were taken already. Remembers each as long as a question may still bring it again.

    Times are the moments that questions are asked by, in Unix milliseconds.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._by_time: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._ids)

    def take(self, id: str, at: int) -> bool:
        """Whether it is new."""
        if id in self._ids:
            return False
        self._ids[id] = at
        heapq.heappush(self._by_time, (at, id))
        return True

    def forget_before(self, at: int) -> None:
        """No question will reach back to before this moment any more."""
        while self._by_time and self._by_time[0][0] < at:
            del self._ids[heapq.heappop(self._by_time)[1]]


@dataclass(order=True, slots=True)
class _Held:
    time: datetime
    number: int
    until: float = field(compare=False)
    visit: Visit = field(compare=False)


class Settling:
    """Holds visits for so many seconds after they came in, and lets them go in the order of their times.

    None stays longer, none is lost. One that comes in after later ones have gone, goes at once after its own
    holding time: late, but not lost. The clock is the caller's (any seconds that only grow).
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: list[_Held] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._held)

    def add(self, visits: Iterable[Visit], now: float) -> None:
        """Of one moment, the first to be added goes first."""
        for visit in visits:
            self._held.append(_Held(visit.time, self._number, now + self._seconds, visit))
            self._number += 1

    def ready(self, now: float) -> list[Visit]:
        """Visits whose time is up, with all that are earlier than the last of them, in order."""
        due = [held for held in self._held if held.until <= now]
        if not due:
            return []
        last = max(due)
        going = sorted(held for held in self._held if held <= last)
        self._held = [held for held in self._held if held > last]
        return [held.visit for held in going]

    def rest(self) -> list[Visit]:
        """Everything, in order: nothing more comes."""
        held, self._held = sorted(self._held), []
        return [one.visit for one in held]


def in_order(visits: Iterable[Visit], room: int = 20_000) -> Iterator[Visit]:
    """Nearly ordered visits, ordered: none may be more than ``room`` places away from its own."""
    heap: list[tuple[datetime, int, Visit]] = []
    for number, visit in enumerate(visits):
        if len(heap) < room:
            heapq.heappush(heap, (visit.time, number, visit))
        else:
            yield heapq.heappushpop(heap, (visit.time, number, visit))[2]
    while heap:
        yield heapq.heappop(heap)[2]
