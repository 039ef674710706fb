"""A log service that does what real ones do at their worst: late, out of order, twice, and sometimes not at all.

It speaks SearchLog to :class:`sitepub.logs.cls_topic.ClsTopic`, on a clock of its own that only its reader's
waiting moves.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from sitepub.errors import NetworkError
from sitepub.logs.cls_topic import CURSOR_LIMIT, ClsTopic, Pace

START = 1_795_000_000.0
"""When the service's clock begins, Unix seconds."""
BEGIN = datetime.fromtimestamp(START, UTC)


@dataclass(frozen=True)
class Record:
    """A visit of the service: when it was, and when the service shows it."""

    number: int
    at: float
    """Seconds after START."""
    shown: float = 0.0
    """Seconds after START; never before it was."""

    def as_result(self) -> dict[str, Any]:
        ms = round((START + self.at) * 1000)
        return {"Time": ms, "PkgId": f"P{self.number // 3}", "PkgLogId": str(self.number % 3), "LogJson": json.dumps({
            "time": ms // 1000, "url": f"/{self.number}", "http_code": 200, "method": "GET", "host": "www.example.com",
            "hit": "HIT", "client_ip": "192.0.2.1", "rsp_size": 10, "request_time": 5})}


@dataclass
class LogService:
    records: Sequence[Record]
    twice: bool = False
    """Every page has every record two times."""
    scrambled: bool = False
    """Within a page the records are in reverse."""
    fails: tuple[tuple[float, float], ...] = ()
    """Spans (seconds after START) in which nobody answers."""
    now: float = START
    questions: list[dict[str, Any]] = field(default_factory=list)
    largest: int = CURSOR_LIMIT

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any], /) -> dict[str, Any]:
        assert (service, version, action) == ("cls", "2020-10-16", "SearchLog")
        self.questions.append(dict(params))
        passed = self.now - START
        if any(begin <= passed < end for begin, end in self.fails):
            raise NetworkError("nobody answers")
        there = sorted((one for one in self.records
                        if max(one.shown, one.at) <= passed
                        and params["From"] <= round((START + one.at) * 1000) < params["To"]),
                       key=lambda one: (one.at, one.number))
        offset = int(params.get("Context") or params.get("Offset") or 0)
        if params.get("Context"):
            assert offset < self.largest, "a cursor leads to so many and no further"
        limit = min(params["Limit"], self.largest - offset) if "Offset" not in params else params["Limit"]
        page = there[offset : offset + limit]
        results = [one.as_result() for one in page for _ in range(2 if self.twice else 1)]
        if self.scrambled:
            results.reverse()
        reached = offset + len(page)
        return {"Results": results, "ListOver": reached >= len(there), "Context": str(reached)}

    def topic(self, pace: Pace | None = None) -> ClsTopic:
        return ClsTopic(self, "topic-1", pace=pace, clock=lambda: self.now, ticks=lambda: self.now)

    def follow(self, seconds: float, pace: Pace | None = None, notes: list[str] | None = None) -> list[str]:
        """Paths in the order in which a follower tells them during so many seconds."""
        stop = Passing(self, START + seconds)
        heard = notes if notes is not None else []
        return [visit.path for visit in self.topic(pace).follow(stop, BEGIN, heard.append)]


class Timed(Protocol):
    now: float


class Passing(threading.Event):
    """An event whose waiting makes a service's time pass; set when the time is up."""

    def __init__(self, service: Timed, until: float) -> None:
        super().__init__()
        self._service = service
        self._until = until

    def wait(self, timeout: float | None = None) -> bool:
        self._service.now += timeout or 0.0
        if self._service.now >= self._until:
            self.set()
        return self.is_set()
