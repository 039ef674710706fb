"""Applying for free DV certificates (SSL API 400/41672, 400/41676, 400/48177).

The embedded authority reviews as the real one does: it looks for a TXT record in the DNS, and issues when it
is there. That is checked when the certificate is read, so nothing runs in the background.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.dnspod.records import add_record, remove_record
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.certificates import find_certificate
from sitepub.local.cloud_api.ssl.storage import new_id
from sitepub.local.services.certificate_authority import CertificateAuthority, new_key
from sitepub.local.services.certificate_reading import read_certificate
from sitepub.local.services.certificates import (
    CANCELLED,
    FAILED,
    ISSUED,
    RECORD_ADDED,
    REVIEWING,
    Certificate,
    Validation,
)
from sitepub.local.services.services import Services, random_number
from sitepub.local.services.zones import Record, Zone, normal, registered_domain, relative, zone_of

LABEL = "_dnsauth"
_NAME = re.compile(r"(?=.{4,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
_CURVES = ("prime256v1", "secp384r1", "secp521r1")
_BITS = ("2048", "3072", "4096")


async def apply_certificate(call: Call) -> dict[str, Any]:
    """ApplyCertificate. A renewal (`OldCertificateId`) is an application of its own with an id of its own."""
    services = call.services
    name, method = normal(call.parameters["DomainName"]), call.parameters["DvAuthMethod"]
    if name.startswith("*.") or not _NAME.match(name) or call.get("DnsNames"):
        raise ApiError("InvalidParameter.DomainInvalid", "A free certificate is for one name, no wildcard.")
    algorithm = call.get("CsrEncryptAlgo", "RSA")
    parameter = call.get("CsrKeyParameter") or ("prime256v1" if algorithm == "ECC" else "2048")
    if parameter not in (_CURVES if algorithm == "ECC" else _BITS):
        raise ApiError("InvalidParameterValue", "CsrKeyParameter does not fit the algorithm.")
    if call.get("CsrKeyPassword"):
        raise ApiError("FailedOperation.GenCSRFail", "The embedded cloud makes no encrypted keys.")
    replaces = call.get("OldCertificateId", "")
    old = services.certificates.get(replaces) if replaces else None
    if replaces and (old is None or old.owner != call.owner):
        raise ApiError("FailedOperation.CertificateNotFound", "The certificate to renew does not exist.")
    if old is not None and old.status != ISSUED:
        raise ApiError("FailedOperation.RenewNotIssued", "A certificate that was not issued is not renewed.")
    _check_quota(call, services)
    zone = _own_zone(call, name)
    if method == "DNS_AUTO" and zone is None:
        # the code is not documented; the condition is
        raise ApiError("FailedOperation.InvalidParam", f"{name} is not in the DNSPod of this account.")
    key = await asyncio.to_thread(new_key, algorithm, parameter)
    record = f"{LABEL}.{name}"
    value = time.strftime("%Y%m%d000000", time.gmtime(call.time + 8 * 3600)) + secrets.token_hex(16)
    automatic = 0
    if method == "DNS_AUTO":
        automatic = _add_record(call, _own_zone(call, name), record, value)
    names = (name, f"www.{name}") if name == registered_domain(name) else (name,)
    certificate = Certificate(
        new_id(services), call.owner, name, names, call.get("Alias", ""), "trustasia", "SVR",
        RECORD_ADDED if automatic else REVIEWING, call.time, project=call.get("ProjectId", 0),
        algorithm=f"{algorithm} {parameter}",
        validation=Validation(method, record, value, begin(call.time, call.services.pace), automatic,
                              bool(call.get("DeleteDnsAutoRecord", False)), key, replaces),
    )
    services.certificates.put(certificate.id, certificate)
    return {"CertificateId": certificate.id}


def _check_quota(call: Call, services: Services) -> None:
    limit = services.switches.quota.free_certificates
    counted = [one for one in services.certificates.where(owner=call.owner, source="trustasia")
               if one.status not in (FAILED, CANCELLED) and (not one.end or one.end > call.time)]
    if len(counted) >= limit:
        raise ApiError(
            "FailedOperation.ExceedsFreeLimit", f"The account has its {limit} free certificates already."
        )


def _own_zone(call: Call, name: str) -> Zone | None:
    return zone_of(call.services.zones.where(owner=call.owner), name)


def _add_record(call: Call, zone: Zone | None, record: str, value: str) -> int:
    if zone is None:
        raise ApiError("FailedOperation.InvalidParam", "The domain left the DNSPod of this account.")
    added = Record(random_number(10), relative(record, zone.name), "TXT", value, updated=call.time,
                   remark="SSL")
    add_record(call.services, zone, added, call.time)
    return added.id


async def complete_certificate(call: Call) -> dict[str, Any]:
    """CompleteCertificate: look for the record now."""
    certificate = find_certificate(call)
    if certificate.status not in (REVIEWING, RECORD_ADDED):
        raise ApiError(
            "FailedOperation.CertificateStatusNotAllowVerify", "The certificate is not under review."
        )
    reviewed(call.services, certificate, call.time)
    return {"CertificateId": certificate.id}


async def cancel_certificate_order(call: Call) -> dict[str, Any]:
    """CancelCertificateOrder."""
    certificate = find_certificate(call)
    if certificate.status not in (REVIEWING, RECORD_ADDED):
        raise ApiError(
            "FailedOperation.CertificateNotFoundOrCantCancel", "The certificate cannot be cancelled."
        )
    _remove_record(call.services, certificate, call.time)
    call.services.certificates.put(certificate.id, replace(certificate, status=CANCELLED))
    return {"CertificateId": certificate.id}


def reviewed(services: Services, certificate: Certificate, now: float) -> Certificate:
    """The certificate after its review, as of now: issued, refused, or unchanged while the review lasts."""
    validation = certificate.validation
    if validation is None or certificate.status not in (REVIEWING, RECORD_ADDED):
        return certificate
    if validation.change.under_way(now, services.pace):
        return certificate
    if services.switches.certificate_rejected(certificate.domain):
        refused = replace(certificate, status=FAILED)
        services.certificates.put(certificate.id, refused)
        return refused
    # FILE: nothing can be fetched from the domain's own server here
    if validation.method == "FILE" or validation.value not in services.resolve(
        validation.record, "TXT"
    ).values("TXT"):
        return certificate
    issued = issue(services, certificate, validation.key_pem, now)
    services.certificates.put(certificate.id, issued)
    if validation.remove_record:
        _remove_record(services, certificate, now)
    old = services.certificates.get(validation.replaces) if validation.replaces else None
    if old is not None:
        services.certificates.put(old.id, replace(old, replaced_by=certificate.id))
    return issued


def issue(services: Services, certificate: Certificate, key_pem: str, now: float) -> Certificate:
    """The same certificate, signed by the embedded authority."""
    chain = CertificateAuthority(services.authority_folder).issue(certificate.names, key_pem, now)
    read = read_certificate(chain)
    return replace(
        certificate, status=ISSUED, begin=read.begin, end=read.end, chain_pem=chain, key_pem=key_pem,
        fingerprint=read.fingerprint, algorithm=read.algorithm,
    )


def _remove_record(services: Services, certificate: Certificate, now: float) -> None:
    validation = certificate.validation
    if validation is None or not validation.automatic_record:
        return
    for zone in services.zones.where(owner=certificate.owner):
        if any(record.id == validation.automatic_record for record in zone.records):
            remove_record(services, zone, validation.automatic_record, now)
