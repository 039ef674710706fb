"""The embedded SSL service: uploads, free certificates and their review, use, removal."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.local.certificate_maker import self_signed
from tests.local.service_wire import Services, origin


def apply(services: Services, name: str, method: str = "DNS_AUTO", **more: Any) -> str:
    answer = services.call("ssl", "ApplyCertificate", DvAuthMethod=method, DomainName=name,
                           CsrEncryptAlgo="ECC", **more)
    return str(answer["CertificateId"])


def detail(services: Services, certificate: str) -> dict[str, Any]:
    return services.call("ssl", "DescribeCertificateDetail", CertificateId=certificate)


def records(services: Services, zone: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = services.call(
        "dnspod", "DescribeRecordList", Domain=zone, RecordType="TXT", ErrorOnEmpty="no")["RecordList"]
    return found


def test_a_free_certificate_is_reviewed_then_issued(services: Services) -> None:
    zone = services.zone()
    with services.slowly():
        certificate = apply(services, f"www.{zone}")
        waiting = detail(services, certificate)
        assert (waiting["Status"], waiting["CertificatePublicKey"]) == (4, None)
        (record,) = records(services, zone)
        proof = waiting["DvAuthDetail"]["DvAuths"][0]
        assert (record["Name"], record["Value"]) == ("_dnsauth.www", proof["DvAuthValue"])
        assert proof["DvAuthKey"] == f"_dnsauth.www.{zone}"
    issued = detail(services, certificate)
    assert (issued["Status"], issued["DvAuthDetail"]) == (1, None)
    assert issued["SubjectAltName"] == [f"www.{zone}"]
    begin, end = (datetime.fromisoformat(issued[name]) for name in ("CertBeginTime", "CertEndTime"))
    assert end - begin == timedelta(days=90)


def test_an_apex_gets_www_too_and_openssl_trusts_the_chain(services: Services, tmp_path: Path) -> None:
    zone = services.zone()
    issued = detail(services, apply(services, zone))
    assert issued["SubjectAltName"] == [zone, f"www.{zone}"]
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_text(issued["CertificatePublicKey"])
    key.write_text(issued["CertificatePrivateKey"])

    def openssl(*arguments: str | Path) -> str:
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True,
                              check=True).stdout

    for name in (zone, f"www.{zone}"):
        assert "OK" in openssl("verify", "-CAfile", services.cloud.ca, "-untrusted", chain,
                               "-verify_hostname", name, chain)
    assert openssl("x509", "-in", chain, "-pubkey", "-noout") == openssl("pkey", "-in", key, "-pubout")
    fingerprint = openssl("x509", "-in", chain, "-noout", "-fingerprint", "-sha1").partition("=")[2]
    assert issued["CertFingerprint"] == fingerprint.strip().replace(":", "").lower()


@pytest.mark.parametrize(("algorithm", "parameter"), [("RSA", "2048"), ("ECC", "secp384r1")])
def test_keys_are_of_the_wanted_kind(services: Services, algorithm: str, parameter: str) -> None:
    certificate = services.call("ssl", "ApplyCertificate", DvAuthMethod="DNS_AUTO",
                                DomainName=f"www.{services.zone()}", CsrEncryptAlgo=algorithm,
                                CsrKeyParameter=parameter)["CertificateId"]
    assert detail(services, certificate)["EncryptAlgorithm"] \
        == {"RSA": "RSA 2048", "ECC": "ECC 384"}[algorithm]


def test_without_dnspod_the_record_is_named_and_looked_for(services: Services) -> None:
    zone = services.zone(owned=False)
    certificate = apply(services, f"a.{zone}", "DNS")
    services.call("ssl", "CompleteCertificate", CertificateId=certificate)
    waiting = detail(services, certificate)
    assert waiting["Status"] == 0
    proof = waiting["DvAuthDetail"]["DvAuths"][0]
    assert (proof["DvAuthSubDomain"], proof["DvAuthDomain"], proof["DvAuthVerifyType"]) \
        == ("_dnsauth.a", zone, "TXT")
    services.admin("dns", {"zone": zone, "records": [
        {"name": proof["DvAuthSubDomain"], "type": "TXT", "value": proof["DvAuthValue"]},
    ]})
    services.call("ssl", "CompleteCertificate", CertificateId=certificate)
    assert detail(services, certificate)["Status"] == 1
    assert services.error("ssl", "CompleteCertificate", CertificateId=certificate) \
        == "FailedOperation.CertificateStatusNotAllowVerify"


def test_a_renewal_is_a_new_certificate(services: Services) -> None:
    zone = services.zone()
    old = apply(services, zone)
    assert detail(services, old)["Status"] == 1
    new = apply(services, zone, OldCertificateId=old, DeleteDnsAutoRecord=True)
    assert new != old
    assert detail(services, new)["Status"] == 1
    assert detail(services, old)["CertificateExtra"]["ReplacedBy"] == new
    assert len(records(services, zone)) == 1, "the record of the second application went by itself"


@pytest.mark.parametrize(("parameters", "code"), [
    ({"DomainName": "a.example.com"}, "MissingParameter"),
    ({"DvAuthMethod": "DNS"}, "MissingParameter"),
    ({"DvAuthMethod": "MAIL", "DomainName": "a.example.com"}, "InvalidParameterValue"),
    ({"DvAuthMethod": "DNS", "DomainName": "a.example.com", "Wish": 1}, "UnknownParameter"),
    ({"DvAuthMethod": "DNS", "DomainName": "*.example.com"}, "InvalidParameter.DomainInvalid"),
    ({"DvAuthMethod": "DNS", "DomainName": "localhost"}, "InvalidParameter.DomainInvalid"),
    ({"DvAuthMethod": "DNS_AUTO", "DomainName": "a.example.com"}, "FailedOperation.InvalidParam"),
    ({"DvAuthMethod": "DNS", "DomainName": "a.example.com", "OldCertificateId": "nothing1"},
     "FailedOperation.CertificateNotFound"),
    ({"DvAuthMethod": "DNS", "DomainName": "a.example.com", "CsrKeyParameter": "512"},
     "InvalidParameterValue"),
])
def test_applications_that_are_refused(services: Services, parameters: dict[str, Any], code: str) -> None:
    assert services.error("ssl", "ApplyCertificate", **parameters) == code


def test_the_free_quota_and_a_refusing_authority(services: Services) -> None:
    zone = services.zone()
    with services.switched(quota={"free_certificates": 0}):
        assert services.error("ssl", "ApplyCertificate", DvAuthMethod="DNS", DomainName=zone) \
            == "FailedOperation.ExceedsFreeLimit"
    with services.switched(rejected_certificates=[zone]):
        assert detail(services, apply(services, zone))["Status"] == 2
    cancelled = apply(services, f"www.{services.zone(owned=False)}", "DNS")
    services.call("ssl", "CancelCertificateOrder", CertificateId=cancelled)
    assert detail(services, cancelled)["Status"] == 7


def test_an_upload_is_recognised_by_its_fingerprint(services: Services) -> None:
    certificate, key = self_signed(["up.example.com", "*.up.example.com"])
    assert services.call("ssl", "CheckCertificateExist", CertificatePublicKey=certificate)["RepeatCertId"] == ""
    upload = {"CertificatePublicKey": certificate, "CertificatePrivateKey": key, "Alias": "mine"}
    first = services.call("ssl", "UploadCertificate", **upload, Repeatable=False)
    assert (bool(first["CertificateId"]), first["RepeatCertId"]) == (True, "")
    again = services.call("ssl", "UploadCertificate", **upload, Repeatable=False)
    assert again["RepeatCertId"] == first["CertificateId"]
    twice = services.call("ssl", "UploadCertificate", **upload)
    assert twice["CertificateId"] not in ("", first["CertificateId"])
    listed = services.call("ssl", "DescribeCertificates", SearchKey="up.example.com", Limit=5000)
    assert listed["TotalCount"] == 2
    shown = listed["Certificates"][-1]
    assert (shown["From"], shown["Alias"], shown["Status"], shown["IsWildcard"]) == ("upload", "mine", 1, True)
    assert "PRIVATE KEY" not in str(listed)
    assert services.other.error("ssl", "DescribeCertificateDetail", CertificateId=first["CertificateId"]) \
        == "FailedOperation.CertificateNotFound"


def test_uploads_that_are_refused(services: Services) -> None:
    certificate, key = self_signed(["x.example.com"])
    other, other_key = self_signed(["y.example.com"])
    expired, expired_key = self_signed(["z.example.com"], days=-1)
    for chain, secret, code in (
        ("no PEM", key, "FailedOperation.CertificateInvalid"),
        (certificate, "no PEM", "FailedOperation.CertificateInvalid"),
        (certificate, other_key, "FailedOperation.CertificateMismatch"),
        (certificate + other, key, "FailedOperation.CertificateChainError"),
        (expired, expired_key, "FailedOperation.CertificateInvalid"),
    ):
        assert services.error("ssl", "UploadCertificate", CertificatePublicKey=chain,
                              CertificatePrivateKey=secret) == code
    assert services.error("ssl", "UploadCertificate", CertificatePublicKey=certificate) == "MissingParameter"


def test_deployment_binds_and_keeps_the_other_settings(services: Services) -> None:
    host = f"www.{services.zone()}"
    certificate = apply(services, host)
    assert detail(services, certificate)["Status"] == 1
    services.call("cdn", "AddCdnDomain", Domain=host, ServiceType="web", Origin=origin(),
                  Https={"Switch": "off", "Http2": "on"})
    with services.slowly():
        answer = services.call("ssl", "DeployCertificateInstance", CertificateId=certificate,
                               ResourceType="cdn", InstanceIdList=[f"{host}|on"])
        assert answer["DeployStatus"] == 1
        progress = services.call("ssl", "DescribeHostDeployRecordDetail",
                                 DeployRecordId=str(answer["DeployRecordId"]))
        assert progress["RunningTotalCount"] == 1
    progress = services.call("ssl", "DescribeHostDeployRecordDetail",
                             DeployRecordId=str(answer["DeployRecordId"]))
    assert progress["SuccessTotalCount"] == 1
    https = services.call("cdn", "DescribeDomainsConfig",
                          Filters=[{"Name": "domain", "Value": [host]}])["Domains"][0]["Https"]
    assert (https["Switch"], https["Http2"], https["CertInfo"]["CertId"]) == ("on", "on", certificate)
    assert services.error("ssl", "DeleteCertificate", CertificateId=certificate, IsCheckResource=True) \
        == "FailedOperation.DeleteResourceFailed"
    listed = services.call("ssl", "DescribeCertificates", CertIds=[certificate])["Certificates"]
    assert listed[0]["BoundResource"] == [host]


def test_a_young_free_certificate_stays_when_the_hour_counts(services: Services) -> None:
    certificate = apply(services, services.zone())
    with services.switched(deletion_waits=True):
        assert services.error("ssl", "DeleteCertificate", CertificateId=certificate) \
            == "FailedOperation.CannotBeDeletedWithinHour"
    services.call("ssl", "DeleteCertificate", CertificateId=certificate)
    assert services.error("ssl", "DescribeCertificate", CertificateId=certificate) \
        == "FailedOperation.CertificateNotFound"
