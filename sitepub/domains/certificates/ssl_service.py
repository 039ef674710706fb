"""The SSL service: certificates of the account (SSL API 400, version 2019-12-05)."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sitepub.domains.certificates.lifetime import due_from
from sitepub.domains.host_names import ascii_name, covers
from sitepub.domains.pem import blocks
from sitepub.domains.poll import Patience, poll
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.wanted_record import WantedRecord
from sitepub.errors import CloudError, NotFound

REVIEWING, ISSUED, FAILED, EXPIRED, RECORD_ADDED, WAITING = 0, 1, 2, 3, 4, 13
PENDING = frozenset({REVIEWING, RECORD_ADDED, WAITING, 8, 11})
"""Statuses (400/41671) that end in another one by themselves, or once the validation record is there."""
_PAGE = 1000
_LOOKING, _LOOKED = 0, 1
_LOOK_PATIENCE = Patience(60.0, 0.1, 3.0)
"""For finding out what a certificate is bound to."""
_NOTHING = timedelta(0)
_FREE_DV = "83"
"""PackageType of the free certificate, TrustAsia C1 DV Free (400/41672)."""
_KEY = {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "2048"}
"""Named, so that a default of the service that changes, or that an account does not have, changes nothing."""
_CHINA = timezone(timedelta(hours=8))
_MISSING = ("FailedOperation.CertificateNotFound", "InvalidParameter.ContainsInvalidCertificateId",
            "FailedOperation.CertificateNotFoundOrAudited")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in the SSL service, without its key."""

    id: str
    names: tuple[str, ...]
    status: int
    not_before: datetime | None = None
    not_after: datetime | None = None
    """UTC."""
    issuer: str = ""
    """Product or origin, in words: "TrustAsia C1 DV Free", "upload"."""
    uploaded: bool = False
    """Not issued by the SSL service itself: the uploader may have signed it."""
    created: datetime | None = None
    """When it was applied for or uploaded; UTC."""
    alias: str = ""
    said: str = ""
    """What the service says of the status."""
    method: str = ""
    """DNS_AUTO, DNS, FILE …"""
    usable: bool = True
    """A server certificate with a usual key that may be bound: not a client CA, not a national algorithm, not
    revoked."""
    chain: str = field(default="", repr=False)
    """PEM; only in details."""
    sha1: str = ""
    """Fingerprint, hex; only in details."""
    sha256: str = ""
    validation: tuple[WantedRecord, ...] = ()
    """Records that prove the application; only in details."""

    def covers(self, host: str) -> bool:
        return covers(self.names, host)

    def left(self, now: datetime) -> timedelta:
        """How long it is valid; negative when it has expired."""
        return self.not_after - now if self.not_after is not None else timedelta(0)

    def serves(self, host: str, now: datetime) -> bool:
        """Issued, for this host, and valid now."""
        begun = self.not_before is None or self.not_before <= now
        return self.status == ISSUED and self.usable and begun and self.covers(host) and self.left(now) > _NOTHING

    def due(self, now: datetime) -> bool:
        """It has to be renewed."""
        return self.not_after is None or now >= due_from(self.not_before, self.not_after)

    @property
    def since(self) -> str:
        """UTC, ISO 8601; "" when it is not known."""
        return self.not_before.isoformat(timespec="seconds") if self.not_before is not None else ""

    @property
    def until(self) -> str:
        """UTC, ISO 8601; "" when it is not known."""
        return self.not_after.isoformat(timespec="seconds") if self.not_after is not None else ""


