"""Visits from the log files that COS puts into a bucket."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from sitepub.errors import NotFound, SitepubError
from sitepub.logs.cos_line import parse_line
from sitepub.logs.merge import Seen, in_order
from sitepub.logs.source import Note, passes
from sitepub.logs.visit import Visit
from sitepub.tencent.cos.store import ObjectStore

EVERY = 30.0
"""Seconds between two looks for new files; COS writes one about every five minutes."""
LATE = timedelta(days=1)
"""How long after a visit the file with it may come."""
_MANY_DAYS = timedelta(days=100)
_STAMP = re.compile(r"(?:\A|[/_-])(\d{14})(?=[_-]|\Z)")


class CosLogging:
    """The log of one bucket, in the bucket that it is delivered to. Implements :class:`source.Source`."""

    delay = "five minutes or more"

    def __init__(self, store: ObjectStore, prefix: str, bucket: str, *, every: float = EVERY,
                 clock: Callable[[], float] = time.time) -> None:
        """``store``: the bucket with the files; ``bucket``: the one whose visits are wanted (several may
        log to one place)."""
        self.name = f"COS access logs in {store.bucket}"
        self._store = store
        self._prefix = prefix
        self._bucket = bucket
        self._every = every
        self._clock = clock
        self._closed = threading.Event()

    def read(self, since: datetime) -> Iterator[Visit]:
        since = since.replace(microsecond=0)
        seen = Seen()

        def visits() -> Iterator[Visit]:
            newest = since
            for key in self._keys(since):
                found = self._visits(key, since, seen)
                yield from found
                newest = max([newest, *(visit.time for visit in found)])
                # The keys are in the order of their times, so a visit is told again within a day or never.
                seen.forget_before(_ms(newest - LATE))

        return in_order(visits())

    def follow(self, stop: threading.Event, since: datetime | None = None,
               note: Note | None = None) -> Iterator[Visit]:
        # The lines have whole seconds: the one that is running counts.
        start = (since or datetime.fromtimestamp(self._clock(), UTC)).replace(microsecond=0)
        seen = Seen()
        done: dict[str, datetime] = {}
        lost = False
        listed = start
        wait = 0.0
        while not stop.wait(wait) and not self._closed.is_set():
            wait = self._every
            now = datetime.fromtimestamp(self._clock(), UTC)
            found: list[Visit] = []
            try:
                new = [key for key in self._keys(max(start, listed - LATE)) if key not in done]
                for key in new:
                    found += self._visits(key, start, seen)
                    done[key] = now
                listed = now
                yield from sorted(found, key=lambda visit: visit.time)
                if lost and note is not None:
                    note(f"{self.name} can be read again")
                lost = False
            except SitepubError as error:
                yield from sorted(found, key=lambda visit: visit.time)
                if not passes(error):
                    raise
                if not lost and note is not None:
                    note(f"{self.name} cannot be read ({error.message}): waiting")
                lost = True
            done = {key: when for key, when in done.items() if now - when < 4 * LATE}
            seen.forget_before(round((now - 4 * LATE).timestamp() * 1000))

    def close(self) -> None:
        self._closed.set()
        self._store.close()

    def _keys(self, since: datetime) -> list[str]:
        """Keys of files that may hold visits since then, in the order of their names."""
        # The folders are days, of a zone that is not documented: one more on either side.
        day = (since - timedelta(days=1)).astimezone(UTC).date()
        last = (datetime.fromtimestamp(self._clock(), UTC) + timedelta(days=1)).date()
        if last - day > _MANY_DAYS:
            # A question for every day of years would take long; older years have few keys or none.
            folders = [f"{year:04d}/" for year in range(day.year, last.year + 1)]
        else:
            folders = [f"{day + timedelta(days=number):%Y/%m/%d}/" for number in range((last - day).days + 1)]
        return [listed.key for folder in folders for listed in self._store.list(self._prefix + folder)
                if not _ended_before(listed.key.removeprefix(self._prefix), since)]

    def _visits(self, key: str, since: datetime, seen: Seen) -> list[Visit]:
        try:
            data = self._store.get(key).data
        except NotFound:
            # A lifecycle rule took it between the listing and now.
            return []
        found = []
        for line in data.decode("utf-8", "surrogateescape").splitlines():
            if line.split(" ", 2)[1:2] not in ([self._bucket], [self._bucket.rpartition("-")[0]]):
                continue
            visit = parse_line(line)
            if visit is not None and visit.time >= since and seen.take(visit.id, _ms(visit.time)):
                found.append(visit)
        return found


def _ended_before(name: str, since: datetime) -> bool:
    """Whether a file was certainly written before that moment, by the time in its name.

    The zone of that time is not documented; UTC is the earlier one of the two in question, so that a file
    is read once too often rather than not at all.
    """
    found = _STAMP.search(name)
    if found is None:
        return False
    try:
        written = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return written < since - timedelta(minutes=1)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
