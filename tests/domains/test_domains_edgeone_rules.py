"""sitepub's rule in an EdgeOne zone, among those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sitepub.domains.edges.edgeone_rules import is_right, put_right
from sitepub.domains.zones.zones import proof_record
from tests.conftest import running_cloud
from tests.domains.edge_cases import Case, make_case

SET = {"Action": "set", "Name": "X-Theirs", "Value": "1"}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with running_cloud(tmp_path_factory.mktemp("rules") / "data", "--pace", "0") as cloud:
        yield make_case("edgeone", cloud)




def rules(case: Case, zone: str) -> list[dict[str, Any]]:
    told = case.account.sdk("teo", "DescribeL7AccRules", {"ZoneId": zone, "Limit": 1000})
    return [without_nulls(rule) for rule in told["Rules"]]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def headers(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return [header for action in rule["Branches"][0]["Actions"]
            for header in action.get("ModifyResponseHeaderParameters", {}).get("HeaderActions", [])]


def theirs(case: Case, zone: str, name: str, host: str) -> str:
    return str(case.account.sdk("teo", "CreateL7AccRules", {"ZoneId": zone, "Rules": [{
        "RuleName": name, "Branches": [{"Condition": f"${{http.request.host}} in ['{host}']", "Actions": [
            {"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {"HeaderActions": [SET]}}]}]}]})[
        "RuleIds"][0])


def test_a_rule_that_was_switched_off_or_lost_a_header_is_put_right_and_what_was_added_stays(case: Case) -> None:
    state = case.made()
    [made] = [one for one in rules(case, state.zone) if one["RuleName"] == f"sitepub {state.host}"]
    assert {one["Name"] for one in headers(made)} == {"Content-Disposition", "x-cos-force-download"}
    made["Branches"][0]["Actions"][0]["ModifyResponseHeaderParameters"]["HeaderActions"][:1] = [SET]
    made["Status"] = "disable"
    case.account.sdk("teo", "ModifyL7AccRule", {"ZoneId": state.zone, "Rule": made})
    changed, wanted = case.ready(state.host), case.wanted(state.host)
    assert [leaf.path for leaf in case.edge.differences(wanted, changed)] == ["L7AccRule.ModifyResponseHeader"]
    case.edge.update(wanted, changed)
    [now] = [one for one in rules(case, state.zone) if one["RuleName"] == f"sitepub {state.host}"]
    assert now["RuleId"] == made["RuleId"] and now["Status"] == "enable"
    assert SET in headers(now) and len(headers(now)) == 3
    assert case.edge.differences(wanted, case.ready(state.host)) == ()


def test_a_rule_that_somebody_deleted_is_made_again(case: Case) -> None:
    state = case.made()
    case.account.sdk("teo", "DeleteL7AccRules", {"ZoneId": state.zone, "RuleIds": [state.config["Rule"]["RuleId"]]})
    gone, wanted = case.ready(state.host), case.wanted(state.host)
    assert case.edge.differences(wanted, gone)
    case.edge.update(wanted, gone)
    assert case.edge.differences(wanted, case.ready(state.host)) == ()


def test_the_rules_of_others_stay_as_they_are(case: Case) -> None:
    zone = case.made().zone
    host = case.host()
    kept = theirs(case, zone, "theirs", host)
    case.edge.create(case.wanted(host))
    state = case.ready(host)
    case.edge.stop(state)
    case.edge.delete(case.ready(host))
    mine = [one for one in rules(case, zone) if host in one["Branches"][0]["Condition"]]
    assert [(one["RuleId"], headers(one)) for one in mine] == [(kept, [SET])]


HOST = "www.example.com"
DELETES = [{"Action": "del", "Name": "Content-Disposition"}, {"Action": "del", "Name": "x-cos-force-download"}]
MAX_AGE = {"Name": "MaxAge", "MaxAgeParameters": {"FollowOrigin": "off", "CacheTime": 5}}
FUTURE = {"Name": "Teleport", "TeleportParameters": {"Speed": 9, "Through": [{"Wall": "on"}]}}
"""An action that no list has yet."""
BELOW = {"Description": ["images"], "Branches": [{
    "Condition": "${http.request.file_extension} in ['png']", "Actions": [MAX_AGE]}]}
OTHER_BRANCH = {"Condition": "${http.request.uri.path} in ['/a']", "Actions": [MAX_AGE]}


def header_action(*headers: dict[str, str]) -> dict[str, Any]:
    return {"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {"HeaderActions": list(headers)}}


def rule_of(*actions: dict[str, Any], condition: str = f"${{http.request.host}} in ['{HOST}']", **more: Any
            ) -> dict[str, Any]:
    branch = {"Condition": condition, "Actions": list(actions), **more.pop("branch", {})}
    return {"Status": "enable", "RuleId": "rule-1", "RuleName": f"sitepub {HOST}", "Description": ["theirs"],
            "Branches": [branch, *more.pop("branches", [])], **more}


@pytest.mark.parametrize("added", [
    rule_of(header_action(SET)), rule_of(MAX_AGE), rule_of(MAX_AGE, header_action(SET), FUTURE),
    rule_of(FUTURE), rule_of(header_action(SET), header_action({"Action": "add", "Name": "X-More", "Value": "2"})),
    rule_of(branch={"SubRules": [BELOW]}), rule_of(header_action(SET), branch={"SubRules": [BELOW, BELOW]}),
    rule_of(MAX_AGE, Description=[]), rule_of(MAX_AGE, Description=["one", "two"]),
    rule_of(MAX_AGE, CustomVariables=[{"Name": "v", "InitialValue": "", "Description": "mine"}]),
    rule_of(MAX_AGE, CustomVariableOperations=[{"Description": ["o"], "Branches": [{
        "Condition": "*", "Actions": [{"Name": "Set", "SetParameters": {}}]}]}]),
    rule_of(MAX_AGE, branches=[OTHER_BRANCH]), rule_of(MAX_AGE, Schedule={"From": "08:00"}),
    rule_of(MAX_AGE, branch={"Weight": 30}), rule_of(MAX_AGE, Status="disable"),
    rule_of(MAX_AGE, condition=f"${{http.request.host}} in ['shop.example.com', '{HOST}']"),
    rule_of(MAX_AGE, condition=f'${{http.request.host}} in ["{HOST}"]'),
])
def test_whatever_was_added_to_the_rule_is_sent_again_with_it(added: dict[str, Any]) -> None:
    assert not is_right(added, HOST)
    sent = put_right({**added, "RulePriority": 3}, HOST)
    assert is_right(sent, HOST) and put_right(sent, HOST) == sent
    assert [one for one in headers(sent) if one in DELETES] == DELETES
    assert without_our_headers(sent) == without_our_headers({**added, "Status": "enable"})


def without_our_headers(rule: dict[str, Any]) -> dict[str, Any]:
    first, *others = rule["Branches"]
    actions = []
    for action in first["Actions"]:
        left = [one for one in action.get("ModifyResponseHeaderParameters", {}).get("HeaderActions", [])
                if one not in DELETES]
        if action["Name"] != "ModifyResponseHeader" or left:
            actions.append(header_action(*left) if left else action)
    return {**rule, "Branches": [{**first, "Actions": actions}, *others]}


def nulls_everywhere(rule: dict[str, Any]) -> dict[str, Any]:
    """As an answer has it."""
    first, *others = rule["Branches"]
    actions = [{"CacheParameters": None, "VaryParameters": None, **action} for action in first["Actions"]]
    return {"CustomVariables": None, "CustomVariableOperations": None, **rule, "Branches": [
        {"SubRules": None, **first, "Actions": actions or None}, *others]}


@pytest.mark.parametrize("rule", [
    rule_of(), rule_of(MAX_AGE), rule_of(FUTURE), rule_of(MAX_AGE, header_action(SET)),
    rule_of(header_action({"Action": "del", "Name": "Server", "Value": None})),  # type: ignore[dict-item]
    rule_of({"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": None}),
    rule_of({"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {"HeaderActions": None}}),
    rule_of(MAX_AGE, Description=None), rule_of(MAX_AGE, branch={"SubRules": [{**BELOW, "Description": None}]}),
    rule_of({"Name": "Cache", "CacheParameters": {"FollowOrigin": None, "NoCache": {"Switch": "on"}}}),
])
def test_nothing_is_sent_that_is_null(rule: dict[str, Any]) -> None:
    sent = put_right(nulls_everywhere(rule), HOST)
    assert without_nulls(sent) == sent and is_right(sent, HOST) and "RulePriority" not in sent


@pytest.mark.parametrize("given", [
    [DELETES[1], {"Action": "set", "Name": "Content-Disposition", "Value": "inline"}],
    [DELETES[1], {"Action": "set", "Name": "content-disposition", "Value": "inline"}],
    [{"Action": "del", "Name": "CONTENT-DISPOSITION"}, {"Action": "del", "Name": "X-Cos-Force-Download"}],
    [SET, *DELETES],
])
def test_a_header_that_others_set_or_delete_is_theirs(given: list[dict[str, str]]) -> None:
    assert is_right(rule_of(header_action(*given)), HOST)
    assert is_right(rule_of(*(header_action(one) for one in given)), HOST)


def test_a_header_that_is_only_added_to_is_not_taken_away_yet() -> None:
    added = {"Action": "add", "Name": "Content-Disposition", "Value": "inline"}
    assert not is_right(rule_of(header_action(added, DELETES[1])), HOST)


def changed_rule(case: Case, host: str, zone: str, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    [made] = [one for one in rules(case, zone) if one["RuleName"] == f"sitepub {host}"]
    change(made)
    case.account.sdk("teo", "ModifyL7AccRule", {"ZoneId": zone, "Rule": made})
    return made


def narrow(rule: dict[str, Any]) -> None:
    rule["Branches"][0]["Condition"] += " and ${http.request.uri.path} in ['/a']"
    rule["Branches"][0]["Actions"].append(MAX_AGE)


def test_a_rule_that_was_narrowed_is_left_alone_and_the_host_gets_another(case: Case) -> None:
    """What it does for one path must not be done for the whole host."""
    state = case.made()
    theirs = changed_rule(case, state.host, state.zone, narrow)
    now, wanted = case.ready(state.host), case.wanted(state.host)
    assert case.edge.differences(wanted, now)
    case.edge.update(wanted, now)
    again = case.ready(state.host)
    assert case.edge.differences(wanted, again) == ()
    found = [one for one in rules(case, state.zone) if one["RuleName"] == f"sitepub {state.host}"]
    assert len(found) == 2 and theirs["Branches"] in [one["Branches"] for one in found]
    case.edge.stop(again)
    case.edge.delete(case.ready(state.host))
    left = [one for one in rules(case, state.zone) if one["RuleName"] == f"sitepub {state.host}"]
    assert [one["RuleId"] for one in left] == [theirs["RuleId"]]


def test_a_rule_that_also_serves_another_host_is_right_and_stays(case: Case) -> None:
    state = case.made()

    def widen(rule: dict[str, Any]) -> None:
        rule["Branches"][0]["Condition"] = f"${{http.request.host}} in ['{state.host}', 'shop.{case.zone}']"

    changed_rule(case, state.host, state.zone, widen)
    assert case.edge.differences(case.wanted(state.host), case.ready(state.host)) == ()
    case.edge.stop(state)
    case.edge.delete(case.ready(state.host))
    assert len([one for one in rules(case, state.zone) if one["RuleName"] == f"sitepub {state.host}"]) == 1


def test_the_rule_is_put_right_in_the_cloud_with_all_that_others_added(case: Case) -> None:
    state = case.made()

    def extend(rule: dict[str, Any]) -> None:
        rule["Description"] = ["theirs"]
        rule["CustomVariables"] = [{"Name": "v", "InitialValue": "1", "Description": "mine"}]
        rule["Branches"][0]["Actions"] = [MAX_AGE, header_action(SET)]
        rule["Branches"][0]["SubRules"] = [BELOW]

    made = changed_rule(case, state.host, state.zone, extend)
    changed, wanted = case.ready(state.host), case.wanted(state.host)
    case.edge.update(wanted, changed)
    [now] = [one for one in rules(case, state.zone) if one["RuleName"] == f"sitepub {state.host}"]
    assert without_our_headers(now) == without_our_headers(made) and len(headers(now)) == 3
    assert case.edge.differences(wanted, case.ready(state.host)) == ()


@pytest.mark.parametrize(("told", "host", "name"), [
    ("edgeonereclaim", "www.example.com", "edgeonereclaim.www.example.com"),
    ("edgeonereclaim.www", "www.example.com", "edgeonereclaim.www.example.com"),
    ("edgeonereclaim.www.", "www.example.com", "edgeonereclaim.www.example.com"),
    ("edgeonereclaim.www.example.com", "www.example.com", "edgeonereclaim.www.example.com"),
    ("edgeonereclaim.www.example.com.", "www.example.com", "edgeonereclaim.www.example.com"),
    ("EdgeOneReclaim.WWW.Example.com.", "www.example.com", "edgeonereclaim.www.example.com"),
    ("edgeonereclaim", "example.com", "edgeonereclaim.example.com"),
    ("edgeonereclaim.", "example.com", "edgeonereclaim.example.com"),
    ("edgeonereclaim.example.com.", "example.com", "edgeonereclaim.example.com"),
    ("edgeonereclaim.a.b", "a.b.example.com", "edgeonereclaim.a.b.example.com"),
    ("edgeonereclaim.a", "a.b.example.com", "edgeonereclaim.a.b.example.com"),
    ("edgeonereclaim.a.b.example.co.uk.", "a.b.example.co.uk", "edgeonereclaim.a.b.example.co.uk"),
    ("edgeonereclaim.example.com", "www.example.com", "edgeonereclaim.example.com"),
    ("", "www.example.com", "edgeonereclaim.www.example.com"),
])
def test_the_record_that_proves_a_host_is_named_whole_however_it_was_told(told: str, host: str, name: str) -> None:
    found = proof_record({"DnsVerification": {"Subdomain": told, "RecordType": "TXT", "RecordValue": "v"}}, host)
    assert found is not None and (found.name, found.value) == (name, "v")
