"""The steps that change a host from what it is to what the project says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from sitepub.domains.records import CertificateRecord, DnsRecord, TxtRecord, ZoneRecord
from sitepub.errors import Refused


class HostStepKind(StrEnum):
    """What is done, in the order of doing it for one host."""

    UNBIND = "unbind"
    """Unbind the domain from another bucket of the site, where sitepub bound it."""
    ZONE = "zone"
    """Create the EdgeOne zone that the host belongs to, bind it to a plan, switch it on again, or change its area."""
    ZONE_PROOF = "zone ownership"
    """Prove to EdgeOne who owns a zone that sitepub has created, with a TXT record."""
    OWNERSHIP = "ownership"
    """Prove to the edge who owns a domain that it has already, with a TXT record."""
    CERTIFICATE = "certificate"
    """Upload a certificate, apply for one, renew it, or let the edge make one."""
    CREATE = "create"
    """Create the domain on its edge, with the proof of ownership that the edge may want."""
    UPDATE = "update"
    """Change settings of the domain on its edge."""
    START = "start"
    """Put an offline domain online."""
    DNS = "dns"
    """Create, change or delete a record in DNSPod."""
    RECORD = "record"
    """A record that the user has to add: its zone is not in the account's DNSPod."""
    SEPARATE = "separate"
    """Nothing: there is no wildcard domain, and each preview gets a domain of its own."""
    WAIT = "wait"
    """Nothing to write, only to wait for: a setup that an earlier run began."""
    OLD_CERTIFICATE = "old certificate"
    """Delete a certificate that sitepub made for the host and that another one replaces."""
    PURGE = "purge"
    PREFETCH = "prefetch"
    TAKE_DOWN = "take down"
    """Take the domain away: stop it, delete it, and the records and certificates that sitepub made."""


HARMLESS = frozenset({HostStepKind.WAIT, HostStepKind.RECORD, HostStepKind.SEPARATE})
"""Steps that write nothing: they need no agreement."""
NEW_CERTIFICATE = "certificate"
"""Path of the setting that stands for a certificate whose id is not known before it is made."""
_OF_A_CERTIFICATE = frozenset({"Https", "Certificate"})
"""Top-level settings that a new certificate may change."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting that changes: ``Https.Http2`` from ``off`` to ``on``."""

    path: str
    """As the edge's API names it, dotted: "Cache.RuleCache", "Https.Hsts.MaxAge"."""
    before: Any = field(repr=False)
    """``None``: not set."""
    after: Any = field(repr=False)

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {"path": self.path, "before": self._visible(self.before), "after": self._visible(self.after)}

    def __str__(self) -> str:
        """For people: ``Https.Http2: off → on``; a new setting without what was before."""
        if self.before is None:
            return f"{self.path}: {_text(self._visible(self.after))}"
        return f"{self.path}: {_text(self._visible(self.before))} → {_text(self._visible(self.after))}"

    def _visible(self, value: Any) -> Any:
        if value and self.path.rpartition(".")[2].lower() in _SECRET:
            return _HIDDEN
        return _without_keys(value)


@dataclass(frozen=True, slots=True)
class AgreedRecord:
    """A write to a DNS zone. What is there before is named, so that nothing else is changed."""

    zone: str
    """As DNSPod names it."""
    name: str
    """Below the zone; "@" is the zone itself."""
    action: Literal["create", "modify", "delete"]
    type: str
    value: str
    """Of the record afterwards; of the deleted one. "": the name that the edge will give."""
    id: int = 0
    """RecordId of the record that is changed or deleted."""
    before: tuple[str, str] = ("", "")
    """Its type and value."""
    foreign: bool = False
    """sitepub did not make it."""


@dataclass(frozen=True, slots=True)
class AgreedProof:
    """A record that proved the ownership of a domain, and is not needed any more."""

    record: DnsRecord


@dataclass(frozen=True, slots=True)
class AgreedCertificate:
    """Where a certificate comes from, or which one goes."""

    action: Literal["upload", "apply", "apply anew", "renew", "wait", "edge", "edge by dns", "delete"]
    """``wait``: an earlier run applied for it. ``edge``: the edge makes one of its own."""
    id: str = ""
    """Of the certificate that is renewed, waited for or deleted, or whose application is cancelled."""
    fingerprint: str = ""
    """Of the uploaded one, SHA-256."""


@dataclass(frozen=True, slots=True)
class AgreedZone:
    """What is done to an EdgeOne zone."""

    action: Literal["create", "bind", "start", "move", "wait", "prove"]
    name: str
    plan: str = ""
    area: str = ""
    id: str = ""
    """Of a zone that is there."""


