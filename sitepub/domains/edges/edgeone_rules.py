"""The rule in an EdgeOne zone by which a host shows its pages (rule engine, 1552/70901; syntax, 1552/90438).

COS makes browsers download what comes from a default domain (436/57456), and the website endpoint is one, so a
rule takes these headers away. No rule is needed for the cache: a zone follows the origin's Cache-Control unless
the owner has set it otherwise (1145/46175), and that is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitepub.domains.edges.cdn_wanted import DOWNLOAD_HEADERS
from sitepub.domains.service_api import ServiceApi

_ACTION = "ModifyResponseHeader"
_PARAMETERS = "ModifyResponseHeaderParameters"


def name_of(host: str) -> str:
    """By its name a rule is known to be sitepub's."""
    return f"sitepub {host}"


def find_rule(api: ServiceApi, zone: str, host: str) -> Mapping[str, Any] | None:
    """The rule of a host, as the API describes it."""
    rules = api.pages("teo", "DescribeL7AccRules", {"ZoneId": zone}, "Rules", size=1000, host=host,
                      total=lambda answer: int(answer.get("TotalCount") or 0))
    return next((rule for rule in rules if rule.get("RuleName") == name_of(host)), None)


def is_right(rule: Mapping[str, Any] | None, host: str) -> bool:
    """Whether the rule is in force and takes the headers away, whatever else others have made it do."""
    if rule is None or rule.get("Status") not in (None, "enable"):
        return False
    branch = _branch(rule)
    return branch.get("Condition") == _condition(host) and _deleted(branch) >= {
        header.lower() for header in DOWNLOAD_HEADERS}


def write_rule(api: ServiceApi, zone: str, host: str) -> None:
    """Make the rule, or make it right; what others have added to it stays. Looks first."""
    there = find_rule(api, zone, host)
    if is_right(there, host):
        return
    if there is None:
        api.call("teo", "CreateL7AccRules", {"ZoneId": zone, "Rules": [_rule(host, {})]}, host=host)
    else:
        rule = {**_rule(host, _branch(there)), "RuleId": there.get("RuleId")}
        api.call("teo", "ModifyL7AccRule", {"ZoneId": zone, "Rule": rule}, host=host)


def delete_rule(api: ServiceApi, zone: str, host: str) -> None:
    """Away with it, if it is there."""
    there = find_rule(api, zone, host)
    if there is not None:
        api.call("teo", "DeleteL7AccRules", {"ZoneId": zone, "RuleIds": [there.get("RuleId")]}, host=host)


def _condition(host: str) -> str:
    return f"${{http.request.host}} in ['{host}']"


def _rule(host: str, branch: Mapping[str, Any]) -> dict[str, Any]:
    """``branch``: the one that is there."""
    missing = [header for header in DOWNLOAD_HEADERS if header.lower() not in _deleted(branch)]
    ours = {"Name": _ACTION, _PARAMETERS: {"HeaderActions": [
        *_headers(branch), *({"Action": "del", "Name": header} for header in missing)]}}
    others = [action for action in branch.get("Actions") or () if action.get("Name") != _ACTION]
    more = {"SubRules": branch["SubRules"]} if branch.get("SubRules") else {}
    return {"Status": "enable", "RuleName": name_of(host),
            "Description": ["Pages are shown, not downloaded. Made by sitepub."],
            "Branches": [{"Condition": _condition(host), "Actions": [*others, ours], **more}]}


def _branch(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(iter(rule.get("Branches") or ()), {})
    return found


def _headers(branch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [header for action in branch.get("Actions") or () if action.get("Name") == _ACTION
            for header in (action.get(_PARAMETERS) or {}).get("HeaderActions") or ()]


def _deleted(branch: Mapping[str, Any]) -> set[str]:
    return {str(header.get("Name")).lower() for header in _headers(branch) if header.get("Action") == "del"}
