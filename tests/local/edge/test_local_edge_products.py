"""One edge for three products: EdgeOne's hosts and a bucket's own domains are served beside the CDN's."""

from __future__ import annotations

from dataclasses import replace
from xml.sax.saxutils import escape

from tests.local.edge_wire import EdgeSite, call_api, edgeone_zone


def test_a_host_of_edgeone(site: EdgeSite) -> None:
    name = site.host.removeprefix("www.")
    zone = edgeone_zone(site.cloud, name)
    origin = {"OriginType": "COS", "Origin": site.origin["ServerName"], "PrivateAccess": "off"}
    call_api(site.cloud, "teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=site.host, OriginInfo=origin,
             OriginProtocol="HTTP")
    site.put("a.css", b"p{}" * 500, content_type="text/css", cache_control="max-age=600")
    first, second = site.visit("/a.css"), site.visit("/a.css")
    assert [(one.get("eo-cache-status"), one.get("x-cache")) for one in (first, second)] == [
        ("MISS", "MISS"), ("HIT", "HIT")]
    call_api(site.cloud, "teo", "ModifyHostsCertificate", ZoneId=zone, Hosts=[site.host], Mode="sslcert",
             ServerCertInfo=[{"CertId": site.certificate()}])
    assert site.visit("/a.css", "--http2", scheme="https").version == "2"
    site.put("a.css", b"new", content_type="text/css")
    call_api(site.cloud, "teo", "CreatePurgeTask", ZoneId=zone, Type="purge_host", Targets=[site.host])
    assert site.visit("/a.css").body == b"new"
    assert {visit["edge"] for visit in site.visits()} == {"edgeone"}


def test_hosts_below_a_wildcard_domain_of_edgeone(site: EdgeSite) -> None:
    """Each has a cache of its own, and one with a domain of its own has that."""
    name = site.host.removeprefix("www.")
    zone = edgeone_zone(site.cloud, name, "dnsPodAccess")
    origin = {"OriginType": "IP_DOMAIN", "Origin": site.origin["ServerName"], "HostHeader": site.origin["ServerName"]}
    wildcard = f"*.p.{name}"
    call_api(site.cloud, "teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=wildcard, OriginInfo=origin,
             OriginProtocol="HTTP")
    call_api(site.cloud, "teo", "CreateL7AccRules", ZoneId=zone, Rules=[
        {"Status": "enable", "RuleName": host, "Branches": [
            {"Condition": f"${{http.request.host}} in ['{host}']", "Actions": [
                {"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {"HeaderActions": [
                    {"Action": "set", "Name": header, "Value": "1"}]}}]}]}
        for host, header in ((wildcard, "X-All"), (f"b.p.{name}", "X-B"))])
    site.put("a.css", b"p{}", content_type="text/css", cache_control="max-age=600")

    def visit(host: str, scheme: str = "http") -> tuple[int, str | None, str | None, str | None]:
        found = replace(site, host=host).visit("/a.css", scheme=scheme)
        return found.status, found.get("eo-cache-status"), found.get("x-all"), found.get("x-b")

    assert [visit(f"a.p.{name}"), visit(f"a.p.{name}"), visit(f"b.p.{name}")] == [
        (200, "MISS", "1", None), (200, "HIT", "1", None), (200, "MISS", "1", "1")]
    assert [visit(host)[0] for host in (f"p.{name}", f"x.a.p.{name}", f"a.{name}")] == [404, 404, 404]
    call_api(site.cloud, "teo", "ModifyHostsCertificate", ZoneId=zone, Hosts=[wildcard], Mode="eofreecert")
    assert visit(f"a.p.{name}", "https")[:2] == (200, "HIT")
    own = {"DomainName": f"c.p.{name}", "OriginInfo": {**origin, "HostHeader": "no.example.com"}}
    call_api(site.cloud, "teo", "CreateAccelerationDomain", ZoneId=zone, OriginProtocol="HTTP", **own)
    assert visit(f"c.p.{name}")[0] != 200


def test_a_domain_that_is_bound_to_the_bucket(site: EdgeSite) -> None:
    zone = site.host.removeprefix("www.")
    call_api(site.cloud, "dnspod", "CreateRecord", Domain=zone, SubDomain="www", RecordType="CNAME", RecordLine="默认",
             Value=site.origin["ServerName"] + ".")
    rule = f"<DomainRule><Status>ENABLED</Status><Name>{site.host}</Name><Type>WEBSITE</Type></DomainRule>"
    document = f"<DomainConfiguration>{rule}</DomainConfiguration>".encode()
    answer = site.wire.call("PUT", query={"domain": ""}, body=document)
    assert answer.status == 200, answer.body
    for _ in range(2):
        found = site.visit()
        assert (found.status, found.body, found.get("x-cache")) == (200, b"<h1>One</h1>", None)
    assert (site.visit("/", "-r", "0-3").status, site.visit("/no").body) == (206, b"<h1>Gone</h1>")
    detail = call_api(site.cloud, "ssl", "DescribeCertificateDetail", CertificateId=site.certificate())
    document = (
        "<DomainCertificate><CertificateInfo><CertType>CustomCert</CertType><CustomCert>"
        f"<Cert>{escape(detail['CertificatePublicKey'])}</Cert>"
        f"<PrivateKey>{escape(detail['CertificatePrivateKey'])}</PrivateKey></CustomCert></CertificateInfo>"
        f"<DomainList><DomainName>{site.host}</DomainName></DomainList></DomainCertificate>"
    ).encode()
    answer = site.wire.call("PUT", query={"domaincertificate": ""}, body=document)
    assert answer.status == 200, answer.body
    assert site.visit("/", "--http2", scheme="https").body == b"<h1>One</h1>"
