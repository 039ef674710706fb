"""Settings of a CDN domain: read, merged, told leaf by leaf, and nothing else touched."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.load import load_project
from sitepub.config.project import Host
from sitepub.domains.edges.cdn_merge import leaves, merged, same
from sitepub.domains.edges.cdn_wanted import (
    DOWNLOAD_HEADERS,
    check_redirect,
    update_leaves,
    update_request,
    wanted_config,
)
from sitepub.domains.edges.edge import EdgeCertificate, EdgeStatus, WantedDomain
from sitepub.domains.steps import Leaf
from sitepub.errors import ConfigError
from tests.conftest import LocalCloud, running_cloud
from tests.domains.edge_cases import Case, make_case


def wanted(certificate: EdgeCertificate | None = None, protocol: str = "https", **of_host: Any) -> WantedDomain:
    return WantedDomain(Host("a.example.com", **of_host), "b-125", "ap-guangzhou", "b-125.cos-website.x", protocol,
                        certificate)


def test_what_is_wanted_is_written_over_what_is_there_and_the_rest_stays() -> None:
    there = {"Switch": "on", "Http2": "off", "Hsts": {"Switch": "on", "MaxAge": 5}, "TlsVersion": ["TLSv1.2"]}
    after = merged(there, {"Http2": "on", "Hsts": {"MaxAge": 9}})
    assert after == {"Switch": "on", "Http2": "on", "Hsts": {"Switch": "on", "MaxAge": 9}, "TlsVersion": ["TLSv1.2"]}


def test_a_rule_that_changes_is_replaced_whole_and_one_that_has_all_that_is_wanted_stays() -> None:
    there = [{"RuleType": "all", "RulePaths": ["*"], "CacheTime": 1, "IgnoreSetCookie": "on"},
             {"RuleType": "file", "RulePaths": ["jpg"], "CacheTime": 2, "IgnoreSetCookie": "on"}]
    changed = {"RuleType": "all", "RulePaths": ["*"], "CacheTime": 7}
    after = merged(there, [changed, {"RuleType": "file", "RulePaths": ["jpg"], "CacheTime": 2}])
    assert after == [changed, there[1]]


MODES: dict[str, dict[str, Any]] = {
    "cache": {"switch": "on", "cacheTime": 60}, "noCache": {"switch": "on"}, "followOrigin": {"switch": "on"}}
FOLLOWING = {"Cache": {"RuleCache": [{"RuleType": "all", "RulePaths": ["*"], "CacheConfig": {
    "Cache": None, "NoCache": None, "FollowOrigin": {"Switch": "on", "HeuristicCache": {"Switch": "off"}}}}]}}


@pytest.mark.parametrize("before", list(MODES))
@pytest.mark.parametrize("after", list(MODES))
@pytest.mark.parametrize("type", ["all", "file", "directory", "path"])
def test_a_cache_rule_can_change_its_mode(before: str, after: str, type: str) -> None:
    def asked(mode: str) -> WantedDomain:
        rule = {"rulePaths": ["*" if type == "all" else "/a"], "ruleType": type, "cacheConfig": {mode: MODES[mode]}}
        return wanted(settings={"cache": {"ruleCache": [rule]}})

    there = {**FOLLOWING, **update_request(asked(before), FOLLOWING)}
    request = update_request(asked(after), there)
    if before == after:
        assert "Cache" not in request
        return
    config = request["Cache"]["RuleCache"][0]["CacheConfig"]
    assert [mode for mode in config if config[mode]["Switch"] == "on"] == [after[0].upper() + after[1:]]


SIGNED = {"secretKey": "abcdef123456", "expireTime": 60, "fileExtensions": ["*"], "filterType": "whitelist"}


@pytest.mark.parametrize("old", ["TypeA", "TypeC", "TypeD"])
@pytest.mark.parametrize("new", ["typeA", "typeC", "typeD"])
def test_one_way_of_signing_addresses_goes_out(old: str, new: str) -> None:
    there = {"Authentication": {"Switch": "on", "AuthAlgorithm": "sha256", old: {
        "SecretKey": "oldoldold1", "SignParam": "s", "ExpireTime": 5, "FileExtensions": ["*"],
        "FilterType": "blacklist"}}}
    asked = wanted(settings={"authentication": {"switch": "on", new: SIGNED}})
    sent = update_request(asked, there)["Authentication"]
    assert [key for key in sent if key.startswith("Type")] == ["Type" + new[-1]]
    assert sent["AuthAlgorithm"] == "sha256"
    told = [str(leaf) for leaf in update_leaves(asked, there)]
    if old[-1] != new[-1]:
        assert any(one.startswith(f"Authentication.{old}: ") and one.endswith("not set") for one in told), told
    assert "oldoldold1" not in "".join(told)


@pytest.mark.parametrize(("mentioned", "there", "stays"), [
    ({"simpleCache": {"cacheRules": [{"cacheType": "all", "cacheContents": ["*"], "cacheTime": 5}]}},
     {"RuleCache": FOLLOWING["Cache"]["RuleCache"]}, "SimpleCache"),
    ({"simpleCache": {"cacheRules": [{"cacheType": "all", "cacheContents": ["*"], "cacheTime": 5}]}},
     {"AdvancedCache": {"IgnoreCacheControl": "on"}}, "SimpleCache"),
    ({"ruleCache": [{"ruleType": "all", "rulePaths": ["*"], "cacheConfig": {"noCache": {"switch": "on"}}}]},
     {"SimpleCache": {"CacheRules": [], "FollowOrigin": "on"}}, "RuleCache"),
])
def test_one_way_of_caching_goes_out(mentioned: dict[str, Any], there: dict[str, Any], stays: str) -> None:
    asked = wanted(settings={"cache": mentioned})
    assert list(update_request(asked, {"Cache": there})["Cache"]) == [stays]
    gone = next(iter(there))
    assert any(leaf.path == f"Cache.{gone}" and leaf.after is None for leaf in update_leaves(asked, {"Cache": there}))


OURS = {"OriginType": "cos", "Origins": ["b-125.cos-website.x"], "ServerName": "b-125.cos-website.x",
        "CosPrivateAccess": "off", "OriginPullProtocol": "https"}
RIGHT_HEADERS = {"Switch": "on", "HeaderRules": [
    {"HeaderMode": "del", "HeaderName": name, "RuleType": "all", "RulePaths": ["*"]} for name in DOWNLOAD_HEADERS]}


@pytest.mark.parametrize(("name", "value"), [
    ("BasePath", "/old/"), ("PathRules", [{"Regex": True, "Path": "/a/*", "Origin": "old.example.com"}]),
    ("PathBasedOrigin", [{"RuleType": "file", "RulePaths": ["jpg"], "Origin": ["1.2.3.4"]}]),
    ("BackupOrigins", ["5.6.7.8"]), ("OriginCompany", "ali_oss"),
    ("Sni", {"Switch": "on", "ServerName": "old.example.com"}),
    ("AdvanceHttps", {"CustomTlsStatus": "on", "TlsVersion": ["TLSv1.2"]}),
])
def test_what_an_earlier_owner_left_at_the_origin_is_reset_and_shown(name: str, value: Any) -> None:
    there = {"Origin": {**OURS, name: value}, "ResponseHeader": RIGHT_HEADERS}
    assert update_request(wanted(), there) == {"Origin": OURS}
    leaf = next(one for one in update_leaves(wanted(), there) if one.path == f"Origin.{name}")
    assert leaf.before == value and leaf.after is None


@pytest.mark.parametrize("harmless", [
    {"BasePath": ""}, {"BasePath": "/"}, {"BasePath": None}, {"PathRules": []}, {"BackupOrigins": [], "Sni": None},
    {"Sni": {"Switch": "off", "ServerName": ""}}, {"BackupOriginType": "domain"}, {"OriginCompany": ""},
    {"AdvanceHttps": {"CustomTlsStatus": "off", "VerifyOriginType": "off", "Cipher": "", "CertInfo": None}},
])
def test_defaults_of_an_origin_are_no_difference(harmless: dict[str, Any]) -> None:
    there = {"Origin": {**OURS, **harmless}, "ResponseHeader": RIGHT_HEADERS}
    assert update_request(wanted(), there) == {} and update_leaves(wanted(), there) == ()


@pytest.mark.parametrize("name", ["AwsPrivateAccess", "OssPrivateAccess", "HwPrivateAccess", "QnPrivateAccess",
                                  "OthersPrivateAccess"])
def test_signatures_for_another_cloud_are_switched_off_and_their_masked_keys_stay_unsent(name: str) -> None:
    there = {"Origin": OURS, "ResponseHeader": RIGHT_HEADERS,
             name: {"Switch": "on", "AccessKey": "AK", "SecretKey": "****", "Region": "x", "Bucket": "y"}}
    assert update_request(wanted(), there) == {name: {"Switch": "off"}}
    assert [str(leaf) for leaf in update_leaves(wanted(), there)] == [f"{name}.Switch: on → off"]
    assert update_request(wanted(), {**there, name: {"Switch": "off", "SecretKey": "****"}}) == {}


@pytest.mark.parametrize("area", ["Mainland", "Overseas"])
def test_an_area_with_an_origin_of_its_own_is_led_to_the_bucket(area: str) -> None:
    referer = {"Switch": "off", "RefererRules": None}
    other = {"OriginType": "ip", "Origins": ["1.2.3.4"], "ServerName": "old.example.com", "BasePath": "/old"}
    there = {"Origin": OURS, "ResponseHeader": RIGHT_HEADERS, "SpecificConfig": {
        area: {"Origin": other, "Referer": referer, "Seo": {"Switch": "on"},
               "OssPrivateAccess": {"Switch": "on", "SecretKey": "****"}}}}
    sent = update_request(wanted(), there)["SpecificConfig"]
    assert sent == {area: {"Origin": OURS, "Referer": {"Switch": "off"}}}
    assert "****" not in str(sent)
    paths = [leaf.path for leaf in update_leaves(wanted(), there)]
    assert f"SpecificConfig.{area}.Origin.Origins" in paths and f"SpecificConfig.{area}.Origin.BasePath" in paths
    settled = {**there, "SpecificConfig": sent}
    assert update_request(wanted(), settled) == {} and update_leaves(wanted(), settled) == ()


@pytest.mark.parametrize("name", ["Content-Disposition", "content-disposition", "X-Cos-Force-Download"])
@pytest.mark.parametrize("mode", ["set", "add"])
def test_a_header_of_the_user_stands_below_our_deletion_of_it(name: str, mode: str) -> None:
    theirs = {"headerMode": mode, "headerName": name, "headerValue": "attachment", "ruleType": "file",
              "rulePaths": ["pdf"]}
    asked = wanted(settings={"responseHeader": {"switch": "on", "headerRules": [theirs]}})
    below = [{"HeaderMode": mode, "HeaderName": name, "HeaderValue": "attachment", "RuleType": "file",
              "RulePaths": ["pdf"]}]
    for there in ({}, {"ResponseHeader": {"Switch": "on", "HeaderRules": [*below, *RIGHT_HEADERS["HeaderRules"]]}}):
        names = [str(rule["HeaderName"]).lower()
                 for rule in wanted_config(asked, there)["ResponseHeader"]["HeaderRules"]]
        assert names.index(name.lower()) < len(names) - 1 - names[::-1].index(name.lower()), names
        first = next(rule for rule in wanted_config(asked, there)["ResponseHeader"]["HeaderRules"]
                     if str(rule["HeaderName"]).lower() == name.lower())
        assert first["HeaderMode"] == "del"


def test_the_order_of_plain_values_means_nothing_and_that_of_rules_does() -> None:
    assert same(["TLSv1.3", "TLSv1.2"], ["TLSv1.2", "TLSv1.3"])
    assert not same([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}])
    assert same({"Switch": "on", "Told": "x"}, {"Switch": "on"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ABCD"), inner, max_size=3),
    max_leaves=12)
objects = st.dictionaries(st.sampled_from("ABCD"), json_values, max_size=4)


@given(objects, objects)
def test_after_a_merge_everything_wanted_is_there_and_a_second_one_changes_nothing(
    there: dict[str, Any], ask: dict[str, Any]
) -> None:
    before = copy.deepcopy(there)
    after = merged(there, ask)
    assert same(after, ask)
    assert leaves(after, ask) == ()
    assert merged(after, ask) == after
    assert there == before, "what is there is not changed in place"
    assert all(after[key] == value for key, value in there.items() if key not in ask)


@given(objects, objects)
def test_a_leaf_is_told_only_where_something_differs(there: dict[str, Any], ask: dict[str, Any]) -> None:
    if same(there, ask):
        assert leaves(there, ask) == ()
    for leaf in leaves(there, ask):
        assert not same(leaf.before, leaf.after)


def test_a_leaf_says_what_was_and_what_will_be_and_never_a_key() -> None:
    assert str(Leaf("Https.Http2", "off", "on")) == "Https.Http2: off → on"
    assert str(Leaf("Seo.Switch", None, "on")) == "Seo.Switch: on"
    secret = Leaf("Authentication.TypeA.SecretKey", "olderkey", "newerkey")
    nested = Leaf("Authentication.TypeA", None, {"SecretKey": "hunter2", "ExpireTime": 1})
    for leaf in (secret, nested):
        assert not {"olderkey", "newerkey", "hunter2"} & set(str(leaf).replace('"', " ").split())
        assert "hunter2" not in str(leaf.as_object()) and "newerkey" not in repr(leaf)


def test_a_website_bucket_is_pulled_from_as_its_protocol_allows() -> None:
    for protocol in ("http", "https"):
        origin = wanted_config(wanted(protocol=protocol), None)["Origin"]
        assert origin == {"OriginType": "cos", "Origins": ["b-125.cos-website.x"],
                          "ServerName": "b-125.cos-website.x", "CosPrivateAccess": "off",
                          "OriginPullProtocol": protocol}


def test_a_new_domain_gets_cache_and_compression_and_one_that_is_there_keeps_its_own() -> None:
    new = wanted_config(wanted(), None)
    assert new["Compression"]["CompressionRules"][0]["Algorithms"] == ["brotli", "gzip"]
    assert new["Cache"]["RuleCache"][0]["CacheConfig"]["FollowOrigin"]["Switch"] == "on"
    there = wanted_config(wanted(), {"Cache": {}, "Area": "global"})
    assert not {"Cache", "Compression", "Area", "ServiceType"} & there.keys()
    own = wanted_config(wanted(settings={"cache": {"simpleCache": {"followOrigin": "on"}}}), None)
    assert own["Cache"] == {"SimpleCache": {"FollowOrigin": "on"}}


def del_rules(config: dict[str, Any]) -> list[str]:
    return [rule["HeaderName"] for rule in config["ResponseHeader"]["HeaderRules"] if rule["HeaderMode"] == "del"]


ON = {"Switch": "on", "RedirectType": "https"}


@pytest.mark.parametrize(("of_host", "config"), [
    ({"force_redirect": {"switch": "on", "redirectType": "https"}}, None),
    ({"force_redirect": {"switch": "on", "redirectType": "https"}}, {"Https": {"Switch": "off"}}),
    ({"https": {"switch": "off"}}, {"Https": {"Switch": "on"}, "ForceRedirect": ON}),
])
def test_a_redirect_to_https_without_https_is_a_mistake(of_host: dict[str, Any], config: dict[str, Any] | None) -> None:
    with pytest.raises(ConfigError, match="https is off") as caught:
        check_redirect(wanted(**of_host), config)
    assert "https: auto" in str(caught.value.problems[0].hint)


@pytest.mark.parametrize(("of_host", "config"), [
    ({"force_redirect": {"switch": "on", "redirectType": "https"}, "https": {"switch": "on"}}, None),
    ({"force_redirect": {"switch": "on", "redirectType": "https"}}, {"Https": {"Switch": "on"}}),
    ({"force_redirect": {"switch": "on", "redirectType": "http"}}, None),
    ({"force_redirect": {"switch": "off"}, "https": {"switch": "off"}}, {"ForceRedirect": ON}),
    ({}, {"ForceRedirect": ON}),
    ({}, None),
])
def test_a_redirect_that_can_be_is_let_pass(of_host: dict[str, Any], config: dict[str, Any] | None) -> None:
    check_redirect(wanted(**of_host), config)


def test_headers_that_force_a_download_are_deleted_beside_the_rules_of_others() -> None:
    theirs = {"HeaderMode": "set", "HeaderName": "X-A", "HeaderValue": "1", "RuleType": "all", "RulePaths": ["*"]}
    assert del_rules(wanted_config(wanted(), None)) == list(DOWNLOAD_HEADERS)
    beside = wanted_config(wanted(), {"ResponseHeader": {"Switch": "on", "HeaderRules": [theirs]}})
    assert beside["ResponseHeader"]["HeaderRules"][0] == theirs and del_rules(beside) == list(DOWNLOAD_HEADERS)
    written = wanted_config(wanted(settings={"responseHeader": {"switch": "on", "headerRules": [
        {"headerMode": "add", "headerName": "X-B", "headerValue": "2", "ruleType": "all", "rulePaths": ["*"]}]}}), {})
    assert [rule["HeaderName"] for rule in written["ResponseHeader"]["HeaderRules"]] == ["X-B", *DOWNLOAD_HEADERS]
    once = wanted_config(wanted(), {"ResponseHeader": beside["ResponseHeader"]})
    assert del_rules(once) == list(DOWNLOAD_HEADERS)


def test_header_rules_that_somebody_switched_off_are_not_brought_back() -> None:
    off = {"Switch": "off", "HeaderRules": [{"HeaderMode": "set", "HeaderName": "X", "RuleType": "all"}]}
    assert "ResponseHeader" not in wanted_config(wanted(), {"ResponseHeader": off})
    kept = wanted_config(wanted(settings={"responseHeader": {"switch": "off"}}), {"ResponseHeader": off})
    assert kept["ResponseHeader"] == {"Switch": "off"}


# Against the embedded cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("cdn") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def case(cloud: LocalCloud) -> Case:
    return make_case("cdn", cloud)


EVERYWHERE = {"RuleType": "all", "RulePaths": ["*"]}
ELSEWHERE: dict[str, Any] = {
    "Https": {"Switch": "on", "Http2": "on", "OcspStapling": "on", "TlsVersion": ["TLSv1.2", "TLSv1.3"],
              "Hsts": {"Switch": "on", "MaxAge": 31536000, "IncludeSubDomains": "on"}},
    "ForceRedirect": {"Switch": "on", "RedirectType": "https", "RedirectStatusCode": 302, "CarryHeaders": "on"},
    "Cache": {"RuleCache": [{**EVERYWHERE, "CacheConfig": {
        "Cache": {"Switch": "on", "CacheTime": 600, "CompareMaxAge": "off", "IgnoreCacheControl": "off",
                  "IgnoreSetCookie": "off"},
        "NoCache": {"Switch": "off", "Revalidate": "off"}, "FollowOrigin": {"Switch": "off"}}}]},
    "CacheKey": {"FullUrlCache": "off", "IgnoreCase": "on", "QueryString": {"Switch": "on", "Action": "includeCustom",
                                                                          "Value": "v;w"}},
    "Referer": {"Switch": "on", "RefererRules": [{**EVERYWHERE, "RefererType": "blacklist",
                                                  "Referers": ["bad.example"], "AllowEmpty": True}]},
    "IpFilter": {"Switch": "on", "FilterType": "blacklist", "Filters": ["203.0.113.9"]},
    "IpFreqLimit": {"Switch": "on", "Qps": 99},
    "StatusCodeCache": {"Switch": "on", "CacheRules": [{"StatusCode": "404", "CacheTime": 7}]},
    "Compression": {"Switch": "on", "CompressionRules": [{"Compress": True, "MinLength": 300, "MaxLength": 3000,
                                                          "Algorithms": ["gzip"], "RuleType": "file",
                                                          "RulePaths": ["js"]}]},
    "RangeOriginPull": {"Switch": "off"},
    "FollowRedirect": {"Switch": "on"},
    "ErrorPage": {"Switch": "on", "PageRules": [{"StatusCode": 404, "RedirectCode": 302,
                                                 "RedirectUrl": "https://other.example/404"}]},
    "RequestHeader": {"Switch": "on", "HeaderRules": [{**EVERYWHERE, "HeaderMode": "add", "HeaderName": "X-From",
                                                       "HeaderValue": "cdn"}]},
    "ResponseHeader": {"Switch": "on", "HeaderRules": [{**EVERYWHERE, "HeaderMode": "set", "HeaderName": "X-Made",
                                                        "HeaderValue": "elsewhere"}]},
    "DownstreamCapping": {"Switch": "on", "CappingRules": [{**EVERYWHERE, "KBpsThreshold": 512}]},
    "ResponseHeaderCache": {"Switch": "off"},
    "VideoSeek": {"Switch": "on"},
    "Seo": {"Switch": "on"},
    "MaxAge": {"Switch": "on", "MaxAgeRules": [{"MaxAgeType": "all", "MaxAgeContents": ["*"], "MaxAgeTime": 60}]},
    "OriginPullTimeout": {"ConnectTimeout": 9, "ReceiveTimeout": 99},
    "UserAgentFilter": {"Switch": "on", "FilterRules": [{**EVERYWHERE, "UserAgents": ["bad*"],
                                                         "FilterType": "blacklist"}]},
    "Ipv6Access": {"Switch": "on"},
}


def configured_elsewhere(case: Case) -> str:
    """A domain with many settings that somebody made in the console."""
    host = case.host()
    certificate = case.certificate(host)
    case.account.sdk("cdn", "AddCdnDomain", {
        "Domain": host, "ServiceType": "web", "Area": "global", "Origin": {
            "OriginType": "domain", "Origins": ["old.example.com"], "OriginPullProtocol": "http",
            "ServerName": "old.example.com"}})
    case.account.sdk("cdn", "UpdateDomainConfig", {"Domain": host, **ELSEWHERE, "Https": {
        **ELSEWHERE["Https"], "CertInfo": {"CertId": certificate.id}}})
    return host


def test_a_domain_with_twenty_settings_made_elsewhere_keeps_them_all_but_the_one_that_is_changed(case: Case) -> None:
    host = configured_elsewhere(case)
    before = dict(case.truth(host) or {})
    state = case.edge.describe(host)
    assert state is not None and state.status is EdgeStatus.ONLINE
    asked = case.wanted(host, https={"http2": "off"})
    paths = {leaf.path for leaf in case.edge.differences(asked, state)}
    assert paths == {"Origin.OriginType", "Origin.Origins", "Origin.ServerName", "Origin.OriginPullProtocol",
                     "Https.Http2", "ResponseHeader.HeaderRules"}
    case.edge.update(asked, state)
    after = dict(case.truth(host) or {})
    assert len(ELSEWHERE) >= 20
    for name in before:
        if name not in ("Origin", "ResponseHeader", "Https", "UpdateTime"):
            assert after[name] == before[name], name
    # When it was deployed is told anew with every change.
    del before["Https"]["CertInfo"]["DeployTime"], after["Https"]["CertInfo"]["DeployTime"]
    assert after["Https"] == {**before["Https"], "Http2": "off"}
    assert [rule["HeaderName"] for rule in after["ResponseHeader"]["HeaderRules"]] == ["X-Made", *DOWNLOAD_HEADERS]
    now = case.edge.describe(host)
    assert now is not None and case.edge.differences(asked, now) == ()


HOSTS = """\
component: website
name: a
inputs:
  src: ./src
  hosts:
    - host: {host}
      area: global
      https: {{switch: on, http2: on, ocspStapling: true, tlsVersion: [TLSv1.2, TLSv1.3],
        hsts: {{switch: on, maxAge: 100, includeSubDomains: on}}, certInfo: {{certId: {id}}}}}
      forceRedirect: {{switch: on, redirectType: https, redirectStatusCode: 302}}
      cache: {{ruleCache: [{{rulePaths: ['*'], ruleType: all,
        cacheConfig: {{cache: {{switch: on, cacheTime: 60}}}}}}]}}
      cacheKey: {{fullUrlCache: off, ignoreCase: on}}
      referer: {{switch: on, refererRules: [
        {{ruleType: all, rulePaths: ['*'], refererType: blacklist, allowEmpty: true, referers: ['*.b.com']}}]}}
      ipFilter: {{switch: on, filterType: blacklist, filters: [1.2.3.4, 2.3.4.5]}}
      ipFreqLimit: {{switch: on, qps: 10}}
      statusCodeCache: {{switch: on, cacheRules: [{{statusCode: 404, cacheTime: 10}}]}}
      compression: {{switch: on, compressionRules: [{{compress: true, minLength: 256, maxLength: 2097152,
        algorithms: [gzip, brotli], ruleType: file, rulePaths: [html]}}]}}
      rangeOriginPull: {{switch: off}}
      followRedirect: {{switch: on}}
      errorPage: {{switch: on, pageRules: [{{statusCode: 404, redirectCode: 302, redirectUrl: 'https://b.com/'}}]}}
      requestHeader: {{switch: on, headerRules: [
        {{headerMode: set, headerName: X-A, headerValue: b, ruleType: all, rulePaths: ['*']}}]}}
      responseHeader: {{switch: on, headerRules: [
        {{headerMode: set, headerName: X-B, headerValue: c, ruleType: all, rulePaths: ['*']}}]}}
      downstreamCapping: {{switch: on, cappingRules: [{{ruleType: all, rulePaths: '*', kBpsThreshold: 10}}]}}
      responseHeaderCache: {{switch: on}}
      videoSeek: {{switch: off}}
      originPullOptimization: {{switch: off}}
      authentication: {{switch: on, typeA: {{secretKey: abcdefgh12345678, signParam: sign, expireTime: 60,
        fileExtensions: ['*'], filterType: blacklist}}}}
      bandwidthAlert: {{switch: off}}
      seo: {{switch: on}}
      maxAge: {{switch: on, maxAgeRules: [{{maxAgeType: all, maxAgeContents: ['*'], maxAgeTime: 5}}]}}
      originPullTimeout: {{connectTimeout: 5, receiveTimeout: 10}}
      tags: [{{key: team, value: web}}]
