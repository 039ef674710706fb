"""The embedded EdgeOne: sites, acceleration domains, certificates, purges."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.edgeone_zone import made_zone
from tests.local.certificate_maker import self_signed
from tests.local.service_wire import Services

ORIGIN = {"OriginType": "COS", "Origin": "site-1250000000.cos-website.ap-guangzhou.myqcloud.com"}


def site(services: Services, *, owned: bool = True, kind: str = "partial", area: str = "overseas") -> tuple[str, str]:
    """Id and name of a new site; `owned`: its domain is in the account's DNSPod, and it is proved."""
    name = services.zone(owned=owned)
    return made_zone(services.made, name, kind=kind, area=area, proved=owned), name


def host_in(services: Services, zone: str, name: str, **more: Any) -> str:
    host = f"www.{name}"
    services.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=host, OriginInfo=ORIGIN, **more)
    return host


def shown(services: Services, zone: str, host: str) -> dict[str, Any]:
    filters = [{"Name": "domain-name", "Values": [host]}]
    (found,) = services.call("teo", "DescribeAccelerationDomains", ZoneId=zone, Filters=filters)[
        "AccelerationDomains"]
    return dict(found)


def test_the_life_of_an_acceleration_domain(services: Services) -> None:
    zone, name = site(services, area="global")
    with services.slowly():
        host = host_in(services, zone, name, OriginProtocol="HTTP")
        found = shown(services, zone, host)
        assert (found["DomainStatus"], found["IdentificationStatus"]) == ("process", "finished")
        assert services.error("teo", "ModifyAccelerationDomain", ZoneId=zone, DomainName=host,
                              OriginProtocol="HTTPS") == "OperationDenied.DomainStatusUnstable"
    found = shown(services, zone, host)
    assert found["DomainStatus"] == "online"
    assert found["Cname"].startswith(f"{host}.")
    assert found["Cname"].endswith(".eo.dnse1.com")
    both = {"ZoneId": zone, "DomainNames": [host]}
    assert services.error("teo", "DeleteAccelerationDomains", **both) \
        == "InvalidParameterValue.InvalidDomainStatus"
    services.call("teo", "ModifyAccelerationDomainStatuses", **both, Status="offline")
    assert shown(services, zone, host)["DomainStatus"] == "offline"
    assert services.error("teo", "ModifyAccelerationDomainStatuses", **both, Status="offline") \
        == "InvalidParameterValue.InvalidDomainStatus"
    services.call("teo", "DeleteAccelerationDomains", **both)
    assert services.error("teo", "DeleteAccelerationDomains", **both) == "ResourceUnavailable.DomainNotFound"


def test_a_change_keeps_what_it_does_not_name(services: Services) -> None:
    zone, name = site(services)
    host = host_in(services, zone, name, OriginProtocol="HTTP", HttpOriginPort=8080, IPv6Status="on")
    services.call("teo", "ModifyAccelerationDomain", ZoneId=zone, DomainName=host,
                  OriginInfo={"OriginType": "IP_DOMAIN", "Origin": "1.2.3.4", "HostHeader": "x.example.com"})
    found = shown(services, zone, host)
    assert (found["OriginProtocol"], found["HttpOriginPort"], found["IPv6Status"]) == ("HTTP", 8080, "on")
    assert found["OriginDetail"]["HostHeader"] == "x.example.com"
    services.call("teo", "ModifyAccelerationDomain", ZoneId=zone, DomainName=host, OriginInfo=ORIGIN)
    assert shown(services, zone, host)["OriginDetail"]["HostHeader"] == ""