class SslService:
    """Safe for many threads."""

    def __init__(self, api: ServiceApi) -> None:
        self._api = api

    def all(self, search: str = "") -> list[Certificate]:
        """The server certificates of the account; with ``search`` those whose id, alias or name has it."""
        params: dict[str, Any] = {"CertificateType": "SVR"}
        if search:
            params["SearchKey"] = search
        answer = self._api.pages("ssl", "DescribeCertificates", params, "Certificates", size=_PAGE,
                               total=lambda answer: int(answer.get("TotalCount") or 0))
        return [_certificate(each) for each in answer]

    def find(self, id: str, *, host: str = "") -> Certificate | None:
        """One certificate with its details; ``None`` when the account has no such."""
        try:
            answer = self._detail(id, host)
        except CloudError as error:
            if isinstance(error, NotFound) or error.code in _MISSING:
                return None
            raise
        return _certificate(answer)

    def pem(self, id: str, *, host: str = "") -> tuple[str, str]:
        """Chain and private key of an issued certificate, for an edge that wants the certificate itself."""
        answer = self._detail(id, host)
        return str(answer.get("CertificatePublicKey") or ""), str(answer.get("CertificatePrivateKey") or "")

    def _detail(self, id: str, host: str) -> dict[str, Any]:
        return self._api.call("ssl", "DescribeCertificateDetail", {"CertificateId": id}, host=host)

    def existing(self, chain: str, *, host: str) -> str:
        """Id of a certificate of the account that is the same as this one; "" when there is none."""
        answer = self._api.call("ssl", "CheckCertificateExist", {"CertificatePublicKey": chain}, host=host)
        return str(answer.get("RepeatCertId") or "")

    def upload(self, chain: str, key: str, alias: str, *, host: str) -> tuple[str, bool]:
        """The id, and whether this call has made it (false: the same one was there)."""
        answer = self._api.call("ssl", "UploadCertificate", {
            "CertificatePublicKey": chain, "CertificatePrivateKey": key, "CertificateType": "SVR",
            "Alias": alias, "Repeatable": False}, host=host)
        repeated = str(answer.get("RepeatCertId") or "")
        return (repeated, False) if repeated else (str(answer["CertificateId"]), True)

    def apply(self, host: str, method: str, alias: str, *, replaces: str = "") -> str:
        """Apply for a free certificate of one name; its id. ``method``: DNS_AUTO or DNS. ``replaces``: the
        id of the one that it renews (valid for at most 30 more days)."""
        params: dict[str, Any] = {"DvAuthMethod": method, "DomainName": host, "Alias": alias, "PackageType": _FREE_DV,
                                  **_KEY}
        if method == "DNS_AUTO":
            params["DeleteDnsAutoRecord"] = True
        if replaces:
            params["OldCertificateId"] = replaces
        return str(self._api.call("ssl", "ApplyCertificate", params, host=host)["CertificateId"])

    def complete(self, id: str, *, host: str) -> None:
        """Ask the service to check the validation record now."""
        self._api.call("ssl", "CompleteCertificate", {"CertificateId": id}, host=host)

    def cancel(self, id: str, *, host: str) -> None:
        """Cancel an application. Raises CloudError for one that has ended since."""
        self._api.call("ssl", "CancelCertificateOrder", {"CertificateId": id}, host=host)

    def users(self, id: str, *, host: str, stop: threading.Event) -> tuple[str, ...]:
        """What a certificate of the account is bound to, by product: "cdn (2)". The service finds it out when it is
        asked, so this waits. Raises CloudError when it cannot be found out, Interrupted when ``stop`` is set."""
        answer = self._api.call("ssl", "CreateCertificateBindResourceSyncTask",
                                {"CertificateIds": [id], "IsCache": 0}, host=host)
        task = next((str(one.get("TaskId")) for one in answer.get("CertTaskIds") or ()), "")

        def look() -> Mapping[str, Any] | None:
            result = self._api.call("ssl", "DescribeCertificateBindResourceTaskResult", {"TaskIds": [task]}, host=host)
            found: Mapping[str, Any] = next(iter(result.get("SyncTaskBindResourceResult") or ()), {})
            return None if found.get("Status") == _LOOKING else found

        ended = poll(look, _LOOK_PATIENCE, lambda _passed: None, stop) if task else None
        if ended is None or ended.get("Status") != _LOOKED:
            raise CloudError("the SSL service did not say what uses it", code="CertificateUsersUnknown")
        return tuple(_users(ended.get("BindResourceResult") or ()))

    def delete(self, id: str, *, host: str) -> bool:
        """Delete a certificate; a missing one is fine. False: the service keeps it."""
        try:
            answer = self._api.call("ssl", "DeleteCertificate", {"CertificateId": id}, host=host)
        except CloudError as error:
            if isinstance(error, NotFound) or error.code in _MISSING:
                return True
            raise
        return bool(answer.get("DeleteResult", True))


