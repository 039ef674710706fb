"""Rules that start edge functions: which conditions they may have, and their order."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.functions import check_remark, find_function, refused_now_and_then
from sitepub.local.cloud_api.teo.zones import find_zone
from sitepub.local.services.edge_functions import EdgeFunctionRule
from sitepub.local.services.records import TeoZone
from sitepub.local.services.services import random_name

MOST_RULES = 200
"""Of a zone."""
_NAMED = ("query_string", "request_header")
"""Targets that need a name, and may exist or not."""
_PROTOCOLS = ("HTTP", "HTTPS")


async def create_rule(call: Call) -> dict[str, Any]:
    """CreateFunctionRule. Where a new rule comes is not documented: last here, so it never wins by chance."""
    zone, rules = find_zone(call), call.services.teo_function_rules
    there = rules.where(zone=zone.id)
    if len(there) >= MOST_RULES:
        raise ApiError("LimitExceeded.RuleLimitExceeded", f"A site has at most {MOST_RULES} rules.")
    _check_conditions(call.parameters["FunctionRuleConditions"], zone)
    check_remark(call.get("Remark", ""))
    made = EdgeFunctionRule(
        f"rule-{random_name(8)}", zone.id, max((rule.place for rule in there), default=0) + 1,
        call.parameters["FunctionRuleConditions"], **_selection(call), remark=call.get("Remark", ""),
        created=call.time, updated=call.time)
    refused_now_and_then(call)
    rules.put(made.id, made)
    return {"RuleId": made.id}


async def modify_rule(call: Call) -> dict[str, Any]:
    """ModifyFunctionRule: conditions and remark stay when they are left out; without TriggerType it is `direct`."""
    zone, there = find_zone(call), _find(call, call.parameters["RuleId"])
    conditions, remark = call.get("FunctionRuleConditions", there.conditions), call.get("Remark", there.remark)
    _check_conditions(conditions, zone)
    check_remark(remark)
    changed = replace(there, conditions=conditions, remark=remark, updated=call.time, **_selection(call, there))
    refused_now_and_then(call)
    call.services.teo_function_rules.put(there.id, changed)
    return {}


async def delete_rules(call: Call) -> dict[str, Any]:
    """DeleteFunctionRules."""
    found = [_find(call, id) for id in call.parameters["RuleIds"]]
    refused_now_and_then(call)
    for rule in found:
        call.services.teo_function_rules.remove(rule.id)
    return {}


async def describe_rules(call: Call) -> dict[str, Any]:
    """DescribeFunctionRules: all of them, the first one first; a larger Priority is higher."""
    functions = {one.id: one.name for one in call.services.teo_functions.where(zone=find_zone(call).id)}
    rules = _in_order(call)
    shown = [{
        "RuleId": one.id, "FunctionRuleConditions": _shown_conditions(one.conditions), "TriggerType": one.trigger,
        "FunctionId": one.function, "FunctionName": functions.get(one.function, ""),
        "RegionMappingSelections": one.regions, "WeightedSelections": one.weights,
        "Priority": len(rules) - place, "Remark": one.remark, "CreateTime": utc_time(one.created),
        "UpdateTime": utc_time(one.updated)} for place, one in enumerate(rules)]
    fields = {"rule-id": ("RuleId", False), "function-id": ("FunctionId", False), "remark": ("Remark", True)}
    for given in call.get("Filters", []):
        if given["Name"] not in fields:
            raise ApiError("InvalidParameter", f"There is no filter {given['Name']}.")
        if len(given["Values"]) > 20:
            raise ApiError("InvalidParameter.TooManyFilterValues", "A filter takes at most 20 values.")
        name, part = fields[given["Name"]]
        shown = [one for one in shown if any(
            value in str(one[name]) if part else value == one[name] for value in given["Values"])]
    return {"FunctionRules": shown}


def _shown_conditions(conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As answers have them: with every member."""
    empty = {"Values": [], "IgnoreCase": False, "Name": "", "IgnoreNameCase": False}
    return [{"RuleConditions": [{**empty, **part} for part in one["RuleConditions"]]} for one in conditions]