"""


def test_every_key_of_a_host_reaches_the_cdn_and_comes_back_the_same(case: Case, tmp_path: Path) -> None:
    name = case.host()
    certificate = case.certificate(name)
    file = tmp_path / "serverless.yml"
    file.write_text(HOSTS.format(host=name, id=certificate.id), encoding="utf-8")
    host = load_project(file, environ={}).hosts[0]
    asked = WantedDomain(host, case.bucket, "ap-guangzhou", case.endpoint, "https", certificate)
    case.edge.create(asked)
    state = case.ready(name)
    assert case.edge.differences(asked, state) == ()
    truth = case.truth(name)
    assert truth is not None
    assert (truth["Area"], truth["Https"]["Hsts"]["MaxAge"], truth["IpFreqLimit"]["Qps"]) == ("global", 100, 10)
    assert truth["DownstreamCapping"]["CappingRules"][0]["KBpsThreshold"] == 10
    assert [(tag["TagKey"], tag["TagValue"]) for tag in truth["Tag"]] == [("team", "web")]
    assert truth["Authentication"]["TypeA"]["SignParam"] == "sign"
    assert update_request(asked, state.config) == {}


LATER = """\
component: website
name: site
inputs:
  src: .
  hosts:
    - host: {host}
      userAgentFilter: {{switch: on, filterRules: [{{ruleType: all, rulePaths: ['*'], userAgents: ['*bot*'],
        filterType: blacklist}}]}}
      urlRedirect: {{switch: on, pathRules: [{{redirectStatusCode: 301, pattern: /old, redirectUrl: /new}}]}}
      accessControl: {{switch: on, accessControlRules: [{{ruleType: url, ruleContent: /x, regex: off}}],
        returnCode: 403}}
      accessPort: [80, 443]
      paramFilter: {{switch: on, filterRules: [{{key: a, values: [b]}}]}}
      postMaxSize: {{switch: on, maxSize: 33554432}}
      remoteAuthentication: {{switch: on, remoteAuthenticationRules: [{{server: 'http://a.example.org/',
        authMethod: all, ruleType: all, rulePaths: ['*'], authTimeout: 2000, authTimeoutAction: RETURN_403}}]}}
      ipv6Access: {{switch: on}}
      quic: {{switch: off}}
      offlineCache: {{switch: on}}
      webSocket: {{switch: on, timeout: 60}}
      shareCname: {{switch: off}}
