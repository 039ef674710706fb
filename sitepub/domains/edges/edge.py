"""What serves a host: the classic CDN, EdgeOne or the bucket itself, behind one protocol."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from sitepub.config.project import Host
from sitepub.config.site_rules import HostRules
from sitepub.domains.records import CertificateInUse, EdgeKind, TxtRecord
from sitepub.domains.steps import Leaf
from sitepub.domains.wanted_record import WantedRecord
from sitepub.domains.zones.zones import Zones


class EdgeStatus(StrEnum):
    ONLINE = "online"
    PROCESSING = "processing"
    """Something is being deployed: the edge takes no change meanwhile."""
    OFFLINE = "offline"
    REJECTED = "rejected"
    """The edge refused the domain (no ICP filing, content)."""


@dataclass(frozen=True, slots=True)
class EdgeState:
    """A domain as its edge describes it."""

    host: str
    status: EdgeStatus
    cname: str
    """Where a CNAME record has to point; "" when the edge has not said."""
    origin: str = ""
    """Host name that content is pulled from."""
    https: bool = False
    certificate_id: str = ""
    """The SSL service's id; "" when there is none or the edge keeps its own."""
    certificate_until: str = ""
    """UTC, ISO 8601; "" when the edge does not say."""
    zone: str = ""
    """EdgeOne: ZoneId."""
    ownership: TxtRecord | None = None
    """The domain is there, but waits for this proof (EdgeOne)."""
    said: str = ""
    """The edge's own word for its status, and why, when it is not online."""
    closed: str = ""
    """Why the cloud itself has closed the domain, though its configuration is in force: "overload"."""
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Everything the API answered (may hold keys of signed addresses: not in the repr)."""


@dataclass(frozen=True, slots=True)
class EdgeCertificate:
    """A certificate to be served, made ready by ``certificates``."""

    id: str
    """The SSL service's id."""
    fingerprint: str = ""
    """SHA-256 of the leaf (DER), hex."""
    not_after: str = ""
    """UTC, ISO 8601."""
    pem: Callable[[], tuple[str, str]] | None = field(default=None, repr=False)
    """The chain and the private key, for an edge that knows no ids (COS). May ask the SSL service."""
    not_before: str = ""
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class WantedDomain:
    """A host as the project wants it."""

    host: Host
    bucket: str
    region: str
    origin: str
    """Website endpoint of the bucket."""
    origin_protocol: str
    """"http" or "https": "https" when the bucket redirects everything to it."""
    certificate: EdgeCertificate | None = None
    """``None``: none is to be set (https is off, not mentioned, or the edge has its own free one)."""
    free_certificate: bool = False
    """The edge makes one of its own (``https: auto`` on an edge with ``free_certificates``)."""
    by_record: bool = False
    """That one is proved by a DNS record, before visitors come."""
    rules_before: HostRules = field(default_factory=HostRules)
    """What sitepub had this edge do so far; ``host.rules`` is what it should do now."""
    bound: CertificateInUse | None = None
    """The certificate that sitepub bound last, for an edge that does not say (COS)."""


class PurgeKind(StrEnum):
    URLS = "urls"
    """Full addresses: https://host/a/b.html."""
    FOLDERS = "folders"
    """Addresses that end with a slash: everything below them."""
    HOST = "host"
    """Everything of a host name."""


@dataclass(frozen=True, slots=True)
class PurgeQuota:
    """What may still be purged today."""

    urls: int
    folders: int
    urls_a_call: int = 1000
    folders_a_call: int = 100
    hosts: int = 0
    """Whole host names; 0 where the edge does not count them apart from folders."""


class OwnershipWanted(Exception):
    """The edge wants a TXT record before it takes the domain: a step to be done, no error of the user.

    Raised by ``create``."""

    def __init__(self, txt: TxtRecord) -> None:
        super().__init__(f"a TXT record at {txt.name} is wanted")
        self.txt = txt


class CnameWanted(Exception):
    """The edge takes the domain only when its CNAME record points to it. Raised by ``create``."""

    def __init__(self, cname: str) -> None:
        super().__init__(f"a CNAME record to {cname} is wanted")
        self.cname = cname


Report = Callable[[str], None]
"""Gets the live status of a wait, in a few words: "processing, 12 s"."""


