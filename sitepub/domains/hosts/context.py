"""One host in one run: what it is, its edge, and the small steps that all work on it shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sitepub.config.project import Host
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.edges.edge import Edge, EdgeCertificate, EdgeState, EdgeStatus, WantedDomain
from sitepub.domains.hosts.dns_target import leads_to
from sitepub.domains.hosts.parts import Certificates, Names
from sitepub.domains.hosts.plan import Place, wanted_domain
from sitepub.domains.hosts.served import Served
from sitepub.domains.job import HostJob
from sitepub.domains.records import CertificateInUse

ServedBy = Callable[[str, str], Served | None]
"""(host, target) → the certificate that visitors get there."""


class EdgeOf(Protocol):
    """The edges of the account."""

    def __call__(self, kind: str, bucket: str = "") -> Edge:
        """``bucket``: another one than the site's, for an edge that belongs to a bucket."""


class Later(Exception):
    """What is left has to wait for others, and this run does not."""


@dataclass(slots=True)
class HostContext:
    """One host in one run."""

    host: Host
    place: Place
    edge_of: EdgeOf
    certificates: Certificates
    names: Names
    job: HostJob
    served: ServedBy
    certificate: EdgeCertificate | None = None
    """The one to be bound, as soon as it is there."""
    done: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.host.host

    @property
    def edge(self) -> Edge:
        return self.edge_of(self.host.edge)

    def report(self, text: str) -> None:
        """Something was done."""
        self.done.append(text)
        self.job.done(text)

    def wanted(self, *, free: bool = False) -> WantedDomain:
        """The domain as the project wants it. ``free``: the edge may be asked for a certificate of its own."""
        return wanted_domain(self.host, self.place, self.job.record, self.edge,
                             CertificatePlan(certificate=self.certificate), free=free)

    def settled(self, state: EdgeState | None) -> EdgeState | None:
        """The domain when nothing is being deployed: until then no change is taken. Raises :class:`Later`."""
        if state is None or state.status is not EdgeStatus.PROCESSING or state.ownership is not None:
            return state
        if not self.job.wait:
            raise Later(f"{self.edge.word} is deploying it")
        return self.edge.wait(self.name, None, report=self.job.status, stop=self.job.stop)

    def bound(self) -> None:
        """The edge has been given the certificate: some edges do not say which one they serve."""
        found = self.certificate
        if found is not None:
            self.job.keep(certificate=CertificateInUse(
                id=found.id, fingerprint=found.fingerprint, not_before=found.not_before, not_after=found.not_after))

    def learn(self, state: EdgeState) -> None:
        """Keep the name that the CNAME record has to point to. Of a domain that was about to be created and has another
        origin it is not kept: it was made by others."""
        if not self.job.record.created or state.origin in ("", self.place.endpoint):
            self.job.keep(cname=state.cname, zone=state.zone)

    def points_to_edge(self, cname: str) -> bool:
        return leads_to(self.names, self.name, cname)
