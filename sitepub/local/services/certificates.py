"""Certificates of the SSL service: uploaded ones, and free ones that were applied for."""

from __future__ import annotations

from dataclasses import dataclass, field

from sitepub.local.base.pace import Change

REVIEWING, ISSUED, FAILED, EXPIRED, RECORD_ADDED, CANCELLED = 0, 1, 2, 3, 4, 7
"""Statuses that occur here (SSL API 400/41671)."""


@dataclass(frozen=True, slots=True)
class Validation:
    """How an application proves that the domain is the applicant's."""

    method: str
    """DNS_AUTO, DNS or FILE."""
    record: str
    """Full name of the TXT record."""
    value: str
    change: Change
    """The review takes this long once the record is there."""
    automatic_record: int = 0
    """Id of the DNSPod record that DNS_AUTO created; 0: none."""
    remove_record: bool = False
    """Remove the automatic record when the certificate is issued."""
    key_pem: str = field(default="", repr=False)
    replaces: str = ""
    """OldCertificateId of a renewal."""


@dataclass(frozen=True, slots=True)
class Certificate:
    id: str
    owner: str
    domain: str
    """First name."""
    names: tuple[str, ...]
    alias: str
    source: str
    """`upload` or `trustasia`."""
    kind: str
    """SVR or CA."""
    status: int
    created: float
    begin: float = 0.0
    end: float = 0.0
    chain_pem: str = field(default="", repr=False)
    key_pem: str = field(default="", repr=False)
    fingerprint: str = ""
    """SHA-1 of the certificate, hex."""
    algorithm: str = ""
    project: int = 0
    tags: tuple[tuple[str, str], ...] = ()
    validation: Validation | None = None
    replaced_by: str = ""

    def current_status(self, now: float) -> int:
        return EXPIRED if self.status == ISSUED and now >= self.end else self.status


@dataclass(frozen=True, slots=True)
class Deployment:
    """A certificate that is brought to hosts by the SSL service."""

    number: int
    owner: str
    certificate: str
    product: str
    """`cdn`, `teo`."""
    hosts: tuple[str, ...]
    change: Change
