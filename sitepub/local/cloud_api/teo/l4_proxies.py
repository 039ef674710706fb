"""EdgeOne's proxies of TCP and UDP (layer 4). Here they forward nothing: they are what else can be in a site."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.zones import filtered, find_zone, working_zone
from sitepub.local.services.records import OFFLINE, ONLINE, TeoProxy
from sitepub.local.services.services import EDGEONE_SUFFIX, random_name

_NAME = re.compile(r"(?=.{1,50}\Z)[a-z0-9]+(?:-[a-z0-9]+)*\Z")


async def create_l4_proxy(call: Call) -> dict[str, Any]:
    """CreateL4Proxy (1552/103413)."""
    zone, services, name = working_zone(call), call.services, call.parameters["ProxyName"]
    if not _NAME.match(name):
        raise ApiError("InvalidParameter.ProxyNameNotMatched", "The name of the proxy is not valid.")
    if services.teo_proxies.where(zone=zone.id, name=name):
        raise ApiError("InvalidParameter.ProxyNameDuplicating", "There is a proxy of this name.")
    proxy = TeoProxy(f"sid-{random_name(12)}", zone.id, name, call.parameters["Area"], call.get("Ipv6", "off"),
                     call.get("StaticIp", "off"), call.get("AccelerateMainland", "off"), call.time,
                     begin(call.time, services.pace))
    services.teo_proxies.put(proxy.id, proxy)
    return {"ProxyId": proxy.id}


async def describe_l4_proxy(call: Call) -> dict[str, Any]:
    """DescribeL4Proxy (1552/103410)."""
    zone = find_zone(call)
    found = filtered(call, call.services.teo_proxies.where(zone=zone.id), {
        "proxy-id": lambda proxy: [proxy.id], "ddos-protection-type": lambda _: []})
    offset = call.get("Offset", 0)
    return {"TotalCount": len(found),
            "L4Proxies": [_shown(call, one) for one in found[offset : offset + call.get("Limit", 20)]]}


async def modify_l4_proxy_status(call: Call) -> dict[str, Any]:
    """ModifyL4ProxyStatus (1552/103408)."""
    proxy = _settled(call)
    call.services.teo_proxies.put(proxy.id, replace(
        proxy, target=call.parameters["Status"], updated=call.time, change=begin(call.time, call.services.pace)))
    return {}


async def delete_l4_proxy(call: Call) -> dict[str, Any]:
    """DeleteL4Proxy (1552/103411)."""
    call.services.teo_proxies.remove(_settled(call).id)
    return {}


def _settled(call: Call) -> TeoProxy:
    zone, proxy = find_zone(call), call.services.teo_proxies.get(call.parameters["ProxyId"])
    if proxy is None or proxy.zone != zone.id:
        raise ApiError("ResourceNotFound", "There is no such proxy.")
    if proxy.change.under_way(call.time, call.services.pace):
        code = "L4ProxyInProgressStatus" if proxy.target == ONLINE else "L4ProxyInStoppingStatus"
        raise ApiError(f"OperationDenied.{code}", "The proxy is being changed.")
    return proxy


def _shown(call: Call, proxy: TeoProxy) -> dict[str, Any]:
    status = proxy.target
    if proxy.change.under_way(call.time, call.services.pace):
        status = "stopping" if proxy.target == OFFLINE else "progress"
    return {
        "ZoneId": proxy.zone, "ProxyId": proxy.id, "ProxyName": proxy.name, "Area": proxy.area,
        "Cname": f"{proxy.id}.{EDGEONE_SUFFIX}", "Ips": [], "Status": status, "Ipv6": proxy.ipv6,
        "StaticIp": proxy.static_ip, "AccelerateMainland": proxy.accelerate, "DDosProtectionConfig": None,
        "L4ProxyRuleCount": 0, "UpdateTime": utc_time(proxy.updated),
    }
