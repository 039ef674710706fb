"""Visits from the files that an edge packs every hour: listed through its API, fetched, read once each."""

from __future__ import annotations

import hashlib
import heapq
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sitepub.errors import SitepubError
from sitepub.logs.merge import Seen, in_order
from sitepub.logs.source import Note, passes
from sitepub.logs.visit import Visit

Fetch = Callable[[str], Iterator[str]]
"""The lines of the packed file at an address. Raises NetworkError."""

KEPT = timedelta(days=32)
"""Both edges keep files for 30 days, or a little longer: older ones are not asked for."""
_LINES = 50_000
"""How many different lines of a file are remembered at least."""


@dataclass(frozen=True, slots=True, order=True)
class LogFile:
    start: datetime
    host: str
    area: str
    name: str
    address: str
    """Signed: who has it can read the file for a while. Never shown."""
    size: int = 0

    @property
    def key(self) -> tuple[datetime, str, str, str]:
        return self.start, self.host, self.area, self.name


class HourlyFiles(ABC):
    """What the CDN's and EdgeOne's files have in common. Implements :class:`source.Source`, but for
    :meth:`_list` and :meth:`_parse`."""

    name = ""
    delay = ""
    growing = timedelta(hours=4)
    """How long after its hour a file may still be replaced by a longer one, or come at all."""

    def __init__(self, fetch: Fetch, *, every: float, clock: Callable[[], float] = time.time) -> None:
        """``every``: seconds between two looks for new files."""
        self._fetch = fetch
        self._every = every
        self._clock = clock
        self._closed = threading.Event()

    @abstractmethod
    def _list(self, begin: datetime, end: datetime) -> Iterator[LogFile]:
        """The files of the hours from ``begin`` (a full hour) to ``end``, in any order."""

    @abstractmethod
    def _parse(self, line: str, id: str) -> Visit | None:
        """The visit of a line; ``None``: it is none."""

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
                files = self._files(max(start, listed - self.growing))
                new = [file for file in files if sizes.get(file.key) != file.size]
                for _hour, of_hour in groupby(new, key=lambda file: file.start):
                    hour = list(of_hour)
                    for visit in _together([self._visits(file) for file in hour]):
                        if visit.time >= start and seen.take(visit.id, round(visit.time.timestamp() * 1000)):
                            yield visit
                    sizes.update((file.key, file.size) for file in hour)
                listed = now
                seen.forget_before(round((now - 2 * self.growing).timestamp() * 1000))
                if lost and note is not None:
                    note(f"{self.name} can be read again")
                lost = False
            except SitepubError as error:
                if not passes(error):
                    raise
                if not lost and note is not None:
                    note(f"{self.name} cannot be read ({error.message}): waiting")
                lost = True

    def close(self) -> None:
        self._closed.set()

    def _files(self, since: datetime) -> list[LogFile]:
        """Those that may hold visits since then, oldest first."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        begin = max(since.astimezone(UTC), now - KEPT).replace(minute=0, second=0, microsecond=0)
        end = now + timedelta(hours=1)
        return sorted({file.key: file for file in self._list(begin, end)}.values()) if begin < end else []

    def _visits(self, file: LogFile) -> Iterator[Visit]:
        """A line's id is its content and how many like it stood before it: the same in a longer file."""
        known, before = Counter[bytes](), Counter[bytes]()
        for line in self._fetch(file.address):
            digest = hashlib.blake2b(line.encode("utf-8", "surrogateescape"), digest_size=12).digest()
            known[digest] += 1
            number = known[digest] + before[digest]
            visit = self._parse(line, f"{file.start:%Y%m%d%H}-{file.area}-{digest.hex()}-{number}")
            if visit is not None:
                yield visit
            if len(known) >= _LINES:
                # A line names its second, so those that are alike are near each other.
                known, before = Counter(), known


def _together(files: list[Iterator[Visit]]) -> Iterator[Visit]:
    return heapq.merge(*map(in_order, files), key=lambda visit: visit.time)
