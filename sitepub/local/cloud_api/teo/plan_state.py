"""The plans of EdgeOne that an account has, and how many sites each may still get."""

from __future__ import annotations

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.records import TeoZone
from sitepub.local.services.switches import Plan

_ENDED = {"expired": "OperationDenied.PlanHasBeenExpired", "isolated": "OperationDenied.PlanHasBeenIsolated",
          "overdue-isolated": "OperationDenied.PlanHasBeenIsolated"}


def plans_of(call: Call) -> dict[str, Plan]:
    """By id."""
    return {plan.id or f"edgeone-{call.owner}": plan for plan in call.services.switches.plans}


def sites_of(call: Call, plan: str) -> list[TeoZone]:
    return call.services.teo_zones.where(owner=call.owner, plan=plan)


def is_bindable(call: Call, id: str, plan: Plan) -> bool:
    return plan.status not in _ENDED and len(sites_of(call, id)) < plan.sites


def check_plan(call: Call, id: str) -> None:
    """That a site may be bound to it. Raises ApiError."""
    plan = plans_of(call).get(id)
    if plan is None:
        raise ApiError("InvalidParameter.PlanNotFound", "There is no such plan.")
    if plan.status in _ENDED:
        raise ApiError(_ENDED[plan.status], "The plan has ended.")
    if not is_bindable(call, id, plan):
        raise ApiError("LimitExceeded.ZoneBindPlan", "The plan has as many sites as it may have.")
