"""The embedded EdgeOne: what its rules may say, and their order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.cloud_api.test_local_teo_api import ORIGIN, site
from tests.local.service_wire import Services


def test_a_rule_is_refused_for_what_no_rule_may_say(services: Services) -> None:
    zone, name = site(services)
    condition = f"${{http.request.host}} in ['www.{name}', '{name}']"
    header = {"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {
        "HeaderActions": [{"Action": "del", "Name": "Server"}]}}

    def rule(**changes: Any) -> list[dict[str, Any]]:
        return [{"RuleName": "r", "Branches": [{"Condition": condition, "Actions": [header], **changes}]}]

    (made,) = services.call("teo", "CreateL7AccRules", ZoneId=zone, Rules=rule())["RuleIds"]
    found = services.call("teo", "DescribeL7AccRules", ZoneId=zone)
    assert (found["TotalCount"], found["Rules"][0]["RuleId"], found["Rules"][0]["RulePriority"]) == (1, made, 1)
    assert services.call("teo", "DescribeL7AccRules", ZoneId=zone, Filters=[
        {"Name": "rule-id", "Values": ["rule-none"]}])["Rules"] == []
    bad = "InvalidParameter.ErrInvalidActionParam"
    for changes, code in (
        ({"Actions": []}, "InvalidParameter"), ({"Actions": None}, "InvalidParameter"),
        ({"Condition": ""}, "InvalidParameter.ErrNilCondition"), ({"Condition": 1}, "InvalidParameter"),
        ({"Colour": "red"}, "UnknownParameter"), ({"Actions": [{"Name": "HTTP2"}]}, bad),
        ({"Actions": [{"Name": "HTTP2", "PaintParameters": {}}]}, "UnknownParameter"),
        ({"Actions": [{"Name": "Paint"}]}, "InvalidParameterValue"), ({"Actions": [{}]}, "MissingParameter"),
        ({"Actions": [{"Name": "HTTP2", "HTTP2Parameters": {"Switch": "yes"}}]}, "InvalidParameterValue"),
        ({"Actions": [{"Name": "ModifyResponseHeader"}]}, bad),
        ({"Actions": [{"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {
            "HeaderActions": [{"Action": "set", "Name": "A"}]}}]}, "InvalidParameter.ErrInvalidActionParamValue"),
        ({"SubRules": [{"Branches": []}]}, "InvalidParameter"),
        ({"SubRules": [{"Branches": [{"Condition": condition, "Actions": [{"Name": "HTTP2"}]}]}]}, bad),
    ):
        assert services.error("teo", "CreateL7AccRules", ZoneId=zone, Rules=rule(**changes)) == code
    assert services.error("teo", "ModifyL7AccRule", ZoneId=zone, Rule={"RuleId": "rule-none", **rule()[0]}) \
        == "ResourceUnavailable.RuleNotFound"
    services.call("teo", "DeleteL7AccRules", ZoneId=zone, RuleIds=[made])
    assert services.error("teo", "DeleteL7AccRules", ZoneId=zone, RuleIds=[made]) == "ResourceUnavailable.RuleNotFound"


def rewrite(action: str, value: str, **more: Any) -> dict[str, Any]:
    return {"Name": "UpstreamURLRewrite", "UpstreamURLRewriteParameters": {
        "Type": "Path", "Action": action, "Value": value, **more}}


def origin(**given: Any) -> dict[str, Any]:
    return {"Name": "ModifyOrigin", "ModifyOriginParameters": given}


LEADS = {"OriginType": "IPDomain", "Origin": "a.example.com", "OriginProtocol": "https", "HTTPSOriginPort": 443}
VALUE, LACKS = "InvalidParameter.ErrInvalidActionParamValue", "InvalidParameter.ErrInvalidActionParam"


@pytest.mark.parametrize(("action", "code"), [
    (rewrite("replace", "/a"), ""), (rewrite("addPrefix", "/.sitepub/slots/a"), ""), (rewrite("rmvPrefix", "/a/"), ""),
    (rewrite("regexReplace", "/b$1", Regex="^/a(.*)$"), ""), (rewrite("regexReplace", "$1", Regex="^(/.*)$"), ""),
    (rewrite("replace", "a"), VALUE), (rewrite("replace", ""), VALUE), (rewrite("replace", "/" + "a" * 1024), VALUE),
    (rewrite("addPrefix", "/a/"), VALUE), (rewrite("addPrefix", "a"), VALUE), (rewrite("rmvPrefix", "/a*"), VALUE),
    (rewrite("rmvPrefix", "a"), VALUE), (rewrite("regexReplace", "/b"), VALUE),
    (rewrite("regexReplace", "/b", Regex="("), VALUE), (rewrite("regexReplace", "/$2", Regex="^/(a)$"), VALUE),
    (rewrite("replace", "/${http.request.host}"), "InvalidParameter.NotSupportThisPreset"),
    (rewrite("moveTo", "/a"), "InvalidParameterValue"), ({"Name": "UpstreamURLRewrite"}, LACKS),
    (origin(**LEADS), ""), (origin(OriginType="COS", Origin=ORIGIN["Origin"], PrivateAccess="off"), ""),
    (origin(Origin="a.example.com"), LACKS), (origin(OriginType="IPDomain"), LACKS),
    (origin(OriginType="IPDomain", Origin="a.example.com"), LACKS),
    (origin(OriginType="COS", Origin=ORIGIN["Origin"]), LACKS), (origin(**{**LEADS, "HTTPSOriginPort": 0}), VALUE),
    (origin(**{**LEADS, "OriginProtocol": "follow"}), LACKS),
    (origin(OriginType="IP_DOMAIN", Origin="a.example.com"), "InvalidParameterValue"),
    ({"Name": "Cache", "CacheParameters": {"FollowOrigin": {"Switch": "on"}, "NoCache": {"Switch": "on"}}}, VALUE),
    ({"Name": "Cache", "CacheParameters": {"NoCache": {"Switch": "on"}}}, ""),
    ({"Name": "Cache", "CacheParameters": {"CustomTime": {"Switch": "on", "CacheTime": 5}}}, LACKS),
    ({"Name": "CacheKey", "CacheKeyParameters": {"FullURLCache": "on"}}, LACKS),
    ({"Name": "CacheKey", "CacheKeyParameters": {"FullURLCache": "on", "QueryString": {"Switch": "on"}}}, VALUE),
    ({"Name": "CacheKey", "CacheKeyParameters": {"FullURLCache": "off", "QueryString": {"Switch": "on"}}}, ""),
])
def test_what_an_action_of_a_rule_may_say(services: Services, action: dict[str, Any], code: str) -> None:
    zone = _zone_of_rules(services)
    rules = [{"RuleName": "r", "Branches": [{"Condition": "${http.request.host} in ['a.com']", "Actions": [action]}]}]
    if code:
        assert services.error("teo", "CreateL7AccRules", ZoneId=zone, Rules=rules) == code
    else:
        assert len(services.call("teo", "CreateL7AccRules", ZoneId=zone, Rules=rules)["RuleIds"]) == 1


_ZONES: list[str] = []


def _zone_of_rules(services: Services) -> str:
    if not _ZONES:
        _ZONES.append(site(services)[0])
    return _ZONES[0]


def test_rules_have_one_level_of_sub_rules_and_an_order_that_is_set_as_a_whole(services: Services) -> None:
    zone, _ = site(services)

    def branch(**more: Any) -> dict[str, Any]:
        return {"Condition": "${http.request.host} in ['a.com']", "Actions": [rewrite("replace", "/a")], **more}

    below = branch(SubRules=[{"Branches": [branch()]}])
    assert services.call("teo", "CreateL7AccRules", ZoneId=zone, Rules=[{"RuleName": "1", "Branches": [below]}])
    deeper = branch(SubRules=[{"Branches": [below]}])
    for branches in ([deeper], [branch(), branch()], [branch(Actions=[rewrite("replace", "/a")] * 2)]):
        assert services.error("teo", "CreateL7AccRules", ZoneId=zone, Rules=[
            {"RuleName": "x", "Branches": branches}]).startswith("InvalidParameter")
    services.call("teo", "CreateL7AccRules", ZoneId=zone, Rules=[
        {"RuleName": name, "Branches": [branch()]} for name in ("2", "3")])
    ids = [rule["RuleId"] for rule in services.call("teo", "DescribeL7AccRules", ZoneId=zone)["Rules"]]
    for wrong in (ids[:2], [*ids, "rule-none"], [ids[0], ids[0], ids[1]], []):
        assert services.error("teo", "ModifyL7AccRulePriority", ZoneId=zone, RuleIds=wrong).startswith(
            ("InvalidParameter", "MissingParameter"))
    services.call("teo", "ModifyL7AccRulePriority", ZoneId=zone, RuleIds=ids[::-1])
    found = services.call("teo", "DescribeL7AccRules", ZoneId=zone)["Rules"]
    assert [(rule["RuleName"], rule["RulePriority"]) for rule in found] == [("3", 1), ("2", 2), ("1", 3)]
