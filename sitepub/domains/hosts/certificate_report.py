"""The certificates of a site's hosts as they are: asked of the edges, the SSL service and the hosts themselves.

Changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sitepub.config.project import Host
from sitepub.domains.certificates.files import own_certificate_info
from sitepub.domains.certificates.lifetime import is_due
from sitepub.domains.certificates.ssl_service import SslService
from sitepub.domains.hosts.site_hosts import Hosts
from sitepub.domains.records import HostRecord, TxtRecord
from sitepub.domains.times import days_left
from sitepub.errors import SitepubError
from sitepub.threads import side_by_side


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """What a host shows to its visitors, and where it comes from."""

    host: str
    edge: str
    status: str
    """The edge's word for the host; "not there", "unknown"."""
    how: str
    """Where the project wants it from: "auto", "own", "id", "none", "left alone"."""
    id: str = ""
    """The SSL service's id; "" when only the edge knows the certificate."""
    issuer: str = ""
    names: tuple[str, ...] = ()
    until: str = ""
    """UTC, ISO 8601."""
    days: int | None = None
    """Days left; negative when it has expired."""
    expiring: bool = False
    """It has to be renewed; see :mod:`sitepub.domains.certificates.lifetime`."""
    trusted: bool = True
    """Browsers trust it. Asked for `https: auto` alone: what the project names is its own decision."""
    made: bool = False
    """Put into the SSL service by sitepub."""
    pending: str = ""
    """Id of an application that is under way."""
    proof: TxtRecord | None = None
    """The record that it waits for."""
    error: SitepubError | None = None

    @property
    def bound(self) -> bool:
        return bool(self.id or self.until)

    @property
    def due(self) -> bool:
        """It has to be renewed, browsers do not trust it, or there is none where one is wanted."""
        if self.how in ("none", "left alone") or self.error is not None:
            return False
        return not self.bound or self.expiring or not self.trusted

    @property
    def renewable(self) -> bool:
        """sitepub can get a new one by itself."""
        return self.due and self.how == "auto"

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {"host": self.host, "edge": self.edge, "status": self.status, "source": self.how,
                "certificate": self.id or None, "issuer": self.issuer, "names": list(self.names),
                "not_after": self.until or None, "days_left": self.days, "due": self.due,
                "made_by_sitepub": self.made, "pending": self.pending or None,
                "waits_for": None if self.proof is None else {
                    "type": "TXT", "name": self.proof.name, "value": self.proof.value},
                "error": None if self.error is None else {"code": self.error.code,
                                                          "message": self.error.message,
                                                          "request_id": self.error.request_id}}


def wanted_from(host: Host) -> str:
    """Where the project wants the certificate from, see :attr:`HostCertificate.how`."""
    if host.https is None:
        return "left alone"
    if host.https.get("switch") == "off":
        return "none"
    if host.auto_certificate:
        return "auto"
    if own_certificate_info(host) is not None:
        return "own"
    return "id" if (host.https.get("certInfo") or {}).get("certId") else "left alone"


def certificates_of(hosts: Hosts, ssl: SslService, records: Mapping[str, HostRecord]) -> list[HostCertificate]:
    """One for each host of the project, in its order; trouble with one is in its entry."""
    return side_by_side([_looker(hosts, ssl, host, records.get(host.host)) for host in hosts.hosts])


def _looker(hosts: Hosts, ssl: SslService, host: Host, record: HostRecord | None
            ) -> Callable[[], HostCertificate]:
    def look() -> HostCertificate:
        base = HostCertificate(host.host, host.edge, "not there", wanted_from(host), pending=_pending(record),
                               proof=record.waits_for if record is not None else None)
        try:
            state = hosts.edge_of(host.edge).describe(host.host)
            if state is None:
                return base
            base = replace(base, status=state.said or state.status.value)
            if not state.https:
                return base
            used = record.certificate if record is not None else None
            id = state.certificate_id or (used.id if used is not None else "")
            found = ssl.find(id, host=host.host) if id else None

            def due(since: str, until: str) -> bool:
                return is_due(since, until, datetime.now(UTC), edge_renews=host.edge == "edgeone" and not id)

            if found is not None:
                made = record is not None and any(one.id == id for one in record.certificates)
                return replace(base, id=id, issuer=found.issuer, names=found.names, until=found.until,
                               days=days_left(found.until), made=made,
                               expiring=due(found.since, found.until), trusted=hosts.certificates.trusts(
                                   found, host.host) if host.auto_certificate else True)
            served = hosts.served(host.host, state.cname)
            if served is None:
                until = state.certificate_until
                return replace(base, id=id, until=until, days=days_left(until), expiring=due("", until))
            return replace(base, id=id, issuer=served.issuer, until=served.not_after,
                           days=days_left(served.not_after), names=(host.host,) if served.covers else (),
                           expiring=due(served.not_before, served.not_after))
        except SitepubError as error:
            return replace(base, status="unknown", error=error)

    return look


def _pending(record: HostRecord | None) -> str:
    """An application that has not ended: its certificate has no fingerprint yet."""
    applied = record.applied_for if record is not None else None
    return applied.id if applied is not None else ""
