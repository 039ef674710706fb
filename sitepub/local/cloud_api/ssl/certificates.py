"""Uploading certificates, finding duplicates, deleting."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import replace
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.storage import store_upload
from sitepub.local.services.certificate_reading import CertificateProblem, ReadCertificate, check_key, read_certificate
from sitepub.local.services.certificates import ISSUED, Certificate

_ERRORS = {
    "pem": "FailedOperation.CertificateInvalid", "parse": "FailedOperation.CertificateParseError",
    "chain": "FailedOperation.CertificateChainError", "key": "FailedOperation.CertificateInvalid",
    "match": "FailedOperation.CertificateMismatch",
}
_HOUR = 3600


def find_certificate(call: Call) -> Certificate:
    """The account's certificate that `CertificateId` names. Raises ApiError."""
    found = call.services.certificates.get(call.parameters["CertificateId"])
    if found is None or found.owner != call.owner or found.source == "edgeone":
        raise ApiError("FailedOperation.CertificateNotFound", "The certificate does not exist.")
    return found


def _read(text: str) -> ReadCertificate:
    try:
        return read_certificate(text)
    except CertificateProblem as problem:
        raise ApiError(_ERRORS[problem.kind], problem.message) from problem


async def upload_certificate(call: Call) -> dict[str, Any]:
    """UploadCertificate (400/41665). `Repeatable` false answers the id of one with the same fingerprint."""
    read = _read(call.parameters["CertificatePublicKey"])
    kind, key = call.get("CertificateType", "SVR"), call.get("CertificatePrivateKey", "")
    if call.get("KeyPassword"):
        raise ApiError("FailedOperation.CertificateInvalid", "The embedded cloud takes no encrypted keys.")
    if kind == "SVR":
        if not key:
            raise ApiError("MissingParameter", "A server certificate needs its private key.")
        try:
            check_key(read.chain_pem, key)
        except CertificateProblem as problem:
            raise ApiError(_ERRORS[problem.kind], problem.message) from problem
        if not read.names:
            raise ApiError("FailedOperation.CertificateInvalid", "The certificate names no host.")
    elif not read.is_authority:
        raise ApiError("FailedOperation.CertificateInvalid", "The certificate is not that of an authority.")
    if read.end <= call.time:
        raise ApiError("FailedOperation.CertificateInvalid", "The certificate has expired.")
    if not call.get("Repeatable", True):
        same = same_certificate(call, read)
        if same is not None:
            return {"CertificateId": "", "RepeatCertId": same.id}
    tags = tuple((tag.get("TagKey") or "", tag.get("TagValue") or "") for tag in call.get("Tags", []))
    stored = store_upload(call, read, key, alias=call.get("Alias", ""), kind=kind,
                          project=call.get("ProjectId", 0), tags=tags)
    return {"CertificateId": stored.id, "RepeatCertId": ""}


def same_certificate(call: Call, read: ReadCertificate) -> Certificate | None:
    """The account's oldest certificate with the same fingerprint."""
    mine = call.services.certificates.where(owner=call.owner, fingerprint=read.fingerprint)
    return mine[0] if mine else None


async def check_certificate_exist(call: Call) -> dict[str, Any]:
    """CheckCertificateExist (400/106885)."""
    same = same_certificate(call, _read(call.parameters["CertificatePublicKey"]))
    return {"RepeatCertId": same.id if same else ""}


async def modify_certificate_alias(call: Call) -> dict[str, Any]:
    """ModifyCertificateAlias (400/41661)."""
    certificate = replace(find_certificate(call), alias=call.get("Alias", ""))
    call.services.certificates.put(certificate.id, certificate)
    return {"CertificateId": certificate.id}


async def download_certificate(call: Call) -> dict[str, Any]:
    """DownloadCertificate (400/41666): a zip with the chain and the key, in the forms of some servers."""
    certificate = find_certificate(call)
    if certificate.status != ISSUED:
        raise ApiError("FailedOperation.CertificateStatusNotAllowDownload", "The certificate is not issued.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        name = (certificate.domain or certificate.id).replace("*", "_")
        for folder in ("Nginx", "Apache"):
            archive.writestr(f"{folder}/{name}_bundle.crt", certificate.chain_pem)
            if certificate.key_pem:
                archive.writestr(f"{folder}/{name}.key", certificate.key_pem)
    return {"Content": base64.b64encode(packed.getvalue()).decode(), "ContentType": "application/zip"}


async def delete_certificate(call: Call) -> dict[str, Any]:
    """DeleteCertificate (400/41675). Only where `IsCheckResource` asks for it does the service look whether something
    uses the certificate; there it answers with a task, and here at once. Hosts that have it are without HTTPS
    afterwards: what happens to them is not documented, and this is the worst that may."""
    certificate = find_certificate(call)
    services = call.services
    users = hosts_with(call, certificate.id)
    if users and call.get("IsCheckResource"):
        raise ApiError(
            "FailedOperation.DeleteResourceFailed",
            "The certificate is in use and cannot be deleted: " + ", ".join(users),
        )
    if services.switches.deletion_waits and certificate.validation is not None \
            and call.time < certificate.created + _HOUR:
        raise ApiError(
            "FailedOperation.CannotBeDeletedWithinHour",
            "A free certificate cannot be deleted within an hour of its application.",
        )
    services.certificates.remove(certificate.id)
    return {"DeleteResult": True, "TaskId": ""}


def hosts_with(call: Call, certificate_id: str) -> list[str]:
    """Hosts of the CDN and EdgeOne that a certificate is bound to, or was bound to, until a change has ended."""
    return sorted({host for hosts in hosts_by_product(call, certificate_id).values() for host in hosts})


def hosts_by_product(call: Call, certificate_id: str) -> dict[str, list[str]]:
    """The same for each product: `cdn`, `teo`."""
    services = call.services
    cdn = {
        domain.host for domain in services.cdn_domains
        for settings in (domain.settings, domain.live(call.time, call.services.pace))
        if settings and (settings["Https"]["CertInfo"] or {}).get("CertId") == certificate_id
    }
    teo = {domain.host for domain in services.teo_domains if certificate_id in domain.certificates}
    return {"cdn": sorted(cdn), "teo": sorted(teo)}