def test_a_site_elsewhere_is_proved_by_a_txt_record(services: Services) -> None:
    zone, name = site(services, owned=False)
    filters = [{"Name": "zone-id", "Values": [zone]}]
    (found,) = services.call("teo", "DescribeZones", Filters=filters)["Zones"]
    assert (found["Status"], found["CnameStatus"]) == ("pending", "pending")
    answer = services.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=f"www.{name}",
                           OriginInfo=ORIGIN)
    of_host = answer["OwnershipVerification"]["DnsVerification"]
    assert shown(services, zone, f"www.{name}")["DomainStatus"] == "init"
    assert services.call("teo", "VerifyOwnership", Domain=f"www.{name}")["Status"] == "fail"
    services.admin("dns", {"zone": name, "records": [
        {"name": f"{of_host['Subdomain']}.www", "type": "TXT", "value": of_host["RecordValue"]},
    ]})
    assert services.call("teo", "VerifyOwnership", Domain=f"www.{name}")["Status"] == "success"
    assert shown(services, zone, f"www.{name}")["DomainStatus"] == "online"
    rows = services.call("teo", "DescribeIdentifications", Filters=[{"Name": "zone-name", "Values": [name]}])
    assert [(row["Domain"], row["Status"]) for row in rows["Identifications"]] \
        == [("", "pending"), (f"www.{name}", "finished")]
    value = rows["Identifications"][0]["Ascription"]["RecordValue"]
    services.admin("dns", {"zone": name, "records": [
        {"name": "edgeonereclaim", "type": "TXT", "value": value},
    ]})
    assert services.call("teo", "VerifyOwnership", Domain=name)["Status"] == "success"
    assert services.call("teo", "DescribeZones", Filters=filters)["Zones"][0]["Status"] == "active"


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def test_any_documented_action_and_sub_rule_is_kept_as_it_came(services: Services) -> None:
    zone, _ = site(services)
    examples = json.loads((Path(__file__).parents[2] / "official" / "examples" / "teo.json").read_text())["requests"]
    (given,) = examples["CreateL7AccRules"][0]["Rules"]
    (id,) = services.call("teo", "CreateL7AccRules", ZoneId=zone, Rules=[given])["RuleIds"]
    (kept,) = services.call("teo", "DescribeL7AccRules", ZoneId=zone)["Rules"]
    assert {**given, "RuleId": id, "RulePriority": 1} == without_nulls(kept) and "SubRules" in given["Branches"][0]
    [first, *_] = kept["Branches"][0]["Actions"]
    unset = {name for name, value in first.items() if value is None}
    assert {"HostHeaderParameters", "QUICParameters"} < unset and f"{first['Name']}Parameters" not in unset
    changed = {"RuleId": id, "RuleName": "other", "Branches": [{
        "Condition": "${http.request.uri.path} in ['/a']", "Actions": [
            {"Name": "MaxAge", "MaxAgeParameters": {"FollowOrigin": "off", "CacheTime": 5}}]}]}
    services.call("teo", "ModifyL7AccRule", ZoneId=zone, Rule=changed)
    (kept,) = services.call("teo", "DescribeL7AccRules", ZoneId=zone)["Rules"]
    assert {**changed, "Status": "enable", "Description": [], "RulePriority": 1} == without_nulls(kept)


def of(services: Services, zone: str) -> dict[str, Any]:
    return dict(services.call("teo", "DescribeZones", Filters=[{"Name": "zone-id", "Values": [zone]}])["Zones"][0])


def test_a_site_connected_by_name_servers_is_proved_by_them(services: Services) -> None:
    name = services.zone(owned=False)
    plan = {"PlanId": services.call("teo", "DescribePlans")["Plans"][0]["PlanId"]}
    made = services.call("teo", "CreateZone", ZoneName=name, Type="full", **plan)
    servers = made["OwnershipVerification"]["NsVerification"]["NameServers"]
    assert len(servers) == 2 and made["OwnershipVerification"]["DnsVerification"] is None
    assert (of(services, made["ZoneId"])["Status"], of(services, made["ZoneId"])["NameServers"]) == ("active", servers)
    other = services.zone(owned=False)
    services.admin("dns", {"zone": other, "records": [{"name": "@", "type": "NS", "value": "ns1.registrar.example"}]})
    zone = services.call("teo", "CreateZone", ZoneName=other, Type="full", **plan)["ZoneId"]
    host = host_in(services, zone, other)
    assert of(services, zone)["Status"] == "pending" and shown(services, zone, host)["DomainStatus"] == "init"
    assert services.call("teo", "VerifyOwnership", Domain=other)["Status"] == "fail"
    services.admin("dns", {"zone": other, "records": [
        {"name": "@", "type": "NS", "value": one} for one in servers]})
    assert of(services, zone)["Status"] == "active" and shown(services, zone, host)["DomainStatus"] == "online"
    assert services.call("teo", "VerifyOwnership", Domain=other)["Status"] == "success"


