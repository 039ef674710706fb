"""sitepub's rule in an EdgeOne zone, among those of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sitepub.domains.edges.edgeone import proof_record
from tests.conftest import running_cloud
from tests.domains.edge_cases import Case, make_case

SET = {"Action": "set", "Name": "X-Theirs", "Value": "1"}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with running_cloud(tmp_path_factory.mktemp("rules") / "data", "--pace", "0") as cloud:
        yield make_case("edgeone", cloud)




def rules(case: Case, zone: str) -> list[dict[str, Any]]:
    told = case.account.sdk("teo", "DescribeL7AccRules", {"ZoneId": zone, "Limit": 1000})
    return list(told["Rules"])


def headers(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return [header for action in rule["Branches"][0]["Actions"]
            for header in action["ModifyResponseHeaderParameters"]["HeaderActions"]]


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
