"""Files of logs are followed over hours and days, with the network away in between: none lost, none twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sitepub.errors import AccessDenied, CloudError, NetworkError, NotFound, SitepubError
from sitepub.logs.cdn_offline import CdnOfflineLogs
from sitepub.logs.cos_logging import CosLogging
from sitepub.logs.merge import Seen
from sitepub.logs.offline_line import CHINA
from sitepub.tencent.cos.store import Fetched, Listed
from tests.logs.log_service import BEGIN, START, Passing

HOUR = 3600.0
NOBODY = NetworkError("nobody answers")


@dataclass
class Cloud:
    """What both kinds of files come from: a clock, and spans (hours after START) without a network."""

    fails: tuple[tuple[float, float], ...] = ()
    now: float = START
    error: SitepubError = NOBODY

    def check(self) -> None:
        if any(begin <= (self.now - START) / HOUR < end for begin, end in self.fails):
            raise self.error

    def follow(self, source: Any, hours: float) -> tuple[list[str], list[str]]:
        notes: list[str] = []
        stop = Passing(self, START + hours * HOUR)
        return [visit.path for visit in source.follow(stop, BEGIN, notes.append)], notes


@dataclass
class Cdn(Cloud):
    """A visit every ten minutes; a file holds those of its hour that were half an hour ago or more."""

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any], /) -> dict[str, Any]:
        assert (service, version, action) == ("cdn", "2018-06-06", "DescribeCdnDomainLogs")
        self.check()
        begin, end = (datetime.fromisoformat(params[name]).replace(tzinfo=CHINA).timestamp()
                      for name in ("StartTime", "EndTime"))
        files = []
        for hour in range(int(START // HOUR), int(self.now // HOUR) + 1):
            start = hour * HOUR
            lines = self._lines(start)
            if lines and begin <= start <= end:
                at = datetime.fromtimestamp(start, CHINA).strftime("%Y-%m-%d %H:%M:%S")
                files.append({"StartTime": at, "Area": "mainland", "LogName": f"log-{hour}", "LogPath": str(start),
                              "FileSize": len(lines)})
        page = files[params["Offset"] : params["Offset"] + 3]
        return {"DomainLogs": page, "TotalCount": len(files)}

    def fetch(self, address: str) -> Iterator[str]:
        self.check()
        # A longer file may have its lines in another order.
        lines = self._lines(float(address))
        yield from lines[::-1] if len(lines) % 2 else lines

    def _lines(self, start: float) -> list[str]:
        found = []
        for number in range(150):
            at = START + number * 600
            if start <= at < start + HOUR and at < self.now - HOUR / 2:
                time = datetime.fromtimestamp(at, CHINA).strftime("%Y%m%d%H%M%S")
                found += [f'{time} 192.0.2.1 h /{number} 1 22 2 200 NULL 1 "a" "(null)" GET HTTP/1.1 hit 1'] * 2
        return found


@pytest.mark.parametrize("fails", [(), ((1, 2),), ((2, 14),), ((0, 3), (5, 20))])
def test_the_cdns_files_are_told_once_although_the_network_was_away(fails: tuple[tuple[float, float], ...]) -> None:
    cdn = Cdn(fails)
    source = CdnOfflineLogs(cdn, ["h"], cdn.fetch, every=600, clock=lambda: cdn.now)
    told, notes = cdn.follow(source, 24)
    due = [f"/{number}" for number in range(150) if number * 600 < 23 * HOUR]
    assert [path for path in due if told.count(path) != 2] == []
    assert len(notes) == 2 * len(fails)


@dataclass
class Bucket(Cloud):
    """A bucket with a log file every five minutes, of which some come hours late."""

    bucket: str = "logs-1250000000"
    late: Callable[[int], float] = lambda _number: 0.0
    """Hours that a file comes late."""
    closed: bool = False
    gets: list[str] = field(default_factory=list)
    _written: list[tuple[float, str, str]] = field(default_factory=list)
    """When a file is there, its key, its content."""

    def __post_init__(self) -> None:
        for number in range(900):
            written = datetime.fromtimestamp(START + (number + 1) * 300, UTC)
            at = written - timedelta(minutes=1)
            line = (f"1.0 site-1 r {at:%Y-%m-%dT%H:%M:%SZ} h GetObject 192.0.2.1 - - 0 0 /{number} get a 200 - - 1 1 "
                    f"U S - 1 - id-{number} 1 - - - /{number}\n")
            self._written.append((written.timestamp() + self.late(number) * HOUR,
                                  f"p/{written:%Y/%m/%d}/{written:%Y%m%d%H%M%S}_x_000", line * 2))

    def list(self, prefix: str = "") -> Iterator[Listed]:
        self.check()
        for key, _ in self._files():
            if key.startswith(prefix):
                yield Listed(key, 1, "e")

    def get(self, key: str) -> Fetched:
        self.check()
        self.gets.append(key)
        for name, line in self._files():
            if name == key:
                return Fetched(line.encode(), "e", {})
        raise NotFound("gone")

    def close(self) -> None:
        self.closed = True

    def _files(self) -> Sequence[tuple[str, str]]:
        return [(key, content) for there, key, content in self._written if there <= self.now]


@pytest.mark.parametrize("fails", [(), ((1, 3),), ((2, 60),)])
def test_the_buckets_log_is_told_once_although_the_network_was_away(fails: tuple[tuple[float, float], ...]) -> None:
    bucket = Bucket(fails, late=lambda number: 5.0 if number % 7 == 0 else 0.0)
    source = CosLogging(bucket, "p/", "site-1", every=600, clock=lambda: bucket.now)  # type: ignore[arg-type]
    told, notes = bucket.follow(source, 72)
    due = [f"/{number}" for number in range(int(66 * HOUR / 300))]
    assert len(told) == len(set(told))
    assert set(due) <= set(told)
    assert len(notes) == 2 * len(fails)
    assert len(bucket.gets) == len(set(bucket.gets)), "no file is fetched a second time"
    source.close()
    assert bucket.closed


def test_reading_begins_with_the_file_that_may_hold_the_first_visit() -> None:
    bucket = Bucket()
    bucket.now += 10 * HOUR
    source = CosLogging(bucket, "p/", "site-1", clock=lambda: bucket.now)  # type: ignore[arg-type]
    since = BEGIN + timedelta(hours=9)
    paths = [visit.path for visit in source.read(since)]
    assert paths == [f"/{number}" for number in range(120) if (number + 1) * 300 - 60 >= 9 * HOUR]
    assert len(bucket.gets) <= len(paths) + 1, "older files are not fetched"


def test_reading_since_ever_lists_years_instead_of_days() -> None:
    asked: list[str] = []

    class Asked(Bucket):
        def list(self, prefix: str = "") -> Iterator[Listed]:
            asked.append(prefix)
            return super().list(prefix)

    bucket = Asked()
    bucket.now += 24 * HOUR
    source = CosLogging(bucket, "p/", "site-1", clock=lambda: bucket.now)  # type: ignore[arg-type]
    paths = [visit.path for visit in source.read(datetime(1970, 1, 1, tzinfo=UTC))]
    assert paths == [f"/{number}" for number in range(288)]
    assert len(asked) < 100


PASSING = [CloudError("busy", code="RequestLimitExceeded"), CloudError("broken", code="InternalError.CdnDbError"),
           CloudError("busy", code="SlowDown", status=503)]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: str(error.code))
def test_a_cloud_with_troubles_of_its_own_is_waited_for(error: SitepubError) -> None:
    cdn = Cdn(((1, 2), (3, 4)), error=error)
    told, notes = cdn.follow(CdnOfflineLogs(cdn, ["h"], cdn.fetch, every=600, clock=lambda: cdn.now), 8)
    assert len(notes) == 4
    assert {told.count(f"/{number}") for number in range(36)} == {2}
    bucket = Bucket(((1, 2), (3, 4)), error=error)
    source = CosLogging(bucket, "p/", "site-1", every=600, clock=lambda: bucket.now)  # type: ignore[arg-type]
    told, notes = bucket.follow(source, 8)
    assert len(notes) == 4
    assert {told.count(f"/{number}") for number in range(84)} == {1}


def test_what_waiting_does_not_cure_ends_the_following() -> None:
    forbidden = AccessDenied("no", code="UnauthorizedOperation", status=403)
    cdn, bucket = Cdn(((1, 2),), error=forbidden), Bucket(((1, 2),), error=forbidden)
    for cloud, source in (
        (cdn, CdnOfflineLogs(cdn, ["h"], cdn.fetch, every=600, clock=lambda: cdn.now)),
        (bucket, CosLogging(bucket, "p/", "site-1", every=600, clock=lambda: bucket.now)),  # type: ignore[arg-type]
    ):
        with pytest.raises(AccessDenied):
            cloud.follow(source, 8)


def test_reading_many_days_remembers_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    forget = Seen.forget_before

    def measured(self: Seen, at: int) -> None:
        forget(self, at)
        sizes.append(len(self))

    monkeypatch.setattr(Seen, "forget_before", measured)
    bucket = Bucket()
    bucket.now += 72 * HOUR
    source = CosLogging(bucket, "p/", "site-1", clock=lambda: bucket.now)  # type: ignore[arg-type]
    assert len(list(source.read(BEGIN))) == 72 * 12
    assert max(sizes) <= 24 * 12 + 1