def test_a_file_that_proves_a_site_is_named_by_its_path(services: Services) -> None:
    zone, name = site(services, owned=False)
    proof = of(services, zone)["OwnershipVerification"]["FileVerification"]
    assert proof["Path"].startswith("/.well-known/teo-verification/") and proof["Content"]
    (row,) = services.call("teo", "DescribeIdentifications", Filters=[{"Name": "zone-name", "Values": [name]}])[
        "Identifications"]
    assert row["FileAscription"]["IdentifyPath"] == proof["Path"]


def test_the_type_of_an_origin_may_be_written_small(services: Services) -> None:
    zone, name = site(services)
    origin = {"OriginType": "ip_domain", "Origin": "1.2.3.4"}
    services.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=f"www.{name}", OriginInfo=origin)
    assert shown(services, zone, f"www.{name}")["OriginDetail"]["OriginType"] == "IP_DOMAIN"
    assert services.error("teo", "ModifyAccelerationDomain", ZoneId=zone, DomainName=f"www.{name}",
                          OriginInfo={**origin, "OriginType": "Ip_Domain"}) == "InvalidParameterValue"


def test_a_certificate_of_the_ssl_service_is_bound(services: Services) -> None:
    zone, name = site(services)
    host = host_in(services, zone, name)

    def upload(*names: str) -> str:
        chain, key = self_signed(names)
        return str(services.call("ssl", "UploadCertificate", CertificatePublicKey=chain,
                                 CertificatePrivateKey=key)["CertificateId"])

    def bind(certificate: str) -> dict[str, Any]:
        return {"ZoneId": zone, "Hosts": [host], "Mode": "sslcert",
                "ServerCertInfo": [{"CertId": certificate}]}

    assert services.error("teo", "ModifyHostsCertificate", **bind("nothing1")) \
        == "ResourceUnavailable.CertNotFound"
    assert services.error("teo", "ModifyHostsCertificate", **bind(upload("other.example.com"))) \
        == "InvalidParameter.CertNotMatchDomain"
    assert services.error("teo", "ModifyHostsCertificate", ZoneId=zone, Hosts=[host], Mode="sslcert") \
        == "MissingParameter"
    mine = upload(host)
    with services.slowly():
        services.call("teo", "ModifyHostsCertificate", **bind(mine))
        assert shown(services, zone, host)["Certificate"]["List"][0]["Status"] == "processing"
        assert services.error("teo", "ModifyHostsCertificate", **bind(mine)) \
            == "InvalidParameter.ActionInProgress"
    found = shown(services, zone, host)["Certificate"]
    assert (found["Mode"], found["List"][0]["CertId"], found["List"][0]["Status"]) \
        == ("sslcert", mine, "deployed")
    assert services.error("ssl", "DeleteCertificate", CertificateId=mine, IsCheckResource=True) \
        == "FailedOperation.DeleteResourceFailed"
    services.call("teo", "ModifyHostsCertificate", ZoneId=zone, Hosts=[host], Mode="disable")
    assert shown(services, zone, host)["Certificate"] is None
    services.call("ssl", "DeleteCertificate", CertificateId=mine)


