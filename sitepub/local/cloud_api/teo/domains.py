"""EdgeOne's acceleration domains."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.shapes import Shape, number, objs, text
from sitepub.local.cloud_api.teo.certificates import shown_certificate
from sitepub.local.cloud_api.teo.zones import filtered, find_zone, verification, working_zone
from sitepub.local.services.records import OFFLINE, ONLINE, TeoDomain
from sitepub.local.services.services import EDGEONE_SUFFIX, random_name
from sitepub.local.services.zones import normal

_NAME = re.compile(r"(?=.{3,253}\Z)(?:\*\.)?(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
"""A wildcard stands for the whole first label (that such domains exist is only implied, by the filters of the metrics
and by ResourceInUse.GenericHost)."""
_COS_HOST = re.compile(
    r"[a-z0-9-]+-[0-9]+\.cos(?:-website)?\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)\Z"
)
_ORIGIN_KINDS = ("IP_DOMAIN", "COS")
_ORIGIN_INFO = Shape({
    "OriginType": text(), "Origin": text(), "BackupOrigin": text(default=""), "PrivateAccess": text(default="off"),
    "PrivateParameters": objs([], Name=text(), Value=text()), "HostHeader": text(default=""),
    "VodeoSubAppId": number(), "VodeoDistributionRange": text(), "VodeoBucketId": text(), "VodOriginScope": text(),
    "VodBucketId": text(),
})


def find_domain(call: Call, name: str) -> TeoDomain:
    """The site's host of that name. Raises ApiError."""
    domain = call.services.teo_domains.get(normal(name))
    if domain is None or domain.owner != call.owner or domain.zone != call.parameters["ZoneId"]:
        raise ApiError("ResourceUnavailable.DomainNotFound", f"There is no acceleration domain {name}.")
    return domain


async def create_domain(call: Call) -> dict[str, Any]:
    """CreateAccelerationDomain (1552/86338). In a site that is not proved yet, the host needs a proof of its
    own, which the answer names."""
    services, zone = call.services, working_zone(call)
    host = normal(call.parameters["DomainName"])
    if not _NAME.match(host):
        raise ApiError("InvalidParameterValue.InvalidDomainName", "The name of the domain is not valid.")
    if host != zone.name and not host.endswith(f".{zone.name}"):
        raise ApiError("InvalidParameterValue.DomainNotMatchZone", f"{host} is not below {zone.name}.")
    if host.startswith("*.") and services.switches.edgeone_without_wildcards:
        # which plans have them is not documented, nor is the code
        raise ApiError("OperationDenied.UnsupportedPlan", "The plan of the site has no wildcard domains.")
    _check_wildcards(call, host)
    found = services.teo_domains.get(host)
    if found is not None:
        code = "ResourceInUse.AlreadyExistsAsAnAccelerationDomain" if found.owner == call.owner \
            else "ResourceUnavailable.DomainAlreadyExists"
        raise ApiError(code, "The domain is on EdgeOne already.")
    # One that the classic CDN serves is taken: that is how the cloud's own tool migrates domains (228/58594).
    if zone.area != "overseas" and services.switches.without_icp(host):
        raise ApiError("OperationDenied.DomainNoICP", "The domain has no ICP filing.")
    domain = TeoDomain(
        host, zone.id, call.owner, f"{host}.{random_name(8)}.{EDGEONE_SUFFIX}", call.time, call.time,
        begin(call.time, call.services.pace), ONLINE, _origin(call, host), call.get("OriginProtocol", "FOLLOW"),
        call.get("HttpOriginPort", 80), call.get("HttpsOriginPort", 443), call.get("IPv6Status", "follow"),
        zone.verified, "" if zone.verified else f"reclaim-{secrets.token_hex(16)}",
    )
    services.teo_domains.put(host, domain)
    proof = None if zone.verified else verification(domain.verification)
    return {"OwnershipVerification": proof}


def _check_wildcards(call: Call, host: str) -> None:
    """A wildcard keeps what lies below it from other accounts, and the other way round (ResourceInUse.GenericHost); the
    same account may have both."""
    above = f"*.{host.partition('.')[2]}"
    for other in call.services.teo_domains:
        below = host.startswith("*.") and other.host.partition(".")[2] == host[2:]
        if other.owner != call.owner and (below or other.host == above):
            raise ApiError("ResourceInUse.GenericHost", f"{other.host} of another account is in the way.")


def _origin(call: Call, host: str) -> dict[str, Any]:
    """OriginInfo with all its attributes. Raises ApiError."""
    given = call.get("OriginInfo")
    if given is None:
        raise ApiError("MissingParameter", "The request is missing a required parameter `OriginInfo`.")
    origin = _ORIGIN_INFO.complete({**given, "OriginType": given["OriginType"].upper()})
    if origin["OriginType"] not in _ORIGIN_KINDS:
        message = f"The embedded cloud has no origins of type {origin['OriginType']}."
        raise ApiError("InvalidParameter.InvalidOriginType", message)
    if origin["OriginType"] == "COS" and not _COS_HOST.match(origin["Origin"]):
        raise ApiError("InvalidParameter.InvalidOrigin", "The origin is not the host of a bucket.")
    if normal(origin["Origin"]) == host:
        raise ApiError("InvalidParameter.ConflictHostOrigin", "The origin is the domain itself.")
    if not origin["Origin"].strip():
        raise ApiError("InvalidParameter.InvalidOrigin", "The origin is empty.")
    if origin["HostHeader"] and origin["OriginType"] != "IP_DOMAIN":
        raise ApiError("InvalidParameter.HostHeaderInvalid", "HostHeader is for origins of type IP_DOMAIN.")
    return origin


