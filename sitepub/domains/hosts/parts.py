"""What the setup of a host needs of certificates and DNS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sitepub.config.project import Host
from sitepub.domains.certificates.choice import CertificatePlan
from sitepub.domains.certificates.ssl_service import Certificate
from sitepub.domains.dns.record_writes import Purpose
from sitepub.domains.edges.edge import EdgeCertificate, EdgeState
from sitepub.domains.job import HostJob
from sitepub.domains.records import HostRecord, TxtRecord
from sitepub.domains.steps import AgreedRemoval, HostStep
from sitepub.domains.wanted_record import WantedRecord


class Certificates(Protocol):
    """Implemented by ``certificates.certificate.CertificateOffice``."""

    def check(self, host: Host) -> str:
        """Check what the project itself holds (PEM, paths): match, cover, expiry, chain. No network. Raises
        :class:`~sitepub.errors.ConfigError` at ``host.https_position``. Answers the certificate's fingerprint
        (SHA-256), "" when the project holds none."""

    def plan(self, host: Host, record: HostRecord, state: EdgeState | None) -> CertificatePlan:
        """Reads only. ``state``: the domain on its edge, whose certificate may be the right one already."""

    def trusts(self, found: Certificate, host: str) -> bool:
        """Whether browsers trust a certificate of the account. May ask for its chain."""

    def keeps(self, host: Host, state: EdgeState) -> bool:
        """Whether the certificate that the edge has for the host is one to keep: for this host, valid, trusted by
        browsers, and not due. Reads only."""

    def obtain(self, host: Host, state: EdgeState | None, job: HostJob, agreed: HostStep | None = None
               ) -> EdgeCertificate | None:
        """Make the certificate ready: look again, upload or apply and wait. ``None``: it is not to be
        had without waiting (``job.wait`` false); a later run goes on. Raises
        :class:`~sitepub.domains.steps.PlanChanged` when it takes more than ``agreed``."""

    def adopt(self, found: EdgeCertificate | None, job: HostJob) -> None:
        """Learn the id of what an earlier run made and was killed before it saw the answer."""

    def replaced(self, host: Host, record: HostRecord, state: EdgeState | None, plan: CertificatePlan
                 ) -> Sequence[HostStep]:
        """The certificates that sitepub made for this host before, and that another one replaces. Reads only."""

    def delete_replaced(self, step: HostStep, in_use: str, job: HostJob) -> str:
        """Carry out one step of :meth:`replaced`. Answers why the certificate stays, "" when it is gone."""

    def withdraw(self, removal: AgreedRemoval, job: HostJob) -> Sequence[str]:
        """Delete the certificates that sitepub made for this host. Answers sentences about what stays."""


class Names(Protocol):
    """Implemented by ``dns.host_records.Dns``."""

    def holds(self, name: str) -> bool:
        """Whether the account's DNSPod has this very domain, answers for it, and lets this key change it."""

    def plan(self, host: Host, record: HostRecord, cname: str) -> tuple[HostStep, ...]:
        """Reads only. ``cname`` "": the edge will say it after the domain is created."""

    def apply(self, step: HostStep, host: Host, cname: str, job: HostJob, agreed: Sequence[HostStep]) -> str:
        """Look again and carry out one DNS step. Answers why it was not needed, "" when it was done. Raises
        :class:`~sitepub.domains.steps.PlanChanged` when a record would have to change that is in none of the steps
        ``agreed``."""

    def remind(self, host: Host, cname: str, job: HostJob) -> str:
        """Show the exact record to add. Answers why that is not needed, "" when it was shown."""

    def adopt(self, job: HostJob) -> None:
        """Learn the ids of records that an earlier run made and was killed before it saw the answer."""

    def prove(self, host: str, txt: TxtRecord, job: HostJob) -> None:
        """Create the ownership TXT record, or show the exact one to add; waits until it can be seen when
        ``job.wait``. The record is kept with purpose "ownership"."""

    def place(self, host: str, wanted: WantedRecord, purpose: Purpose, job: HostJob) -> bool:
        """Create a record that proves something, or show it, and wait until it can be seen when ``job.wait``. Answers
        whether it could be made or seen."""

    def unprove(self, job: HostJob) -> None:
        """Delete ownership records that sitepub made: the edge has accepted."""

    def resolve(self, host: str) -> tuple[str, ...]:
        """Where the name points now: the CNAME chain, then addresses; empty when it does not exist."""

    def withdraw(self, removal: AgreedRemoval, job: HostJob) -> Sequence[str]:
        """Delete the records that sitepub made for this host, if they still are as it made them. Answers
        sentences about what stays."""
