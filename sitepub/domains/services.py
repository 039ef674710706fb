"""How ``hosts`` talks with the parts around the edge: certificates, DNS, purge; and how progress is kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sitepub.config.project import Host
from sitepub.domains.edges.edge import EdgeCertificate, EdgeState
from sitepub.domains.records import HostRecord, TxtRecord
from sitepub.domains.steps import HostStep


class Keeper(Protocol):
    """The record of one host. What is about to be made is kept BEFORE the call that makes it, and its id
    right after, so that a kill forgets nothing."""

    @property
    def record(self) -> HostRecord: ...

    def keep(self, record: HostRecord) -> None:
        """Write the state. Raises when the lock was lost."""


class Listener(Protocol):
    """Hears what happens to a host. Called from many threads."""

    def status(self, host: str, text: str) -> None:
        """A live status: replaced by the next one."""

    def done(self, host: str, text: str) -> None:
        """Something was done: stays on the screen."""

    def todo(self, host: str, text: str) -> None:
        """Something the user has to do elsewhere, such as the exact DNS record to add: stays, stands out."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the apply functions get for one host."""

    keeper: Keeper
    listener: Listener
    stop: threading.Event
    """Ctrl-C: raise :class:`~sitepub.errors.Interrupted` soon."""
    wait: bool = True
    """False (``--no-wait``, ``async: true``): write, do not wait."""


@dataclass(frozen=True, slots=True)
class CertificatePlan:
    """Which certificate a host gets."""

    steps: tuple[HostStep, ...] = ()
    """Uploads and applications that are needed; empty when one is there."""
    certificate: EdgeCertificate | None = None
    """The one that is there already; ``None`` when ``steps`` make it, or none is wanted."""


class Certificates(Protocol):
    """Implemented by ``certificates.CertificateOffice``."""

    def check(self, host: Host) -> str:
        """Check what the project itself holds (PEM, paths): match, cover, expiry, chain. No network. Raises
        :class:`~sitepub.errors.ConfigError` at ``host.https_position``. Answers the certificate's fingerprint
        (SHA-256), "" when the project holds none."""

    def plan(self, host: Host, record: HostRecord, state: EdgeState | None) -> CertificatePlan:
        """Reads only. ``state``: the domain on its edge, whose certificate may be the right one already."""

    def obtain(self, host: Host, state: EdgeState | None, work: Work) -> EdgeCertificate | None:
        """Make the certificate ready: look again, upload or apply and wait. ``None``: it is not to be
        had without waiting (``work.wait`` false); a later run goes on."""

    def tidy(self, in_use: str, work: Work) -> Sequence[str]:
        """After a certificate was bound and seen: delete the ones that sitepub made for this host before.
        Answers sentences about what stays."""

    def withdraw(self, record: HostRecord, work: Work) -> Sequence[str]:
        """Delete the certificates that sitepub made for this host. Answers sentences about what stays."""


class Names(Protocol):
    """Implemented by ``dns.Dns``."""

    def plan(self, host: Host, record: HostRecord, cname: str) -> tuple[HostStep, ...]:
        """Reads only. ``cname`` "": the edge will say it after the domain is created."""

    def point(self, host: Host, cname: str, work: Work) -> None:
        """Create or correct the CNAME, or tell the exact record to add."""

    def prove(self, host: str, txt: TxtRecord, work: Work) -> None:
        """Create the ownership TXT record, or tell the exact one to add; waits until it can be seen when
        ``work.wait``. The record is kept in ``work.keeper`` with purpose "ownership"."""

    def unprove(self, work: Work) -> None:
        """Delete ownership records that sitepub made: the edge has accepted."""

    def resolve(self, host: str) -> tuple[str, ...]:
        """Where the name points now: the CNAME chain, then addresses; empty when it does not exist."""

    def withdraw(self, record: HostRecord, work: Work) -> Sequence[str]:
        """Delete the records that sitepub made for this host, if they still are as it made them. Answers
        sentences about what stays."""