def test_a_wildcard_domain_gets_a_free_certificate_only_where_edgeone_has_the_dns(services: Services) -> None:
    def create(zone: str, host: str) -> dict[str, Any]:
        return {"ZoneId": zone, "DomainName": host, "OriginInfo": ORIGIN}

    zone, name = site(services)
    for bad in (f"*{name}", f"a.*.{name}", f"*.*.{name}", f"w*.{name}", "*"):
        assert services.error("teo", "CreateAccelerationDomain", **create(zone, bad)) \
            == "InvalidParameterValue.InvalidDomainName", bad
    host = f"*.p.{name}"
    services.admin("cdn", {"edgeone_without_wildcards": True})
    assert services.error("teo", "CreateAccelerationDomain", **create(zone, host)) == "OperationDenied.UnsupportedPlan"
    services.admin("cdn", {"edgeone_without_wildcards": False})
    for one in (host, f"a.p.{name}"):
        services.call("teo", "CreateAccelerationDomain", **create(zone, one))
        assert shown(services, zone, one)["DomainStatus"] == "online"
    refused = "InvalidParameter.CnameWildHostNotAllowApplyCertificate"
    free = {"ZoneId": zone, "Hosts": [host], "Mode": "eofreecert"}
    assert services.error("teo", "ModifyHostsCertificate", **free) == refused
    assert services.error("teo", "ApplyFreeCertificate", ZoneId=zone, Domain=host,
                          VerificationMethod="dns_challenge") == refused
    purge = services.call("teo", "CreatePurgeTask", ZoneId=zone, Type="purge_host", Targets=[host, f"b.p.{name}"])
    assert [one["Targets"] for one in purge["FailedList"]] == [[host]] and purge["JobId"]
    zone, name = site(services, kind="dnsPodAccess")
    services.call("teo", "CreateAccelerationDomain", **create(zone, f"*.{name}"))
    services.call("teo", "ModifyHostsCertificate", ZoneId=zone, Hosts=[f"*.{name}"], Mode="eofreecert")
    assert shown(services, zone, f"*.{name}")["Certificate"]["List"][0]["Status"] == "deployed"


def test_a_free_certificate_needs_the_cname_first_and_curl_trusts_it(services: Services) -> None:
    zone, name = site(services)
    host = host_in(services, zone, name)
    free = {"ZoneId": zone, "Hosts": [host], "Mode": "eofreecert"}
    assert services.error("teo", "ModifyHostsCertificate", **free) \
        == "InvalidParameter.HostStatusNotAllowApplyCertificate"
    services.record(name, "www", "CNAME", shown(services, zone, host)["Cname"])
    services.call("teo", "ModifyHostsCertificate", **free)
    found = shown(services, zone, host)["Certificate"]
    assert found["Mode"] == "eofreecert"
    port = services.cloud.edge_https
    done = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "--cacert", services.cloud.ca, "--resolve",
         f"{host}:{port}:127.0.0.1", "-w", "%{ssl_verify_result}", f"https://{host}:{port}/"],
        capture_output=True, text=True, check=True)
    assert done.stdout == "0"
    listed = services.call("ssl", "DescribeCertificates", SearchKey=host)
    assert listed["TotalCount"] == 0, "EdgeOne keeps its free certificates itself"


