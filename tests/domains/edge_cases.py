"""The three edges, each on an account of the embedded cloud, ready for the one suite that they all pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qcloud_cos import CosConfig, CosS3Client, CosServiceError

from sitepub.config.project import Host
from sitepub.domains.edges.cdn import Cdn
from sitepub.domains.edges.cos_domain import CosDomain
from sitepub.domains.edges.edge import Edge, EdgeCertificate, EdgeState, WantedDomain
from sitepub.domains.edges.edgeone import EdgeOne
from sitepub.domains.edges.waiting import Waiting
from sitepub.domains.records import CertificateInUse
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_domains import BucketDomains
from tests.conftest import LocalCloud
from tests.domains.account import Account
from tests.edgeone_zone import made_zone

_numbers = itertools.count(1)
QUICK = Waiting(patience=30, longest=0.2)


def cos_sdk(cloud: LocalCloud) -> CosS3Client:
    return CosS3Client(CosConfig(Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key,
                                 Scheme="http", IP=cloud.host, Port=cloud.port,
                                 ServiceDomain=f"{cloud.host}:{cloud.port}"))


def cos_domains(cloud: LocalCloud, bucket: str) -> list[dict[str, str]]:
    """What is bound to a bucket, as the official SDK says."""
    try:
        return list(cos_sdk(cloud).get_bucket_domain(Bucket=bucket).get("DomainRule") or [])
    except CosServiceError as error:
        assert error.get_error_code() == "DomainConfigNotFoundError"
        return []


@dataclass
class Case:
    """One edge, a website bucket, and a zone in the account's DNSPod."""

    kind: str
    account: Account
    edge: Edge
    bucket: str
    endpoint: str
    zone: str
    hosts: list[str] = field(default_factory=list)

    def host(self) -> str:
        """A new name in the zone."""
        self.hosts.append(f"h{next(_numbers)}.{self.zone}")
        return self.hosts[-1]

    def wanted(self, host: str, certificate: EdgeCertificate | None = None, *, bound: EdgeCertificate | None = None,
               free: bool = False, **of_host: Any) -> WantedDomain:
        in_use = CertificateInUse(id=bound.id, fingerprint=bound.fingerprint) if bound else None
        return WantedDomain(
            host=Host(host, edge=self.kind, **of_host), bucket=self.bucket,  # type: ignore[arg-type]
            region=self.account.cloud.region, origin=self.endpoint, origin_protocol="https", certificate=certificate,
            free_certificate=free, bound=in_use)

    def prove_in_dns(self, host: str) -> None:
        """What a bucket asks of every new host; the others are content with the zone in DNSPod."""
        if self.kind == "cos":
            self.account.add(self.zone, host.removesuffix(f".{self.zone}"), "CNAME", self.endpoint + ".")

    def made(self, **of_host: Any) -> EdgeState:
        """A new domain that is online."""
        host = self.host()
        self.prove_in_dns(host)
        self.edge.create(self.wanted(host, **of_host))
        return self.ready(host)

    def ready(self, host: str) -> EdgeState:
        state = self.edge.wait(host, None, report=lambda _text: None)
        assert state is not None
        return state

    def truth(self, host: str) -> Mapping[str, Any] | None:
        """The domain as the official SDKs describe it."""
        if self.kind == "cdn":
            told = self.account.sdk("cdn", "DescribeDomainsConfig", {
                "Filters": [{"Name": "domain", "Value": [host]}]})["Domains"]
        elif self.kind == "edgeone":
            [zone] = [one for one in self.account.sdk("teo", "DescribeZones", {"Limit": 100})["Zones"]
                      if host.endswith(one["ZoneName"])]
            told = self.account.sdk("teo", "DescribeAccelerationDomains", {
                "ZoneId": zone["ZoneId"], "Filters": [{"Name": "domain-name", "Values": [host]}]})[
                "AccelerationDomains"]
        else:
            told = [rule for rule in cos_domains(self.account.cloud, self.bucket) if rule["Name"] == host]
        return told[0] if told else None

    def certificate(self, host: str) -> EdgeCertificate:
        """A certificate of the account's SSL service for a host."""
        id = self.account.sdk("ssl", "ApplyCertificate", {"DvAuthMethod": "DNS_AUTO", "DomainName": host})[
            "CertificateId"]

        def pem() -> tuple[str, str]:
            told = self.account.sdk("ssl", "DescribeCertificateDetail", {"CertificateId": id})
            return told["CertificatePublicKey"], told["CertificatePrivateKey"]

        return EdgeCertificate(id, pem=pem)


def make_case(kind: str, cloud: LocalCloud, *, zone_in_dnspod: bool = True) -> Case:
    """An edge with a zone and a bucket of its own."""
    account, number = Account(cloud), next(_numbers)
    zone = f"{kind}{number}.com"
    if zone_in_dnspod:
        account.zone(zone)
    bucket = f"{kind}-site-{number}-{cloud.app_id}"
    sdk = cos_sdk(cloud)
    sdk.create_bucket(Bucket=bucket)
    sdk.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    if kind == "edgeone":
        made_zone(account.sdk, zone, proved=zone_in_dnspod)
    connected = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, account.embedded)
    endpoint = connected.website_host(bucket)
    edges: dict[str, Callable[[], Edge]] = {
        "cdn": lambda: Cdn(account.api, waiting=QUICK), "edgeone": lambda: EdgeOne(account.api, waiting=QUICK),
        "cos": lambda: CosDomain(lambda: BucketDomains(connected, bucket), endpoint, waiting=QUICK)}
    return Case(kind, account, edges[kind](), bucket, endpoint, zone)
