"""Domains bound to a bucket: the documents, the proof in the DNS, visitors, certificates."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import pytest

from tests.local.certificate_maker import self_signed
from tests.local.cos_wire import Answer, Wire, new_bucket, send
from tests.local.service_wire import Services

WEBSITE = b"<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"
DOMAIN, CERTIFICATE = {"domain": ""}, {"domaincertificate": ""}
VERIFICATION = "x-cos-domain-txt-verification"


@pytest.fixture
def bucket(services: Services) -> Iterator[Wire]:
    """A public bucket with a website of one page."""
    with new_bucket(services.cloud) as wire:
        website(wire)
        yield wire


def website(wire: Wire, page: bytes = b"hello") -> None:
    assert wire.call("PUT", query={"acl": ""}, headers={"x-cos-acl": "public-read"}).status == 200
    wire.put("index.html", page, content_type="text/html")
    assert wire.call("PUT", query={"website": ""}, body=WEBSITE).status == 200


def endpoint(wire: Wire) -> str:
    return f"{wire.bucket}.cos-website.{wire.cloud.region}.myqcloud.com"


def rule(host: str, kind: str = "WEBSITE", status: str = "ENABLED", replacement: str = "") -> str:
    forced = f"<ForcedReplacement>{replacement}</ForcedReplacement>" if replacement else ""
    return f"<DomainRule><Status>{status}</Status><Name>{host}</Name><Type>{kind}</Type>{forced}</DomainRule>"


def bind(wire: Wire, *rules: str) -> Answer:
    document = f"<DomainConfiguration>{''.join(rules)}</DomainConfiguration>"
    return wire.call("PUT", query=DOMAIN, body=document.encode())


def bound(services: Services, wire: Wire) -> str:
    """A host whose CNAME leads to the bucket, bound to it."""
    zone = services.zone()
    services.record(zone, "www", "CNAME", endpoint(wire))
    assert bind(wire, rule(f"www.{zone}")).status == 200
    return f"www.{zone}"


def visit(services: Services, host: str, path: str = "/") -> Answer:
    return send(services.cloud.port, "GET", path, {"Host": host})


def test_a_bound_host_is_served_like_the_website_endpoint(services: Services, bucket: Wire) -> None:
    host = bound(services, bucket)
    for name in (host, f"{host}.localhost:{services.cloud.port}"):
        answer = visit(services, name)
        assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"hello", "text/html")
    assert visit(services, host, "/nothing").status == 404
    assert visit(services, f"other.{host}").code == "InvalidHostname"


def test_it_takes_a_while_until_it_is_in_force(services: Services, bucket: Wire) -> None:
    with services.slowly():
        host = bound(services, bucket)
        assert visit(services, host).code == "UserCnameInvalid"
    assert visit(services, host).status == 200
    assert bind(bucket, rule(host, status="DISABLED")).status == 200
    assert visit(services, host).code == "UserCnameInvalid"


def test_the_document_is_answered_with_the_value_that_proves(services: Services, bucket: Wire) -> None:
    for method in ("GET", "HEAD"):
        empty = bucket.call(method, query=DOMAIN)
        assert empty.status == 404 and VERIFICATION not in empty.headers
    assert bucket.call("GET", query=DOMAIN).code == "DomainConfigNotFoundError"
    host = bound(services, bucket)
    tree = bucket.call("GET", query=DOMAIN)
    assert tree.headers[VERIFICATION].startswith("tencent-cloud-cos-verification=")
    assert [tree.texts(f"DomainRule/{name}") for name in ("Status", "Name", "Type")] \
        == [["ENABLED"], [host], ["WEBSITE"]]
    assert bucket.call("DELETE", query=DOMAIN).status == 204
    assert bucket.call("GET", query=DOMAIN).code == "DomainConfigNotFoundError"
    assert visit(services, host).code == "InvalidHostname"


def test_the_official_sdk_reads_and_writes_it(services: Services, bucket: Wire) -> None:
    from qcloud_cos import CosConfig, CosS3Client

    cloud = services.cloud
    client = CosS3Client(CosConfig(
        Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key, Scheme="http",
        IP=cloud.host, Port=cloud.port, ServiceDomain=f"{cloud.host}:{cloud.port}",
    ))
    host = bound(services, bucket)
    found: dict[str, Any] = client.get_bucket_domain(Bucket=bucket.bucket)
    assert found["DomainRule"] == [{"Status": "ENABLED", "Name": host, "Type": "WEBSITE"}]
    client.put_bucket_domain(Bucket=bucket.bucket, DomainConfiguration={"DomainRule": found["DomainRule"]})
    chain, key = self_signed([host])
    client.put_bucket_domain_certificate(Bucket=bucket.bucket, DomainCertificateConfiguration={
        "CertificateInfo": {"CertType": "CustomCert", "CustomCert": {"Cert": chain, "PrivateKey": key}},
        "DomainList": [{"DomainName": host}],
    })
    assert client.get_bucket_domain_certificate(Bucket=bucket.bucket, DomainName=host) == {"Status": "Enabled"}
    client.delete_bucket_domain_certificate(Bucket=bucket.bucket, DomainName=host)
    client.delete_bucket_domain(Bucket=bucket.bucket)


def test_a_host_without_proof_is_refused(services: Services, bucket: Wire) -> None:
    zone, there = services.zone(), bound(services, bucket)
    host = f"www.{zone}"
    assert bind(bucket, rule(host)).code == "DNSRecordVerifyFailed"
    services.record(zone, "www", "CNAME", "somewhere.else.example.com")
    assert bind(bucket, rule(host)).code == "DNSRecordVerifyFailed"
    value = bucket.call("GET", query=DOMAIN).headers[VERIFICATION]
    services.record(zone, "@", "TXT", value)
    assert bind(bucket, rule(there), rule(host)).status == 200


def test_a_host_of_another_bucket_is_taken_over_with_proof_only(services: Services, bucket: Wire) -> None:
    host = bound(services, bucket)
    zone = host.partition(".")[2]
    with new_bucket(services.cloud) as second:
        website(second, b"second")
        assert bind(second, rule(host)).code == "RecordAlreadyExist"
        for way in ("CNAME", "TXT"):
            assert bind(second, rule(host, replacement=way)).code == "DNSRecordVerifyFailed"
        bound(services, second)  # or no value would be named
        services.record(zone, "@", "TXT", second.call("GET", query=DOMAIN).headers[VERIFICATION])
        assert bind(second, rule(host, replacement="TXT")).status == 200
        assert visit(services, host).body == b"second"
        assert bucket.call("GET", query=DOMAIN).code == "DomainConfigNotFoundError"
    assert visit(services, host).code == "InvalidHostname", "its bucket is gone"


def test_an_unfiled_domain_is_refused_in_the_mainland(services: Services, bucket: Wire) -> None:
    zone = services.zone()
    services.record(zone, "www", "CNAME", endpoint(bucket))
    with services.switched(no_icp=[zone]):
        answer = bind(bucket, rule(f"www.{zone}"))
        assert (answer.status, answer.code) == (451, "DomainAuditFailed")


@pytest.mark.parametrize(("rules", "code"), [
    ([], "MalformedXML"),
    ([rule("www.example.com", kind="SITE")], "MalformedXML"),
    ([rule("www.example.com", status="Enabled")], "MalformedXML"),
    ([rule("")], "MalformedXML"),
    ([rule("www.example.com", replacement="A")], "MalformedXML"),
    (["<DomainRule><Name>www.example.com</Name></DomainRule>"], "MalformedXML"),
    (["<Other/>"], "MalformedXML"),
    ([rule("*.example.com")], "InvalidArgument"),
    ([rule("x.cos.ap-guangzhou.myqcloud.com")], "InvalidArgument"),
    ([rule(f"{number}.example.com") for number in range(21)], "InvalidArgument"),
    ([rule("www.example.com"), rule("WWW.example.com")], "DomainConfigConflict"),
])
def test_documents_that_are_refused(services: Services, bucket: Wire, rules: list[str], code: str) -> None:
    host = bound(services, bucket)
    assert bind(bucket, *rules).code == code
    assert bucket.call("GET", query=DOMAIN).texts("DomainRule/Name") == [host]


def test_others_may_not(services: Services, bucket: Wire) -> None:
    assert bucket.call("GET", query=DOMAIN, signed=False).code == "AccessDenied"
    assert bucket.call("PUT", query=DOMAIN, signed=False, body=b"x").code == "AccessDenied"
    with new_bucket(services.cloud) as plain:
        assert bind(plain, rule(f"{uuid.uuid4().hex}.example.com")).code == "InvalidArgument"


def certificate(*hosts: str, chain: str, key: str) -> bytes:
    names = "".join(f"<DomainName>{host}</DomainName>" for host in hosts)
    custom = f"<CustomCert><Cert>{escape(chain)}</Cert><PrivateKey>{escape(key)}</PrivateKey></CustomCert>"
    info = f"<CertificateInfo><CertType>CustomCert</CertType>{custom}</CertificateInfo>"
    return f"<DomainCertificate>{info}<DomainList>{names}</DomainList></DomainCertificate>".encode()


def test_the_edge_speaks_https_with_the_bound_certificate(services: Services, bucket: Wire) -> None:
    host = bound(services, bucket)
    name = {**CERTIFICATE, "domainname": host}
    assert bucket.call("GET", query=name).texts("Status") == ["Disabled"]
    applied = services.call("ssl", "ApplyCertificate", DvAuthMethod="DNS_AUTO", DomainName=host,
                            CsrEncryptAlgo="ECC")["CertificateId"]
    issued = services.call("ssl", "DescribeCertificateDetail", CertificateId=applied)
    document = certificate(host, chain=issued["CertificatePublicKey"], key=issued["CertificatePrivateKey"])
    assert bucket.call("PUT", query=CERTIFICATE, body=document).status == 200
    assert bucket.call("GET", query=name).texts("Status") == ["Enabled"]
    port = services.cloud.edge_https
    page = subprocess.run(
        ["curl", "-sS", "--cacert", services.cloud.ca, "--resolve", f"{host}:{port}:127.0.0.1",
         f"https://{host}:{port}/"], capture_output=True, text=True, check=True).stdout
    assert page == "hello"
    assert bucket.call("DELETE", query=name).status == 204
    assert bucket.call("GET", query=name).texts("Status") == ["Disabled"]


def test_certificates_that_are_refused(services: Services, bucket: Wire) -> None:
    host = bound(services, bucket)
    chain, key = self_signed([host])
    other, other_key = self_signed(["other.example.com"])
    expired, expired_key = self_signed([host], days=-1)
    for document in (
        certificate(host, chain=chain, key=other_key), certificate(host, chain=other, key=other_key),
        certificate(host, chain=expired, key=expired_key), certificate(host, chain="x", key=key),
        certificate("unbound.example.com", chain=other, key=other_key),
    ):
        assert bucket.call("PUT", query=CERTIFICATE, body=document).code == "InvalidArgument"
    assert bucket.call("PUT", query=CERTIFICATE, body=certificate(chain=chain, key=key)).code == "MalformedXML"
    assert bucket.call("PUT", query=CERTIFICATE, body=b"<DomainCertificate/>").code == "MalformedXML"
    assert bucket.call("GET", query={**CERTIFICATE, "domainname": host}).texts("Status") == ["Disabled"]


@pytest.mark.parametrize("host", ["unbound.example.com", "www.other.example.com", "a.b.c.example.cn"])
def test_a_host_without_certificate_is_disabled_and_its_removal_succeeds(bucket: Wire, host: str) -> None:
    name = {**CERTIFICATE, "domainname": host}
    assert bucket.call("GET", query=name).texts("Status") == ["Disabled"]
    assert bucket.call("DELETE", query=name).status == 204
    assert bucket.call("GET", query=name).texts("Status") == ["Disabled"]


def test_disabled_rules_are_taken_without_a_look_and_read_back_as_written(bucket: Wire) -> None:
    bucket.call("DELETE", query={"website": ""})
    names = {"www.Domain1.example.com": "REST", "www.Domain2.example.com": "WEBSITE"}
    assert bind(bucket, *(rule(name, kind, "DISABLED") for name, kind in names.items())).status == 200
    found = bucket.call("GET", query=DOMAIN)
    assert found.texts("DomainRule/Name") == list(names)
    assert bind(bucket, rule("www.Domain1.example.com", "REST")).code == "DNSRecordVerifyFailed"