@dataclass(frozen=True, slots=True)
class AgreedRemoval:
    """What is taken away with a host."""

    created: bool
    """The domain itself."""
    dns: tuple[DnsRecord, ...] = ()
    certificates: tuple[CertificateRecord, ...] = ()
    zone: ZoneRecord | None = None
    """The zone, when nothing else is in it."""


@dataclass(frozen=True, slots=True)
class AgreedAddresses:
    """Object keys whose addresses are purged, or addresses that are prefetched."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreedBucket:
    """The bucket that a domain is unbound from."""

    name: str


Agreed = (AgreedRecord | AgreedProof | AgreedCertificate | AgreedRemoval | AgreedAddresses | AgreedBucket | AgreedZone
          | TxtRecord | None)


@dataclass(frozen=True, slots=True)
class HostStep:
    """One step for one host."""

    kind: HostStepKind
    host: str
    summary: str
    """For the plan: "create www.example.com on the CDN", "CNAME www.example.com → …"."""
    reason: str
    details: tuple[Leaf, ...] = ()
    """Settings, leaf by leaf."""
    destructive: bool = False
    """Takes away or changes what sitepub did not make, or takes a host down: needs ``--yes`` or a prompt."""
    edge: str = ""
    agreed: Agreed = field(default=None, repr=False)
    """Ids and old values: to agree to the step is to agree to these and to no others."""

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {"kind": self.kind.value, "host": self.host, "summary": self.summary, "reason": self.reason,
                "destructive": self.destructive,
                "details": [leaf.as_object() for leaf in self.details]}

    def covers(self, other: HostStep) -> bool:
        """Whether to agree to this step is to agree to the other one, which was planned later."""
        if (self.host, self.edge) != (other.host, other.edge) or (other.destructive and not self.destructive):
            return False
        if self.kind is HostStepKind.CERTIFICATE and other.kind is HostStepKind.WAIT:
            return True  # it has been applied for by now
        if self.kind is not other.kind or not_agreed(other.details, self.details):
            return False
        return _includes(self.agreed, other.agreed)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step of a plan that was applied."""

    step: HostStep
    needed: bool = True
    """False: it turned out that there was nothing to do."""
    note: str = ""
    """Why it was not needed."""


class PlanChanged(Refused):
    """Something is not as the plan says any more, and what would have to be done now is not in it."""

    code = "ChangedSincePlan"

    def __init__(self, host: str, what: str) -> None:
        super().__init__(f"{host}: changed since the plan: {what}",
                         hint="Run the same command again: the plan will show it.")


def not_covered(steps: Iterable[HostStep], shown: Sequence[HostStep]) -> tuple[HostStep, ...]:
    """The steps that write something and that were not agreed to."""
    return tuple(step for step in steps
                 if step.kind not in HARMLESS and not any(one.covers(step) for one in shown))


def not_agreed(leaves: Iterable[Leaf], agreed: Sequence[Leaf]) -> tuple[Leaf, ...]:
    """The settings that would change and were not agreed to. To agree to a new certificate is to agree to the
    settings that bind it."""
    new = any(leaf.path == NEW_CERTIFICATE for leaf in agreed)
    return tuple(leaf for leaf in leaves
                 if leaf not in agreed and not (new and leaf.path.partition(".")[0] in _OF_A_CERTIFICATE))


def _includes(agreed: Agreed, other: Agreed) -> bool:
    if isinstance(agreed, AgreedRecord) and isinstance(other, AgreedRecord) and not agreed.value:
        return agreed == replace(other, value="")
    if isinstance(agreed, AgreedRemoval) and isinstance(other, AgreedRemoval):
        return (agreed.created >= other.created and set(agreed.dns) >= set(other.dns)
                and set(agreed.certificates) >= set(other.certificates) and other.zone in (None, agreed.zone))
    if isinstance(agreed, AgreedAddresses) and isinstance(other, AgreedAddresses):
        return set(agreed.names) >= set(other.names)
    return agreed == other


_HIDDEN = "(hidden)"
_SECRET = ("privatekey", "secretkey", "backupsecretkey")


def _without_keys(value: Any) -> Any:
    """Never a key: the CDN's answers hold secrets of signed addresses."""
    if isinstance(value, Mapping):
        return {key: _HIDDEN if str(key).lower() in _SECRET and inner else _without_keys(inner)
                for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_keys(inner) for inner in value]
    return value


def _text(value: Any) -> str:
    import json

    if value is None or value == "":
        return "not set"
    if isinstance(value, str):
        return value
    return json.dumps(_without_keys(value), ensure_ascii=False, separators=(", ", ": "))