def _users(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for product in results:
        regions = product.get("BindResourceRegionResult") or ()
        name = str(product.get("ResourceType"))
        if any(one.get("Error") for one in regions):
            # "Error: whether the look-up went wrong": what is there is not known.
            raise CloudError(f"the SSL service could not check {name}", code="CertificateUsersUnknown")
        count = sum(int(one.get("TotalCount") or 0) for one in regions)
        if count:
            yield f"{name} ({count})"


def china_time(text: object) -> datetime | None:
    """A time as the SSL service writes it, GMT+8 without saying so; in UTC."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA).astimezone(UTC)
    except ValueError:
        return None


def _certificate(answer: Mapping[str, Any]) -> Certificate:
    names = [str(answer.get("Domain") or ""), *(str(name) for name in answer.get("SubjectAltName") or ()),
             *(str(name) for name in answer.get("CertSANs") or ())]
    source = str(answer.get("From") or "")
    return Certificate(
        id=str(answer["CertificateId"]),
        names=tuple(dict.fromkeys(ascii_name(name) for name in names if name)),
        status=int(answer.get("Status", -1)),
        not_before=china_time(answer.get("CertBeginTime")), not_after=china_time(answer.get("CertEndTime")),
        issuer=_issuer(answer, source),
        uploaded=source in ("", "upload"), created=china_time(answer.get("InsertTime")),
        alias=str(answer.get("Alias") or ""),
        said=str(answer.get("StatusMsg") or _STATUS.get(int(answer.get("Status", -1)))
                 or answer.get("StatusName") or ""),
        method=str(answer.get("VerifyType") or ""),
        usable=str(answer.get("CertificateType") or "SVR") == "SVR" and not answer.get("IsSM")
        and answer.get("Deployable") is not False and not answer.get("CertRevokedTime"),
        chain=str(answer.get("CertificatePublicKey") or ""),
        sha1=str(answer.get("CertFingerprint") or "").replace(":", "").lower(),
        sha256=_sha256(str(answer.get("CertificatePublicKey") or "")),
        validation=_validation(answer.get("DvAuthDetail")))


_STATUS = {0: "being reviewed", 1: "issued", 2: "the review failed", 3: "expired", 4: "waiting for the DNS record",
           7: "cancelled", 13: "waiting for information"}
"""In words of ours: the service answers in Chinese (400/41671)."""


def _issuer(answer: Mapping[str, Any], source: str) -> str:
    """Who signed it, as the certificate itself says; without the text (lists leave it out) the product's name."""
    for label, block in blocks(str(answer.get("CertificatePublicKey") or "")):
        if label == "CERTIFICATE":
            from sitepub.domains.certificates.files import issuer_of

            name = issuer_of(block)
            if name:
                return name
            break
    if source == "upload":
        return "uploaded"
    return str(answer.get("ProductZhName") or answer.get("PackageTypeName") or answer.get("TypeName") or source)


def _sha256(chain: str) -> str:
    """Fingerprint of the first certificate of a PEM text; "" when there is none."""
    for label, block in blocks(chain):
        if label == "CERTIFICATE":
            try:
                return hashlib.sha256(base64.b64decode("".join(block.splitlines()[1:-1]))).hexdigest()
            except ValueError:
                return ""
    return ""


def _validation(detail: Any) -> tuple[WantedRecord, ...]:
    """The records to add: DvAuths, or the older single fields."""
    if not isinstance(detail, Mapping):
        return ()
    answer = [each for each in detail.get("DvAuths") or () if isinstance(each, Mapping)] or [
        {"DvAuthKey": detail.get("DvAuthKey"), "DvAuthValue": detail.get("DvAuthValue"),
         "DvAuthSubDomain": detail.get("DvAuthKeySubDomain"), "DvAuthDomain": detail.get("DvAuthDomain")}]
    found = []
    for each in answer:
        kind = str(each.get("DvAuthVerifyType") or "TXT")
        name, value = str(each.get("DvAuthKey") or ""), str(each.get("DvAuthValue") or "")
        if kind in ("TXT", "CNAME") and name and value:
            found.append(WantedRecord(_full_name(name, str(each.get("DvAuthDomain") or "")), kind, value))
    return tuple(dict.fromkeys(found))


def _full_name(key: str, domain: str) -> str:
    """DvAuthKey is the full name ("_dnsauth.www.example.com") in what was seen; a bare label is completed."""
    key, domain = ascii_name(key), ascii_name(domain)
    return key if not domain or key == domain or key.endswith(f".{domain}") or "." in key else f"{key}.{domain}"
