"""A host of the user's: DNS records, certificate, CDN, EdgeOne. Only what the probe made is changed or removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sitepub.errors import SitepubError
from sitepub.interrupts import pause
from sitepub.probe.case import Facts, Skip, Table, Value
from sitepub.probe.made import Made
from sitepub.tencent.cloud_api import CloudApi

DNS: Table[ProbeHost] = Table("dns")
CERTIFICATE: Table[ProbeHost] = Table("certificate")
CDN: Table[ProbeHost] = Table("cdn")
EDGEONE: Table[ProbeHost] = Table("edgeone")
VERSIONS = {"cdn": "2018-06-06", "dnspod": "2021-03-23", "ssl": "2019-12-05", "teo": "2022-09-01"}
_RECORD = "_sitepub-probe"
_CHANGES_TAKE = 900.0
"""Seconds until a change of a domain is everywhere: the CDN's documents name 5 to 10 minutes (228/41118)."""


@dataclass(slots=True)
class ProbeHost:
    """Where these cases work. For one thread."""

    api: CloudApi
    host: str
    """A host that is in none of the services yet."""
    origin: str
    """The website endpoint of the probe's bucket."""
    made: Made
    poll_seconds: float = 5.0
    zone: str = ""
    """Of the account's DNSPod; empty when the host's domain is not there."""
    certificate: str = ""
    found: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    last_request_id: str = ""

    def call(self, service: str, action: str, **params: Any) -> tuple[str, Mapping[str, Any]]:
        """Error code ("ok" without one), and the answer."""
        self.requests += 1
        try:
            answer = self.api.call(service, VERSIONS[service], action, params)
        except SitepubError as error:
            if not error.code or error.code in ("Network", "Interrupted"):
                raise
            self.last_request_id = getattr(error, "request_id", None) or ""
            return error.code, {}
        self.last_request_id = str(answer.get("RequestId", ""))
        return "ok", answer

    @property
    def sub(self) -> str:
        """The host without its zone; "@" for the zone itself."""
        return self.host.removesuffix(self.zone).rstrip(".") or "@"

    def poll(self, look: Callable[[], Value], wanted: Value, seconds: float = _CHANGES_TAKE) -> Value:
        """Look again until it is as wanted; the last look."""
        seen = look()
        for _ in range(int(seconds / self.poll_seconds)):
            if seen == wanted:
                break
            pause(self.poll_seconds)
            seen = look()
        return seen

    def find_zone(self) -> str:
        """The account's zone that the host lies in, the longest; "" without one."""
        names: list[str] = []
        while True:
            code, answer = self.call("dnspod", "DescribeDomainList", Type="ALL", Offset=len(names), Limit=1000)
            page = [str(one.get("Name", "")) for one in answer.get("DomainList") or ()]
            names += page
            if code != "ok" or len(page) < 1000:
                break
        fitting = [name for name in names if self.host == name or self.host.endswith("." + name)]
        self.zone = max(fitting, key=len, default="")
        return self.zone

    def record(self, name: str, value: str) -> tuple[str, int]:
        """Make a TXT record; error code and record id. What is made is noted before."""
        self.made.note("record", zone=self.zone, name=name, value=value)
        code, answer = self.call("dnspod", "CreateRecord", Domain=self.zone, SubDomain=name, RecordType="TXT",
                                 RecordLine="默认", Value=value, TTL=600)
        return code, int(answer.get("RecordId") or 0)

    def records(self, name: str) -> list[Mapping[str, Any]]:
        _code, answer = self.call("dnspod", "DescribeRecordList", Domain=self.zone, SubDomain=name, RecordType="TXT")
        return list(answer.get("RecordList") or ())


def _probe_name(h: ProbeHost) -> str:
    return _RECORD if h.sub == "@" else f"{_RECORD}.{h.sub}"


def _needs_zone(h: ProbeHost) -> None:
    if not h.zone:
        raise Skip("the domain is in no DNSPod zone of this account")


@DNS.case("a record is made, listed, refused a second time, deleted", "1427/56180", made="ok", listed=1,
          again="InvalidParameter.DomainRecordExist", deleted="ok", left=0)
def record(h: ProbeHost) -> Facts:
    _needs_zone(h)
    name = _probe_name(h)
    made, number = h.record(name, "sitepub-probe")
    listed = len(h.records(name))
    again, _ = h.record(name, "sitepub-probe")
    deleted, _answer = h.call("dnspod", "DeleteRecord", Domain=h.zone, RecordId=number)
    return {"made": made, "listed": listed, "again": again, "deleted": deleted, "left": len(h.records(name))}


