"""The embedded CDN's API: hosts and their states, settings and their defaults, ownership, purging, quotas."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from sitepub.local.cloud_api.cdn.shapes import SETTINGS
from sitepub.local.cloud_api.shapes import Parameter, completed
from tests.local.certificate_maker import self_signed
from tests.local.edge_wire import cached, rules
from tests.local.service_wire import Services, origin, running_services

ON = {"Switch": "on"}


def add(services: Services, host: str = "", **settings: Any) -> str:
    """A host on the CDN; states take no time, so it is online."""
    host = host or f"www.{services.zone()}"
    services.call("cdn", "AddCdnDomain", Domain=host, ServiceType="web", Origin=origin(), **settings)
    return host


def config(services: Services, host: str) -> dict[str, Any]:
    filters = [{"Name": "domain", "Value": [host]}]
    answer = services.call("cdn", "DescribeDomainsConfig", Filters=filters)
    assert answer["TotalNumber"] == len(answer["Domains"]) == 1
    found: dict[str, Any] = answer["Domains"][0]
    return found


def status(services: Services, host: str) -> str:
    filters = [{"Name": "domain", "Value": [host]}]
    return str(services.call("cdn", "DescribeDomains", Filters=filters)["Domains"][0]["Status"])


def update(services: Services, host: str, **settings: Any) -> None:
    services.call("cdn", "UpdateDomainConfig", Domain=host, **settings)


def test_a_host_is_processing_then_online_and_its_cname_cannot_be_guessed(services: Services) -> None:
    with services.slowly():
        host = add(services)
        assert status(services, host) == "processing"
        for action in ("StopCdnDomain", "StartCdnDomain", "DeleteCdnDomain", "UpdateDomainConfig"):
            assert services.error("cdn", action, Domain=host) == "ResourceInUse.CdnOpInProgress"
    found = config(services, host)
    assert found["Status"] == "online"
    label, _, suffix = found["Cname"].removeprefix(f"{host}.").partition(".")
    assert suffix == "cdn.dnsv1.com"
    assert len(label) == 8
    assert services.error("cdn", "AddCdnDomain", Domain=host, ServiceType="web", Origin=origin()) \
        == "ResourceInUse.CdnHostExists"


def test_the_life_of_a_host(services: Services) -> None:
    host = add(services)
    assert services.error("cdn", "DeleteCdnDomain", Domain=host) == "ResourceUnavailable.CdnHostIsNotOffline"
    assert services.error("cdn", "StartCdnDomain", Domain=host) == "ResourceUnavailable.CdnHostIsNotOffline"
    with services.slowly():
        services.call("cdn", "StopCdnDomain", Domain=host)
        assert status(services, host) == "closing"
        assert services.error("cdn", "DeleteCdnDomain", Domain=host) == "ResourceInUse.CdnOpInProgress"
    assert status(services, host) == "offline"
    assert services.error("cdn", "StopCdnDomain", Domain=host) == "ResourceUnavailable.CdnHostIsNotOnline"
    with services.slowly():
        services.call("cdn", "StartCdnDomain", Domain=host)
        assert status(services, host) == "processing"
    assert status(services, host) == "online"
    services.call("cdn", "StopCdnDomain", Domain=host)
    services.call("cdn", "DeleteCdnDomain", Domain=host)
    assert services.error("cdn", "DeleteCdnDomain", Domain=host) == "ResourceNotFound.CdnHostNotExists"


def test_the_state_outlives_the_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("again")
    with running_services(folder) as first:
        host = add(first, Seo=ON)
        before = config(first, host)
    with running_services(folder) as second:
        after = config(second, host)
        assert {**after, "RequestId": ""} == {**before, "RequestId": ""}
        assert second.call("dnspod", "DescribeDomain", Domain=host.partition(".")[2])["DomainInfo"]["DomainId"]


def test_an_object_that_is_updated_goes_back_to_its_defaults_where_nothing_is_said(services: Services) -> None:
    host = add(services)
    update(services, host, OriginPullTimeout={"ConnectTimeout": 30, "ReceiveTimeout": 60}, Seo=ON)
    update(services, host, FollowRedirect={**ON, "RedirectConfig": {**ON, "FollowRedirectHost": "a.example"}})
    update(services, host, FollowRedirect=ON)
    found = config(services, host)
    assert found["OriginPullTimeout"] == {"ConnectTimeout": 30, "ReceiveTimeout": 60}
    assert found["FollowRedirect"] == {**ON, "RedirectConfig": None}
    assert found["Seo"] == ON
    update(services, host, CacheKey={"IgnoreCase": "on"})
    assert config(services, host)["CacheKey"]["FullUrlCache"] == "on"


def test_a_configuration_that_was_read_can_be_written_back_and_is_the_same(services: Services) -> None:
    host = add(services)
    certificate, key = self_signed([host])
    update(services, host, Https={
        **ON, "Http2": "on", "CertInfo": {"Certificate": certificate, "PrivateKey": key, "Message": "mine"},
        "Hsts": {**ON, "MaxAge": 100}, "TlsVersion": ["TLSv1.2", "TLSv1.3"],
    })
    before = config(services, host)
    update(services, host, **{name: before[name] for name in SETTINGS})
    after = config(services, host)
    for one in (before, after):
        one["UpdateTime"] = one["Https"]["CertInfo"]["DeployTime"] = ""
    assert after == before


def test_one_leaf_can_be_changed_alone(services: Services) -> None:
    host = add(services)
    before = config(services, host)
    services.call("cdn", "ModifyDomainConfig", Domain=host, Route="OriginPullTimeout.ReceiveTimeout",
                  Value=json.dumps({"update": 60}))
    services.call("cdn", "ModifyDomainConfig", Domain=host, Route="Https.Hsts.MaxAge",
                  Value=json.dumps({"update": 7}))
    after = config(services, host)
    assert after["OriginPullTimeout"] == {"ConnectTimeout": 5, "ReceiveTimeout": 60}
    assert after["Https"] == {**before["Https"],
                              "Hsts": {"Switch": "off", "MaxAge": 7, "IncludeSubDomains": "off"}}


@pytest.mark.parametrize(("route", "value", "code"), [
    ("Nothing", '{"update": 1}', "InvalidParameter.CdnParamError"),
    ("Https.Nothing", '{"update": 1}', "InvalidParameter.CdnParamError"),
    ("Https.Http2.More", '{"update": 1}', "InvalidParameter.CdnParamError"),
    ("Https.Http2", "on", "InvalidParameter.CdnParamError"),
    ("Https.Http2", '{"update": "on", "more": 1}', "InvalidParameter.CdnParamError"),
    ("Https.Http2", '{"update": 1}', "InvalidParameter"),
    ("Https.Http2", '{"update": "yes"}', "InvalidParameter.CdnParamError"),
    ("Https.Switch", '{"update": "on"}', "InvalidParameter.CdnCertNoCertInfo"),
    ("Origin.Origins", '{"update": []}', "InvalidParameter.CdnParamError"),
    ("Origin", '{"update": null}', "InvalidParameter.CdnParamError"),
])
def test_a_wrong_route_or_value_is_refused(services: Services, route: str, value: str, code: str) -> None:
    host = add(services)
    assert services.error("cdn", "ModifyDomainConfig", Domain=host, Route=route, Value=value) == code


RULE = {"RuleType": "all", "RulePaths": ["*"]}


@pytest.mark.parametrize(("settings", "code"), [
    ({"Foo": 1}, "UnknownParameter"),
    ({"Https": {"Http2": "on"}}, "MissingParameter"),
    ({"Https": {"Foo": 1}}, "UnknownParameter"),
    ({"Https": {"Hsts": {"Foo": 1}}}, "UnknownParameter"),
    ({"Ipv6": ON}, "UnknownParameter"),
    ({"Tag": []}, "UnknownParameter"),
    ({"Https": "on"}, "InvalidParameter"),
    ({"Https": {"Http2": True}}, "InvalidParameter"),
    ({"Compression": {"CompressionRules": [1]}}, "InvalidParameter"),
    ({"Https": {"Http2": "yes"}}, "InvalidParameter.CdnParamError"),
    ({"Https": ON}, "InvalidParameter.CdnCertNoCertInfo"),
    ({"Https": {**ON, "CertInfo": {"CertId": "nothing1"}}}, "InvalidParameter.CdnCertInfoNotFound"),
    ({"Https": {**ON, "CertInfo": {"Certificate": "x", "PrivateKey": "y"}}}, "InvalidParameter.CdnCertNotPem"),
    ({"Https": {"Switch": "off", "TlsVersion": ["SSLv3"]}}, "InvalidParameter.CdnParamError"),
    ({"ForceRedirect": {**ON, "RedirectType": "https"}}, "InvalidParameter.CdnParamError"),
    ({"ForceRedirect": {**ON, "RedirectType": "http", "RedirectStatusCode": 303}},
     "InvalidParameter.CdnParamError"),
    ({"Origin": {"Origins": ["1.2.3.4"]}}, "MissingParameter"),
    ({"Origin": {"OriginType": "ip", "Origins": ["x.example"]}}, "InvalidParameter.CdnParamError"),
    ({"Origin": {"OriginType": "cos", "Origins": ["x.example"]}}, "InvalidParameter.CdnParamError"),
    ({"Origin": {"OriginType": "cos", "Origins": []}}, "InvalidParameter.CdnParamError"),
    ({"Cache": {"RuleCache": [{**RULE, "CacheConfig": {"Cache": ON}}]}}, "MissingParameter"),
    ({"Cache": rules({**cached(), "RulePaths": []})}, "InvalidParameter.CdnConfigInvalidCache"),
    ({"Cache": rules(cached(Switch="off"))}, "InvalidParameter.CdnConfigInvalidCache"),
    ({"Cache": rules({**RULE, "CacheConfig": {**cached()["CacheConfig"], "FollowOrigin": ON}})},
     "InvalidParameter.CdnConfigInvalidCache"),
    ({"ResponseHeader": {**ON, "HeaderRules": [{**RULE, "HeaderMode": "set", "HeaderName": "x"}]}},
     "MissingParameter"),
    ({"ResponseHeader": {**ON, "HeaderRules": [{**RULE, "HeaderMode": "put", "HeaderName": "x"}]}},
     "InvalidParameter.CdnParamError"),
    ({"ResponseHeader": {**ON, "HeaderRules": [{**RULE, "HeaderMode": "del"}]}}, "MissingParameter"),
    ({"OriginPullTimeout": {"ConnectTimeout": 5}}, "MissingParameter"),
    ({"OriginPullTimeout": {"ConnectTimeout": 4, "ReceiveTimeout": 10}}, "InvalidParameter.CdnParamError"),
    ({"OriginPullTimeout": {"ConnectTimeout": 61, "ReceiveTimeout": 10}}, "InvalidParameter.CdnParamError"),
])
def test_a_wrong_setting_is_refused_and_changes_nothing(
    services: Services, settings: dict[str, Any], code: str
) -> None:
    host = add(services)
    before = config(services, host)
    assert services.error("cdn", "UpdateDomainConfig", Domain=host, **settings) == code
    assert config(services, host) == before


@pytest.mark.parametrize(("parameters", "code"), [
    ({"Domain": "www.example.com", "ServiceType": "web"}, "MissingParameter"),
    ({"Domain": "www.example.com", "Origin": origin()}, "MissingParameter"),
    ({"ServiceType": "web", "Origin": origin()}, "MissingParameter"),
    ({"Domain": "www.example.com", "ServiceType": "site", "Origin": origin()},
     "InvalidParameter.CdnParamError"),
    ({"Domain": "not a host", "ServiceType": "web", "Origin": origin()},
     "InvalidParameter.CdnConfigInvalidHost"),
    ({"Domain": "*.example.com", "ServiceType": "web", "Origin": origin()},
     "InvalidParameter.CdnConfigInvalidHost"),
    ({"Domain": f"{'a' * 80}.example.com", "ServiceType": "web", "Origin": origin()},
     "InvalidParameter.CdnHostTooLongHost"),
    ({"Domain": "b-125.cos.ap-guangzhou.myqcloud.com", "ServiceType": "web", "Origin": origin()},
     "InvalidParameter.CdnHostInternalHost"),
    ({"Domain": "www.example.com", "ServiceType": "web", "Origin": origin(), "UserAgentFilter": ON},
     "UnknownParameter"),
    ({"Domain": "www.example.com", "ServiceType": "web", "Origin": origin()},
     "UnauthorizedOperation.CdnDomainRecordNotVerified"),
])
def test_a_host_that_cannot_be_added(services: Services, parameters: dict[str, Any], code: str) -> None:
    assert services.error("cdn", "AddCdnDomain", **parameters) == code


def test_every_setting_has_a_default_of_its_own_shape() -> None:
    def fits(parameter: Parameter, value: Any) -> bool:
        if value is None or parameter.shape is None:
            return True
        values = value if parameter.kind is list else [value]
        return all(set(one) <= set(parameter.shape.attributes) for one in values)

    for name, parameter in SETTINGS.items():
        assert fits(parameter, completed(parameter, None)), name


def test_a_certificate_sent_as_pem_is_kept_and_its_key_is_never_told(services: Services) -> None:
    host = add(services)
    certificate, key = self_signed([host])
    with services.slowly():
        update(services, host, Https={**ON, "CertInfo": {"Certificate": certificate, "PrivateKey": key}})
        assert config(services, host)["Https"]["SslStatus"] == "deploying"
    https = config(services, host)["Https"]
    assert https["SslStatus"] == "deployed"
    assert https["CertInfo"]["PrivateKey"] is None
    assert https["CertInfo"]["Certificate"] is None
    kept = services.call("ssl", "CheckCertificateExist", CertificatePublicKey=certificate)["RepeatCertId"]
    assert kept == https["CertInfo"]["CertId"]
    update(services, host, Https={**ON, "CertInfo": {"Certificate": certificate, "PrivateKey": key}})
    assert config(services, host)["Https"]["CertInfo"]["CertId"] == kept
    assert services.error("ssl", "DeleteCertificate", CertificateId=kept, IsCheckResource=True) \
        == "FailedOperation.DeleteResourceFailed"
    update(services, host, Https={"Switch": "off"})
    assert services.call("ssl", "DeleteCertificate", CertificateId=kept)["DeleteResult"] is True


@pytest.mark.parametrize(("names", "days", "code"), [
    (["other.example.com"], 30, "InvalidParameter.CdnCertNoCertInfo"),
    (["{host}"], -1, "InvalidParameter.CdnCertNoCertInfo"),
])
def test_a_certificate_that_is_not_good_for_the_host_is_refused(
    services: Services, names: list[str], days: int, code: str
) -> None:
    host = add(services)
    certificate, key = self_signed([name.format(host=host) for name in names], days=days)
    _, other_key = self_signed([host])
    info = {"Certificate": certificate, "PrivateKey": key}
    assert services.error("cdn", "UpdateDomainConfig", Domain=host, Https={**ON, "CertInfo": info}) == code
    info["PrivateKey"] = other_key
    assert services.error("cdn", "UpdateDomainConfig", Domain=host, Https={**ON, "CertInfo": info}) \
        == "InvalidParameter.SslCertMatchError"


def test_ownership_is_proved_by_a_txt_record(services: Services) -> None:
    zone = services.zone(owned=False)
    host = f"www.{zone}"
    assert services.error("cdn", "VerifyDomainRecord", Domain=host) \
        == "UnauthorizedOperation.CdnDomainRecordNotVerified"
    wanted = services.call("cdn", "CreateVerifyRecord", Domain=host)
    assert (wanted["SubDomain"], wanted["RecordType"]) == ("_cdnauth", "TXT")
    assert services.call("cdn", "CreateVerifyRecord", Domain=zone)["Record"] == wanted["Record"]
    assert services.error("cdn", "VerifyDomainRecord", Domain=host) \
        == "UnauthorizedOperation.CdnDomainRecordNotVerified"
    services.admin("dns", {"zone": zone, "records": [{"name": "_cdnauth", "type": "TXT", "value": "other"}]})
    assert services.error("cdn", "VerifyDomainRecord", Domain=host) \
        == "UnauthorizedOperation.CdnTxtRecordValueNotMatch"
    services.admin("dns", {"zone": zone, "records": [
        {"name": "_cdnauth", "type": "TXT", "value": "other"},
        {"name": "_cdnauth", "type": "TXT", "value": wanted["Record"]},
    ]})
    assert services.call("cdn", "VerifyDomainRecord", Domain=host)["Result"] is True
    add(services, host)
    assert services.other.error("cdn", "AddCdnDomain", Domain=host, ServiceType="web", Origin=origin()) \
        == "UnauthorizedOperation.CdnHostIsUsedByOther"
    assert services.other.error("cdn", "DeleteCdnDomain", Domain=host) == "ResourceNotFound.CdnHostNotExists"
    assert services.other.call("cdn", "DescribeDomains")["Domains"] == []


def test_what_an_account_may_not_do(services: Services) -> None:
    zone = services.zone()
    host = f"www.{zone}"
    new = {"Domain": host, "ServiceType": "web", "Origin": origin()}
    with services.switched(service_activated=False):
        assert services.error("cdn", "DescribeDomains") == "ResourceNotFound.CdnUserNotExists"
        assert services.error("cdn", "AddCdnDomain", **new) == "ResourceNotFound.CdnUserNotExists"
    with services.switched(product_upgraded=True):
        assert services.error("cdn", "AddCdnDomain", **new) == "OperationDenied.ProductUpgraded"
    with services.switched(owned_by_other=[zone]):
        assert services.error("cdn", "AddCdnDomain", **new) == "UnauthorizedOperation.CdnHostIsOwnedByOther"
    with services.switched(no_icp=[zone]):
        for area in ("mainland", "global"):
            assert services.error("cdn", "AddCdnDomain", **new, Area=area) \
                == "ResourceUnavailable.CdnHostNoIcp"
        services.call("cdn", "AddCdnDomain", **new, Area="overseas")
        assert services.error("cdn", "UpdateDomainConfig", Domain=host, Area="global") \
            == "ResourceUnavailable.CdnHostNoIcp"


def test_purges_are_done_after_a_while_and_counted_by_area(services: Services) -> None:
    host = add(services, Area="global")

    def available() -> dict[str, tuple[int, int]]:
        quota = services.call("cdn", "DescribePurgeQuota")
        return {kind: tuple(entry["Available"] for entry in quota[kind]) for kind in ("UrlPurge", "PathPurge")}

    before = available()
    urls = [f"https://{host}/a", f"https://{host}/b/"]
    with services.slowly():
        task = services.call("cdn", "PurgeUrlsCache", Urls=urls)["TaskId"]
        logs = services.call("cdn", "DescribePurgeTasks", TaskId=task)
        assert (logs["TotalCount"], {log["Status"] for log in logs["PurgeLogs"]}) == (2, {"process"})
    logs = services.call("cdn", "DescribePurgeTasks", TaskId=task)["PurgeLogs"]
    assert {(log["Url"], log["Status"], log["PurgeType"]) for log in logs} == {
        (url, "done", "url") for url in urls
    }
    services.call("cdn", "PurgePathCache", Paths=[f"https://{host}/b/"], FlushType="flush", Area="overseas")
    after = available()
    assert [b - a for a, b in zip(after["UrlPurge"], before["UrlPurge"], strict=True)] == [2, 2]
    assert [b - a for a, b in zip(after["PathPurge"], before["PathPurge"], strict=True)] == [0, 1]
    day = services.call("cdn", "DescribePurgeTasks", StartTime="2020-01-01 00:00:00", Keyword=host)
    assert day["TotalCount"] == 3


def test_pushes_are_counted_too(services: Services) -> None:
    host = add(services)
    task = services.call("cdn", "PushUrlsCache", Urls=[f"https://{host}/a"])["TaskId"]
    log = services.call("cdn", "DescribePushTasks", TaskId=task)["PushLogs"][0]
    assert (log["Status"], log["Percent"], log["Area"]) == ("done", 100, "mainland")
    quota = services.call("cdn", "DescribePushQuota")["UrlPush"]
    assert {entry["Area"] for entry in quota} == {"mainland", "overseas"}


def test_purges_that_are_refused(services: Services) -> None:
    host = add(services)
    page = f"https://{host}/"
    for urls, code in (
        ([host], "InvalidParameter.CdnParamError"),
        ([], "InvalidParameter.CdnParamError"),
        (["https://stranger.example.com/"], "UnauthorizedOperation.CdnHostUnauthorized"),
        ([f"https://*.{host}/"], "InvalidParameter.CdnPurgeWildcardNotAllowed"),
        ([f"{page}{'x' * 1100}"], "InvalidParameter.CdnUrlExceedLength"),
    ):
        assert services.error("cdn", "PurgeUrlsCache", Urls=urls) == code
    assert services.error("cdn", "PurgePathCache", Paths=[page]) == "MissingParameter"
    assert services.error("cdn", "PurgePathCache", Paths=[f"{page}a"], FlushType="flush") \
        == "InvalidParameter.CdnParamError"
    assert services.error("cdn", "PurgeUrlsCache", Urls=[page], Area="overseas") \
        == "InvalidParameter.CdnParamError"
    assert services.error("cdn", "DescribePurgeTasks") == "MissingParameter"
    with services.switched(quota={"url_batch": 1, "path_day": 0, "path_batch": 1, "push_day": 0}):
        assert services.error("cdn", "PurgeUrlsCache", Urls=[page, page]) \
            == "LimitExceeded.CdnPurgeUrlExceedBatchLimit"
        assert services.error("cdn", "PurgePathCache", Paths=[page], FlushType="delete") \
            == "LimitExceeded.CdnPurgePathExceedDayLimit"
        assert services.error("cdn", "PurgePathCache", Paths=[page, page], FlushType="delete") \
            == "LimitExceeded.CdnPurgePathExceedBatchLimit"
        assert services.error("cdn", "PushUrlsCache", Urls=[page]) == "LimitExceeded.CdnPushExceedDayLimit"
    with services.switched(quota={"url_day": 0}):
        assert services.error("cdn", "PurgeUrlsCache", Urls=[page]) \
            == "LimitExceeded.CdnPurgeUrlExceedDayLimit"
    services.call("cdn", "StopCdnDomain", Domain=host)
    assert services.error("cdn", "PurgeUrlsCache", Urls=[page]) == "InvalidParameter.CDNStatusInvalidDomain"
    assert services.error("cdn", "PushUrlsCache", Urls=[page]) == "ResourceUnavailable.CdnHostIsNotOnline"


def test_lists_are_filtered_and_paged(services: Services) -> None:
    zone = f"{uuid.uuid4().hex[:8]}.{services.zone()}"
    hosts = [add(services, f"{number}.{zone}") for number in range(3)]
    fuzzy = [{"Name": "domain", "Value": [zone], "Fuzzy": True}]
    found = services.call("cdn", "DescribeDomains", Filters=fuzzy, Limit=2)
    assert (found["TotalNumber"], len(found["Domains"])) == (3, 2)
    rest = services.call("cdn", "DescribeDomains", Filters=fuzzy, Limit=2, Offset=2)["Domains"]
    assert [one["Domain"] for one in [*found["Domains"], *rest]] == hosts
    services.call("cdn", "StopCdnDomain", Domain=hosts[0])
    offline = [*fuzzy, {"Name": "status", "Value": ["offline"]}]
    assert [one["Domain"] for one in services.call("cdn", "DescribeDomains", Filters=offline)["Domains"]] \
        == hosts[:1]
    for name, value, more in (("nothing", ["x"], {}), ("status", ["x"], {"Fuzzy": True}), ("domain", [], {}),
                              ("domain", list("abcdef"), {})):
        filters = [{"Name": name, "Value": value, **more}]
        assert services.error("cdn", "DescribeDomains", Filters=filters) == "InvalidParameter.CdnParamError"
