"""The judge finds what it should, in a table of calls; and the models that it judges by are whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sitepub.local.cloud_api.gateway.dispatch import SERVICES
from sitepub.local.cloud_api.gateway.recording import FOLDER
from tests.conftest import running_cloud
from tests.domains.account import Account
from tests.official.judge import OURS, judge
from tests.official.models import PRODUCTS, model
from tests.official.refresh import enum_of
from tests.official.session import recorded

GOOD = {"Domain": "www.example.com", "Quic": {"Switch": "on"}}


def call(parameters: dict[str, Any], answer: dict[str, Any] | None = None, *, service: str = "cdn",
         action: str = "UpdateDomainConfig", version: str = "2018-06-06") -> list[str]:
    return judge({"service": service, "version": version, "action": action, "language": OURS,
                  "parameters": parameters, "answer": answer or {"RequestId": "1"}})


def test_a_call_that_is_as_the_model_says_has_no_findings() -> None:
    assert call(GOOD) == []
    named = [{"Name": "domain", "Value": ["a.example.com"], "Fuzzy": False}]
    assert call({"Filters": named, "Offset": 0, "Limit": 100}, {"Domains": [], "TotalNumber": 0, "RequestId": "1"},
                action="DescribeDomainsConfig") == []


@pytest.mark.parametrize(("parameters", "finding"), [
    ({}, "request.Domain: required"),
    ({**GOOD, "Colour": "red"}, "request.Colour: UpdateDomainConfigRequest has no such member"),
    ({**GOOD, "quic": {"Switch": "on"}}, "request.quic: UpdateDomainConfigRequest has no such member"),
    ({**GOOD, "Quic": {"Switch": "on", "Mode": 1}}, "request.Quic.Mode: Quic has no such member"),
    ({**GOOD, "Quic": {}}, "request.Quic.Switch: required"),
    ({**GOOD, "Quic": None}, "request.Quic: null"),
    ({**GOOD, "Quic": "on"}, "request.Quic: str, not object"),
    ({**GOOD, "Seo": {"Switch": "yes"}}, "request.Seo.Switch: 'yes' is none of on, off"),
    ({**GOOD, "ProjectId": "7"}, "request.ProjectId: str, not int"),
    ({**GOOD, "ProjectId": True}, "request.ProjectId: bool, not int"),
    ({**GOOD, "AccessPort": ["80"]}, "request.AccessPort[]: str, not int"),
    ({**GOOD, "Origin": {"OriginType": "moon"}}, "request.Origin.OriginType: 'moon' is none of"),
    ({**GOOD, "OriginPullOptimization": {"Switch": "off"}}, "request.OriginPullOptimization: deprecated"),
    ({**GOOD, "ErrorPage": {"Switch": "on", "PageRules": [{"StatusCode": 404}]}},
     "request.ErrorPage.PageRules[].RedirectCode: required"),
])
def test_what_is_wrong_with_a_request_is_found(parameters: dict[str, Any], finding: str) -> None:
    assert any(finding in one for one in call(parameters)), call(parameters)


def test_a_page_that_is_too_long_another_version_and_an_invented_action_are_found() -> None:
    assert "a page has at most 100" in call({"Limit": 101}, {"Domains": [], "TotalNumber": 0},
                                            action="DescribeDomainsConfig")[0]
    assert "version 2017-01-01" in call(GOOD, version="2017-01-01")[0]
    assert "no such action" in call({}, action="PaintDomain")[0]
    assert call({}, {"Error": {"Code": "InvalidAction", "Message": ""}}, action="PaintDomain") == []
    assert call({}, {"Error": {"Code": "MissingParameter", "Message": ""}}) == []


@pytest.mark.parametrize(("answer", "finding"), [
    ({"Domains": [], "RequestId": "1"}, "answer.TotalNumber: DescribeDomainsConfigResponse always has it"),
    ({"Domains": [], "TotalNumber": "1"}, "answer.TotalNumber: str, not int"),
    ({"Domains": [], "TotalNumber": 0, "More": 1}, "answer.More: DescribeDomainsConfigResponse has no such member"),
    ({"Domains": [{"Domain": None}], "TotalNumber": 1}, "answer.Domains[].Domain: null"),
    ({"Domains": [{"Status": "sleeping"}], "TotalNumber": 1}, "answer.Domains[].Status: 'sleeping' is none of"),
    ({"Error": {"Code": "InvalidParameter.Invented", "Message": ""}}, "InvalidParameter.Invented"),
    ({"Error": {"Code": "FailedOperation.DomainExists", "Message": ""}}, "FailedOperation.DomainExists"),
])
def test_what_is_wrong_with_an_answer_is_found(answer: dict[str, Any], finding: str) -> None:
    found = call({}, answer, action="DescribeDomainsConfig")
    assert any(finding in one for one in found), found


@pytest.mark.parametrize(("text", "values"), [
    ("开关\non：开启\noff：关闭", ["on", "off"]),
    ("状态，取值有：<li>online：已生效；</li><li>offline：已停用。</li>", ["online", "offline"]),
    ("证书状态：0 = 审核中，1 = 已通过，2 = 审核失败", ["0", "1", "2"]),
    ("<p>规则类型：<br>url ： 对url<br>header ： 对头部</p>", ["url", "header"]),
    ("记录值，如 IP : 200.200.200.200， CNAME : cname.dnspod.com.", []),
    ("域名", []),
])
def test_values_are_read_from_the_words_of_a_member(text: str, values: list[str]) -> None:
    assert enum_of(text) == values


def test_every_action_of_the_embedded_cloud_is_in_the_models_with_all_that_it_names() -> None:
    assert set(PRODUCTS) == {service.name for service in SERVICES}
    for service in SERVICES:
        official = model(service.name)
        assert official.version == service.version
        assert set(service.actions) <= set(official.actions)
        for name, members in official.objects.items():
            for key, member in members.items():
                inner = member.get("of", "string")
                assert inner in official.objects or inner in ("string", "int", "float", "bool"), (name, key)


def test_the_embedded_cloud_writes_down_its_calls_where_it_is_asked_to(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(folder))
    with running_cloud(tmp_path / "data") as cloud:
        account = Account(cloud)
        account.zone("example.com")
        account.api.call("dnspod", "DescribeDomainList", {"Limit": 5})
    file = next(folder.iterdir())
    with file.open("a") as stream:
        stream.write('{"service": "cut o')
    calls = list(recorded(folder))
    assert [(one["service"], one["action"], one["version"]) for one in calls] == [
        ("dnspod", "CreateDomain", "2021-03-23"), ("dnspod", "DescribeDomainList", "2021-03-23")]
    assert calls[0]["language"] != OURS and calls[1]["language"] == OURS and calls[1]["parameters"] == {"Limit": 5}
    assert calls[1]["answer"]["RequestId"] and file.stat().st_mode & 0o077 == 0
    assert cloud.secret_key not in json.dumps(calls)