class FreeCertificates(Protocol):
    """Makes certificates of the edge before visitors come to it."""

    def covers(self, host: str) -> bool:
        """Whether it makes any for this host: not for every wildcard."""

    def by_record(self, host: str) -> bool:
        """Whether a DNS record may prove this host."""

    def before_visitors(self, host: str) -> bool:
        """Whether it can be had before DNS leads visitors here, by a record or in another way."""

    def apply(self, host: str) -> WantedRecord:
        """Apply for one, again where that was done before. Answers the record that proves the host."""

    def issued(self, host: str) -> tuple[str, str]:
        """Ask the edge to check the record now: until when the certificate is valid (UTC, ISO 8601), "" with the
        reason while there is none."""

    def bind(self, host: str) -> None:
        """Serve the one that was issued."""


class Edge(Protocol):
    """One kind of edge in one account. Safe for many threads.

    Methods raise what ``explain`` makes of the service's error codes (:class:`~sitepub.errors.CloudError` and
    its kinds), and :class:`~sitepub.errors.NetworkError`.
    """

    kind: EdgeKind
    word: str
    """For people: "the CDN", "EdgeOne", "the bucket"."""
    free_certificates: FreeCertificates | None
    """It makes certificates of its own for ``https: auto``."""
    known_cname: str
    """Where a CNAME record has to point, on an edge where that is known before the domain is created; else ""."""
    certificate_time: float
    """Seconds until visitors get a certificate that was set, at the longest."""

    @property
    def zones(self) -> Zones | None:
        """What a domain has to lie in: EdgeOne's zones."""

    def describe(self, host: str) -> EdgeState | None:
        """``None``: the account has no such domain on this edge."""

    def check(self, wanted: WantedDomain) -> None:
        """Raise :class:`~sitepub.errors.ConfigError` for what this edge cannot do (pure)."""

    def differences(self, wanted: WantedDomain, state: EdgeState | None) -> tuple[Leaf, ...]:
        """What would change, leaf by leaf; what the project does not mention never does (pure). Raises
        :class:`~sitepub.errors.ConfigError` for what does not go together with the settings that are there."""

    def create(self, wanted: WantedDomain) -> None:
        """Raises :class:`OwnershipWanted` when the domain's owner has to be proved first, :class:`CnameWanted` when its
        CNAME record has to be there first."""

    def names_proof(self) -> bool:
        """Whether a TXT record would prove the owner of a new domain, so that DNS can be changed afterwards. Of edges
        with a ``known_cname``."""

    def prove_ownership(self, host: str) -> bool:
        """Ask the edge to check the TXT record now. False: it does not see it yet."""

    def update(self, wanted: WantedDomain, state: EdgeState) -> None:
        """Write the differences. ``state`` is fresh."""

    def start(self, state: EdgeState) -> None: ...

    def stop(self, state: EdgeState) -> None: ...

    def delete(self, state: EdgeState) -> None:
        """Delete an offline domain, with what was made beside it. A missing one is fine."""

    def tidy(self, host: str, zone: str) -> None:
        """The domain is gone, deleted by others: delete what was made beside it. ``zone`` as in the record."""

    def wait(self, host: str, status: EdgeStatus | None, *, report: Report,
             stop: threading.Event | None = None) -> EdgeState | None:
        """Wait until the domain has this status; with ``None`` until it is anything but processing.
        ``None`` is answered when the domain is gone. Raises :class:`~sitepub.errors.SitepubError` with code
        EdgeTimeout or EdgeRejected, :class:`~sitepub.errors.Interrupted` when ``stop`` is set."""

    def quota_pool(self, host: str, area: str) -> str:
        """Hosts with the same answer share one purge quota."""

    def purge_quota(self, host: str, area: str) -> PurgeQuota:
        """What is left today for the pool of a host."""

    def purge(self, host: str, kind: PurgeKind, addresses: Sequence[str], *, area: str,
              flush_type: str = "flush") -> tuple[str, ...]:
        """Purge one batch, no larger than the quota allows. Answers the ids of the tasks."""

    def purge_status(self, tasks: Sequence[str]) -> Mapping[str, str]:
        """Task id → "process", "done", "fail"."""

    def prefetch(self, addresses: Sequence[str], *, area: str, user_agent: str = "") -> tuple[str, ...]: ...
