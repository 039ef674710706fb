"""Visits from a topic of the log service (CLS) that the CDN writes to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sitepub.errors import CloudError, NotFound, SitepubError
from sitepub.logs.cls_record import parse_record
from sitepub.logs.merge import Seen, Settling, in_order
from sitepub.logs.source import Note, passes
from sitepub.logs.visit import Visit

PAGE = 1000
"""Records a question brings at most (CLS API 614/56447)."""
CURSOR_LIMIT = 10_000
"""Records that one cursor leads to at most (614/56447)."""

class Api(Protocol):
    """The calls of the cloud API that are needed here; ``tencent.cloud_api.CloudApi`` is one."""

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any], /) -> dict[str, Any]:
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How a topic is followed. Seconds."""

    every: float = 2.0
    """Between two questions."""
    overlap: float = 60.0
    """How far a question reaches back before the last one."""
    far_every: float = 30.0
    """Between two questions that reach far back."""
    far: float = 900.0
    """How far those reach."""
    farthest_every: float = 900.0
    """Between two questions that reach farthest back."""
    farthest: float = 6 * 3600.0
    """How far those reach: a record that the service shows later than this after its time is not seen."""
    settle: float = 5.0
    """How long a visit is held, so that earlier ones can still go first."""
    ahead: float = 60.0
    """How far this computer's clock may be behind the service's."""


