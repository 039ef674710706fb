"""CDN actions that describe hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cdn.checks import bad, check_account
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.services.records import CdnDomain

_ORIGIN_KINDS = {"cos": "cos", "third_party": "third_party", "igtm": "igtm"}


async def describe_domains(call: Call) -> dict[str, Any]:
    """DescribeDomains (228/41118)."""
    found = _filtered(call)
    page = _page(call, found, 100)
    return {"Domains": [{**_brief(call, domain), "Product": "cdn"} for domain in page], "TotalNumber": len(found)}


async def describe_domains_config(call: Call) -> dict[str, Any]:
    """DescribeDomainsConfig (228/41117): the whole configuration, without secrets of certificates."""
    found = _filtered(call)
    sort = call.get("Sort") or {}
    key: Callable[[CdnDomain], Any] = (
        _certificate_end if sort.get("Key") == "certExpireTime" else lambda domain: domain.created
    )
    found.sort(key=key, reverse=(sort.get("Sequence") or "desc") == "desc")
    return {"Domains": [detail(call, domain) for domain in _page(call, found, 100)],
            "TotalNumber": len(found)}


def _certificate_end(domain: CdnDomain) -> str:
    info = domain.settings["Https"]["CertInfo"]
    return str(info["ExpireTime"]) if info else ""


def _page(call: Call, found: list[CdnDomain], limit: int) -> list[CdnDomain]:
    offset = call.get("Offset", 0)
    return found[offset : offset + call.get("Limit", limit)]


def _filtered(call: Call) -> list[CdnDomain]:
    check_account(call)
    found = call.services.cdn_domains.where(owner=call.owner)
    for given in call.get("Filters", []):
        name, values = given.get("Name"), given.get("Value") or []
        fuzzy = bool(given.get("Fuzzy"))
        if name not in _FIELDS or not values:
            raise bad(f"There is no filter {name} with these values.")
        if len(values) > (1 if fuzzy else 5):
            raise bad(f"The filter {name} takes fewer values.")
        if fuzzy and name not in ("origin", "domain"):
            raise bad(f"The filter {name} is not fuzzy.")
        read = _FIELDS[name]
        found = [domain for domain in found if _matches(read(call, domain), values, fuzzy)]
    return found


def _matches(actual: list[str], values: list[str], fuzzy: bool) -> bool:
    if fuzzy:
        return any(values[0] in one for one in actual)
    return any(one in values for one in actual)


_FIELDS: dict[str, Callable[[Call, CdnDomain], list[str]]] = {
    "origin": lambda _, d: list(d.settings["Origin"]["Origins"]),
    "domain": lambda _, d: [d.host],
    "resourceId": lambda _, d: [d.resource_id],
    "status": lambda call, d: [d.status(call.time, call.services.pace)],
    "serviceType": lambda _, d: [d.settings["ServiceType"]],
    "projectId": lambda _, d: [str(d.settings["ProjectId"])],
    "domainType": lambda _, d: [_ORIGIN_KINDS.get(d.settings["Origin"]["OriginType"], "cname")],
    "fullUrlCache": lambda _, d: [d.settings["CacheKey"]["FullUrlCache"]],
    "https": lambda call, d: [
        "processing" if _ssl_status(call, d) == "deploying" else d.settings["Https"]["Switch"]
    ],
    "originPullProtocol": lambda _, d: [d.settings["Origin"]["OriginPullProtocol"]],
    "area": lambda _, d: [d.settings["Area"]],
    "tagKey": lambda _, d: [tag["TagKey"] for tag in d.settings["Tag"]],
}


def _brief(call: Call, domain: CdnDomain) -> dict[str, Any]:
    settings = domain.settings
    return {
        "ResourceId": domain.resource_id, "AppId": int(domain.owner), "Domain": domain.host,
        "Cname": domain.cname, "Status": domain.status(call.time, call.services.pace),
        "ProjectId": settings["ProjectId"], "ServiceType": settings["ServiceType"],
        "CreateTime": local_time(domain.created), "UpdateTime": local_time(domain.updated),
        "Origin": settings["Origin"], "Disable": "normal", "Area": settings["Area"], "Readonly": "normal",
        "ParentHost": "",
    }


def detail(call: Call, domain: CdnDomain) -> dict[str, Any]:
    """DetailDomain."""
    settings = {name: value for name, value in domain.settings.items()
                if name not in ("Area", "ProjectId", "ServiceType")}
    settings["Https"] = {**settings["Https"], "SslStatus": _ssl_status(call, domain)}
    return {
        **_brief(call, domain), **settings, "Compatibility": {"Code": 0}, "SecurityConfig": None,
        "ImageOptimization": None, "Advance": "off", "AdvanceSet": [], "RuleEngine": None,
    }


def _ssl_status(call: Call, domain: CdnDomain) -> str:
    """`closed`, `deploying`, `deployed`."""
    https = domain.settings["Https"]
    if https["Switch"] != "on":
        return "closed"
    under_way = domain.change.under_way(call.time, call.services.pace)
    if under_way and (domain.before is None or domain.before["Https"] != https):
        return "deploying"
    return "deployed"
