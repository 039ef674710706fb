"""Visits from the files that EdgeOne packs every hour (DownloadL7Logs, EdgeOne API 1552/80635)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sitepub.errors import SitepubError
from sitepub.logs.cls_record import parse_record
from sitepub.logs.cls_topic import Api
from sitepub.logs.hourly_files import Fetch, HourlyFiles, LogFile
from sitepub.logs.visit import Visit

PAGE = 300
"""Files a listing brings at most (1552/80635)."""
ZONES = 100
"""Zones a listing brings at most (DescribeZones, 1552/80713)."""
EVERY = 300.0
"""Seconds between two looks for new files."""


class EdgeOneLogs(HourlyFiles):
    """Of some hosts of one account. A line is a JSON object, its times are UTC (EdgeOne 1552/73660)."""

    name = "EdgeOne's log files"
    delay = "about three hours, some a day"
    growing = timedelta(hours=26)

    def __init__(self, api: Api, hosts: Sequence[str], fetch: Fetch, *, every: float = EVERY,
                 clock: Callable[[], float] = time.time) -> None:
        super().__init__(fetch, every=every, clock=clock)
        self._api = api
        self._hosts = tuple(dict.fromkeys(host.lower() for host in hosts))
        self._zones: tuple[str, ...] = ()

    def lines(self, since: datetime, most_bytes: int) -> Iterator[tuple[datetime, Iterator[str]]]:
        """The lines of each file since then and the beginning of its hour, the newest first, as long as the files have
        no more than ``most_bytes`` in all."""
        left = most_bytes
        for file in reversed(self._files(since)):
            left -= file.size
            if left < 0:
                return
            yield file.start, self._fetch(file.address)

    def _list(self, begin: datetime, end: datetime) -> Iterator[LogFile]:
        self._zones = self._zones or self._find_zones()
        offset = 0
        while True:
            answer = self._api.call("teo", "2022-09-01", "DownloadL7Logs", {
                "StartTime": _clock(begin), "EndTime": _clock(end), "ZoneIds": list(self._zones),
                "Domains": list(self._hosts), "Offset": offset, "Limit": PAGE})
            logs = answer.get("Data") or ()
            yield from map(_file, logs)
            offset += len(logs)
            if not logs or offset >= int(answer.get("TotalCount") or 0):
                break

    def _find_zones(self) -> tuple[str, ...]:
        """The zones that the hosts may lie in. Several may have one name; no host is in two."""
        found: list[str] = []
        offset = 0
        while True:
            answer = self._api.call("teo", "2022-09-01", "DescribeZones", {"Offset": offset, "Limit": ZONES})
            zones = answer.get("Zones") or ()
            found += [str(zone["ZoneId"]) for zone in zones if zone.get("ZoneId") and self._is_of(zone)]
            offset += len(zones)
            if not zones or offset >= int(answer.get("TotalCount") or 0):
                break
        if not found:
            raise SitepubError(f"No visits can be shown: {', '.join(self._hosts)} lies in no EdgeOne zone of this "
                               "account.", code="NoLogs", hint="`sitepub deploy` says what is missing")
        return tuple(found)

    def _is_of(self, zone: Mapping[str, Any]) -> bool:
        name = str(zone.get("ZoneName") or "").lower().rstrip(".")
        if not name.isascii():
            name = name.encode("idna").decode()
        return any(host == name or host.endswith(f".{name}") for host in self._hosts)

    def _parse(self, line: str, id: str) -> Visit | None:
        return parse_record(line, id=id)


def _file(entry: Mapping[str, Any]) -> LogFile:
    try:
        start = datetime.fromisoformat(str(entry["LogStartTime"]))
        start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
        return LogFile(start, str(entry.get("Domain") or ""), str(entry.get("Area") or ""),
                       str(entry.get("LogPacketName") or ""), str(entry["Url"]), int(entry.get("Size") or 0))
    except (KeyError, ValueError) as error:
        raise SitepubError("EdgeOne's list of log files cannot be read.", code="BadAnswer") from error


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
