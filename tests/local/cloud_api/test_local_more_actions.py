"""Actions of the cloud API that sitepub does not call, as other clients do."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from typing import Any

import pytest

from tests.edgeone_zone import made_zone
from tests.local.certificate_maker import self_signed
from tests.local.edge_wire import call_api, make_site
from tests.local.service_wire import Services, origin

COS = {"OriginType": "COS", "Origin": "site-1250000000.cos-website.ap-guangzhou.myqcloud.com"}


def test_dnspod_makes_txt_records_switches_them_off_and_finds_them(services: Services) -> None:
    zone = services.zone()
    txt = services.call("dnspod", "CreateTXTRecord", Domain=zone, SubDomain="_proof", RecordLine="默认",
                        Value="abc")["RecordId"]
    address = services.record(zone, "home", "A", "192.0.2.1")
    assert services.call("dnspod", "ModifyDynamicDNS", Domain=zone, RecordId=address, RecordLine="默认",
                         Value="192.0.2.9")["RecordId"] == address
    assert services.call("dnspod", "ModifyRecordStatus", Domain=zone, RecordId=txt, Status="DISABLE")["RecordId"] == txt

    def found(**wanted: Any) -> list[tuple[str, str, str]]:
        answer = services.call("dnspod", "DescribeRecordFilterList", Domain=zone, **wanted)
        assert answer["RecordCountInfo"]["TotalCount"] == len(answer["RecordList"])
        return [(one["Name"], one["Value"], one["Status"]) for one in answer["RecordList"]]

    assert found(RecordType=["TXT", "A"]) == [("_proof", "abc", "DISABLE"), ("home", "192.0.2.9", "ENABLE")]
    assert found(RecordStatus=["DISABLE"]) == found(SubDomain="_proo") == found(RecordValue="ABC")
    assert found(SubDomain="_proo", IsExactSubDomain=True) == []
    assert found(RecordType=["A"], TTLBegin=700) == []
    assert found(RecordType=["A", "TXT"], SortField="NAME", SortType="DESC")[0][0] == "home"
    wrong = {"Domain": zone, "RecordId": txt}
    assert services.error("dnspod", "ModifyRecordStatus", **wrong, Status="off") == "InvalidParameterValue"
    assert services.error("dnspod", "ModifyRecordStatus", Domain=zone, RecordId=1, Status="ENABLE") \
        == "InvalidParameter.RecordIdInvalid"
    assert services.error("dnspod", "ModifyDynamicDNS", **wrong, RecordLine="默认") \
        == "InvalidParameter.RecordTypeInvalid"


def uploaded(services: Services, chain: str, key: str) -> str:
    answer = services.call("ssl", "UploadCertificate", CertificatePublicKey=chain, CertificatePrivateKey=key)
    return str(answer["CertificateId"])


def test_ssl_hands_a_certificate_out_and_names_it_anew(services: Services) -> None:
    chain, key = self_signed(["www.example.com"])
    id = uploaded(services, chain, key)
    answer = services.call("ssl", "DownloadCertificate", CertificateId=id)
    assert answer["ContentType"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["Content"]))) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    assert held["Nginx/www.example.com_bundle.crt"].strip() == chain.strip()
    assert held["Nginx/www.example.com.key"].strip() == key.strip()
    assert services.call("ssl", "ModifyCertificateAlias", CertificateId=id, Alias="mine")["CertificateId"] == id
    assert services.call("ssl", "DescribeCertificate", CertificateId=id)["Alias"] == "mine"
    assert services.error("ssl", "DownloadCertificate", CertificateId="none") == "FailedOperation.CertificateNotFound"
    assert services.other.error("ssl", "ModifyCertificateAlias", CertificateId=id) \
        == "FailedOperation.CertificateNotFound"


def test_cdn_names_the_hosts_of_a_certificate(services: Services) -> None:
    zone = services.zone()
    for name in ("a", "b"):
        services.call("cdn", "AddCdnDomain", Domain=f"{name}.{zone}", ServiceType="web", Origin=origin())
    chain, key = self_signed([f"*.{zone}"])
    id = uploaded(services, chain, key)
    services.call("cdn", "UpdateDomainConfig", Domain=f"b.{zone}", Https={"Switch": "on", "CertInfo": {"CertId": id}})
    for asked in ({"CertId": id}, {"Cert": chain}):
        answer = services.call("cdn", "DescribeCertDomains", **asked)
        assert (sorted(answer["Domains"]), answer["CertifiedDomains"]) == ([f"a.{zone}", f"b.{zone}"], [f"b.{zone}"])
    assert services.error("cdn", "DescribeCertDomains") == "InvalidParameter.CdnParamError"
    assert services.error("cdn", "DescribeCertDomains", CertId="none") == "InvalidParameter.CdnCertInfoNotFound"


def test_cdn_counts_what_it_served_and_cls_names_the_topic(services: Services) -> None:
    site = make_site(services.cloud)
    site.add()
    logset = call_api(site.cloud, "cdn", "ListClsLogTopics")["Logset"]["LogsetId"]
    topic = call_api(site.cloud, "cdn", "CreateClsLogTopic", TopicName="counted", LogsetId=logset, DomainAreaConfigs=[
        {"Domain": site.host, "Area": ["mainland"]}])["TopicId"]
    body = site.visit("/").body
    site.visit("/none")
    now = time.time() + 8 * 3600
    times = {"StartTime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now - 600)),
             "EndTime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now + 60))}

    def total(metric: str, **more: Any) -> float:
        (found,) = call_api(site.cloud, "cdn", "DescribeCdnData", Metric=metric, Domains=[site.host], **times,
                            **more)["Data"]
        (data,) = found["CdnData"]
        assert found["Resource"] == site.host
        if data["SummarizedData"]["Name"] == "sum":
            assert sum(one["Value"] for one in data["DetailData"]) == data["SummarizedData"]["Value"]
        return float(data["SummarizedData"]["Value"])

    assert (total("request"), total("2xx"), total("4xx", Interval="5min"), total("5xx")) == (2, 1, 1, 0)
    assert total("flux", Detail=True) >= len(body) and total("bandwidth") > 0 and 0 <= total("requestHitRate") <= 100

    from tests.local.cloud_api.test_local_temporary_keys import sdk

    client = sdk(site.cloud, "cls", region="ap-shanghai")
    found = client.call_json("DescribeTopics", {"Filters": [{"Key": "topicId", "Values": [topic]}]})["Response"]
    assert [one["TopicId"] for one in found["Topics"]] == [topic]
    assert found["Topics"][0]["LogsetId"] == logset
    sets = client.call_json("DescribeLogsets", {"Filters": [{"Key": "logsetId", "Values": [logset]}]})["Response"]
    assert [one["LogsetId"] for one in sets["Logsets"]] == [logset] and sets["Logsets"][0]["TopicCount"] >= 1
    assert sdk(site.cloud, "cls").call_json("DescribeTopics", {})["Response"]["TotalCount"] == 0
    assert sdk(site.cloud, "cam").call_json("ListUsers", {})["Response"]["Data"] == []


def test_a_site_of_edgeone_gets_a_plan(services: Services) -> None:
    zone = services.call("teo", "CreateZone", ZoneName=services.zone())["ZoneId"]
    plans = services.call("teo", "DescribePlans")["Plans"]
    assert services.error("teo", "BindZoneToPlan", ZoneId=zone, PlanId="edgeone-none") \
        == "InvalidParameter.PlanNotFound"
    services.call("teo", "BindZoneToPlan", ZoneId=zone, PlanId=plans[0]["PlanId"])
    filters = [{"Name": "plan-id", "Values": [plans[0]["PlanId"]]}]
    (plan,) = services.call("teo", "DescribePlans", Filters=filters)["Plans"]
    assert zone in [one["ZoneId"] for one in plan["ZonesInfo"]]
    assert services.error("teo", "BindZoneToPlan", ZoneId=zone, PlanId=plans[0]["PlanId"]) \
        == "InvalidParameter.ZoneHasBeenBound"


@pytest.mark.parametrize("place", ["www", "a.b", ""])
def test_a_host_that_is_live_elsewhere_gets_its_certificate_first(services: Services, place: str) -> None:
    name = services.zone()
    zone = made_zone(services.made, name)
    host = f"{place}.{name}".lstrip(".")
    services.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=host, OriginInfo=COS)
    asked = {"ZoneId": zone, "Domain": host}
    manual = {"ZoneId": zone, "Hosts": [host], "Mode": "eofreecert_manual"}
    assert services.error("teo", "ModifyHostsCertificate", **manual) == "ResourceUnavailable.CertNotFound"
    proof = services.call("teo", "ApplyFreeCertificate", **asked, VerificationMethod="dns_challenge")["DnsVerification"]
    assert services.error("teo", "CheckFreeCertificateVerification", **asked) == "ResourceUnavailable.RecordUnExpected"
    services.record(name, proof["Subdomain"], proof["RecordType"], proof["RecordValue"])
    checked = services.call("teo", "CheckFreeCertificateVerification", **asked)
    assert checked["CommonName"] == host and checked["ExpireTime"] > time.strftime("%Y")
    services.call("teo", "ModifyHostsCertificate", **manual)
    (shown,) = services.call("teo", "DescribeAccelerationDomains", ZoneId=zone)["AccelerationDomains"]
    assert shown["Certificate"]["Mode"] == "eofreecert_manual" and len(shown["Certificate"]["List"]) == 1
    file = services.call("teo", "ApplyFreeCertificate", **asked, VerificationMethod="http_challenge")[
        "FileVerification"]
    assert file["Path"].startswith("/.well-known/") and file["Content"]
    assert services.error("teo", "ApplyFreeCertificate", **{**asked, "Domain": f"x.{name}"},
                          VerificationMethod="dns_challenge") == "ResourceUnavailable.DomainNotFound"