def test_a_free_certificate_that_a_record_proves_is_issued_before_visitors_come(services: Services) -> None:
    zone, name = site(services)
    host = host_in(services, zone, name)
    of_host = {"ZoneId": zone, "Domain": host}
    manual = {"ZoneId": zone, "Hosts": [host], "Mode": "eofreecert_manual"}
    assert services.error("teo", "CheckFreeCertificateVerification", **of_host) \
        == "ResourceUnavailable.RecordUnExpected"
    assert services.error("teo", "ModifyHostsCertificate", **manual) == "ResourceUnavailable.CertNotFound"
    by_file = services.call("teo", "ApplyFreeCertificate", **of_host, VerificationMethod="http_challenge")
    assert by_file["FileVerification"]["Path"].startswith("/.well-known/") and "DnsVerification" not in by_file
    found = services.call("teo", "ApplyFreeCertificate", **of_host, VerificationMethod="dns_challenge")
    proof = found["DnsVerification"]
    assert (proof["Subdomain"], proof["RecordType"]) == ("_acme-challenge.www", "CNAME")
    assert services.error("teo", "CheckFreeCertificateVerification", **of_host) \
        == "ResourceUnavailable.RecordUnExpected"
    services.record(name, "_acme-challenge.www", "CNAME", proof["RecordValue"])
    issued = services.call("teo", "CheckFreeCertificateVerification", **of_host)
    assert (issued["CommonName"], issued["SignatureAlgorithm"]) == (host, "RSA 2048")
    assert services.call("teo", "CheckFreeCertificateVerification", **of_host)["ExpireTime"] == issued["ExpireTime"]
    assert shown(services, zone, host)["Certificate"] is None, "it is bound by a call of its own"
    services.call("teo", "ModifyHostsCertificate", **manual)
    found = shown(services, zone, host)["Certificate"]
    assert (found["Mode"], found["List"][0]["ExpireTime"]) == ("eofreecert_manual", issued["ExpireTime"])


@pytest.mark.parametrize(("parameters", "code"), [
    ({"DomainName": "www.{name}"}, "MissingParameter"),
    ({"DomainName": "www.{name}", "OriginInfo": {"OriginType": "COS"}}, "MissingParameter"),
    ({"DomainName": "www.{name}", "OriginInfo": {**ORIGIN, "Foo": 1}}, "UnknownParameter"),
    ({"DomainName": "www.{name}", "OriginInfo": ORIGIN, "Foo": 1}, "UnknownParameter"),
    ({"DomainName": "www.{name}", "OriginInfo": ORIGIN, "OriginProtocol": "http"}, "InvalidParameterValue"),
    ({"DomainName": "www.{name}", "OriginInfo": ORIGIN, "HttpOriginPort": 0}, "InvalidParameterValue"),
    ({"DomainName": "www.{name}", "OriginInfo": ORIGIN, "HttpOriginPort": "80"}, "InvalidParameter"),
    ({"DomainName": "www.example.com", "OriginInfo": ORIGIN}, "InvalidParameterValue.DomainNotMatchZone"),
    ({"DomainName": "*{name}", "OriginInfo": ORIGIN}, "InvalidParameterValue.InvalidDomainName"),
    ({"DomainName": "www.{name}", "OriginInfo": {**ORIGIN, "Origin": "x.example.com"}},
     "InvalidParameter.InvalidOrigin"),
    ({"DomainName": "www.{name}", "OriginInfo": {**ORIGIN, "HostHeader": "x"}},
     "InvalidParameter.HostHeaderInvalid"),
    ({"DomainName": "www.{name}", "OriginInfo": {"OriginType": "IP_DOMAIN", "Origin": "www.{name}"}},
     "InvalidParameter.ConflictHostOrigin"),
])
def test_domains_that_are_refused(services: Services, parameters: dict[str, Any], code: str) -> None:
    zone, name = site(services)

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        return value.replace("{name}", name) if isinstance(value, str) else value

    assert services.error("teo", "CreateAccelerationDomain", ZoneId=zone, **filled(parameters)) == code


def test_a_host_is_on_one_edge_or_goes_from_the_cdn_to_edgeone(services: Services) -> None:
    zone, name = site(services)
    host = host_in(services, zone, name)
    assert services.error("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=host, OriginInfo=ORIGIN) \
        == "ResourceInUse.AlreadyExistsAsAnAccelerationDomain"
    cdn = {"OriginType": "cos", "Origins": [ORIGIN["Origin"]]}
    new = {"ServiceType": "web", "Origin": cdn}
    assert services.error("cdn", "AddCdnDomain", Domain=host, **new) \
        == "InvalidParameter.CdnHostExistsInEdgeOne"
    services.call("cdn", "AddCdnDomain", Domain=f"cdn.{name}", **new)
    services.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=f"cdn.{name}", OriginInfo=ORIGIN)
    assert services.other.error("teo", "DescribeAccelerationDomains", ZoneId=zone) \
        == "ResourceUnavailable.ZoneNotFound"
    assert services.error("teo", "DeleteZone", ZoneId=zone) == "OperationDenied.DeleteZonePreCheckFailed"
    mainland, its_name = site(services, area="mainland")
    with services.switched(no_icp=[its_name]):
        assert services.error("teo", "CreateAccelerationDomain", ZoneId=mainland,
                              DomainName=f"www.{its_name}", OriginInfo=ORIGIN) == "OperationDenied.DomainNoICP"


