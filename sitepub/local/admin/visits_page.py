"""``GET /-/logs``: the visits, for readers who wait for new ones."""

from __future__ import annotations

import json
import math
import time

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.store.access_log import PAGE, AccessLog

LONGEST_WAIT = 30.0
"""Seconds."""


async def page(log: AccessLog, request: Request) -> Response:
    """``GET /-/logs?bucket=&host=&after=&since=&limit=&wait=``: JSON lines, oldest first.

    ``after``: the ``id`` of the last line that the reader has; without it the newest visits are given.
    ``since``: Unix seconds. ``wait``: seconds that the answer may take when there is nothing yet.
    The header ``x-log-epoch`` names the log: ids of another epoch mean nothing in this one.
    """
    query = request.query
    bucket, host = query.get("bucket", ""), query.get("host", "").lower()
    limit = min(int(_number(query.get("limit", str(PAGE)))), PAGE)
    since = _number(query.get("since", "0"))
    deadline = time.monotonic() + min(_number(query.get("wait", "0")), LONGEST_WAIT)
    if "after" in query or since:
        after = int(_number(query.get("after", "0")))
        visits = log.after(after, bucket=bucket, host=host, since=since, limit=limit)
        while not visits and await log.news(deadline - time.monotonic()):
            visits = log.after(after, bucket=bucket, host=host, since=since, limit=limit)
    else:
        visits = log.last(bucket=bucket, host=host, limit=limit)
    lines = "".join(json.dumps(visit) + "\n" for visit in visits)
    return Response(200, {"Content-Type": "application/x-ndjson", "x-log-epoch": log.epoch}, lines.encode())


def _number(text: str) -> float:
    try:
        number = float(text) if len(text) < 24 else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e15:
        raise ServiceError("InvalidArgument", f"expected a number, not {text[:100]!r}")
    return number
