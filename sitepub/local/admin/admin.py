"""The server's own pages below ``/-/`` on loopback host names: health, request counts, misbehaviour.

They need the secret of ``cloud.json``, which only its owner can read, in the header ``x-sitepub-secret``: other
users of the computer and pages in a browser do not know it. So that a client does not give it to another program
that took the port, it first asks ``GET /-/health`` with a number of its own in ``x-sitepub-nonce``; the answer
proves that this server knows the secret, and names the port, so that it cannot come from elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.local.admin import service_admin, visits_page
from sitepub.local.base.clock import parse_duration
from sitepub.local.base.counts import RequestCounts
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.faults import Misbehaviour, parse_faults
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.bucket.lifecycle_run import Lifecycle
from sitepub.local.cos.bucket.log_delivery import LogDelivery
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.visits import cdn_files, edgeone_files
from sitepub.local.visits.packages import Addresses
from sitepub.local.website.dev_mode import DevMode

_LIMIT = 64 * 1024
_NONCE = re.compile(r"[0-9a-f]{32,64}\Z")
_EVENT_LIMIT = 16 * 1024 * 1024
"""Bytes of an event: a first publish may name many keys."""


@dataclass(frozen=True, slots=True)
class Administered:
    """What the pages show and change."""

    data: Path
    secret: str = field(repr=False)
    addresses: Addresses
    access_log: AccessLog
    delivery: LogDelivery
    lifecycle: Lifecycle
    dev_mode: DevMode
    services: Services
    misbehaviour: Misbehaviour
    counts: RequestCounts


async def administer(cloud: Administered, request: Request) -> Response:
    """``GET /-/health``, ``GET /-/requests``, ``POST /-/requests/reset``, ``POST /-/faults`` (body: a
    specification, empty for none), ``POST /-/latency`` (body: milliseconds), ``GET /-/logs`` (visits,
    :func:`visits_page.page`), ``GET /-/cdn-logs/…`` and ``GET /-/edgeone-logs/…`` (:mod:`cdn_files`,
    :mod:`edgeone_files`: their addresses carry a token of their own),
    ``POST /-/clock`` (body: `31d`, how far to put ahead the clock by which objects age, :mod:`clock`),
    ``POST /-/logs/deliver`` (bucket logging, without waiting its five minutes),
    ``POST /-/live`` (what a publisher does, for live reload: :mod:`dev_mode`)."""
    if request.remote not in ("127.0.0.1", "::1"):
        raise ServiceError("AccessDenied")
    if "Origin" in request.headers:
        # no page in a browser may reach these
        raise ServiceError("AccessDenied")
    nonce = request.headers.get("x-sitepub-nonce", "")
    if request.path == "/-/health" and request.method == "GET" and _NONCE.match(nonce):
        return _json({"service": "sitepub-local", "proof": proof(cloud.secret, cloud.addresses.port, nonce)})
    if request.method == "GET" and request.path.startswith("/-/cdn-logs/"):
        return cdn_files.page(cloud.access_log, cloud.addresses, request)
    if request.method == "GET" and request.path.startswith("/-/edgeone-logs/"):
        return edgeone_files.page(cloud.access_log, cloud.addresses, request)
    given = request.headers.get("x-sitepub-secret", "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), cloud.secret.encode()):
        raise ServiceError("AccessDenied", "The header x-sitepub-secret does not hold the secret of cloud.json.")
    match request.method, request.path:
        case "GET" | "HEAD", "/-/health":
            return _json({"service": "sitepub-local", "pid": os.getpid(), "data": str(cloud.data),
                          "publishers": cloud.dev_mode.publishers})
        case "GET", "/-/requests":
            return _json(cloud.counts.as_dict())
        case "GET", "/-/logs":
            return await visits_page.page(cloud.access_log, request)
        case "POST", "/-/logs/deliver":
            return _json({"written": await cloud.delivery.deliver()})
        case "GET", "/-/clock":
            return _json({"ahead": cloud.lifecycle.ahead})
        case "POST", "/-/clock":
            try:
                seconds = parse_duration((await request.body.read(_LIMIT)).decode("utf-8", "replace"))
            except ValueError as error:
                raise ServiceError("InvalidArgument", str(error)) from error
            changed = await cloud.lifecycle.move(seconds)
            return _json({"ahead": cloud.lifecycle.ahead, "changed": changed})
        case "POST", "/-/live":
            return _json(await cloud.dev_mode.take(await request.body.read(_EVENT_LIMIT)))
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
            return _json(await service_admin.page(cloud.services, request, method))
        case _:
            raise ServiceError("NoSuchKey", "No such page.")
    return _json({
        "faults": [str(fault) for fault in cloud.misbehaviour.faults],
        "latency": cloud.misbehaviour.latency * 1000,
    })


def proof(secret: str, port: int, nonce: str) -> str:
    """HMAC that proves that the server knows the secret and listens on this port."""
    return hmac.new(secret.encode(), f"sitepub-local listens\n{port}\n{nonce}".encode(), hashlib.sha256).hexdigest()


def _json(value: object) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps(value).encode())
