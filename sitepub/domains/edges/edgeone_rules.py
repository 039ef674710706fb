"""The rule in an EdgeOne zone by which a host shows its pages (rule engine, 1552/70901; syntax, 1552/90438).

COS makes browsers download what comes from a default domain (436/57456), and the website endpoint is one, so a
rule takes these headers away. No rule is needed for the cache: a zone follows the origin's Cache-Control unless
the owner has set it otherwise (1145/46175), and that is left alone.

A rule is overwritten as a whole (ModifyL7AccRule, 1145/68148), so all that others have added to it is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sitepub.domains.edges.cdn_wanted import DOWNLOAD_HEADERS
from sitepub.domains.edges.edgeone_site_rules import is_as_wanted, site_rule_name
from sitepub.domains.service_api import ServiceApi

_ACTION = "ModifyResponseHeader"
_PARAMETERS = "ModifyResponseHeaderParameters"
_ANSWERS_ONLY = "RulePriority"
"""Described, and changed with ModifyL7AccRulePriority alone."""
_OF_HOSTS = re.compile(r"\s*\$\{http\.request\.host\}\s+in\s*\[([^\[\]]*)\]\s*")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_DONE = frozenset({"del", "set"})
"""A header that is set to something is not COS's any more."""


def name_of(host: str) -> str:
    """By its name a rule is known to be sitepub's."""
    return f"sitepub {host}"


def find_rules(api: ServiceApi, zone: str, host: str
               ) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The rule of a host, as the API describes it, and the one with its `_headers` and `_redirects`. One whose
    condition was changed to something else than hosts is not sitepub's any more."""
    rules = _rules(api, zone, host)
    named = [rule for rule in rules if rule.get("RuleName") == name_of(host) and _branch(rule, host) is not None]
    of_site = next((rule for rule in rules if rule.get("RuleName") == site_rule_name(host)
                    and _branch(rule, host) is not None), None)
    return min(named, key=lambda rule: not is_right(rule, host), default=None), of_site


def _rules(api: ServiceApi, zone: str, host: str) -> list[Mapping[str, Any]]:
    rules = api.pages("teo", "DescribeL7AccRules", {"ZoneId": zone}, "Rules", size=1000, host=host,
                      total=lambda answer: int(answer.get("TotalCount") or 0))
    return [rule for rule in rules if rule.get("RuleName") in (name_of(host), site_rule_name(host))]


def is_right(rule: Mapping[str, Any] | None, host: str) -> bool:
    """Whether the rule is in force and takes the headers away, whatever else others have made it do."""
    if rule is None or rule.get("Status") not in (None, "enable"):
        return False
    branch = _branch(rule, host)
    return branch is not None and not _missing(branch)


def write_rule(api: ServiceApi, zone: str, host: str) -> None:
    """Make the rule, or make it right; what others have added to it stays. Looks first."""
    there = find_rules(api, zone, host)[0]
    if is_right(there, host):
        return
    if there is None:
        api.call("teo", "CreateL7AccRules", {"ZoneId": zone, "Rules": [_new(host)]}, host=host)
    else:
        api.call("teo", "ModifyL7AccRule", {"ZoneId": zone, "Rule": put_right(there, host)}, host=host)


def write_site_rule(api: ServiceApi, zone: str, host: str, wanted: Mapping[str, Any] | None) -> None:
    """Make the rule with `_headers` and `_redirects`, overwrite it, or delete it. Looks first."""
    there = find_rules(api, zone, host)[1]
    if is_as_wanted(there, wanted):
        return
    if wanted is None:
        assert there is not None
        api.call("teo", "DeleteL7AccRules", {"ZoneId": zone, "RuleIds": [there.get("RuleId")]}, host=host)
    elif there is None:
        api.call("teo", "CreateL7AccRules", {"ZoneId": zone, "Rules": [wanted]}, host=host)
    else:
        api.call("teo", "ModifyL7AccRule", {"ZoneId": zone, "Rule": {**wanted, "RuleId": there.get("RuleId")}},
                 host=host)


def delete_rule(api: ServiceApi, zone: str, host: str) -> None:
    """Away with it, if it is there. One that others have made apply to more than this host stays."""
    ids = [rule.get("RuleId") for rule in _rules(api, zone, host)
           if all(_hosts(branch.get("Condition")) == {host} for branch in _branches(rule))]
    if ids:
        api.call("teo", "DeleteL7AccRules", {"ZoneId": zone, "RuleIds": ids}, host=host)


def put_right(rule: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The rule that is there, in force, with the headers that are missing: all else as it is, known or not. Members
    that have no value are null in answers, and may not be in requests."""
    ours = _branch(rule, host)
    branches = [_completed(branch) if branch is ours else branch for branch in _branches(rule)]
    kept = {name: value for name, value in rule.items() if name != _ANSWERS_ONLY}
    found: dict[str, Any] = _without_nulls({**kept, "Status": "enable", "Branches": branches})
    return found


def _new(host: str) -> dict[str, Any]:
    branch = _completed({"Condition": f"${{http.request.host}} in ['{host}']"})
    return {"Status": "enable", "RuleName": name_of(host),
            "Description": ["Pages are shown, not downloaded. Made by sitepub."], "Branches": [branch]}


def _completed(branch: Mapping[str, Any]) -> dict[str, Any]:
    """With what is missing in the first action on response headers, else in one of its own."""
    actions = list(branch.get("Actions") or ())
    more = [{"Action": "del", "Name": header} for header in _missing(branch)]
    at = next((place for place, action in enumerate(actions) if action.get("Name") == _ACTION), None)
    if at is None:
        actions.append({"Name": _ACTION, _PARAMETERS: {"HeaderActions": more}})
    else:
        given = actions[at].get(_PARAMETERS) or {}
        headers = [*(given.get("HeaderActions") or ()), *more]
        actions[at] = {**actions[at], _PARAMETERS: {**given, "HeaderActions": headers}}
    return {**branch, "Actions": actions}


def _missing(branch: Mapping[str, Any]) -> list[str]:
    done = {str(header.get("Name")).lower() for header in _headers(branch) if header.get("Action") in _DONE}
    return [header for header in DOWNLOAD_HEADERS if header.lower() not in done]


def _headers(branch: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for action in branch.get("Actions") or ():
        if action.get("Name") == _ACTION:
            yield from (action.get(_PARAMETERS) or {}).get("HeaderActions") or ()


def _branches(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(rule.get("Branches") or ())


def _branch(rule: Mapping[str, Any], host: str) -> Mapping[str, Any] | None:
    """The branch that every request of the host takes."""
    return next((branch for branch in _branches(rule) if host in _hosts(branch.get("Condition"))), None)


def _hosts(condition: Any) -> set[str]:
    """The hosts of a condition on nothing but the host; empty for any other."""
    found = _OF_HOSTS.fullmatch(str(condition or ""))
    return {(one or other).lower() for one, other in _QUOTED.findall(found[1])} if found else set()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
