"""Hosts and sites as the CDN and EdgeOne store them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sitepub.local.base.pace import NEVER, Change, Pace

ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True, slots=True)
class CdnDomain:
    """A host on the CDN."""

    host: str
    owner: str
    """App id."""
    resource_id: str
    cname: str
    created: float
    updated: float
    change: Change
    target: str
    """Status after the change has ended: `online` or `offline`."""
    settings: dict[str, Any] = field(repr=False)
    """The configuration in the API's names, every documented field with its value or default."""
    before: dict[str, Any] | None = field(default=None, repr=False)
    """The configuration that is served until the change has ended; None: the host is not served until then."""

    def status(self, now: float, pace: Pace) -> str:
        """`processing`, `closing`, `online` or `offline` (CDN API 228/41118)."""
        if not self.change.under_way(now, pace):
            return self.target
        return "closing" if self.target == OFFLINE and self.before is not None else "processing"

    def live(self, now: float, pace: Pace) -> dict[str, Any] | None:
        """The configuration that is served now; None when the host is not served."""
        if self.change.under_way(now, pace):
            return self.before
        return self.settings if self.target == ONLINE else None


@dataclass(frozen=True, slots=True)
class CdnOwnership:
    """The TXT record that proves a registered domain to be the account's (CDN API 228/48118)."""

    domain: str
    owner: str
    value: str
    created: float
    """The record is valid for 24 hours."""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class TeoZone:
    """A site of EdgeOne."""

    id: str
    name: str
    owner: str
    type: str
    """`partial`, `full`, `dnsPodAccess`."""
    area: str
    alias: str
    plan: str
    created: float
    verification: str
    """Value of the TXT record `edgeonereclaim` that proves the zone to be the account's."""
    verified: bool
    paused: bool = False
    change: Change = NEVER
    """Under way: it gets its plan, is paused or switched on again."""


@dataclass(frozen=True, slots=True)
class TeoRule:
    """A rule of a zone's rule engine."""

    id: str
    zone: str
    rule: dict[str, Any]
    """RuleEngineItem, without its id and its place."""


@dataclass(frozen=True, slots=True)
class TeoProxy:
    """A proxy of TCP and UDP in a zone."""

    id: str
    zone: str
    name: str
    area: str
    ipv6: str
    static_ip: str
    accelerate: str
    updated: float
    change: Change
    target: str = ONLINE
    """`online` or `offline`."""


@dataclass(frozen=True, slots=True)
class TeoDomain:
    """An acceleration domain of EdgeOne."""

    host: str
    zone: str
    owner: str
    cname: str
    created: float
    updated: float
    change: Change
    target: str
    """`online` or `offline`."""
    origin: dict[str, Any]
    """OriginInfo, every documented field."""
    origin_protocol: str
    http_port: int
    https_port: int
    ipv6: str
    verified: bool
    verification: str
    """Value of the TXT record that proves the host to be the account's when its zone is not."""
    certificate_mode: str = "disable"
    """`disable`, `eofreecert`, `eofreecert_manual`, `sslcert`."""
    certificates: tuple[str, ...] = ()
    """Ids: of the SSL service, or of the free certificate."""
    certificate_change: Change = NEVER
    served_meanwhile: str = ""
    """Id of the certificate that is served until that change has ended; "": HTTPS is down until then."""
    challenged: float = 0.0
    """When a free certificate was applied for that a record is to prove."""
    deployed: float = 0.0
    was_online: bool = False
    """It is served as before while a change is under way."""

    def status(self, now: float, pace: Pace) -> str:
        """`init`, `process`, `online` or `offline` (EdgeOne API 1552/80670)."""
        if not self.verified:
            return "init"
        return "process" if self.change.under_way(now, pace) else self.target

    def served(self, now: float, pace: Pace) -> bool:
        if not self.verified:
            return False
        if self.change.under_way(now, pace):
            return self.was_online
        return self.target == ONLINE

    def certificate_ready(self, now: float, pace: Pace) -> bool:
        return self.certificate_mode != "disable" and not self.certificate_change.under_way(now, pace)

    def served_certificate(self, now: float, pace: Pace) -> str:
        """Id of the certificate that visitors get; "": there is no HTTPS."""
        if self.certificate_mode == "disable":
            return ""
        return self.certificates[0] if self.certificate_ready(now, pace) else self.served_meanwhile
