"""Free certificates of EdgeOne for hosts that are live elsewhere: proved first, bound by `eofreecert_manual` then."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.applications import issue
from sitepub.local.cloud_api.ssl.storage import new_id
from sitepub.local.cloud_api.teo.certificates import FREE, prepared, refuse_wildcard
from sitepub.local.cloud_api.teo.domains import find_domain
from sitepub.local.cloud_api.teo.zones import find_zone
from sitepub.local.services.certificate_authority import new_key
from sitepub.local.services.certificates import REVIEWING, Certificate
from sitepub.local.services.records import TeoDomain
from sitepub.local.services.services import EDGEONE_SUFFIX
from sitepub.local.services.zones import normal

_LABEL = "_acme-challenge"
_LASTS = 2 * 86400
"""Seconds within which the proof has to be there (1552/120406)."""


async def apply_free_certificate(call: Call) -> dict[str, Any]:
    """ApplyFreeCertificate (1552/120406): what has to be there before the check. The same answer every time."""
    zone, domain = find_zone(call), find_domain(call, call.parameters["Domain"])
    if zone.type != "partial":
        # the condition is documented, its code is not
        raise ApiError("UnsupportedOperation", "Only sites that are connected by CNAME apply in this way.")
    refuse_wildcard(zone, domain)
    if call.parameters["VerificationMethod"] == "http_challenge":
        value = _digest(call, domain)
        return {"FileVerification": {"Path": f"/.well-known/teo-verification/{value[:10]}", "Content": value}}
    if not _is_open(call, domain):
        call.services.teo_domains.put(domain.host, replace(domain, challenged=call.time))
    below = domain.host.removesuffix(zone.name).rstrip(".")
    return {"DnsVerification": {"Subdomain": f"{_LABEL}.{below}" if below else _LABEL, "RecordType": "CNAME",
                                "RecordValue": _target(call, domain)}}


async def check_free_certificate_verification(call: Call) -> dict[str, Any]:
    """CheckFreeCertificateVerification (1552/120405). Of the two proofs only the record is checked: files of other
    servers are not fetched here."""
    find_zone(call)
    domain = find_domain(call, call.parameters["Domain"])
    found = {normal(value) for value in call.services.resolve(f"{_LABEL}.{domain.host}", "CNAME").values("CNAME")}
    certificate = prepared(call, domain)
    if certificate is None and not _is_open(call, domain):
        # Its code is not documented.
        message = f"{domain.host} was not applied for within the last two days."
        raise ApiError("ResourceUnavailable.RecordUnExpected", message)
    if _target(call, domain) not in found:
        message = f"The CNAME of {_LABEL}.{domain.host} is not as expected."
        raise ApiError("ResourceUnavailable.RecordUnExpected", message)
    if certificate is None:
        key = await asyncio.to_thread(new_key, "RSA", "2048")
        certificate = issue(call.services, Certificate(
            new_id(call.services), call.owner, domain.host, (domain.host,), "EdgeOne", FREE, "SVR", REVIEWING,
            call.time,
        ), key, call.time)
        call.services.certificates.put(certificate.id, certificate)
    return {"CommonName": domain.host, "SignatureAlgorithm": "RSA 2048", "ExpireTime": utc_time(certificate.end)}


def _is_open(call: Call, domain: TeoDomain) -> bool:
    return call.time - domain.challenged <= _LASTS


def _digest(call: Call, domain: TeoDomain) -> str:
    return hashlib.sha256(f"{call.owner}/{domain.host}/{domain.created}".encode()).hexdigest()[:20]


def _target(call: Call, domain: TeoDomain) -> str:
    return f"{domain.host}.{_digest(call, domain)[:8]}.acme.{EDGEONE_SUFFIX}"
