"""EdgeOne's own free certificates, made before visitors come to it (1552/90437, 1552/124807).

In a zone that is connected by CNAME, EdgeOne makes a certificate by itself (mode ``eofreecert``) only once DNS points
to it, and HTTPS is down until it is issued. Proved by a record (``dns_challenge``), it is issued first and bound then
(mode ``eofreecert_manual``). The record, a CNAME to a name of EdgeOne's, stays: by it EdgeOne renews.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sitepub.domains.host_names import ascii_name, is_wildcard
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.times import gmt8_to_iso
from sitepub.domains.wanted_record import WantedRecord
from sitepub.errors import CloudError

_LABEL = "_acme-challenge"
_PENDING = ("ResourceUnavailable", "ResourceNotFound", "FailedOperation")
"""How the codes of CheckFreeCertificateVerification begin when there is no certificate yet: its documentation shows
ResourceUnavailable.RecordUnExpected, users saw FailedOperation.ApplyCertAutoVerificationFailed, and the list of
EdgeOne's codes has neither."""


class EdgeOneCertificates:
    """Implements :class:`~sitepub.domains.edges.edge.FreeCertificates`. Safe for many threads."""

    def __init__(self, api: ServiceApi, zone: Callable[[str], Mapping[str, Any] | None]) -> None:
        self._api = api
        self._zone = zone

    def before_visitors(self, host: str) -> bool:
        """Through DNSPod, EdgeOne proves the host by itself (1552/90437). A zone that is not there yet will be
        connected in one of these two ways."""
        zone = self._zone(host)
        return self.by_record(host) or zone is None or zone.get("Type") == "dnsPodAccess"

    def covers(self, host: str) -> bool:
        """CnameWildHostNotAllowApplyCertificate; whether a record lifts that is not documented."""
        if not is_wildcard(host):
            return True
        zone = self._zone(host)
        return zone is not None and zone.get("Type") in ("full", "dnsPodAccess")

    def by_record(self, host: str) -> bool:
        zone = self._zone(host)
        return zone is not None and zone.get("Type") == "partial" and not is_wildcard(host)

    def apply(self, host: str) -> WantedRecord:
        answer = self._api.call("teo", "ApplyFreeCertificate", {
            "ZoneId": self._zone_id(host), "Domain": host, "VerificationMethod": "dns_challenge"}, host=host)
        return challenge_record(answer.get("DnsVerification") or {}, host)

    def issued(self, host: str) -> tuple[str, str]:
        try:
            answer = self._api.call("teo", "CheckFreeCertificateVerification", {
                "ZoneId": self._zone_id(host), "Domain": host}, host=host)
        except CloudError as error:
            if not error.code.startswith(_PENDING):
                raise
            return "", error.message
        return gmt8_to_iso(str(answer.get("ExpireTime") or "")), ""

    def bind(self, host: str) -> None:
        self._api.call("teo", "ModifyHostsCertificate", {
            "ZoneId": self._zone_id(host), "Hosts": [host], "Mode": "eofreecert_manual"}, host=host)

    def _zone_id(self, host: str) -> str:
        return str((self._zone(host) or {}).get("ZoneId") or "")


def challenge_record(found: Mapping[str, Any], host: str) -> WantedRecord:
    """The record that proves a host: ``_acme-challenge.<host>``. The documentation's example has its name and its
    value the other way round, so the name is recognised by its label. Raises CloudError without one."""
    name, value = str(found.get("Subdomain") or ""), str(found.get("RecordValue") or "")
    if value.startswith(_LABEL) and not name.startswith(_LABEL):
        name, value = value, name
    if not value:
        raise CloudError(f"{host}: EdgeOne did not say which record proves the host", code="RecordMissing")
    # With the zone, without it, or the label alone: for one host there is one name (RFC 8555, 8.4).
    return WantedRecord(f"{_LABEL}.{ascii_name(host)}", str(found.get("RecordType") or "CNAME"), value.rstrip("."))
