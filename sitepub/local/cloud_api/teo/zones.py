"""EdgeOne's sites: describing them, and proving who owns them.

A site without a plan is ``initializing`` and takes no hosts; with one it is ``pending`` until its owner is proved, and
then ``active``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.plan_state import plans_of
from sitepub.local.services.dns_values import NAME_SERVERS
from sitepub.local.services.records import TeoDomain, TeoZone
from sitepub.local.services.zones import ELSEWHERE, normal

LABEL = "edgeonereclaim"
"""The TXT record of a proof is at this name below what is proved."""
_NAME_SERVERS = ("ns1.teodns.com", "ns2.teodns.com")
"""Of sites connected by name servers (the documentation's example)."""


def find_zone(call: Call, code: str = "ResourceUnavailable.ZoneNotFound") -> TeoZone:
    """The account's site that `ZoneId` names. Raises ApiError."""
    zone = call.services.teo_zones.get(call.parameters["ZoneId"])
    if zone is None or zone.owner != call.owner:
        raise ApiError(code, "The site does not exist, or is not the account's.")
    return _looked_at(call, zone)


def working_zone(call: Call) -> TeoZone:
    """The site, when it takes a change of what is in it. Raises ApiError."""
    zone = find_zone(call)
    if not zone.plan:
        raise ApiError("InvalidParameter.ZoneHasNotBeenBoundToPlan", "The site has no plan.")
    if zone.paused:
        raise ApiError("OperationDenied.ErrZoneIsAlreadyPaused", "The site is paused.")
    if zone.change.under_way(call.time, call.services.pace):
        raise ApiError("FailedOperation.InvalidZoneStatus", "The site is being set up.")
    return zone


def _looked_at(call: Call, zone: TeoZone) -> TeoZone:
    """A site connected by name servers is proved by them, without a call. There is no registrar here: they count as
    changed, unless the name lies in a zone elsewhere (`POST /-/dns`), which then needs NS records of EdgeOne's."""
    services = call.services
    if zone.verified or zone.type != "full":
        return zone
    if services.zones.get(f"{ELSEWHERE}/{zone.name}") is not None and not name_servers_changed(call, zone):
        return zone
    proved = replace(zone, verified=True)
    services.teo_zones.put(zone.id, proved)
    for below in services.teo_domains.where(zone=zone.id, verified=False):
        _verified(call, below)
    return proved


def name_servers_changed(call: Call, zone: TeoZone) -> bool:
    found = {normal(value) for value in call.services.resolve(zone.name, "NS").values("NS")}
    return bool(found) and found <= set(_NAME_SERVERS)


def filtered(call: Call, rows: list[Any], fields: dict[str, Callable[[Any], list[str]]],
             fuzzy: tuple[str, ...] = (), *, match_any: bool = False) -> list[Any]:
    """Rows that fit the AdvancedFilters of a call. Raises ApiError InvalidParameter for unknown ones."""
    checks = []
    for given in call.get("Filters", []):
        name, values = given["Name"], given["Values"]
        if name not in fields:
            raise ApiError("InvalidParameter", f"There is no filter {name}.")
        if len(values) > 20:
            raise ApiError("InvalidParameter.TooManyFilterValues", "A filter takes at most 20 values.")
        checks.append((fields[name], values, bool(given.get("Fuzzy")) and name in fuzzy))
    if not checks:
        return rows
    every = any if match_any else all
    return [row for row in rows if every(
        any(value in one if part else value == one for one in read(row) for value in values)
        for read, values, part in checks
    )]


def verification(value: str) -> dict[str, Any]:
    """OwnershipVerification of a site or a host."""
    return {
        "DnsVerification": {"Subdomain": LABEL, "RecordType": "TXT", "RecordValue": value},
        "FileVerification": {
            "Path": f"/.well-known/teo-verification/{value[-10:]}.txt", "Content": value,
        },
        "NsVerification": None,
    }


def zone_verification(zone: TeoZone) -> dict[str, Any]:
    """The same for a site: one that is connected by name servers is proved by those."""
    if zone.type == "full":
        return {"DnsVerification": None, "FileVerification": None,
                "NsVerification": {"NameServers": list(_NAME_SERVERS)}}
    return verification(zone.verification)


async def describe_zones(call: Call) -> dict[str, Any]:
    """DescribeZones (1552/80713)."""
    fields: dict[str, Callable[[TeoZone], list[str]]] = {
        "zone-name": lambda zone: [zone.name], "zone-type": lambda zone: [zone.type],
        "zone-id": lambda zone: [zone.id], "status": lambda zone: [_status(call, zone)],
        "alias-zone-name": lambda zone: [zone.alias], "tag-key": lambda _: [], "tag-value": lambda _: [],
    }
    zones = filtered(call, [_looked_at(call, zone) for zone in call.services.teo_zones.where(owner=call.owner)],
                     fields, ("zone-name", "alias-zone-name"))
    zones.sort(key=lambda zone: zone.created, reverse=call.get("Direction", "desc") == "desc")
    offset = call.get("Offset", 0)
    return {"TotalCount": len(zones),
            "Zones": [_shown(call, zone) for zone in zones[offset : offset + call.get("Limit", 20)]]}


def _status(call: Call, zone: TeoZone) -> str:
    if not zone.plan or (not zone.paused and zone.change.under_way(call.time, call.services.pace)):
        return "initializing"
    return "active" if zone.verified else "pending"


def _active_status(call: Call, zone: TeoZone) -> str:
    if zone.paused:
        return "active" if zone.change.under_way(call.time, call.services.pace) else "paused"
    return "active" if zone.verified and zone.plan else "inactive"


def _shown(call: Call, zone: TeoZone) -> dict[str, Any]:
    proof = zone_verification(zone)
    by_cname, by_ns = zone.type == "partial", zone.type == "full"
    open_proof = {} if zone.verified else {"OwnershipVerification": proof}
    servers = {"OriginalNameServers": list(NAME_SERVERS), "NameServers": list(_NAME_SERVERS) if by_ns else [],
               "VanityNameServers": {"Switch": "off", "Servers": []}, "VanityNameServersIps": []}
    return {
        "ZoneId": zone.id, "ZoneName": zone.name, "AliasZoneName": zone.alias, "Area": zone.area,
        "Type": zone.type, "Tags": [], "Resources": [_resource(call, zone)] if zone.plan else [],
        "CreatedOn": utc_time(zone.created),
        "ModifiedOn": utc_time(zone.created), "Status": _status(call, zone),
        "CnameStatus": ("finished" if zone.verified else "pending") if by_cname else "",
        "ActiveStatus": _active_status(call, zone),
        "LockStatus": "enable", "Paused": zone.paused, "IsFake": 0, "CnameSpeedUp": "enabled",
        "OwnershipVerification": None if zone.verified else proof,
        # What a site of another kind has here is not documented; the members are always there.
        "CNAMEDetail": {"IsFake": 0, **(open_proof if by_cname else {})}, "DNSPodDetail": {"IsFake": 0},
        "NSDetail": {"CnameSpeedUp": "enabled", "IsFake": 0, **(open_proof if by_ns else {}), **servers},
        **servers, "WorkModeInfos": [],
    }


def _resource(call: Call, zone: TeoZone) -> dict[str, Any]:
    """What the site is billed by: its plan."""
    plan = plans_of(call).get(zone.plan)
    since = utc_time(zone.created)
    return {"Id": f"sv-{zone.id}", "PayMode": 0, "CreateTime": since, "EnableTime": since,
            "ExpireTime": utc_time(zone.created + 365 * 86400), "Status": "normal", "Sv": [], "AutoRenewFlag": 0,
            "PlanId": zone.plan, "Area": plan.area if plan is not None else zone.area, "Group": "plan",
            "ZoneNumber": 1}


async def verify_ownership(call: Call) -> dict[str, Any]:
    """VerifyOwnership (1552/85717) of a site or an acceleration domain: looks for its TXT record."""
    services, name = call.services, normal(call.parameters["Domain"])
    zone = next((one for one in services.teo_zones.where(owner=call.owner) if one.name == name), None)
    domain = services.teo_domains.get(name)
    if domain is not None and domain.owner != call.owner:
        domain = None
    if zone is None and domain is None:
        raise ApiError("InvalidParameter.DomainNotFound", "The domain does not exist, or is not the account's.")
    if zone is not None and zone.type == "full" and domain is None:
        if _looked_at(call, zone).verified:
            return {"Status": "success", "Result": ""}
        return {"Status": "fail", "Result": f"The name servers of {name} are not {', '.join(_NAME_SERVERS)}."}
    # Where the record of a wildcard belongs is not documented: here it is the name that the wildcard is below.
    values = services.resolve(f"{LABEL}.{name.removeprefix('*.')}", "TXT").values("TXT")
    wanted = [one.verification for one in (zone, domain) if one is not None]
    if not any(value in values for value in wanted):
        return {"Status": "fail", "Result": f"The TXT record {LABEL}.{name} was not found or is another one."}
    if zone is not None and zone.verification in values:
        services.teo_zones.put(zone.id, replace(zone, verified=True))
        for below in services.teo_domains.where(zone=zone.id, verified=False):
            _verified(call, below)
    elif domain is not None:
        _verified(call, domain)
    return {"Status": "success", "Result": ""}


def _verified(call: Call, domain: TeoDomain) -> None:
    change = begin(call.time, call.services.pace)
    call.services.teo_domains.put(domain.host, replace(domain, verified=True, change=change))


async def describe_identifications(call: Call) -> dict[str, Any]:
    """DescribeIdentifications (1552/85718): the proofs of sites and of the domains below them."""
    services, rows = call.services, []
    for zone in services.teo_zones.where(owner=call.owner):
        rows.append(_identification(zone.name, "", zone.verified, zone.verification))
        rows += [_identification(zone.name, domain.host, domain.verified, domain.verification)
                 for domain in services.teo_domains.where(zone=zone.id) if domain.verification]
    rows = filtered(call, rows, {"zone-name": lambda row: [row["ZoneName"]]})
    offset = call.get("Offset", 0)
    return {"TotalCount": len(rows),
            "Identifications": rows[offset : offset + call.get("Limit", 20)]}


def _identification(zone: str, host: str, verified: bool, value: str) -> dict[str, Any]:
    proof = verification(value)["FileVerification"]
    return {
        "ZoneName": zone, "Domain": host, "Status": "finished" if verified else "pending",
        "Ascription": {"Subdomain": LABEL, "RecordType": "TXT", "RecordValue": value},
        "OriginalNameServers": list(NAME_SERVERS),
        "FileAscription": {"IdentifyPath": proof["Path"], "IdentifyContent": proof["Content"]},
    }


async def describe_origin_group(call: Call) -> dict[str, Any]:
    """DescribeOriginGroup (1552/80618). No origin group can be made here, so there are none."""
    if call.get("ZoneId") is not None:
        find_zone(call)
    filtered(call, [], {"origin-group-id": lambda _: [], "origin-group-name": lambda _: []})
    return {"TotalCount": 0, "OriginGroups": []}