def test_purges_and_prefetches(services: Services) -> None:
    zone, name = site(services)
    host = host_in(services, zone, name)
    page = f"https://{host}/"
    with services.slowly():
        answer = services.call("teo", "CreatePurgeTask", ZoneId=zone, Type="purge_url",
                               Targets=[page, "https://stranger.example.com/"])
        assert answer["FailedList"][0]["Targets"] == ["https://stranger.example.com/"]
        by_id = {"ZoneId": zone, "Filters": [{"Name": "job-id", "Values": [answer["JobId"]]}]}
        (task,) = services.call("teo", "DescribePurgeTasks", **by_id)["Tasks"]
        assert (task["Target"], task["Status"]) == (page, "processing")
    assert services.call("teo", "DescribePurgeTasks", **by_id)["Tasks"][0]["Status"] == "success"
    for kind, targets in (("purge_prefix", [page]), ("purge_host", [host]), ("purge_all", [])):
        assert services.call("teo", "CreatePurgeTask", ZoneId=zone, Type=kind, Targets=targets)["JobId"]
    found = services.call("teo", "DescribePurgeTasks", ZoneId=zone, StartTime="2020-01-01T00:00:00Z",
                          EndTime="2099-01-01T00:00:00Z")
    assert [task["Type"] for task in found["Tasks"]] \
        == ["purge_all", "purge_host", "purge_prefix", "purge_url"]
    assert services.call("teo", "CreatePrefetchTask", ZoneId=zone, Targets=[page])["JobId"]
    assert services.error("teo", "DescribePurgeTasks", ZoneId=zone) == "MissingParameter"
    assert services.error("teo", "CreatePurgeTask", ZoneId=zone, Type="purge_url") == "InvalidParameter.Target"
    assert services.error("teo", "CreatePurgeTask", ZoneId=zone, Type="purge") == "InvalidParameterValue"
    with services.switched(quota={"edgeone_batch": 1}):
        assert services.error("teo", "CreatePurgeTask", ZoneId=zone, Type="purge_url", Targets=[page, page]) \
            == "LimitExceeded.BatchQuota"
    with services.switched(quota={"edgeone_day": 0}):
        assert services.error("teo", "CreatePurgeTask", ZoneId=zone, Type="purge_url", Targets=[page]) \
            == "LimitExceeded.DailyQuota"


def test_sites_are_filtered_and_there_are_no_origin_groups(services: Services) -> None:
    zone, name = site(services)
    found = services.call("teo", "DescribeZones", Filters=[{"Name": "zone-name", "Values": [name]}])
    assert [one["ZoneId"] for one in found["Zones"]] == [zone]
    assert services.error("teo", "DescribeZones", Filters=[{"Name": "colour", "Values": ["red"]}]) \
        == "InvalidParameter"
    assert services.call("teo", "DescribeOriginGroup", ZoneId=zone)["OriginGroups"] == []
    assert services.error("teo", "CreateZone", ZoneName=name) == "ResourceInUse.Cname"
    assert services.other.error("teo", "CreateZone", ZoneName=name) == "ResourceInUse.OthersCname"
    assert services.error("teo", "CreateZone", ZoneName=services.zone(owned=False), Type="dnsPodAccess") \
        == "ResourceNotFound.DNSPodDomainNotInAccount"
