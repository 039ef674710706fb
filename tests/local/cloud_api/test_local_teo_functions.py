"""Edge functions in the embedded cloud's API: limits and refusals, as strict as the documents."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tencentcloud.common.exception import TencentCloudSDKException

from sitepub.local.base.pace import NEVER
from sitepub.local.cloud_api.actions import Call, Handler
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo import function_rules, functions
from sitepub.local.services.edge_functions import EdgeFunction
from sitepub.local.services.records import TeoZone
from sitepub.local.services.services import Services
from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import admin, call_api

CODE = "addEventListener('fetch', event => event.respondWith(fetch(event.request)))"
HOST = {"Operator": "equal", "Target": "host", "Values": ["www.a-zone.com"]}


class Teo:
    """Two zones of the account."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.zone, self.second = (str(call_api(cloud, "teo", "CreateZone", ZoneName=name, Type="partial")["ZoneId"])
                                  for name in ("a-zone.com", "b-zone.com"))
        self.number = 0

    def call(self, action: str, **given: Any) -> dict[str, Any]:
        return call_api(self.cloud, "teo", action, **{"ZoneId": self.zone, **given})

    def function(self, **given: Any) -> str:
        self.number += 1
        return str(self.call("CreateFunction", **{"Name": f"f-{self.number}", "Content": CODE, **given})["FunctionId"])

    def rule(self, *parts: dict[str, Any], **given: Any) -> str:
        return str(self.call("CreateFunctionRule", **{
            "FunctionRuleConditions": [{"RuleConditions": list(parts or (HOST,))}], **given})["RuleId"])

    def set(self, function: str, operation: str, *variables: dict[str, str]) -> None:
        more = {"EnvironmentVariables": list(variables)} if variables else {}
        self.call("HandleFunctionRuntimeEnvironment", FunctionId=function, Operation=operation, **more)

    def variables(self, function: str) -> dict[str, str]:
        answer = self.call("DescribeFunctionRuntimeEnvironment", FunctionId=function)
        return {one["Key"]: one["Value"] for one in answer["EnvironmentVariables"]}

    def refused(self, action: str, **given: Any) -> str:
        with pytest.raises(TencentCloudSDKException) as caught:
            self.call(action, **given)
        return str(caught.value.get_code())


@pytest.fixture(scope="module")
def teo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teo]:
    with running_cloud(tmp_path_factory.mktemp("teo") / "data", "--pace", "0") as cloud:
        yield Teo(cloud)


@pytest.mark.parametrize(("given", "code"), [
    *[({"Name": name}, "InvalidParameter.BadFunctionName")
      for name in ("", "-a", "a-", "A", "a_b", "a.b", "a" * 31, "\u4f60")],
    ({"Content": " "}, "InvalidParameter"), ({"Content": "/" * (5 * 1024 * 1024 + 1)}, "InvalidParameter"),
    ({"Remark": "r" * 61}, "InvalidParameter"), ({"ZoneId": "zone-none"}, "ResourceUnavailable.ZoneNotFound")])
def test_functions_that_are_refused(teo: Teo, given: dict[str, str], code: str) -> None:
    assert teo.refused("CreateFunction", **{"Name": "good", "Content": CODE, **given}) == code


def test_names_are_unique_in_the_account(teo: Teo) -> None:
    teo.function(Name="one-of-all", Remark="r" * 60)
    for zone in (teo.zone, teo.second):
        assert teo.refused("CreateFunction", ZoneId=zone, Name="one-of-all", Content=CODE) == (
            "InvalidParameter.FunctionNameConflict")


def test_functions_are_described_by_name_and_remark(teo: Teo) -> None:
    id = teo.function(Name="described", Remark="what it does")
    for how in ({"FunctionIds": [id]}, {"Filters": [{"Name": "name", "Values": ["escribe"]}]},
                {"Filters": [{"Name": "remark", "Values": ["it do"]}, {"Name": "name", "Values": ["described"]}]}):
        answer = teo.call("DescribeFunctions", **how)
        assert [(one["FunctionId"], one["Content"]) for one in answer["Functions"]] == [(id, CODE)]
    assert teo.refused("DescribeFunctions", Filters=[{"Name": "id", "Values": ["x"]}]) == "InvalidParameter"
    teo.call("ModifyFunction", FunctionId=id, Remark="new")
    [one] = teo.call("DescribeFunctions", FunctionIds=[id])["Functions"]
    assert (one["Content"], one["Remark"]) == (CODE, "new")
    assert teo.refused("ModifyFunction", FunctionId=id, ZoneId=teo.second, Remark="x") == (
        "ResourceUnavailable.FunctionNotFound")


