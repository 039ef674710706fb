"""EdgeOne's plans: those that the account's sites name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.zones import filtered, find_zone
from sitepub.local.services.records import TeoZone

_YEAR = 365 * 86400


async def describe_plans(call: Call) -> dict[str, Any]:
    """DescribePlans (1552/105771). Nothing is bought here: a plan is there because a site names it, and every account
    has one that is free."""
    zones = call.services.teo_zones.where(owner=call.owner)
    names = sorted({_spare(call), *(zone.plan for zone in zones if zone.plan)})
    plans = [_plan(call, name, [zone for zone in zones if zone.plan == name]) for name in names]
    fields: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "plan-type": lambda plan: [plan["PlanType"]], "plan-id": lambda plan: [plan["PlanId"]],
        "area": lambda plan: [plan["Area"]], "status": lambda plan: [plan["Status"]],
    }
    found = filtered(call, plans, fields)
    offset = call.get("Offset", 0)
    return {"TotalCount": len(found), "Plans": found[offset : offset + call.get("Limit", 20)]}


async def bind_zone_to_plan(call: Call) -> dict[str, Any]:
    """BindZoneToPlan (1552/83042): a site without a plan gets one."""
    zone, plan = find_zone(call), call.parameters["PlanId"]
    if zone.plan:
        raise ApiError("InvalidParameter.ZoneHasBeenBound", "The site has a plan already.")
    known = {_spare(call), *(one.plan for one in call.services.teo_zones.where(owner=call.owner))}
    if plan not in known:
        raise ApiError("InvalidParameter.PlanNotFound", "There is no such plan.")
    call.services.teo_zones.put(zone.id, replace(zone, plan=plan))
    return {}


def _spare(call: Call) -> str:
    return f"edgeone-{call.owner}"


def _plan(call: Call, name: str, zones: list[TeoZone]) -> dict[str, Any]:
    started = min((zone.created for zone in zones), default=call.time)
    capacities = ("SmartRequest", "VAU", "AccTraffic", "SmartTraffic", "DDoSTraffic", "SecTraffic", "SecRequest",
                  "L4Traffic", "CrossMLCTraffic")
    return {
        "PlanType": "plan-standard", "PlanId": name, "Area": "global", "AutoRenewal": False, "Status": "normal",
        "PayMode": 0, "Bindable": "true", "EnabledTime": utc_time(started), "ExpiredTime": utc_time(started + _YEAR),
        "ZonesInfo": [{"ZoneId": one.id, "ZoneName": one.name, "Paused": one.paused} for one in zones],
        **{f"{one}Capacity": 0 for one in capacities},
    }
