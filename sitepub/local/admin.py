"""The server's own pages below ``/-/`` on loopback host names: health, request counts, misbehaviour."""

from __future__ import annotations

import json
import os

from sitepub.local import cdn_log_files, edgeone_log_files, log_delivery, service_admin, visits_page
from sitepub.local.errors import ServiceError
from sitepub.local.faults import parse_faults
from sitepub.local.messages import Request, Response

_LIMIT = 64 * 1024
_LIVE_LIMIT = 16 * 1024 * 1024
"""The keys of a first publish may be many."""


async def administer(request: Request) -> Response:
    """``GET /-/health``, ``GET /-/requests``, ``POST /-/requests/reset``, ``POST /-/faults`` (body: a
    specification, empty for none), ``POST /-/latency`` (body: milliseconds), ``GET /-/logs`` (visits,
    :func:`visits_page.page`), ``GET /-/cdn-logs/…`` (:mod:`cdn_log_files`),
    ``GET /-/edgeone-logs/…`` (:mod:`edgeone_log_files`),
    ``POST /-/logs/deliver`` (bucket logging, without waiting its five minutes),
    ``POST /-/live`` (what a publisher does, for live reload: :mod:`live`)."""
    if request.remote not in ("127.0.0.1", "::1"):
        raise ServiceError("AccessDenied")
    if "Origin" in request.headers:
        # no page in a browser may reach these
        raise ServiceError("AccessDenied")
    cloud = request.cloud
    match request.method, request.path:
        case "GET" | "HEAD", "/-/health":
            return _json({"service": "sitepub-local", "pid": os.getpid(), "data": str(cloud.data),
                          "publishers": cloud.live.publishers})
        case "GET", "/-/requests":
            return _json(cloud.counts.as_dict())
        case "GET", "/-/logs":
            return await visits_page.page(request)
        case "GET", path if path.startswith("/-/cdn-logs/"):
            return cdn_log_files.page(request)
        case "GET", path if path.startswith("/-/edgeone-logs/"):
            return edgeone_log_files.page(request)
        case "POST", "/-/logs/deliver":
            return _json({"written": await log_delivery.deliver(cloud)})
        case "POST", "/-/live":
            return _json(await cloud.live.take(await request.body.read(_LIVE_LIMIT)))
        case "POST", "/-/requests/reset":
            cloud.counts.reset()
            return _json(cloud.counts.as_dict())
        case "GET", "/-/faults":
            pass
        case "POST", "/-/faults":
            try:
                cloud.misbehaviour.faults = parse_faults((await request.body.read(_LIMIT)).decode())
            except ValueError as error:
                raise ServiceError("InvalidArgument", str(error)) from error
        case "POST", "/-/latency":
            try:
                latency = float(await request.body.read(_LIMIT)) / 1000
            except ValueError as error:
                raise ServiceError("InvalidArgument", "expected milliseconds") from error
            if not 0 <= latency <= 600:
                raise ServiceError("InvalidArgument", "expected milliseconds from 0 to 600000")
            cloud.misbehaviour.latency = latency
        case method, path if path in service_admin.PAGES:
            return _json(await service_admin.page(request, method))
        case _:
            raise ServiceError("InvalidURI", "No such page.", status=404)
    return _json({
        "faults": [str(fault) for fault in cloud.misbehaviour.faults],
        "latency": cloud.misbehaviour.latency * 1000,
    })


def _json(value: object) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps(value).encode())
