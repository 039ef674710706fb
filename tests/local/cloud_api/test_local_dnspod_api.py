"""The embedded DNSPod: zones and records, as the official SDK meets them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.service_wire import Services

LINE = {"RecordLine": "默认"}


def listed(services: Services, zone: str, **more: Any) -> list[tuple[str, str, str]]:
    found = services.call("dnspod", "DescribeRecordList", Domain=zone, ErrorOnEmpty="no", **more)
    return [(one["Name"], one["Type"], one["Value"]) for one in found["RecordList"] if not one["DefaultNS"]]


def test_a_zone_comes_with_its_name_servers_and_belongs_to_one_account(services: Services) -> None:
    assert services.other.error("dnspod", "DescribeDomainList") == "ResourceNotFound.NoDataOfDomain"
    zone = services.zone()
    found = services.call("dnspod", "DescribeDomainList", Keyword=zone)
    assert [one["Name"] for one in found["DomainList"]] == [zone]
    names = services.call("dnspod", "DescribeDomain", Domain=zone)["DomainInfo"]["DnspodNsList"]
    records = services.call("dnspod", "DescribeRecordList", Domain=zone, RecordType="NS")["RecordList"]
    assert {one["Value"] for one in records} == {f"{name}." for name in names}
    assert services.error("dnspod", "CreateDomain", Domain=zone) == "FailedOperation.DomainExists"
    assert services.other.error("dnspod", "CreateDomain", Domain=zone) \
        == "FailedOperation.DomainOwnedByOtherUser"
    assert services.other.error("dnspod", "DescribeDomain", Domain=zone) \
        == "InvalidParameterValue.DomainNotExists"


def test_a_zone_whose_name_servers_lie_elsewhere_says_so(services: Services) -> None:
    zone = services.zone()
    services.admin("dns", {"zone": zone, "records": [{"name": "@", "type": "A", "value": "1.2.3.4"}]})
    assert services.call("dnspod", "DescribeDomain", Domain=zone)["DomainInfo"]["DnsStatus"] == "dnserror"
    services.admin("dns", {"zone": zone, "records": []})
    assert services.call("dnspod", "DescribeDomain", Domain=zone)["DomainInfo"]["DnsStatus"] == ""


def test_a_record_is_created_modified_and_deleted(services: Services) -> None:
    zone = services.zone()
    number = services.record(zone, "www", "CNAME", "a.example.com", Remark="r", TTL=900)
    assert listed(services, zone) == [("www", "CNAME", "a.example.com.")]
    one = services.call("dnspod", "DescribeRecord", Domain=zone, RecordId=number)["RecordInfo"]
    assert (one["SubDomain"], one["TTL"], one["Remark"], one["Enabled"]) == ("www", 900, "r", 1)
    services.call("dnspod", "ModifyRecord", Domain=zone, RecordId=number, SubDomain="www",
                  RecordType="CNAME", Value="b.example.com.", **LINE)
    assert listed(services, zone, Subdomain="www") == [("www", "CNAME", "b.example.com.")]
    services.call("dnspod", "DeleteRecord", Domain=zone, RecordId=number)
    assert listed(services, zone) == []
    assert services.error("dnspod", "DeleteRecord", Domain=zone, RecordId=number) \
        == "InvalidParameter.RecordIdInvalid"


def test_a_subdomain_that_is_left_out_becomes_the_zone_itself(services: Services) -> None:
    zone = services.zone()
    number = services.record(zone, "www", "A", "1.2.3.4")
    services.call("dnspod", "ModifyRecord", Domain=zone, RecordId=number, RecordType="A", Value="1.2.3.5",
                  **LINE)
    assert listed(services, zone) == [("@", "A", "1.2.3.5")]


def test_an_empty_list_is_an_error_unless_asked_otherwise(services: Services) -> None:
    zone = services.zone()
    ask = {"Domain": zone, "Subdomain": "nothing"}
    assert services.error("dnspod", "DescribeRecordList", **ask) == "ResourceNotFound.NoDataOfRecord"
    assert services.call("dnspod", "DescribeRecordList", **ask, ErrorOnEmpty="no")["RecordList"] == []


@pytest.mark.parametrize(("name", "kind", "value", "more", "code"), [
    ("www", "A", "1.2.3", {}, "InvalidParameter.RecordValueInvalid"),
    ("www", "A", "::1", {}, "InvalidParameter.RecordValueInvalid"),
    ("www", "AAAA", "1.2.3.4", {}, "InvalidParameter.RecordValueInvalid"),
    ("www", "CNAME", "a b", {}, "InvalidParameter.RecordValueInvalid"),
    ("www", "TXT", " ", {}, "InvalidParameter.RecordValueInvalid"),
    ("www", "NOPE", "1", {}, "InvalidParameter.RecordTypeInvalid"),
    ("w ww", "A", "1.2.3.4", {}, "InvalidParameter.SubdomainInvalid"),
    ("a.*", "A", "1.2.3.4", {}, "InvalidParameter.SubdomainInvalid"),
    ("www", "A", "1.2.3.4", {"TTL": 1}, "LimitExceeded.RecordTtlLimit"),
    ("www", "A", "1.2.3.4", {"Weight": 101}, "InvalidParameter.InvalidWeight"),
    ("www", "A", "1.2.3.4", {"RecordLineId": "99=9"}, "InvalidParameter.RecordLineInvalid"),
    ("www", "MX", "mail.example.com", {}, "InvalidParameter.MxInvalid"),
    ("www", "A", "1.2.3.4", {"Who": "me"}, "UnknownParameter"),
    ("www", "A", "1.2.3.4", {"TTL": "600"}, "InvalidParameter"),
    ("taken", "CNAME", "a.example.com", {}, "InvalidParameter.DomainRecordExist"),
    ("alias", "TXT", "x", {}, "InvalidParameter.DomainRecordExist"),
    ("taken", "A", "1.1.1.1", {}, "InvalidParameter.DomainRecordExist"),
    ("taken", "A", "1.1.1.3", {}, "LimitExceeded.SubdomainRollLimit"),
])
def test_records_that_are_refused(
    services: Services, name: str, kind: str, value: str, more: dict[str, Any], code: str
) -> None:
    zone = services.zone()
    for number in (1, 2):
        services.record(zone, "taken", "A", f"1.1.1.{number}")
    services.record(zone, "alias", "CNAME", "a.example.com")
    before = listed(services, zone)
    assert services.error("dnspod", "CreateRecord", Domain=zone, SubDomain=name, RecordType=kind, Value=value,
                          **LINE, **more) == code
    assert listed(services, zone) == before


def test_required_parameters_and_unknown_zones(services: Services) -> None:
    assert services.error("dnspod", "CreateRecord", Domain="x.com") == "MissingParameter"
    assert services.error("dnspod", "DescribeRecordList", Domain="nothere.com") \
        == "InvalidParameterValue.DomainNotExists"
    assert services.error("dnspod", "DescribeRecordList", Domain="not a domain") \
        == "InvalidParameter.DomainInvalid"
    zone = services.zone()
    number = services.call("dnspod", "DescribeDomain", Domain=zone)["DomainInfo"]["DomainId"]
    assert services.call("dnspod", "DescribeDomain", Domain="ignored.com", DomainId=number)["DomainInfo"][
        "Domain"] == zone
    services.call("dnspod", "DeleteDomain", Domain=zone)
    assert services.error("dnspod", "DescribeDomain", Domain=zone) == "InvalidParameterValue.DomainNotExists"
