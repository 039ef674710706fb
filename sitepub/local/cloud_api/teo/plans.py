"""EdgeOne's plans. None is bought here: every account has those of the switches (`POST /-/cdn`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.plan_state import check_plan, is_bindable, plans_of, sites_of
from sitepub.local.cloud_api.teo.zones import filtered, find_zone
from sitepub.local.services.switches import Plan

_YEAR = 365 * 86400


async def describe_plans(call: Call) -> dict[str, Any]:
    """DescribePlans (1552/105771)."""
    plans = [_plan(call, id, plan) for id, plan in sorted(plans_of(call).items())]
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
    check_plan(call, plan)
    call.services.teo_zones.put(zone.id, replace(zone, plan=plan, change=begin(call.time, call.services.pace)))
    return {}


def _plan(call: Call, id: str, plan: Plan) -> dict[str, Any]:
    zones = sites_of(call, id)
    started = min((zone.created for zone in zones), default=call.time)
    capacities = ("SmartRequest", "VAU", "AccTraffic", "SmartTraffic", "DDoSTraffic", "SecTraffic", "SecRequest",
                  "L4Traffic", "CrossMLCTraffic")
    return {
        "PlanType": plan.type, "PlanId": id, "Area": plan.area, "AutoRenewal": False, "Status": plan.status,
        "PayMode": 0, "Bindable": "true" if is_bindable(call, id, plan) else "false",
        "EnabledTime": utc_time(started), "ExpiredTime": utc_time(started + _YEAR),
        "ZonesInfo": [{"ZoneId": one.id, "ZoneName": one.name, "Paused": one.paused} for one in zones],
        **{f"{one}Capacity": 0 for one in capacities},
    }
