"""Rules of EdgeOne's rule engine (1552/70901, syntax: 1552/90438): for hosts, and for what visitors are sent.

Every documented action, condition and sub-rule is taken and kept. The embedded edge carries out two, those on response
headers and on redirects, where all conditions above them are on host and path alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.contract import contract
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.rule_checks import check_rule
from sitepub.local.cloud_api.teo.zones import filtered, find_zone, working_zone
from sitepub.local.services.records import TeoRule
from sitepub.local.services.services import random_name

_MOST = 200
"""Rules of a zone; the real number depends on its plan."""
_NEVER_NULL = {"Name", "VaryParameters", "ContentCompressionParameters", "OriginAuthenticationParameters",
               "CustomActionParameters"}
"""Members of an action that the model does not say may be null."""


async def create_rules(call: Call) -> dict[str, Any]:
    """CreateL7AccRules (1145/68152): new rules are added below the existing ones."""
    zone, rules = working_zone(call), call.services.teo_rules
    given = call.parameters["Rules"]
    if len(rules.where(zone=zone.id)) + len(given) > _MOST:
        raise ApiError("LimitExceeded.RuleLimitExceeded", f"A site has at most {_MOST} rules.")
    for rule in given:
        check_rule(rule)
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
            "Rules": [{**_with_nulls(one.rule), "RuleId": one.id, "RulePriority": place} for place, one in page]}


def _with_nulls(rule: dict[str, Any]) -> dict[str, Any]:
    """As answers have it: members without a value are null (the model says so of each of these)."""
    return {**dict.fromkeys(("CustomVariables", "CustomVariableOperations")), **rule,
            "Branches": _branches_with_nulls(rule["Branches"])}


def _branches_with_nulls(branches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    empty = dict.fromkeys(contract("teo").objects["RuleEngineAction"].keys() - _NEVER_NULL)
    return [{
        **branch,
        "Actions": [{**empty, **action} for action in branch.get("Actions") or ()] or None,
        "SubRules": [{**below, "Branches": _branches_with_nulls(below["Branches"])}
                     for below in branch.get("SubRules") or ()] or None,
    } for branch in branches]


async def modify_rule(call: Call) -> dict[str, Any]:
    """ModifyL7AccRule (1145/68148): the whole rule is replaced."""
    given = call.parameters["Rule"]
    working_zone(call)
    there = _find(call, given.get("RuleId") or "")
    check_rule(given)
    call.services.teo_rules.put(there.id, replace(there, rule=_kept(given)))
    return {}


async def delete_rules(call: Call) -> dict[str, Any]:
    """DeleteL7AccRules (1145/68151)."""
    for rule in [_find(call, id) for id in call.parameters["RuleIds"]]:
        call.services.teo_rules.remove(rule.id)
    return {}


async def modify_priority(call: Call) -> dict[str, Any]:
    """ModifyL7AccRulePriority (1145/68149): the order of all rules of a site. Later ones win."""
    zone, ids, rules = working_zone(call), call.parameters["RuleIds"], call.services.teo_rules
    if sorted(ids) != sorted(rule.id for rule in rules.where(zone=zone.id)):
        raise ApiError("InvalidParameter", "RuleIds is not the complete list of the site's rules.")
    for rule in [_find(call, id) for id in ids]:
        rules.remove(rule.id)
        rules.put(rule.id, rule)
    return {}


def _find(call: Call, id: str) -> TeoRule:
    rule = call.services.teo_rules.get(id)
    if rule is None or rule.zone != find_zone(call).id:
        raise ApiError("ResourceUnavailable.RuleNotFound", f"There is no rule {id!r} in the site.")
    return rule


def _kept(rule: dict[str, Any]) -> dict[str, Any]:
    """As it came: what this service does not carry out stays as well."""
    more = {name: rule[name] for name in ("CustomVariables", "CustomVariableOperations") if rule.get(name)}
    return {"Status": rule.get("Status") or "enable", "RuleName": rule.get("RuleName") or "",
            "Description": rule.get("Description") or [], "Branches": rule["Branches"], **more}