@DNS.case("a name without records", "1427/56166", code="ResourceNotFound.NoDataOfRecord")
def no_record(h: ProbeHost) -> Facts:
    _needs_zone(h)
    code, _ = h.call("dnspod", "DescribeRecordList", Domain=h.zone, SubDomain=f"{_probe_name(h)}-none",
                     RecordType="TXT")
    return {"code": code}


@CERTIFICATE.case("a certificate is uploaded, described, deleted", "400/41665", uploaded="ok", kind="SVR",
                  origin="upload", deleted="ok")
def upload(h: ProbeHost) -> Facts:
    chain, key = self_signed(h.host)
    h.made.note("certificate", alias=h.made.name)
    uploaded, answer = h.call("ssl", "UploadCertificate", CertificatePublicKey=chain, CertificatePrivateKey=key,
                              CertificateType="SVR", Alias=h.made.name, Repeatable=True)
    number = str(answer.get("CertificateId", ""))
    _code, found = h.call("ssl", "DescribeCertificateDetail", CertificateId=number)
    deleted, _answer = h.call("ssl", "DeleteCertificate", CertificateId=number)
    return {"uploaded": uploaded, "kind": found.get("CertificateType"), "origin": found.get("From"),
            "deleted": deleted}


@CERTIFICATE.case("a certificate that is not there", "400/41673", code="FailedOperation.CertificateNotFound")
def no_certificate(h: ProbeHost) -> Facts:
    code, _ = h.call("ssl", "DescribeCertificateDetail", CertificateId="Aa0Bb1Cc")
    return {"code": code}


def _cdn_status(h: ProbeHost) -> str:
    _code, answer = h.call("cdn", "DescribeDomains", Filters=[{"Name": "domain", "Value": [h.host]}], Limit=1)
    domains = answer.get("Domains") or ()
    return str(domains[0].get("Status")) if domains else "none"


@CDN.case("a domain that is not there", "228/41116", update="ResourceNotFound.CdnHostNotExists", total=0)
def no_domain(h: ProbeHost) -> Facts:
    update, _ = h.call("cdn", "UpdateDomainConfig", Domain=h.host, Seo={"Switch": "off"})
    _code, answer = h.call("cdn", "DescribeDomains", Filters=[{"Name": "domain", "Value": [h.host]}], Limit=1)
    return {"update": update, "total": answer.get("TotalNumber")}


@CDN.case("a domain is added, in force after a while, and answers with a CNAME", "228/41123", added="ok",
          status="online", cname=True, again="ResourceInUse.CdnHostExists")
def add_domain(h: ProbeHost) -> Facts:
    request: dict[str, Any] = {"Domain": h.host, "ServiceType": "web", "Area": "overseas", "Origin": {
        "Origins": [h.origin], "OriginType": "cos", "ServerName": h.origin, "CosPrivateAccess": "off"}}
    h.made.note("cdn", host=h.host)
    added, _ = h.call("cdn", "AddCdnDomain", **request)
    if added == "UnauthorizedOperation.CdnDomainRecordNotVerified":
        _prove_to_cdn(h)
        added, _ = h.call("cdn", "AddCdnDomain", **request)
    if added != "ok":
        return {"added": added}
    status = h.poll(lambda: _cdn_status(h), "online")
    _code, answer = h.call("cdn", "DescribeDomains", Filters=[{"Name": "domain", "Value": [h.host]}], Limit=1)
    again, _ = h.call("cdn", "AddCdnDomain", **request)
    domains: Any = answer.get("Domains") or ({},)
    return {"added": added, "status": status, "cname": bool(domains[0].get("Cname")), "again": again}


def _prove_to_cdn(h: ProbeHost) -> None:
    _needs_zone(h)
    _code, answer = h.call("cdn", "CreateVerifyRecord", Domain=h.host)
    sub = str(answer.get("SubDomain") or "_cdnauth")
    name = ".".join(part for part in (sub, h.sub.partition(".")[2]) if part)
    h.record(name, str(answer.get("Record", "")))

    def verified() -> Value:
        code, told = h.call("cdn", "VerifyDomainRecord", Domain=h.host, VerifyType="dns")
        return code == "ok" and bool(told.get("Result"))

    h.poll(verified, wanted=True, seconds=300)


