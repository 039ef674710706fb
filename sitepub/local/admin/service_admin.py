"""Own pages about the cloud API's services, below ``/-/`` on loopback: the pace of states, circumstances of
the account, zones that lie elsewhere."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request
from sitepub.local.base.pace import parse_pace
from sitepub.local.services import switches
from sitepub.local.services.dns_values import TYPES, valid_value
from sitepub.local.services.services import Services, random_number
from sitepub.local.services.zones import ELSEWHERE, Record, Zone, normal

PAGES = ("/-/pace", "/-/cdn", "/-/dns")
_LIMIT = 1024 * 1024


async def page(services: Services, request: Request, method: str) -> dict[str, Any]:
    """GET shows a state, POST changes it first. Raises ServiceError.

    ``/-/pace``: body seconds. ``/-/cdn``: JSON, some of :class:`switches.Switches`. ``/-/dns``: JSON
    ``{"zone", "records": [{"name", "type", "value", "ttl"?, "mx"?}]}`` puts a zone at a registrar elsewhere,
    an empty list takes it away.
    """
    if method not in ("GET", "POST"):
        raise ServiceError("MethodNotAllowed")
    body = await request.body.read(_LIMIT) if method == "POST" else b""
    if request.path == "/-/pace":
        if method == "POST":
            try:
                seconds = parse_pace(body.decode("utf-8", "replace"))
            except ValueError as error:
                raise ServiceError("InvalidArgument", str(error)) from error
            services.pace = services.pace.set_to(seconds, time.time())
        return {"pace": services.pace.seconds}
    if request.path == "/-/cdn":
        if method == "POST":
            services.switches = switches.changed(services.switches, body)
        return asdict(services.switches)
    if method == "POST":
        _put_zone(services, body)
    return {zone.name: [_shown(record) for record in zone.records]
            for zone in services.zones.where(owner=ELSEWHERE)}


def _put_zone(services: Services, body: bytes) -> None:
    try:
        document = json.loads(body)
        name = normal(document["zone"])
        records = tuple(_record(given) for given in document["records"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f'expected {{"zone", "records": [{{"name", "type", "value"}}]}}: {error}'
        raise ServiceError("InvalidArgument", message) from error
    zones, key = services.zones, f"{ELSEWHERE}/{name}"
    if records:
        now = time.time()
        zones.put(key, Zone(random_number(9), name, ELSEWHERE, now, now, records))
    else:
        zones.remove(key)


def _record(given: dict[str, Any]) -> Record:
    kind, value = str(given["type"]).upper(), str(given["value"])
    if kind in ("CNAME", "NS", "MX") and not value.endswith("."):
        value += "."
    if kind not in TYPES or not valid_value(kind, value):
        raise ValueError(f"{kind} {value!r} is not a record")
    name = normal(str(given["name"])) or "@"
    return Record(random_number(10), name, kind, value, int(given.get("ttl", 600)), mx=int(given.get("mx", 0)))


def _shown(record: Record) -> dict[str, Any]:
    return {"name": record.name, "type": record.type, "value": record.value, "ttl": record.ttl}
