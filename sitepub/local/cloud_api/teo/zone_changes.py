"""EdgeOne's sites: creating, changing, pausing and deleting them."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Any

from sitepub.local.base.names import registrable
from sitepub.local.base.pace import NEVER, begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.plan_state import check_plan
from sitepub.local.cloud_api.teo.zones import find_zone, zone_verification
from sitepub.local.services.records import TeoZone
from sitepub.local.services.services import random_name
from sitepub.local.services.zones import normal

DNSPOD_ROLE = "TEO_QCSLinkedRoleInDnspodAccessEO"
_NAME = re.compile(r"(?=.{3,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")


async def create_zone(call: Call) -> dict[str, Any]:
    """CreateZone (1552/80719). Connected by CNAME, a site is proved by a record or a file, wherever its domain is
    (1552/70789); through DNSPod, it needs no further proof."""
    services, kind = call.services, call.get("Type", "partial")
    nameless = kind in ("noDomainAccess", "ai")
    name = "" if nameless else normal(call.get("ZoneName", ""))
    if not nameless:
        _check_name(name)
    for zone in services.teo_zones if name else ():
        if zone.name == name and zone.alias == call.get("AliasZoneName", ""):
            code = "ResourceInUse.Cname" if zone.owner == call.owner else "ResourceInUse.OthersCname"
            raise ApiError(code, "The site exists already.")
    if kind == "dnsPodAccess":
        _check_dnspod(call, name)
    plan = call.get("PlanId", "")
    if plan:
        check_plan(call, plan)
    zone = TeoZone(
        f"zone-{random_name(12)}", name, call.owner, kind, call.get("Area", "overseas"),
        call.get("AliasZoneName", ""), plan, call.time, f"reclaim-{secrets.token_hex(16)}",
        kind == "dnsPodAccess" or nameless, change=begin(call.time, services.pace) if plan else NEVER,
    )
    services.teo_zones.put(zone.id, zone)
    return {"ZoneId": zone.id, **({} if zone.verified else {"OwnershipVerification": zone_verification(zone)})}


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise ApiError("InvalidParameterValue.ZoneNameInvalid", "The name of the site is not valid.")
    if any(label.startswith("xn--") for label in name.split(".")):
        raise ApiError("InvalidParameterValue.ZoneNameNotSupportPunyCode", "Punycode is not supported.")
    registered = registrable(name)
    if not registered:
        raise ApiError("InvalidParameterValue.TopLevelDomainNotSupport", "The name is a public suffix.")
    if registered != name:
        raise ApiError("InvalidParameterValue.ZoneNameNotSupportSubDomain", f"The site would be {registered}.")


def _check_dnspod(call: Call, name: str) -> None:
    """EdgeOne writes to the DNSPod of the account by a role that the account's owner makes in the console."""
    if call.services.zones.get(f"{call.owner}/{name}") is None:
        raise ApiError("ResourceNotFound.DNSPodDomainNotInAccount", f"{name} is not in the DNSPod.")
    if not any(role.name == DNSPOD_ROLE for role in call.services.roles.where(owner=call.owner)):
        raise ApiError("OperationDenied.DNSPodUnauthorizedRoleOperation", f"There is no role {DNSPOD_ROLE}.")


async def modify_zone(call: Call) -> dict[str, Any]:
    """ModifyZone (1552/80711): the area, of a site without hosts, and the alias. The kind of connection stays."""
    zone = find_zone(call)
    if call.get("Type", zone.type) != zone.type or call.get("VanityNameServers") or call.get("ZoneName"):
        raise ApiError("UnsupportedOperation", "The embedded cloud changes the area and the alias alone.")
    area = call.get("Area", zone.area)
    if area != zone.area and call.services.teo_domains.where(zone=zone.id):
        raise ApiError("OperationDenied.DomainNumberIsNotZero", "The site has domains.")
    call.services.teo_zones.put(zone.id, replace(zone, area=area, alias=call.get("AliasZoneName", zone.alias)))
    return {}


async def modify_zone_status(call: Call) -> dict[str, Any]:
    """ModifyZoneStatus (1552/80710): visitors of a paused site get nothing."""
    zone = find_zone(call)
    call.services.teo_zones.put(zone.id, replace(
        zone, paused=call.parameters["Paused"], change=begin(call.time, call.services.pace)))
    return {}


async def delete_zone(call: Call) -> dict[str, Any]:
    """DeleteZone (1552/80712). The codes are documented, their conditions are not: here a site has to be paused, as the
    cloud's own Terraform provider does it first, and to have no hosts. Its rules, functions and
    proxies go with it."""
    zone, services = find_zone(call), call.services
    if services.teo_domains.where(zone=zone.id):
        raise ApiError("OperationDenied.DeleteZonePreCheckFailed", "The site still has domains.")
    if zone.plan and (not zone.paused or zone.change.under_way(call.time, services.pace)):
        raise ApiError("OperationDenied.DisableZoneNotCompleted", "The site is not paused yet.")
    for proxy in services.teo_proxies.where(zone=zone.id):
        services.teo_proxies.remove(proxy.id)
    for rule in services.teo_rules.where(zone=zone.id):
        services.teo_rules.remove(rule.id)
    for started in services.teo_function_rules.where(zone=zone.id):
        services.teo_function_rules.remove(started.id)
    for function in services.teo_functions.where(zone=zone.id):
        services.teo_functions.remove(function.id)
    services.teo_zones.remove(zone.id)
    return {}
