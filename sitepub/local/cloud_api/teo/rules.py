"""Rules of EdgeOne's rule engine (1552/70901, syntax: 1552/90438): for hosts, and for what visitors are sent.

Of the conditions the embedded cloud reads those on the host alone, of the actions the one on response headers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.shapes import Parameter, needed, number, obj, objs, text, texts
from sitepub.local.cloud_api.teo.zones import filtered, find_zone
from sitepub.local.services.header_rules import hosts_of
from sitepub.local.services.records import TeoRule
from sitepub.local.services.services import random_name

_MOST = 200
"""Rules of a zone; the real number hangs on its plan."""

HEADERS = obj(HeaderActions=objs(
    Action=text("set", "del", "add", required=True), Name=text(required=True), Value=text()))
RULE: dict[str, Parameter] = {
    "Status": text("enable", "disable", default="enable"), "RuleId": text(), "RuleName": text(default=""),
    "Description": texts(default=[]), "RulePriority": number(),
    "Branches": needed(objs(
        Condition=text(required=True),
        Actions=needed(objs(Name=text(required=True), ModifyResponseHeaderParameters=HEADERS))), longest=1),
}


async def create_rules(call: Call) -> dict[str, Any]:
    """CreateL7AccRules (1145/68152): they go below those that are there."""
    zone, rules = find_zone(call), call.services.teo_rules
    given = call.parameters["Rules"]
    if len(rules.where(zone=zone.id)) + len(given) > _MOST:
        raise ApiError("LimitExceeded.RuleLimitExceeded", f"A site has at most {_MOST} rules.")
    for rule in given:
        _check(rule)
    made = [TeoRule(f"rule-{random_name(12)}", zone.id, _kept(rule)) for rule in given]
    for one in made:
        rules.put(one.id, one)
    return {"RuleIds": [one.id for one in made]}


async def describe_rules(call: Call) -> dict[str, Any]:
    """DescribeL7AccRules (1145/68150)."""
    found = filtered(call, call.services.teo_rules.where(zone=find_zone(call).id),
                     {"rule-id": lambda rule: [rule.id]})
    offset = call.get("Offset", 0)
    page = list(enumerate(found, 1))[offset : offset + call.get("Limit", 20)]
    return {"TotalCount": len(found),
            "Rules": [{**one.rule, "RuleId": one.id, "RulePriority": place} for place, one in page]}


async def modify_rule(call: Call) -> dict[str, Any]:
    """ModifyL7AccRule (1145/68148): the whole rule is replaced."""
    given = call.parameters["Rule"]
    there = _find(call, given.get("RuleId") or "")
    _check(given)
    call.services.teo_rules.put(there.id, replace(there, rule=_kept(given)))
    return {}


async def delete_rules(call: Call) -> dict[str, Any]:
    """DeleteL7AccRules (1145/68151)."""
    for rule in [_find(call, id) for id in call.parameters["RuleIds"]]:
        call.services.teo_rules.remove(rule.id)
    return {}


def _find(call: Call, id: str) -> TeoRule:
    rule = call.services.teo_rules.get(id)
    if rule is None or rule.zone != find_zone(call).id:
        raise ApiError("ResourceUnavailable.RuleNotFound", f"There is no rule {id!r} in the site.")
    return rule


def _check(rule: dict[str, Any]) -> None:
    if len(rule.get("RuleName") or "") > 255:
        raise ApiError("InvalidParameter", "The name of a rule has at most 255 characters.")
    if not rule["Branches"]:
        raise ApiError("InvalidParameter", "A rule has a branch.")
    for branch in rule["Branches"]:
        _hosts_of(branch["Condition"])
        if not branch["Actions"]:
            raise ApiError("InvalidParameter", "A branch has an action.")
        for action in branch["Actions"]:
            if action["Name"] != "ModifyResponseHeader":
                raise ApiError("UnsupportedOperation", f"The embedded cloud knows no action {action['Name']}.")
            headers = (action.get("ModifyResponseHeaderParameters") or {}).get("HeaderActions")
            if not headers:
                raise ApiError("InvalidParameter", "ModifyResponseHeader needs ModifyResponseHeaderParameters.")
            if any(one["Action"] != "del" and not one.get("Value") for one in headers):
                raise ApiError("InvalidParameter", "A header that is set or added has a value.")


def _hosts_of(condition: str) -> list[str]:
    hosts = hosts_of(condition)
    if hosts is None:
        raise ApiError("InvalidParameter", f"The embedded cloud reads no such condition: {condition}")
    return hosts


def _kept(rule: dict[str, Any]) -> dict[str, Any]:
    return {"Status": rule.get("Status") or "enable", "RuleName": rule.get("RuleName") or "",
            "Description": rule.get("Description") or [], "Branches": rule["Branches"]}
