"""Visits from the files that the CDN packs every hour."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sitepub.errors import SitepubError
from sitepub.logs.cls_topic import Api
from sitepub.logs.hourly_files import Fetch, HourlyFiles, LogFile
from sitepub.logs.offline_line import CHINA, parse_line
from sitepub.logs.visit import Visit

PAGE = 1000
"""Files a listing brings at most (CDN API 228/39007)."""
EVERY = 120.0
"""Seconds between two looks for new files."""


class CdnOfflineLogs(HourlyFiles):
    """Of some hosts of one account."""

    name = "the CDN's log files"
    delay = "about half an hour after the end of the hour it belongs to"

    def __init__(self, api: Api, hosts: Sequence[str], fetch: Fetch, *, every: float = EVERY,
                 clock: Callable[[], float] = time.time) -> None:
        super().__init__(fetch, every=every, clock=clock)
        self._api = api
        self._hosts = tuple(dict.fromkeys(host.lower() for host in hosts))

    def _list(self, begin: datetime, end: datetime) -> Iterator[LogFile]:
        for host in self._hosts:
            offset = 0
            while True:
                answer = self._api.call("cdn", "2018-06-06", "DescribeCdnDomainLogs", {
                    "Domain": host, "StartTime": _clock(begin), "EndTime": _clock(end), "Area": "global",
                    "LogType": "access", "Offset": offset, "Limit": PAGE})
                logs = answer.get("DomainLogs") or ()
                yield from (_file(host, entry) for entry in logs)
                offset += len(logs)
                if not logs or offset >= int(answer.get("TotalCount") or 0):
                    break

    def _parse(self, line: str, id: str) -> Visit | None:
        return parse_line(line, id)


def _file(host: str, entry: dict[str, Any]) -> LogFile:
    try:
        start = datetime.fromisoformat(str(entry["StartTime"])).replace(tzinfo=CHINA)
        return LogFile(start, host, str(entry.get("Area") or ""), str(entry.get("LogName") or ""),
                       str(entry["LogPath"]), int(entry.get("FileSize") or 0))
    except (KeyError, ValueError) as error:
        raise SitepubError(f"The CDN's list of log files of {host} cannot be read.", code="BadAnswer") from error


def _clock(moment: datetime) -> str:
    """The API takes and gives China's time, without a zone (CDN API 228/39007)."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
