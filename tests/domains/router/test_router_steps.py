"""The steps that lead a host's visitors through the router, and what stands in their way."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from sitepub.domains.router.route import MOST_VARIABLES, Route, Slot, encoded, variable_of
from sitepub.domains.router.rules import FunctionRule, conditions_of, rule_of
from sitepub.domains.router.script import (
    FUNCTION_REMARK,
    MOST_REMARK,
    code,
    is_current,
    is_made_by_sitepub,
    name_of,
    rule_remark,
    version_of,
)
from sitepub.domains.router.steps import (
    EdgeFunction,
    FunctionTaken,
    RouteOfAnother,
    RouterState,
    RouterStepKind,
    RuleInTheWay,
    TooManyRoutes,
    changed_variables,
    steps_for,
)

ZONE = "zone-2noz78a8ev6k"
HOST = "www.example.com"
OURS = EdgeFunction("ef-1", name_of(ZONE), FUNCTION_REMARK, code())


def rule(priority: int, *parts: dict[str, Any], remark: str = "", function: str = "ef-9") -> FunctionRule:
    return rule_of({"RuleId": f"rule-{priority}", "Priority": priority, "Remark": remark, "TriggerType": "direct",
                    "FunctionId": function, "FunctionRuleConditions": [{"RuleConditions": list(parts)}]})


def part(target: str, *values: str, operator: str = "equal") -> dict[str, Any]:
    return {"Operator": operator, "Target": target, "Values": list(values), "IgnoreNameCase": None}


def own(priority: int, host: str = HOST) -> FunctionRule:
    return rule(priority, *conditions_of(host)[0]["RuleConditions"], remark=rule_remark(host), function="ef-1")


def kinds(state: RouterState, *hosts: str) -> list[tuple[RouterStepKind, str]]:
    return [(step.kind, step.host) for step in steps_for(state, hosts)]


def test_nothing_is_there() -> None:
    steps = steps_for(RouterState(ZONE, None), [HOST, "example.com", HOST])
    assert [(step.kind.value, step.host) for step in steps] == [
        ("create function", ""), ("create rule", HOST), ("create rule", "example.com")]
    assert [step.summary for step in steps][:2] == [
        f"create the edge function {name_of(ZONE)}", f"route {HOST} through {name_of(ZONE)}"]


def test_all_is_there() -> None:
    assert not steps_for(RouterState(ZONE, OURS, (own(3), own(2, "example.com"))), [HOST, "example.com"])


def test_code_of_another_version() -> None:
    older = EdgeFunction("ef-1", OURS.name, "", code() + "// changed in the console\n")
    assert kinds(RouterState(ZONE, older, (own(1),)), HOST) == [(RouterStepKind.UPDATE_FUNCTION, "")]
    newer = code().replace(f"version {version_of(code())}", "version 99", 1)
    assert is_current(newer) and is_made_by_sitepub("", newer) and not is_current("")


def test_a_changed_rule_and_one_too_many() -> None:
    changed = rule(5, part("host", HOST), part("url", "/x"), remark=rule_remark(HOST), function="ef-1")
    assert kinds(RouterState(ZONE, OURS, (own(1), changed)), HOST) == [
        (RouterStepKind.UPDATE_RULE, HOST), (RouterStepKind.DELETE_RULE, HOST)]


def test_a_function_of_others_is_refused() -> None:
    with pytest.raises(FunctionTaken, match=name_of(ZONE)):
        steps_for(RouterState(ZONE, EdgeFunction("ef-1", name_of(ZONE), "mine", "addEventListener()")), [HOST])


@pytest.mark.parametrize(("parts", "takes"), [
    ([part("host", HOST)], "all"),
    ([part("host", "a.example.com", HOST.upper())], "all"),
    ([part("host", "*.example.com")], "all"),
    ([part("host", "all")], "all"),
    ([part("host", "a.example.com", operator="notequal")], "all"),
    ([part("host", HOST, operator="notequal")], "none"),
    ([part("host", "example.com")], "none"),
    ([part("host", HOST), part("url", "/api/x")], "some"),
    ([part("request_header", operator="exist")], "some"),
    ([part("host", "a.example.com"), part("url", "/api/x")], "none"),
])
def test_a_rule_of_others_before_ours(parts: list[dict[str, Any]], takes: str) -> None:
    above = RouterState(ZONE, OURS, (rule(9, *parts), own(1)))
    assert [one.all for one in above.before(HOST)] == {"all": [True], "some": [False], "none": []}[takes]
    assert not RouterState(ZONE, OURS, (rule(1, *parts), own(9))).before(HOST)
    if takes == "all":
        for state in (above, RouterState(ZONE, None, (rule(1, *parts),))):
            with pytest.raises(RuleInTheWay, match=r"rule-\d"):
                steps_for(state, [HOST])
    else:
        assert not steps_for(above, [HOST])


def test_remarks_and_names_fit() -> None:
    for host in ("a.cn", "x" * 50 + ".example.com", "*.preview.example.com"):
        assert len(rule_remark(host)) <= MOST_REMARK
    assert len(FUNCTION_REMARK) <= MOST_REMARK and len(name_of(ZONE)) <= 30


def route(host: str = HOST, site: str = "app/prod/web", release: str = "r1") -> Route:
    return Route(host=host, site=site, live=Slot(".sitepub/slots/a/", release))


def test_only_what_changes_is_set() -> None:
    there = RouterState(ZONE, OURS, variables={variable_of(HOST): encoded(route())})
    assert not changed_variables(there, [route()])
    assert list(changed_variables(there, [route(release="r2"), route("example.com")])) == [
        variable_of(HOST), variable_of("example.com")]
    assert there.routes == {HOST: route()}


@pytest.mark.parametrize(("value", "said"), [
    (encoded(route(site="other/prod/web")), "other/prod/web"), ("{}", "cannot read"), ("on", "cannot read")])
def test_a_route_of_another_stays(value: str, said: str) -> None:
    with pytest.raises(RouteOfAnother, match=said):
        changed_variables(RouterState(ZONE, OURS, variables={variable_of(HOST): value}), [route()])


def test_more_routes_than_variables() -> None:
    full = {f"SITE_{number}": "x" for number in range(MOST_VARIABLES)}
    with pytest.raises(TooManyRoutes, match=r"no room for www\.example\.com"):
        changed_variables(RouterState(ZONE, OURS, variables=full), [route()])
    full.popitem()
    assert changed_variables(RouterState(ZONE, OURS, variables=full), [route()])


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_code_is_javascript() -> None:
    subprocess.run(["node", "--check", "-"], input=code(), text=True, check=True)
    assert len(code()) < 12_600