class ClsTopic:
    """One topic. Implements :class:`source.Source`.

    Every question covers a window that overlaps the ones before; ``PkgId`` and ``PkgLogId``, which name a
    record (CLS API 614/56447, LogInfo), show what was seen already.
    """

    delay = "a few seconds"

    def __init__(self, api: Api, topic: str, hosts: Sequence[str] = (), *, region: str = "",
                 narrow: bool = True, pace: Pace | None = None, clock: Callable[[], float] = time.time,
                 ticks: Callable[[], float] = time.monotonic) -> None:
        """``hosts``: whose visits are wanted, of all that the topic holds; none: everybody's. ``region``:
        the one that ``api`` asks in, for messages. ``narrow``: the topic is asked for the hosts alone, which
        needs records that call them ``host``, as the CDN's do."""
        self.name = f"CLS topic {topic}"
        self._api = api
        self._topic = topic
        self._region = region
        self._hosts = {host.lower() for host in hosts}
        self._pace = pace or Pace()
        self._clock = clock
        self._ticks = ticks
        self._closed = threading.Event()
        self._narrow = narrow and bool(hosts)

    def read(self, since: datetime) -> Iterator[Visit]:
        begin = _ms(since.replace(microsecond=0))
        end = int((self._clock() + self._pace.ahead) * 1000)
        seen = Seen()

        def visits() -> Iterator[Visit]:
            newest = begin
            for records in self._ask(begin, end) if begin < end else ():
                yield from self._fresh(records, seen)
                newest = max([newest, *(at for one in records if (at := _whole(one.get("Time"))) is not None)])
                # The service sorts: what it tells twice, it tells close together.
                seen.forget_before(newest - round(self._pace.far * 1000))

        return in_order(visits())

    def follow(self, stop: threading.Event, since: datetime | None = None,
               note: Note | None = None) -> Iterator[Visit]:
        pace = self._pace
        # The CDN writes whole seconds: the one that is running counts.
        start = _ms((since or datetime.fromtimestamp(self._clock(), UTC)).replace(microsecond=0))
        seen, settling = Seen(), Settling(pace.settle)
        asked_until = start
        """Up to here, questions were answered in full."""
        far_at, farthest_at = self._ticks() + pace.far_every, self._ticks() + pace.farthest_every
        lost = False
        wait = 0.0
        while not stop.wait(wait) and not self._closed.is_set():
            wait = pace.every
            now = self._clock()
            far, farthest = self._ticks() >= far_at, self._ticks() >= farthest_at
            back = pace.farthest if farthest else pace.far if far or lost else pace.overlap
            begin = max(start, asked_until - round(back * 1000))
            try:
                for records in self._ask(begin, round((now + pace.ahead) * 1000)):
                    settling.add(self._fresh(records, seen), self._ticks())
                    if stop.is_set():
                        return
                if lost and note is not None:
                    note(f"{self.name} answers again")
                lost = False
                asked_until = max(asked_until, round(now * 1000))
                if far or farthest:
                    far_at = self._ticks() + pace.far_every
                if farthest:
                    farthest_at = self._ticks() + pace.farthest_every
                seen.forget_before(max(start, asked_until - round((pace.farthest + pace.overlap) * 1000)))
            except SitepubError as error:
                if not passes(error):
                    yield from settling.rest()
                    raise
                if not lost and note is not None:
                    note(f"{self.name} does not answer ({error.message}): waiting for it")
                lost = True
            yield from settling.ready(self._ticks())
        yield from settling.rest()

    def close(self) -> None:
        self._closed.set()

    def refuses(self) -> bool:
        """Whether the log service refuses these credentials. Other errors may pass, or show when visits are read."""
        now = round(self._clock() * 1000)
        try:
            self._search(now, now + 1000, {})
        except SitepubError as error:
            return error.code.startswith(("UnauthorizedOperation", "AuthFailure.UnauthorizedOperation"))
        return False

    def _fresh(self, records: Sequence[Mapping[str, Any]], seen: Seen) -> list[Visit]:
        found = []
        for record in records:
            at = _whole(record.get("Time"))
            text = str(record.get("LogJson") or record.get("RawLog") or "")
            id = _id(record)
            visit = parse_record(text, time_ms=at, id=id)
            if visit is None or not seen.take(visit.id, at if at is not None else _ms(visit.time)):
                continue
            if not (self._hosts and visit.host) or visit.host.lower() in self._hosts:
                found.append(visit)
        return found

    def _ask(self, begin: int, end: int) -> Iterator[list[Mapping[str, Any]]]:
        """Pages of records from ``begin`` to before ``end`` (Unix milliseconds), in the order of their times.

        Beyond what one cursor leads to, a new question begins at the time of the last record: it brings
        some of them again, and leaves none out.
        """
        while True:
            count, last, cursor = 0, begin, ""
            while count < CURSOR_LIMIT:
                records, over, cursor = self._search(begin, end, {"Context": cursor} if cursor else {})
                if records:
                    yield records
                if over:
                    return
                count += len(records)
                last = max([last, *(at for one in records if (at := _whole(one.get("Time"))) is not None)])
                if not cursor:
                    break
            if last == begin:
                # More than a cursor's worth within one moment.
                yield from self._count_on(begin, end, count)
                return
            begin = last

    def _count_on(self, begin: int, end: int, offset: int) -> Iterator[list[Mapping[str, Any]]]:
        """The rest of a window, by how many records come before it: slower, but without a limit."""
        over = False
        while not over:
            records, over, _cursor = self._search(begin, end, {"Offset": offset})
            if records:
                yield records
            offset += len(records)

    def _wanted(self) -> str:
        """The hosts in the service's query language."""
        return " OR ".join(f'host:"{host}"' for host in sorted(self._hosts)) if self._narrow else ""

    def _search(self, begin: int, end: int, where: Mapping[str, Any]
                ) -> tuple[list[Mapping[str, Any]], bool, str]:
        """One page: records, whether it was the last one, and the cursor to the next."""
        wanted = self._wanted()
        try:
            answer = self._api.call("cls", "2020-10-16", "SearchLog", {
                "TopicId": self._topic, "From": begin, "To": end, "QueryString": wanted, "QuerySyntax": 1,
                "Sort": "asc", "Limit": PAGE, **where})
        except CloudError as error:
            if error.code == "ResourceNotFound.TopicNotExist":
                place = f" in {self._region}" if self._region else ""
                raise NotFound(f"There is no log topic {self._topic}{place}.", code=error.code,
                               request_id=error.request_id,
                               hint="check `logs: {topicId, region}` in serverless.yml") from error
            if not wanted or passes(error) or not error.code.startswith(("FailedOperation", "InvalidParameter")):
                raise
            # A topic without an index of the host: take everything, and choose here.
            self._narrow = False
            return self._search(begin, end, where)
        records = [one for one in answer.get("Results") or () if isinstance(one, Mapping)]
        return records, bool(answer.get("ListOver", True)) or not records, str(answer.get("Context") or "")


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _id(record: Mapping[str, Any]) -> str:
    package, number = record.get("PkgId"), record.get("PkgLogId")
    return f"{package}-{number}" if package not in (None, "") and number not in (None, "") else ""
