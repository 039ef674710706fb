"""Everything about hosts in one account, connected: edges, certificates, DNS, claims."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sitepub.config.project import Project
from sitepub.domains.edges.edge import Edge
from sitepub.domains.hosts.claims import Claim, Claims, ClaimsElsewhere
from sitepub.domains.hosts.plan import Place
from sitepub.domains.hosts.served import Served, served_certificate
from sitepub.domains.hosts.site_hosts import Hosts
from sitepub.domains.records import HostRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.store import ObjectStore


@dataclass(slots=True)
class Edges:
    """The edges of one account, made when they are first needed. Safe for many threads."""

    cloud: Cloud
    bucket: str
    _made: dict[tuple[str, str], Edge]
    _lock: threading.Lock

    @classmethod
    def of(cls, cloud: Cloud, bucket: str) -> Edges:
        return cls(cloud, bucket, {}, threading.Lock())

    def __call__(self, kind: str, bucket: str = "") -> Edge:
        bucket = (bucket or self.bucket) if kind == "cos" else ""
        with self._lock:
            if (kind, bucket) not in self._made:
                self._made[kind, bucket] = self._make(kind, bucket)
            return self._made[kind, bucket]

    def _make(self, kind: str, bucket: str) -> Edge:
        from sitepub.domains.edges.cdn import Cdn
        from sitepub.domains.edges.cos_domain import CosDomain
        from sitepub.domains.edges.edgeone import EdgeOne
        from sitepub.domains.edges.visit import refusal
        from sitepub.tencent.cos.bucket_domains import BucketDomains

        if kind == "cos":
            endpoint = self.cloud.website_host(bucket)
            return CosDomain(lambda: BucketDomains(self.cloud, bucket), endpoint,
                             visit=lambda host: refusal(host, endpoint, self.cloud.embedded))
        api = service_api(self.cloud)
        return EdgeOne(api) if kind == "edgeone" else Cdn(api)


def service_api(cloud: Cloud) -> ServiceApi:
    from sitepub.tencent.cloud_api import CloudApi

    return ServiceApi(CloudApi(cloud.credentials, cloud.region, cloud.embedded, fence=cloud.fence))


def place_of(project: Project, cloud: Cloud, bucket: str) -> Place:
    return Place(bucket, project.region, cloud.website_host(bucket), project.protocol)


def open_hosts(project: Project, cloud: Cloud, bucket: str, claims: ObjectStore, state_key: str,
               records: Mapping[str, HostRecord]) -> Hosts:
    """Connect a project's hosts; nothing is sent yet. ``claims``: the state bucket; ``records``: as they are
    now, to know which certificates other hosts of the site use."""
    from sitepub.domains.certificates.certificate import CertificateOffice
    from sitepub.domains.certificates.client_certificate import with_client_certificate
    from sitepub.domains.certificates.ssl_service import SslService
    from sitepub.domains.certificates.trust import BrowserTrust
    from sitepub.domains.dns.dnspod import DnsPod
    from sitepub.domains.dns.host_records import Dns
    from sitepub.domains.dns.resolve import Resolver

    api = service_api(cloud)
    names = Dns(DnsPod(api), Resolver(cloud.embedded), hosts=project.every_host)

    def used_by_others(host: str) -> Collection[str]:
        return {one.certificate.id for one in records.values()
                if one.host != host and one.certificate is not None and one.certificate.id}

    def served(host: str, target: str) -> Served | None:
        return served_certificate(host, target, cloud.embedded)

    return Hosts(
        hosts=tuple(with_client_certificate(host, project.root) for host in project.every_host),
        place=place_of(project, cloud, bucket), edge_of=Edges.of(cloud, bucket),
        certificates=CertificateOffice(SslService(api), names, project.root, used_by_others=used_by_others,
                                       trust=BrowserTrust(cloud.embedded.ca if cloud.embedded is not None else "")),
        names=names, served=served,
        claims=claims_of(project, cloud, claims, state_key))


def claims_of(project: Project, cloud: Cloud, store: ObjectStore, state_key: str) -> Claims:
    """``store``: the state bucket. A preview is not the site: neither takes the other's host."""
    name = project.name if project.preview is None else f"{project.name}, preview {project.preview.name}"
    mine = Claim(app=project.app, stage=project.stage, name=name, state=state_key)
    return Claims(store, mine, ClaimsElsewhere(cloud, mine))
