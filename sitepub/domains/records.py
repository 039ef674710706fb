"""What sitepub remembers of each custom domain: what it made there, and how far a setup has come.

Kept in the site's state (``publish.states.state.State.hosts``), one record a host. ``remove`` takes away what stands
here as made by sitepub and nothing else. Nothing secret is in it: certificates by id and fingerprint only.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sitepub.config.site_rules import HostRules

EdgeKind = Literal["cdn", "edgeone", "cos"]


class DnsRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A record that sitepub created in a DNSPod zone of the account."""

    zone: str
    """The zone, as DNSPod names it: "example.com"."""
    name: str
    """Name below the zone, "@" for the zone itself: "www", "_cdnauth"."""
    type: str
    """"CNAME", "TXT", "A" …"""
    value: str
    id: int = 0
    """DNSPod's RecordId; 0: the creation was begun and its answer never seen."""
    purpose: Literal["cname", "ownership", "certificate"] = "cname"


class TxtRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The TXT record that an edge or an issuer of certificates asks for, to prove who owns the domain."""

    name: str
    """Full name: "_cdnauth.example.com"."""
    value: str
    until: str = ""
    """UTC, ISO 8601: when the edge stops accepting it."""


class CertificateRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A certificate that sitepub put into the SSL service for this host."""

    id: str = ""
    """The SSL service's id; "": the upload or application was begun and its answer never seen."""
    fingerprint: str = ""
    """SHA-256 of the leaf certificate (DER), hex; "" while it is not issued."""
    how: Literal["uploaded", "applied"] = "uploaded"
    applied: bool = False
    """Bound to the edge by sitepub at some time."""
    at: str = ""
    """UTC, ISO 8601: when it was uploaded or applied for."""
    alias: str = ""
    """Its name in the SSL service, which is of this record alone: after a kill it is found by it."""
    proof: TxtRecord | None = None
    """What it waits for, where sitepub could not add that itself; ``None`` when it is issued."""


class CertificateInUse(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The certificate that the host was last seen (or made) to serve, also one that others made."""

    id: str = ""
    """The SSL service's id; "" for one that only the edge knows (EdgeOne's free one)."""
    fingerprint: str = ""
    not_before: str = ""
    not_after: str = ""
    """UTC, ISO 8601; "" when they are not known. When a third of the time between them is left, the host is checked
    again."""


class ZoneRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A zone of EdgeOne that sitepub created for the hosts of this site."""

    name: str
    id: str = ""
    """ZoneId; "": the creation was begun and its answer never seen."""
    plan: str = ""
    area: str = ""
    at: str = ""
    """UTC, ISO 8601: when the creation was begun."""


class LastPurge(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The last purge of a host."""

    at: str
    """UTC, ISO 8601."""
    what: str = ""
    """In words: "12 addresses", "1 folder", "everything"."""
    tasks: tuple[str, ...] = ()
    """Ids of the edge's tasks."""
    failed: str = ""
    """Why it failed; "": it was accepted."""


class HostRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One host of the site."""

    host: str
    edge: EdgeKind = "cdn"
    bucket: str = ""
    """The bucket it is bound to, with its ``-APPID``."""
    region: str = ""
    zone: str = ""
    """EdgeOne: the ZoneId."""
    cname: str = ""
    """The name that the edge gave for the CNAME record; "" when it is not known yet."""
    created: bool = False
    """The edge's domain was created by sitepub (written down just before it is made)."""
    setup: str = ""
    """The step that was begun and not seen to end: "domain", "certificate", "dns", "verify", "removal";
    "": done. The next run checks everything instead of trusting this record."""
    dns: tuple[DnsRecord, ...] = ()
    """DNS records made by sitepub."""
    certificates: tuple[CertificateRecord, ...] = ()
    """Certificates put into the SSL service by sitepub."""
    certificate: CertificateInUse | None = None
    ownership: TxtRecord | None = None
    """Wanted by the edge and not yet accepted."""
    settings_hash: str = ""
    """Hash of the wanted settings that were last applied and verified; "" when not known."""
    verified: str = ""
    """UTC, ISO 8601: when everything was last seen to be as wanted."""
    purge: LastPurge | None = None
    rules: HostRules | None = None
    """What sitepub had the edge do for `_headers` and `_redirects`: goes when they do not say it any more."""

    made_zone: ZoneRecord | None = None
    """The zone that it lies in, where sitepub created it: it goes with its last host."""
    refused: str = ""
    """Why the edge has no such wildcard domain; "": it has, or was not asked."""

    @property
    def applied_for(self) -> CertificateRecord | None:
        """An application that has not ended: its certificate has no fingerprint yet."""
        return next((one for one in self.certificates if one.how == "applied" and not one.fingerprint), None)

    @property
    def waits_for(self) -> TxtRecord | None:
        """The record that has to be added by hand before its setup can go on."""
        applied = self.applied_for
        return self.ownership or (applied.proof if applied is not None else None)

    @property
    def made(self) -> bool:
        """Whether the edge's domain was surely created by sitepub: one that is about to be created, and then is there
        and leads elsewhere, may have been made by others."""
        return self.created and bool(self.cname)

    @property
    def proof(self) -> tuple[DnsRecord, ...]:
        """Records that prove to the edge who owns the domain: needed until it has accepted."""
        return tuple(one for one in self.dns if one.purpose == "ownership")

    def with_dns(self, record: DnsRecord) -> HostRecord:
        """With this record; one of the same zone, name, type and value is replaced."""
        def same(one: DnsRecord) -> bool:
            return (one.zone, one.name, one.type, one.value) == (
                record.zone, record.name, record.type, record.value)

        return msgspec.structs.replace(self, dns=(*(one for one in self.dns if not same(one)), record))

    def without_dns(self, record: DnsRecord) -> HostRecord:
        return msgspec.structs.replace(self, dns=tuple(one for one in self.dns if one != record))

    def with_certificate(self, made: CertificateRecord) -> HostRecord:
        """With this certificate; one of the same id, or a begun one without an id, is replaced."""
        others = (one for one in self.certificates if one.id not in ("", made.id))
        return msgspec.structs.replace(self, certificates=(*others, made))

    def without_certificate(self, id: str) -> HostRecord:
        return msgspec.structs.replace(
            self, certificates=tuple(one for one in self.certificates if one.id != id))
