"""The hosts of one site on EdgeOne, planned and applied in this process against the embedded cloud."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sitepub.config.project import Host, NewZone
from sitepub.domains.certificates.certificate import CertificateOffice
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.dns.dnspod import DnsPod
from sitepub.domains.dns.host_records import Dns
from sitepub.domains.edges.cdn import Cdn
from sitepub.domains.edges.edge import Edge
from sitepub.domains.edges.edgeone import EdgeOne
from sitepub.domains.hosts.outcome import HostOutcome
from sitepub.domains.hosts.plan import Place
from sitepub.domains.hosts.served import Served
from sitepub.domains.hosts.site_hosts import Hosts, HostsPlan, former_key
from sitepub.domains.job import Keeper
from sitepub.domains.records import HostRecord
from sitepub.domains.service_api import ServiceApi
from tests.domains.account import Account, Heard
from tests.domains.edge_cases import QUICK
from tests.edgeone_zone import zones_named

_numbers = itertools.count(1)


class Unclaimed:
    """No other site wants the hosts."""

    def check(self, host: str, position: object) -> None: ...

    def take(self, host: str, position: object) -> None: ...

    def release(self, host: str) -> None: ...


class Book:
    """The records of the hosts, as the state keeps them."""

    def __init__(self) -> None:
        self.records: dict[str, HostRecord] = {}

    def keeper(self, record: HostRecord, *, coming: bool) -> Keeper:
        known = self.records.get(record.host)
        if known is not None and known.edge != record.edge:
            former = former_key(record.host, known.edge if coming else record.edge)
            if coming:
                self.records[former] = self.records.pop(record.host)
            else:
                return _Page(self, former, self.records.get(former, record))
        return _Page(self, record.host, known if known is not None and known.edge == record.edge else record)

    def forget(self, record: HostRecord) -> None:
        for key in (record.host, former_key(record.host, record.edge)):
            if key in self.records and self.records[key].edge == record.edge:
                del self.records[key]


class _Page:
    def __init__(self, book: Book, key: str, record: HostRecord) -> None:
        self._book, self._key, self._record = book, key, record

    @property
    def record(self) -> HostRecord:
        return self._record

    def keep(self, record: HostRecord) -> None:
        self._record = self._book.records[self._key] = record


@dataclass
class Bench:
    """``names``: below the domain; "" is the domain itself."""

    account: Account
    names: Sequence[str] = ("www",)
    in_dnspod: bool = True
    https: bool = True
    new_zone: NewZone = field(default_factory=NewZone)
    edge: str = "edgeone"
    domain: str = ""
    book: Book = field(default_factory=Book)
    heard: Heard = field(default_factory=Heard)
    patience: float = 20.0
    seen: Callable[[str, str], Served | None] = lambda _host, _target: None

    def __post_init__(self) -> None:
        self.domain = self.domain or f"nothing{next(_numbers)}.com"
        if self.in_dnspod:
            self.account.zone(self.domain)

    @property
    def hosts(self) -> tuple[Host, ...]:
        https: dict[str, Any] = {"https": {"switch": "on"}, "auto_certificate": True} if self.https else {}
        return tuple(Host(f"{name}.{self.domain}".lstrip("."), edge=self.edge, new_zone=self.new_zone,  # type: ignore
                          **https) for name in self.names)

    def site(self, api: ServiceApi | None = None) -> Hosts:
        api = api or self.account.api
        names = Dns(DnsPod(api), self.account.resolver, patience=self.patience)
        edges: dict[str, Edge] = {"edgeone": EdgeOne(api, waiting=QUICK), "cdn": Cdn(api, waiting=QUICK)}
        origin = "site-1250000000.cos-website.ap-guangzhou.myqcloud.com"
        return Hosts(self.hosts, Place("site-1250000000", "ap-guangzhou", origin, "http"),
                     lambda kind, _bucket="": edges[kind], CertificateOffice(SslService(api), names, Path()), names,
                     Unclaimed(), self.seen)  # type: ignore[arg-type]

    def plan(self) -> HostsPlan:
        return self.site().plan(self.book.records)

    def deploy(self, api: ServiceApi | None = None, *, wait: bool = True) -> list[HostOutcome]:
        site = self.site(api)
        return site.apply(site.plan(self.book.records), self.book, self.heard, threading.Event(), wait=wait)

    def remove(self, api: ServiceApi | None = None) -> list[HostOutcome]:
        site = self.site(api)
        plan = site.removal(self.book.records)
        return Hosts((), site.place, site.edge_of, site.certificates, site.names, site.claims, site.served).apply(
            plan, self.book, self.heard, threading.Event())

    # As others see it

    def zones(self) -> list[dict[str, Any]]:
        return zones_named(self.account.sdk, self.domain)

    def domains(self) -> list[Mapping[str, Any]]:
        return [one for zone in self.zones() for one in self.account.sdk(
            "teo", "DescribeAccelerationDomains", {"ZoneId": zone["ZoneId"]})["AccelerationDomains"]]

    def records(self) -> list[tuple[str, str]]:
        """Names and types of what people made in DNS."""
        listed = self.account.sdk("dnspod", "DescribeRecordList", {
            "Domain": self.domain, "ErrorOnEmpty": "no", "Limit": 100})["RecordList"]
        return sorted((one["Name"], one["Type"]) for one in listed if not one["DefaultNS"])