"""


def test_what_the_cdn_takes_only_for_a_domain_that_is_there_is_set_after_it_was_made(
        case: Case, tmp_path: Path) -> None:
    name = case.host()
    file = tmp_path / "serverless.yml"
    file.write_text(LATER.format(host=name), encoding="utf-8")
    asked = WantedDomain(load_project(file, environ={}).hosts[0], case.bucket, "ap-guangzhou", case.endpoint, "https")
    case.edge.create(asked)
    state = case.ready(name)
    changed = {leaf.path.partition(".")[0] for leaf in case.edge.differences(asked, state)}
    assert {"UserAgentFilter", "UrlRedirect", "AccessControl", "ParamFilter", "WebSocket"} <= changed
    assert not changed & {"Ipv6Access", "Quic", "OfflineCache"}
    case.edge.update(asked, state)
    assert case.edge.differences(asked, case.ready(name)) == ()
    truth = case.truth(name)
    assert truth is not None
    assert truth["UrlRedirect"]["PathRules"][0]["RedirectUrl"] == "/new"
    assert truth["UserAgentFilter"]["FilterRules"][0]["UserAgents"] == ["*bot*"]
    assert (truth["WebSocket"]["Timeout"], truth["PostMaxSize"]["MaxSize"]) == (60, 33554432)