@CDN.case("cache rules are changed and read back", "228/41116", updated="ok", kind="all", seconds=60)
def cache_rule(h: ProbeHost) -> Facts:
    if _cdn_status(h) != "online":
        raise Skip("the domain is not online")
    updated, _ = h.call("cdn", "UpdateDomainConfig", Domain=h.host, Cache={"RuleCache": [{
        "RulePaths": ["*"], "RuleType": "all",
        "CacheConfig": {"Cache": {"Switch": "on", "CacheTime": 60, "CompareMaxAge": "off", "IgnoreCacheControl": "off",
                                  "IgnoreSetCookie": "off"},
                        "NoCache": {"Switch": "off", "Revalidate": "off"},
                        "FollowOrigin": {"Switch": "off"}}}]})
    h.poll(lambda: _cdn_status(h), "online")
    _code, answer = h.call("cdn", "DescribeDomainsConfig", Filters=[{"Name": "domain", "Value": [h.host]}], Limit=1)
    domains: Any = answer.get("Domains") or ({},)
    rules: Any = ((domains[0].get("Cache") or {}).get("RuleCache") or ({},))
    cache = ((rules[0].get("CacheConfig") or {}).get("Cache") or {})
    return {"updated": updated, "kind": rules[0].get("RuleType"), "seconds": cache.get("CacheTime")}


@CDN.case("only a domain that is offline can be deleted", "228/41120",
          online="ResourceUnavailable.CdnHostIsNotOffline", stopped="ok", offline="offline", deleted="ok", left="none")
def delete_domain(h: ProbeHost) -> Facts:
    if _cdn_status(h) == "none":
        raise Skip("the domain was not added")
    online, _ = h.call("cdn", "DeleteCdnDomain", Domain=h.host)
    stopped, _ = h.call("cdn", "StopCdnDomain", Domain=h.host)
    offline = h.poll(lambda: _cdn_status(h), "offline")
    deleted, _ = h.call("cdn", "DeleteCdnDomain", Domain=h.host)
    return {"online": online, "stopped": stopped, "offline": offline, "deleted": deleted,
            "left": h.poll(lambda: _cdn_status(h), "none", 120)}


def _edgeone_zone(h: ProbeHost) -> str:
    """The id of the zone that the host lies in. Raises Skip without one."""
    if "zone" not in h.found:
        _code, answer = h.call("teo", "DescribeZones", Limit=100)
        fitting = [one for one in answer.get("Zones") or ()
                   if h.host == one.get("ZoneName") or h.host.endswith(f".{one.get('ZoneName')}")]
        h.found["zone"] = str(max(fitting, key=lambda one: len(str(one["ZoneName"])))["ZoneId"]) if fitting else ""
    if not h.found["zone"]:
        raise Skip("the domain is in no EdgeOne zone of this account")
    return h.found["zone"]


def _edgeone_status(h: ProbeHost, zone: str) -> str:
    _code, answer = h.call("teo", "DescribeAccelerationDomains", ZoneId=zone, Limit=1,
                           Filters=[{"Name": "domain-name", "Values": [h.host]}])
    domains = answer.get("AccelerationDomains") or ()
    return str(domains[0].get("DomainStatus")) if domains else "none"


@EDGEONE.case("a domain is made, in force after a while, stopped, deleted", "1552/86338", made="ok", status="online",
              stopped="ok", offline="offline", deleted="ok", left="none")
def acceleration_domain(h: ProbeHost) -> Facts:
    zone = _edgeone_zone(h)
    h.made.note("edgeone", zone=zone, host=h.host)
    made, answer = h.call("teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=h.host,
                          OriginInfo={"OriginType": "COS", "Origin": h.origin, "PrivateAccess": "off"})
    proof = (answer.get("OwnershipVerification") or {}).get("DnsVerification") or {}
    if proof.get("RecordValue"):
        _needs_zone(h)
        full = str(proof.get("Subdomain") or "edgeonereclaim").rstrip(".")
        name = full.removesuffix(h.zone).rstrip(".") if full.endswith(h.zone) else full
        h.record(name, str(proof["RecordValue"]))
        h.poll(lambda: h.call("teo", "VerifyOwnership", Domain=h.host)[1].get("Status"), "success", 300)
    status = h.poll(lambda: _edgeone_status(h, zone), "online")
    stopped, _ = h.call("teo", "ModifyAccelerationDomainStatuses", ZoneId=zone, DomainNames=[h.host],
                        Status="offline", Force=False)
    offline = h.poll(lambda: _edgeone_status(h, zone), "offline")
    deleted, _ = h.call("teo", "DeleteAccelerationDomains", ZoneId=zone, DomainNames=[h.host], Force=False)
    return {"made": made, "status": status, "stopped": stopped, "offline": offline, "deleted": deleted,
            "left": h.poll(lambda: _edgeone_status(h, zone), "none", 120)}


def self_signed(host: str) -> tuple[str, str]:
    """Certificate and private key in PEM, for a host, valid for a day, self-signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
                   .not_valid_after(now + timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
                   .sign(key, hashes.SHA256()))
    return (certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()).decode())
