"""What a rule of EdgeOne's rule engine may say (syntax: 1552/90438; members: the models of the API): narrower than
types and listed values, which are checked for every request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.services.header_rules import HEADERS, REDIRECT

_LONGEST_NAME, _LONGEST_VALUE = 255, 1024
_BAD = "InvalidParameter.ErrInvalidActionParamValue"
_LACKS = "InvalidParameter.ErrInvalidActionParam"
_GROUP = re.compile(r"\$([0-9]+)")


def check_rule(rule: Mapping[str, Any]) -> None:
    """Raises ApiError."""
    if len(rule.get("RuleName") or "") > _LONGEST_NAME:
        raise ApiError("InvalidParameter", f"The name of a rule has at most {_LONGEST_NAME} characters.")
    _check_branches(rule.get("Branches") or [], "A rule")


def _check_branches(branches: list[dict[str, Any]], where: str, *, below: bool = False) -> None:
    if len(branches) != 1:
        raise ApiError("InvalidParameter", f"{where} has one branch.")
    branch = branches[0]
    if not branch.get("Condition"):
        raise ApiError("InvalidParameter.ErrNilCondition", "A branch has a condition.")
    subrules = branch.get("SubRules") or []
    if not (branch.get("Actions") or subrules):
        raise ApiError("InvalidParameter", "A branch has an action or a sub-rule.")
    if subrules and below:
        raise ApiError("InvalidParameter", "Sub-rules have no sub-rules.")
    names = [action["Name"] for action in branch.get("Actions") or ()]
    if len(set(names)) != len(names):
        raise ApiError("InvalidParameter.ErrInvalidActionDuplicateAction", "An action stands in a branch once.")
    for action in branch.get("Actions") or ():
        check_action(action)
    for one in subrules:
        _check_branches(one.get("Branches") or [], "A sub-rule", below=True)


def check_action(action: Mapping[str, Any]) -> None:
    name = str(action["Name"])
    given = action.get(f"{name}Parameters")
    if given is None:
        raise ApiError(_LACKS, f"{name} needs {name}Parameters.")
    check = _CHECKS.get(name)
    if check is not None:
        check(given)


def _headers(given: Mapping[str, Any]) -> None:
    headers = given.get("HeaderActions")
    if not headers:
        raise ApiError(_LACKS, f"{HEADERS} needs HeaderActions.")
    if any(one["Action"] != "del" and not one.get("Value") for one in headers):
        raise ApiError(_BAD, "A header that is set or added has a value.")


def _redirect(given: Mapping[str, Any]) -> None:
    host, path = given.get("HostName") or {}, given.get("URLPath") or {}
    wrong = ("StatusCode" if given.get("StatusCode") not in (301, 302, 303, 307, 308)
             else "HostName" if host.get("Action") == "custom" and not host.get("Value")
             else "URLPath" if path.get("Action") in ("custom", "regex") and not str(path.get("Value")).startswith("/")
             else "URLPath" if path.get("Action") == "regex" and not _is_expression(path.get("Regex")) else "")
    if wrong:
        raise ApiError(_BAD, f"{wrong} of {REDIRECT} is not valid.")


def _rewrite(given: Mapping[str, Any]) -> None:
    """UpstreamURLRewrite. That a Value takes no variables is not said; a code for it exists, and none is documented."""
    kind, value = given.get("Action"), str(given.get("Value") or "")
    if "${" in value:
        raise ApiError("InvalidParameter.NotSupportThisPreset", "A rewrite takes no variables.")
    if not 1 <= len(value) <= _LONGEST_VALUE:
        raise ApiError(_BAD, f"Value has 1 to {_LONGEST_VALUE} characters.")
    if kind != "rmvPrefix" and not value.startswith(("/", "$")):
        raise ApiError(_BAD, "What is rewritten begins with a slash.")
    if kind == "addPrefix" and value.endswith("/"):
        raise ApiError(_BAD, "A prefix that is added does not end with a slash.")
    if kind == "rmvPrefix" and ("*" in value or not value.startswith("/")):
        raise ApiError(_BAD, "A prefix that is removed begins with a slash, and has no *.")
    if kind == "regexReplace":
        expression = given.get("Regex")
        if not _is_expression(expression) or len(str(expression)) > _LONGEST_VALUE:
            raise ApiError(_BAD, "Regex is not an expression.")
        groups = re.compile(str(expression)).groups
        if any(int(number) > min(groups, 9) for number in _GROUP.findall(value)):
            raise ApiError(_BAD, "Value names a group that Regex does not have.")


def _origin(given: Mapping[str, Any]) -> None:
    """ModifyOrigin. Another Host alone is an action of its own (HostHeader)."""
    kind = given.get("OriginType")
    if not kind or not given.get("Origin"):
        raise ApiError(_LACKS, "ModifyOrigin needs OriginType and Origin.")
    if kind in ("IPDomain", "OriginGroup", "LoadBalance") and not given.get("OriginProtocol"):
        raise ApiError(_LACKS, f"ModifyOrigin to {kind} needs OriginProtocol.")
    if kind in ("COS", "AWSS3") and not given.get("PrivateAccess"):
        raise ApiError(_LACKS, f"ModifyOrigin to {kind} needs PrivateAccess.")
    protocol = given.get("OriginProtocol")
    for port, protocols in (("HTTPOriginPort", ("http", "follow")), ("HTTPSOriginPort", ("https", "follow"))):
        if protocol in protocols and given.get(port) is None:
            raise ApiError(_LACKS, f"ModifyOrigin by {protocol} needs {port}.")
        if given.get(port) is not None and not 1 <= given[port] <= 65535:
            raise ApiError(_BAD, f"{port} is 1 to 65535.")


def _cache(given: Mapping[str, Any]) -> None:
    ways = [given.get(name) or {} for name in ("FollowOrigin", "NoCache", "CustomTime")]
    if sum(way.get("Switch") == "on" for way in ways) > 1:
        raise ApiError(_BAD, "One of FollowOrigin, NoCache and CustomTime is on at most.")
    custom = ways[2]
    if custom.get("Switch") == "on" and (custom.get("CacheTime") is None or not custom.get("IgnoreCacheControl")):
        raise ApiError(_LACKS, "CustomTime needs CacheTime and IgnoreCacheControl.")


def _cache_key(given: Mapping[str, Any]) -> None:
    if not any(given.get(name) for name in ("FullURLCache", "IgnoreCase", "Header", "Scheme", "Cookie")):
        raise ApiError(_LACKS, "CacheKey sets something.")
    full, query = given.get("FullURLCache"), (given.get("QueryString") or {}).get("Switch")
    if bool(full) != bool(query):
        raise ApiError(_LACKS, "FullURLCache and QueryString.Switch are set together.")
    if full == query == "on":
        raise ApiError(_BAD, "FullURLCache and QueryString.Switch are not both on.")


def _is_expression(text: Any) -> bool:
    try:
        return bool(text) and re.compile(text) is not None
    except re.error:
        return False


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    HEADERS: _headers, REDIRECT: _redirect, "UpstreamURLRewrite": _rewrite, "ModifyOrigin": _origin, "Cache": _cache,
    "CacheKey": _cache_key}