async def modify_priority(call: Call) -> dict[str, Any]:
    """ModifyFunctionRulePriority: the ids of all rules, from the first to the last."""
    ids, rules = call.parameters["RuleIds"], call.services.teo_function_rules
    there = {rule.id: rule for rule in _in_order(call)}
    if sorted(ids) != sorted(there):
        raise ApiError("InvalidParameter", "The ids of all rules of the site are needed, each once.")
    refused_now_and_then(call)
    for place, id in enumerate(ids, 1):
        rules.put(id, replace(there[id], place=place))
    return {}


def _in_order(call: Call) -> list[EdgeFunctionRule]:
    return sorted(call.services.teo_function_rules.where(zone=find_zone(call).id), key=lambda rule: rule.place)


def _find(call: Call, id: str) -> EdgeFunctionRule:
    rule = call.services.teo_function_rules.get(id)
    if rule is None or rule.zone != find_zone(call).id:
        raise ApiError("ResourceUnavailable.RuleNotFound", f"There is no rule {id!r} in the site.")
    return rule


def _selection(call: Call, there: EdgeFunctionRule | None = None) -> dict[str, Any]:
    """Which functions a rule starts. Raises ApiError."""
    trigger = call.get("TriggerType") or "direct"
    found: dict[str, Any] = {"trigger": trigger, "function": "", "regions": [], "weights": []}
    if trigger == "direct":
        kept = there.function if there is not None and there.trigger == "direct" else ""
        found["function"] = find_function(call, call.get("FunctionId", kept)).id
        return found
    name = "RegionMappingSelections" if trigger == "region" else "WeightedSelections"
    chosen = call.get(name, [])
    if not chosen:
        raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")
    for one in chosen:
        find_function(call, one["FunctionId"])
    if trigger == "weight":
        if any(not 0 <= one["Weight"] <= 100 for one in chosen) or sum(one["Weight"] for one in chosen) != 100:
            raise ApiError("InvalidParameter", "Weights are 0 to 100, and 100 together.")
        return {**found, "weights": chosen}
    regions = [region for one in chosen for region in one["Regions"]]
    if "Default" not in regions or len(set(regions)) < len(regions) or (there is not None and len(regions) < 2):
        raise ApiError("InvalidParameter", "Each region is named once, and Default is one of them.")
    return {**found, "regions": chosen}


def _check_conditions(conditions: list[dict[str, Any]], zone: TeoZone) -> None:
    if not conditions or not all(one["RuleConditions"] for one in conditions):
        raise ApiError("InvalidParameter", "A rule has at least one condition.")
    for one in conditions:
        for part in one["RuleConditions"]:
            _check_part(part, zone)


def _check_part(part: dict[str, Any], zone: TeoZone) -> None:
    operator, target, values = part["Operator"], part["Target"], part.get("Values") or []
    exists = operator in ("exist", "notexist")
    if target in _NAMED and not part.get("Name"):
        raise ApiError("InvalidParameter", f"A condition on {target} needs a Name.")
    if exists and target not in _NAMED:
        raise ApiError("InvalidParameter", f"{operator} is not for {target}.")
    if not values and not exists:
        raise ApiError("InvalidParameter", f"A condition on {target} needs Values.")
    wrong = next((value for value in values if not _is_value(target, value, zone)), None)
    if wrong is not None:
        raise ApiError("InvalidParameter", f"{wrong!r} is not a value for {target}.")


def _is_value(target: str, value: str, zone: TeoZone) -> bool:
    """Assumed for hosts, because no document says it: the name of a wildcard acceleration domain is taken."""
    if value == "all":
        return True
    if target == "host":
        return value == zone.name or value.endswith(f".{zone.name}")
    if target == "url":
        return value.startswith("/")
    if target == "full_url":
        return value.startswith(("http://", "https://"))
    if target == "request_protocol":
        return value in _PROTOCOLS
    if target == "client_ip":
        try:
            return bool(ipaddress.ip_network(value, strict=False))
        except ValueError:
            return False
    return bool(value)