def test_variables(teo: Teo) -> None:
    id = teo.function()
    teo.set(id, "setEnvironmentVariable", {"Key": "a", "Value": "1"},
            {"Key": "b.c@d-e_F", "Value": "{}", "Type": "json"}, {"Key": "s", "Value": "hidden", "Type": "secret"},
            {"Key": "k" * 64, "Value": "\u4f60" * 1666})
    assert teo.variables(id) == {"a": "1", "b.c@d-e_F": "{}", "s": "", "k" * 64: "\u4f60" * 1666}
    teo.set(id, "setEnvironmentVariable", {"Key": "a", "Value": "2"})
    teo.set(id, "deleteEnvironmentVariable", {"Key": "k" * 64}, {"Key": "s"}, {"Key": "b.c@d-e_F"})
    assert teo.variables(id) == {"a": "2"}
    teo.set(id, "resetEnvironmentVariable", {"Key": "z", "Value": ""})
    assert teo.variables(id) == {"z": ""}
    teo.set(id, "clearEnvironmentVariable")
    assert teo.variables(id) == {}


@pytest.mark.parametrize(("operation", "variables", "code"), [
    ("setEnvironmentVariable", [], "MissingParameter"), ("deleteEnvironmentVariable", [], "MissingParameter"),
    ("deleteEnvironmentVariable", [{"Key": "none"}], "InvalidParameter"),
    *[("setEnvironmentVariable", [one], "InvalidParameter") for one in (
        {"Key": "k" * 65, "Value": "v"}, {"Key": "a b", "Value": "v"}, {"Key": "", "Value": "v"},
        {"Key": "\u4f60", "Value": "v"}, {"Key": "a", "Value": "v" * 5001}, {"Key": "a", "Value": "\u4f60" * 1667},
        {"Key": "a", "Value": "{", "Type": "json"})],
    ("setEnvironmentVariable", [{"Key": "a", "Value": "v", "Type": "number"}], "InvalidParameterValue"),
    ("setEnvironmentVariable", [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "InvalidParameter"),
    ("setEnvironmentVariable", [{"Key": f"k{number}"} for number in range(65)], "LimitExceeded"),
    ("renameEnvironmentVariable", [{"Key": "a"}], "InvalidParameterValue"),
])
def test_variables_that_are_refused(teo: Teo, operation: str, variables: list[dict[str, str]], code: str) -> None:
    id = teo.function()
    assert teo.refused("HandleFunctionRuntimeEnvironment", FunctionId=id, Operation=operation,
                       EnvironmentVariables=variables) == code
    assert teo.variables(id) == {}


@pytest.mark.parametrize("part", [
    {"Operator": "equal", "Target": "host"}, {"Operator": "equal", "Target": "host", "Values": []},
    {"Operator": "equal", "Target": "host", "Values": ["www.other.com"]},
    {"Operator": "equal", "Target": "host", "Values": ["www.a-zone.com.evil.com"]},
    {"Operator": "exist", "Target": "host"}, {"Operator": "exist", "Target": "request_header"},
    {"Operator": "equal", "Target": "query_string", "Name": "a"},
    {"Operator": "equal", "Target": "url", "Values": ["a"]},
    {"Operator": "equal", "Target": "full_url", "Values": ["/a"]},
    {"Operator": "equal", "Target": "client_ip", "Values": ["1.2.3"]},
    {"Operator": "equal", "Target": "request_protocol", "Values": ["https"]}])
def test_conditions_that_are_refused(teo: Teo, part: dict[str, Any]) -> None:
    assert teo.refused("CreateFunctionRule", FunctionId=teo.function(),
                       FunctionRuleConditions=[{"RuleConditions": [part]}]) == "InvalidParameter"


def test_selections(teo: Teo) -> None:
    one, other = teo.function(), teo.function()

    def refused(**given: Any) -> str:
        return teo.refused("CreateFunctionRule", FunctionRuleConditions=[{"RuleConditions": [HOST]}], **given)

    def weights(*given: tuple[str, int]) -> dict[str, Any]:
        return {"TriggerType": "weight", "WeightedSelections": [
            {"FunctionId": id, "Weight": weight} for id, weight in given]}

    def regions(*given: tuple[str, list[str]]) -> dict[str, Any]:
        return {"TriggerType": "region", "RegionMappingSelections": [
            {"FunctionId": id, "Regions": names} for id, names in given]}

    assert refused() == refused(FunctionId="ef-none") == "ResourceUnavailable.FunctionNotFound"
    assert refused(TriggerType="weight") == refused(TriggerType="region") == "MissingParameter"
    for wrong in (weights((one, 99)), weights((one, 50), (other, 51)), weights((one, 101)), regions((one, ["CN"])),
                  regions((one, ["Default", "CN"]), (other, ["CN"]))):
        assert refused(**wrong) == "InvalidParameter"
    assert refused(**weights((one, 50), ("ef-none", 50))) == "ResourceUnavailable.FunctionNotFound"
    for right in (weights((one, 30), (other, 70)), regions((one, ["CN", "CN.GD"]), (other, ["Default"]))):
        rule = teo.rule(**right)
        [shown] = [each for each in teo.call("DescribeFunctionRules")["FunctionRules"] if each["RuleId"] == rule]
        assert shown["TriggerType"] == right["TriggerType"]
    assert teo.refused("ModifyFunctionRule", RuleId=rule, **regions((one, ["Default"]))) == "InvalidParameter"


def test_the_order_of_rules_and_what_goes_with_a_function(teo: Teo) -> None:
    one, other = teo.function(), teo.function()
    ids = [teo.rule(FunctionId=one, Remark=f"order {number}") for number in range(2)]
    ids.append(teo.rule(FunctionId=other, Remark="order 2"))

    def there() -> list[tuple[str, int]]:
        rules = teo.call("DescribeFunctionRules", Filters=[{"Name": "remark", "Values": ["order"]}])["FunctionRules"]
        return [(rule["RuleId"], rule["Priority"]) for rule in rules]

    found = there()
    assert [id for id, _ in found] == ids, "a new rule comes last"
    assert [priority for _, priority in found] == sorted((priority for _, priority in found), reverse=True)
    rest = [rule["RuleId"] for rule in teo.call("DescribeFunctionRules")["FunctionRules"] if rule["RuleId"] not in ids]
    assert teo.refused("ModifyFunctionRulePriority", RuleIds=ids) == "InvalidParameter", "all rules are needed"
    teo.call("ModifyFunctionRulePriority", RuleIds=[ids[2], ids[0], ids[1], *rest])
    assert [id for id, _ in there()] == [ids[2], ids[0], ids[1]]
    teo.call("ModifyFunctionRule", RuleId=ids[0], FunctionId=other)
    teo.call("DeleteFunction", FunctionId=other)
    assert [id for id, _ in there()] == [ids[1]], "its rules go with it"
    assert teo.refused("DeleteFunctionRules", RuleIds=[ids[0]]) == "ResourceUnavailable.RuleNotFound"
    assert teo.refused("DescribeFunctionRuntimeEnvironment", FunctionId=other) == "ResourceUnavailable.FunctionNotFound"
    teo.call("DeleteFunctionRules", RuleIds=[ids[1]])


def test_a_zone_has_a_limit_of_functions_and_rules(tmp_path: Path) -> None:
    """In this process: 300 calls would take long."""
    services = Services(tmp_path, 0.0)
    services.teo_zones.put("z", TeoZone("z", "a-zone.com", "1", "partial", "global", "", "edgeone-1", 0.0, "x", True))
    there = EdgeFunction("ef-0", "z", "1", "f-0", "", CODE, 0.0, 0.0, NEVER, {})
    for number in range(functions.MOST_FUNCTIONS):
        services.teo_functions.put(f"ef-{number}", replace(there, id=f"ef-{number}", name=f"f-{number}"))

    def code(act: Handler, **given: Any) -> str:
        call = cast("Call", SimpleNamespace(services=services, owner="1", time=0.0, parameters={"ZoneId": "z", **given},
                                            get=lambda name, default=None: given.get(name, default)))
        try:
            asyncio.run(cast("Coroutine[Any, Any, Any]", act(call)))
        except ApiError as error:
            return error.code
        return ""

    assert code(functions.create_function, Name="more", Content=CODE) == "LimitExceeded.FunctionLimitExceeded"
    services.teo_functions.remove("ef-1")
    assert code(functions.create_function, Name="more", Content=CODE) == ""
    rule = {"FunctionId": "ef-0", "FunctionRuleConditions": [{"RuleConditions": [HOST]}]}
    answers = [code(function_rules.create_rule, **rule) for _ in range(function_rules.MOST_RULES + 1)]
    assert answers == [""] * function_rules.MOST_RULES + ["LimitExceeded.RuleLimitExceeded"]
    services.close()


def test_one_change_at_a_time(teo: Teo) -> None:
    id = teo.function()
    admin(teo.cloud, "/-/pace", "3600")
    try:
        teo.set(id, "setEnvironmentVariable", {"Key": "a", "Value": "1"})
        assert teo.variables(id) == {"a": "1"}, "it is described at once"
        assert teo.refused("ModifyFunction", FunctionId=id, Content=CODE) == "FailedOperation.FunctionDeploying"
        admin(teo.cloud, "/-/pace", "0")
        teo.set(id, "clearEnvironmentVariable")
    finally:
        admin(teo.cloud, "/-/pace", "0")
