"""The CDN's actions that change a host: add, update, start, stop, delete."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cdn.checks import (
    VALUE_ERROR,
    bad,
    check_account,
    check_changes,
    check_filing,
    check_host,
    check_origin,
    check_ownership,
    check_settled,
    check_together,
    find_domain,
    settled_https,
)
from sitepub.local.cloud_api.cdn.shapes import SETTINGS
from sitepub.local.cloud_api.contract import contract
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.shapes import Parameter, check_limits, check_storable, completed
from sitepub.local.services.records import OFFLINE, ONLINE, CdnDomain
from sitepub.local.services.services import CDN_SUFFIX, random_name

AREAS = ("mainland", "overseas", "global")
PLAIN = ("ServiceType", "Area", "ProjectId")
"""Settings whose values are not objects."""


async def add_domain(call: Call) -> dict[str, Any]:
    """AddCdnDomain (228/41123)."""
    check_changes(call)
    domains = call.services.cdn_domains
    host = check_host(call.parameters["Domain"])
    found = domains.get(host)
    if found is not None and found.owner == call.owner:
        raise ApiError("ResourceInUse.CdnHostExists", "The domain is on the CDN already.")
    if found is not None:
        raise ApiError("UnauthorizedOperation.CdnHostIsUsedByOther", "Another account uses the domain.")
    if call.services.teo_domains.get(host) is not None:
        raise ApiError("InvalidParameter.CdnHostExistsInEdgeOne", "The domain is on EdgeOne.")
    area = call.get("Area", "mainland")
    check_filing(call, host, area)
    check_ownership(call, host)
    settings = {name: completed(parameter, call.get(name)) for name, parameter in SETTINGS.items()}
    settings |= {
        "ServiceType": call.parameters["ServiceType"], "Area": area, "ProjectId": call.get("ProjectId", 0),
        "Tag": call.get("Tag", []),
        "Ipv6": {"Switch": (call.get("Ipv6") or {}).get("Switch") or "off"},
    }
    settings["Https"] = settled_https(call, host, settings["Https"])
    _check(host, settings)
    domains.put(host, CdnDomain(
        host, call.owner, f"cdn-{random_name(8)}", f"{host}.{random_name(8)}.{CDN_SUFFIX}", call.time,
        call.time, begin(call.time, call.services.pace), ONLINE, settings,
    ))
    return {}


def _check(host: str, settings: dict[str, Any]) -> None:
    origin = settings["Origin"]
    check_origin(host, origin)
    if not origin["ServerName"]:
        origin["ServerName"] = origin["Origins"][0] if origin["OriginType"] == "cos" else host
    check_together(settings)


async def update_domain(call: Call) -> dict[str, Any]:
    """UpdateDomainConfig (228/41116): every object that is named is replaced as a whole, and what it leaves
    out is back at its default; objects that are not named stay."""
    check_changes(call)
    domain = find_domain(call)
    check_settled(call, domain)
    changes = {name: completed(parameter, call.parameters[name]) for name, parameter in SETTINGS.items()
               if call.get(name) is not None}
    changes |= {name: call.parameters[name] for name in PLAIN if call.get(name) is not None}
    _store(call, domain, changes)
    return {}


async def modify_domain(call: Call) -> dict[str, Any]:
    """ModifyDomainConfig (228/92764): sets what stands at a route such as `Https.Http2`; its neighbours
    stay."""
    check_changes(call)
    domain = find_domain(call)
    check_settled(call, domain)
    names = call.parameters["Route"].split(".")
    value = _update_value(call.parameters["Value"])
    if names[0] not in SETTINGS:
        raise bad(f"There is no configuration {names[0]}.")
    parameter = _at(SETTINGS[names[0]], names)
    member = contract("cdn").member("UpdateDomainConfig", names)
    if value is not None and member is not None:
        contract("cdn").check_value(member, value, ".".join(names), value_error=VALUE_ERROR)
        check_limits(parameter, value, ".".join(names), VALUE_ERROR)
    if names == ["Origin"] and not isinstance(value, dict):
        raise bad("Origin cannot be taken away.")
    changed = _with(SETTINGS[names[0]], domain.settings.get(names[0]), names[1:], completed(parameter, value))
    _store(call, domain, {names[0]: changed})
    return {}


def _update_value(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or set(document) != {"update"}:
        raise bad('Value must be a JSON object {"update": …}.')
    check_storable(document["update"])
    return document["update"]


def _at(parameter: Parameter, names: list[str]) -> Parameter:
    for position, name in enumerate(names[1:], 1):
        inner = parameter.shape.attributes.get(name) if parameter.shape and parameter.kind is dict else None
        if inner is None:
            raise bad(f"There is no configuration {'.'.join(names[: position + 1])}.")
        parameter = inner
    return parameter


def _with(parameter: Parameter, current: Any, names: list[str], value: Any) -> Any:
    """The object with a value set at a path; null objects on the path are created."""
    if not names:
        return value
    assert parameter.shape is not None
    complete: dict[str, Any] = dict(current) if current is not None else parameter.shape.complete({})
    inner = parameter.shape.attributes[names[0]]
    complete[names[0]] = _with(inner, complete.get(names[0]), names[1:], value)
    return complete


def _store(call: Call, domain: CdnDomain, changes: dict[str, Any]) -> None:
    settings = {**domain.settings, **changes}
    if "Https" in changes:
        settings["Https"] = settled_https(call, domain.host, settings["Https"])
    if "Area" in changes:
        check_filing(call, domain.host, settings["Area"])
    _check(domain.host, settings)
    call.services.cdn_domains.put(domain.host, replace(
        domain, settings=settings, updated=call.time, change=begin(call.time, call.services.pace),
        before=domain.live(call.time, call.services.pace),
    ))


async def start_domain(call: Call) -> dict[str, Any]:
    """StartCdnDomain (228/41120)."""
    check_changes(call)
    domain = find_domain(call)
    check_settled(call, domain)
    if domain.target != OFFLINE:
        raise ApiError("ResourceUnavailable.CdnHostIsNotOffline", "The domain is not offline.")
    check_filing(call, domain.host, domain.settings["Area"])
    call.services.cdn_domains.put(domain.host, replace(
        domain, target=ONLINE, before=None, updated=call.time, change=begin(call.time, call.services.pace),
    ))
    return {}


async def stop_domain(call: Call) -> dict[str, Any]:
    """StopCdnDomain (228/41119)."""
    check_account(call)
    domain = find_domain(call)
    check_settled(call, domain)
    if domain.target != ONLINE:
        raise ApiError("ResourceUnavailable.CdnHostIsNotOnline", "The domain is not online.")
    call.services.cdn_domains.put(domain.host, replace(
        domain, target=OFFLINE, before=domain.settings, updated=call.time,
        change=begin(call.time, call.services.pace),
    ))
    return {}


async def delete_domain(call: Call) -> dict[str, Any]:
    """DeleteCdnDomain (228/41122): only an offline host."""
    check_account(call)
    domain = find_domain(call)
    check_settled(call, domain)
    if domain.target != OFFLINE:
        raise ApiError("ResourceUnavailable.CdnHostIsNotOffline", "The domain is not offline.")
    call.services.cdn_domains.remove(domain.host)
    return {}
