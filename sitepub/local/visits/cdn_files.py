"""Log files of the CDN: one for each host and hour (CDN 228/6316).

The real service has them about half an hour after their hour. Here they are there at once, also that of the
running hour, which grows with every visit: one need not wait an hour to try a reader of them.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sitepub.local.base.messages import Request, Response
from sitepub.local.store.access_log import AccessLog
from sitepub.local.visits.packages import Addresses

_CHINA = timezone(timedelta(hours=8))
_NAME = re.compile(r"/-/cdn-logs/(?P<hour>[0-9]{10})-(?P<host>[a-z0-9.-]+)-mainland\.gz\Z")
_BLANK = re.compile(r"[\s\"]+")


@dataclass(frozen=True)
class LogFile:
    host: str
    start: int
    """The beginning of its hour, Unix seconds."""
    size: int
    """Bytes, packed."""

    @property
    def name(self) -> str:
        return f"{datetime.fromtimestamp(self.start, _CHINA):%Y%m%d%H}-{self.host}-mainland.gz"


def files(log: AccessLog, host: str, begin: float, end: float) -> list[LogFile]:
    """Those of hours that begin within the span, oldest first; an hour without a visit has none."""
    hours = log.edge_hours(host)
    return [LogFile(host, hour, len(content(log, host, hour))) for hour in hours
            if begin <= hour <= end]


def content(log: AccessLog, host: str, start: int) -> bytes:
    visits = log.edge([host], start, start + 3600)
    return gzip.compress("".join(line(visit) for visit in visits).encode(), mtime=0)


def line(visit: Mapping[str, Any]) -> str:
    """Sixteen fields, separated by blanks. The path has no query."""
    moment = datetime.fromtimestamp(visit["time"], UTC).astimezone(_CHINA)
    referer = _BLANK.sub("%20", visit["referer"]) or "NULL"
    agent = visit["agent"].replace('"', "%22").replace("\n", "%0A")
    path = visit["path"].partition("?")[0]
    return (f"{moment:%Y%m%d%H%M%S} {visit['remote']} {visit['host']} {path} {visit['sent']} 22 2 "
            f"{visit['status']} {referer} {visit['milliseconds']} \"{agent}\" \"(null)\" {visit['method']} "
            f"HTTP/1.1 {visit['cache'] or '-'} -\n")


def address(addresses: Addresses, file: LogFile) -> str:
    """The URL of a file; it carries its own token."""
    return addresses.of(f"/-/cdn-logs/{file.name}")


def page(log: AccessLog, addresses: Addresses, request: Request) -> Response:
    """``GET /-/cdn-logs/<file>?st=``."""
    found = addresses.check(request, _NAME)
    start = int(datetime.strptime(found["hour"], "%Y%m%d%H").replace(tzinfo=_CHINA).timestamp())
    body = content(log, found["host"], start)
    return Response(200, {"Content-Type": "application/octet-stream"}, body)