def _check_settled(call: Call, domain: TeoDomain) -> None:
    if domain.change.under_way(call.time, call.services.pace):
        raise ApiError("OperationDenied.DomainStatusUnstable", f"{domain.host} is being deployed.")


async def modify_domain(call: Call) -> dict[str, Any]:
    """ModifyAccelerationDomain (1552/86335): what is not named stays; OriginInfo is replaced as a whole."""
    working_zone(call)
    domain = find_domain(call, call.parameters["DomainName"])
    _check_settled(call, domain)
    origin = domain.origin if call.get("OriginInfo") is None else _origin(call, domain.host)
    call.services.teo_domains.put(domain.host, replace(
        domain, origin=origin, origin_protocol=call.get("OriginProtocol", domain.origin_protocol),
        http_port=call.get("HttpOriginPort", domain.http_port),
        https_port=call.get("HttpsOriginPort", domain.https_port), ipv6=call.get("IPv6Status", domain.ipv6),
        updated=call.time, was_online=domain.served(call.time, call.services.pace),
        change=begin(call.time, call.services.pace),
    ))
    return {}


async def modify_statuses(call: Call) -> dict[str, Any]:
    """ModifyAccelerationDomainStatuses (1552/86334). All hosts are checked before one is changed."""
    find_zone(call)
    domains = [find_domain(call, name) for name in call.parameters["DomainNames"]]
    wanted = call.parameters["Status"]
    for domain in domains:
        _check_settled(call, domain)
        if domain.target == wanted or not domain.verified:
            raise ApiError("InvalidParameterValue.InvalidDomainStatus", f"{domain.host} is not so far.")
    for domain in domains:
        call.services.teo_domains.put(domain.host, replace(
            domain, target=wanted, updated=call.time, change=begin(call.time, call.services.pace),
            was_online=domain.served(call.time, call.services.pace),
        ))
    return {}


async def delete_domains(call: Call) -> dict[str, Any]:
    """DeleteAccelerationDomains (1552/86337). Whether one that is online can be deleted is not documented
    (the console asks to take it offline first), so it cannot; one that never went online can."""
    find_zone(call)
    domains = [find_domain(call, name) for name in call.parameters["DomainNames"]]
    for domain in domains:
        if not domain.verified:
            continue
        _check_settled(call, domain)
        if domain.target != OFFLINE:
            raise ApiError("InvalidParameterValue.InvalidDomainStatus", f"{domain.host} is not offline.")
    for domain in domains:
        call.services.teo_domains.remove(domain.host)
    return {}


async def describe_domains(call: Call) -> dict[str, Any]:
    """DescribeAccelerationDomains (1552/86336)."""
    zone = find_zone(call)
    fields: dict[str, Callable[[TeoDomain], list[str]]] = {
        "domain-name": lambda domain: [domain.host],
        "origin-type": lambda domain: [domain.origin["OriginType"]],
        "origin": lambda domain: [domain.origin["Origin"]],
        "backup-origin": lambda domain: [domain.origin["BackupOrigin"]],
        "domain-cname": lambda domain: [domain.cname], "share-cname": lambda _: [],
    }
    found = filtered(call, call.services.teo_domains.where(zone=zone.id), fields, tuple(fields),
                     match_any=call.get("Match", "all") == "any")
    by_name = call.get("Order", "domain-name") == "domain-name"
    found.sort(key=lambda domain: domain.host if by_name else domain.created,
               reverse=call.get("Direction", "asc" if by_name else "desc") == "desc")
    offset = call.get("Offset", 0)
    page = found[offset : offset + call.get("Limit", 20)]
    return {"TotalCount": len(found), "AccelerationDomains": [_shown(call, domain) for domain in page]}


def _shown(call: Call, domain: TeoDomain) -> dict[str, Any]:
    return {
        "ZoneId": domain.zone, "DomainName": domain.host,
        "DomainStatus": domain.status(call.time, call.services.pace), "Cname": domain.cname,
        "IPv6Status": domain.ipv6, "IdentificationStatus": "finished" if domain.verified else "pending",
        "OwnershipVerification": None if domain.verified
        else verification(domain.verification),
        "OriginDetail": {**{key: value for key, value in domain.origin.items() if value is not None},
                         "OriginGroupName": "", "BackOriginGroupName": ""},
        "OriginProtocol": domain.origin_protocol, "HttpOriginPort": domain.http_port,
        "HttpsOriginPort": domain.https_port, "Certificate": shown_certificate(call, domain),
        "CreatedOn": utc_time(domain.created), "ModifiedOn": utc_time(domain.updated),
        "ComplianceRestrictions": [],
    }
