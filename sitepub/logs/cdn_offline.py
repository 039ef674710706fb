"""Visits from the files that the CDN packs every hour."""

from __future__ import annotations

import hashlib
import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sitepub.errors import NetworkError, SitepubError
from sitepub.logs.cls_topic import Api
from sitepub.logs.merge import Seen, in_order
from sitepub.logs.offline_line import CHINA, parse_line
from sitepub.logs.source import Note
from sitepub.logs.visit import Visit

Fetch = Callable[[str], Iterator[str]]
"""The lines of the packed file at an address. Raises NetworkError."""

PAGE = 1000
"""Files a listing brings at most (CDN API 228/39007)."""
EVERY = 120.0
"""Seconds between two looks for new files."""
_LINES = 50_000
"""How many different lines of a file are remembered at least."""
GROWING = timedelta(hours=4)
"""How long after its hour a file may still be replaced by a longer one, or come at all."""


@dataclass(frozen=True, slots=True, order=True)
class LogFile:
    start: datetime
    host: str
    area: str
    name: str
    address: str
    """Signed: who has it can read the file for a day. Never shown."""
    size: int = 0

    @property
    def key(self) -> tuple[datetime, str, str, str]:
        return self.start, self.host, self.area, self.name


class CdnOfflineLogs:
    """Of some hosts of one account. Implements :class:`source.Source`."""

    name = "the CDN's log files"
    delay = "about half an hour after the end of the hour it belongs to"

    def __init__(self, api: Api, hosts: Sequence[str], fetch: Fetch, *, every: float = EVERY,
                 clock: Callable[[], float] = time.time) -> None:
        self._api = api
        self._hosts = tuple(dict.fromkeys(host.lower() for host in hosts))
        self._fetch = fetch
        self._every = every
        self._clock = clock
        self._closed = threading.Event()

    def read(self, since: datetime) -> Iterator[Visit]:
        since = since.replace(microsecond=0)
        files = self._files(since)
        for _hour, of_hour in groupby(files, key=lambda file: file.start):
            for visit in _together([self._visits(file) for file in of_hour]):
                if visit.time >= since:
                    yield visit

    def follow(self, stop: threading.Event, since: datetime | None = None,
               note: Note | None = None) -> Iterator[Visit]:
        # The lines have whole seconds: the one that is running counts.
        start = (since or datetime.fromtimestamp(self._clock(), UTC)).replace(microsecond=0)
        seen, sizes = Seen(), dict[Any, int]()
        lost = False
        listed = start
        wait = 0.0
        while not stop.wait(wait) and not self._closed.is_set():
            wait = self._every
            now = datetime.fromtimestamp(self._clock(), UTC)
            try:
                files = self._files(max(start, listed - GROWING))
                new = [file for file in files if sizes.get(file.key) != file.size]
                for _hour, of_hour in groupby(new, key=lambda file: file.start):
                    hour = list(of_hour)
                    for visit in _together([self._visits(file) for file in hour]):
                        if visit.time >= start and seen.take(visit.id, round(visit.time.timestamp() * 1000)):
                            yield visit
                    sizes.update((file.key, file.size) for file in hour)
                listed = now
                seen.forget_before(round((now - 2 * GROWING).timestamp() * 1000))
                if lost and note is not None:
                    note(f"{self.name} can be read again")
                lost = False
            except NetworkError as error:
                if not lost and note is not None:
                    note(f"{self.name} cannot be read ({error.message}): waiting")
                lost = True

    def close(self) -> None:
        self._closed.set()

    def _files(self, since: datetime) -> list[LogFile]:
        """Those that may hold visits since then, oldest first."""
        begin = since.astimezone(CHINA).replace(minute=0, second=0, microsecond=0)
        end = datetime.fromtimestamp(self._clock(), CHINA) + timedelta(hours=1)
        found: dict[Any, LogFile] = {}
        for host in self._hosts if begin < end else ():
            offset = 0
            while True:
                answer = self._api.call("cdn", "2018-06-06", "DescribeCdnDomainLogs", {
                    "Domain": host, "StartTime": _clock(begin), "EndTime": _clock(end), "Area": "global",
                    "LogType": "access", "Offset": offset, "Limit": PAGE})
                logs = answer.get("DomainLogs") or ()
                for told in logs:
                    file = _file(host, told)
                    found[file.key] = file
                offset += len(logs)
                if not logs or offset >= int(answer.get("TotalCount") or 0):
                    break
        return sorted(found.values())

    def _visits(self, file: LogFile) -> Iterator[Visit]:
        """A line's id is its content and how many like it stood before it: the same in a longer file."""
        known, before = Counter[bytes](), Counter[bytes]()
        for line in self._fetch(file.address):
            digest = hashlib.blake2b(line.encode("utf-8", "surrogateescape"), digest_size=12).digest()
            known[digest] += 1
            number = known[digest] + before[digest]
            visit = parse_line(line, f"{file.start:%Y%m%d%H}-{file.area}-{digest.hex()}-{number}")
            if visit is not None:
                yield visit
            if len(known) >= _LINES:
                # A line names its second, so those that are alike are near each other.
                known, before = Counter(), known


def _together(files: list[Iterator[Visit]]) -> Iterator[Visit]:
    return heapq.merge(*map(in_order, files), key=lambda visit: visit.time)


def _file(host: str, told: dict[str, Any]) -> LogFile:
    try:
        start = datetime.fromisoformat(str(told["StartTime"])).replace(tzinfo=CHINA)
        return LogFile(start, host, str(told.get("Area") or ""), str(told.get("LogName") or ""),
                       str(told["LogPath"]), int(told.get("FileSize") or 0))
    except (KeyError, ValueError) as error:
        raise SitepubError(f"The CDN's list of log files of {host} cannot be read.", code="BadAnswer") from error


def _clock(moment: datetime) -> str:
    """The API takes and gives China's time, without a zone (CDN API 228/39007)."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
