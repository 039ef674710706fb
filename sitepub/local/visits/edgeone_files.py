"""Log files of EdgeOne: one for each host and hour (EdgeOne 1552/73660, 1145/61300).

The real service has them some three hours late. Here they are there at once, as the CDN's are.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sitepub.local.base.messages import Request, Response
from sitepub.local.store.access_log import AccessLog
from sitepub.local.visits.packages import Addresses

_NAME = re.compile(r"/-/edgeone-logs/(?P<hour>[0-9]{8}-[0-9]{2})-(?P<host>[a-z0-9.-]+)-mainland\.gz\Z")


@dataclass(frozen=True)
class LogFile:
    host: str
    start: int
    """The beginning of its hour, Unix seconds."""
    size: int
    """Bytes, unpacked."""

    @property
    def name(self) -> str:
        return f"{datetime.fromtimestamp(self.start, UTC):%Y%m%d-%H}-{self.host}-mainland.gz"


def files(log: AccessLog, host: str, begin: float, end: float) -> list[LogFile]:
    """Those of hours that begin within the span, oldest first; an hour without a visit has none."""
    hours = log.edge_hours(host, "edgeone")
    return [LogFile(host, hour, len(content(log, host, hour))) for hour in hours if begin <= hour <= end]


def content(log: AccessLog, host: str, start: int) -> bytes:
    """JSON lines."""
    visits = log.edge([host], start, start + 3600, "edgeone")
    return "".join(line(visit) + "\n" for visit in visits).encode()


def line(visit: Mapping[str, Any]) -> str:
    """The fields that a website is interested in; text without a value is ``-``, a number -1."""
    path, _, query = visit["path"].partition("?")
    return json.dumps({
        "RequestID": visit["request_id"], "ParentRequestID": visit.get("parent") or "-",
        "EdgeFunctionSubrequest": 1 if visit.get("parent") else 0,
        "RequestTime": f"{datetime.fromtimestamp(int(visit['time']), UTC):%Y-%m-%dT%H:%M:%SZ}",
        "ClientIP": visit["remote"], "ClientRegion": "-", "ClientState": "-", "ClientISP": "-",
        "RequestMethod": visit["method"], "RequestHost": visit["host"], "RequestUrl": path,
        "RequestUrlQueryString": query or "-", "RequestProtocol": "HTTP/1.1", "RequestBytes": visit["received"],
        "RequestRange": "-", "RequestReferer": visit["referer"] or "-", "RequestUA": visit["agent"] or "-",
        "RequestStatus": 1, "EdgeResponseStatusCode": visit["status"], "EdgeResponseBytes": visit["sent"],
        "EdgeResponseTime": visit["milliseconds"], "EdgeInternalTime": visit["milliseconds"],
        "EdgeCacheStatus": visit["cache"] or "-", "EdgeServerID": "-", "EdgeServerIP": "127.0.0.1", "RemotePort": -1,
    })


def address(addresses: Addresses, file: LogFile) -> str:
    """The URL of a file; it carries its own token."""
    return addresses.of(f"/-/edgeone-logs/{file.name}")


def page(log: AccessLog, addresses: Addresses, request: Request) -> Response:
    """``GET /-/edgeone-logs/<file>?st=``."""
    found = addresses.check(request, _NAME)
    start = int(datetime.strptime(found["hour"], "%Y%m%d-%H").replace(tzinfo=UTC).timestamp())
    body = gzip.compress(content(log, found["host"], start), mtime=0)
    return Response(200, {"Content-Type": "application/octet-stream"}, body)
