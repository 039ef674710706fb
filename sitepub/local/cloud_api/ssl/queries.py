"""SSL actions that describe certificates. Times are in GMT+8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.ssl.applications import reviewed
from sitepub.local.cloud_api.ssl.certificates import find_certificate, hosts_with
from sitepub.local.services.certificates import (
    CANCELLED,
    EXPIRED,
    FAILED,
    ISSUED,
    RECORD_ADDED,
    REVIEWING,
    Certificate,
    Validation,
)
from sitepub.local.services.zones import registered_domain, zone_of

_STATUS_NAMES = {
    REVIEWING: "审核中", ISSUED: "已通过", FAILED: "审核失败", EXPIRED: "已过期",
    RECORD_ADDED: "已添加DNS记录", CANCELLED: "已取消",
}
_PRODUCT = "Embedded DV Free"
_MOST = 1000
_SOON = 30 * 86_400


async def describe_certificates(call: Call) -> dict[str, Any]:
    """DescribeCertificates (400/41671). A Limit over 1000 counts as 1000."""
    found = [reviewed(call.services, one, call.time)
             for one in call.services.certificates.where(owner=call.owner)
             if one.source != "edgeone"]
    found = [one for one in found if _wanted(call, one)]
    if call.get("ExpirationSort"):
        found.sort(key=lambda one: one.end, reverse=call.parameters["ExpirationSort"] == "DESC")
    else:
        found.reverse()  # the newest first
    offset, limit = call.get("Offset", 0), min(call.get("Limit", 10), _MOST)
    return {
        "TotalCount": len(found),
        "Certificates": [_listed(call, one) for one in found[offset : offset + limit]],
    }


def _wanted(call: Call, one: Certificate) -> bool:
    key = call.get("SearchKey", "").lower()
    if key and key not in one.id.lower() and key not in one.alias.lower() \
            and not any(key in name for name in one.names):
        return False
    status = one.current_status(call.time)
    conditions: dict[str, Callable[[Any], bool]] = {
        "CertificateType": lambda value: one.kind == value,
        "ProjectId": lambda value: one.project == value,
        "CertificateStatus": lambda value: not value or status in value,
        "Deployable": lambda value: (status == ISSUED) == bool(value),
        "Upload": lambda value: (one.source == "upload") == bool(value),
        "FilterSource": lambda value: (one.source == "upload") == (value == "upload"),
        "FilterExpiring": lambda value: not value or 0 < one.end - call.time < _SOON,
        "Renew": lambda value: _renewable(call, one) == bool(value),
        "IsSM": lambda value: not value,
        "Hostable": lambda value: not value,
        "IsPendingIssue": lambda value: not value or status in (REVIEWING, RECORD_ADDED),
        "CertIds": lambda value: not value or one.id in value,
        "Tags": lambda value: all((t.get("TagKey"), t.get("TagValue")) in one.tags for t in value),
        "ServiceId": lambda value: not value,
    }
    return all(check(call.parameters[name]) for name, check in conditions.items()
               if call.get(name) is not None)


def _renewable(call: Call, one: Certificate) -> bool:
    return one.validation is not None and one.status == ISSUED and one.end - call.time < _SOON


async def describe_certificate(call: Call) -> dict[str, Any]:
    """DescribeCertificate (400/41674): without the certificate itself and its key."""
    one = reviewed(call.services, find_certificate(call), call.time)
    return {**_common(call, one), "DvAuthDetail": _validation(call, one), "OrderId": None,
            "SubmittedData": None, "PackageTypeName": _product(one), "VulnerabilityReport": None,
            "CAEncryptAlgorithms": [], "CACommonNames": [], "CAEndTimes": [], "DvRevokeAuthDetail": []}


async def describe_certificate_detail(call: Call) -> dict[str, Any]:
    """DescribeCertificateDetail (400/41673): with the chain, and the key as it is documented."""
    one = reviewed(call.services, find_certificate(call), call.time)
    key = one.key_pem or (one.validation.key_pem if one.validation else "")
    return {
        **_common(call, one), "DvAuthDetail": _validation(call, one), "OrderId": None,
        "CertificatePrivateKey": key or None, "CertificatePublicKey": one.chain_pem or None,
        "SubmittedData": None, "TypeName": _product(one), "RootCert": {}, "EncryptCert": "",
        "EncryptPrivateKey": "", "CertFingerprint": one.fingerprint, "EncryptCertFingerprint": "",
        "EncryptAlgorithm": one.algorithm, "VulnerabilityReport": None, "DvRevokeAuthDetail": [],
        "CertChainInfo": [], "DomainType": int(one.domain.count(".") > 1), "CertType": "SVR",
        "UseCrossSignRoot": False, "HostingStatus": -1,
    }


def _product(one: Certificate) -> str:
    return _PRODUCT if one.validation else "上传证书"


def _common(call: Call, one: Certificate) -> dict[str, Any]:
    status, validation = one.current_status(call.time), one.validation
    issued = bool(one.end)
    return {
        "OwnerUin": call.signer.uin, "ProjectId": str(one.project), "From": one.source,
        "CertificateType": one.kind, "PackageType": "83" if validation else None,
        "ProductZhName": _product(one), "Domain": one.domain, "Alias": one.alias, "Status": status,
        "StatusMsg": "CA rejected" if status == FAILED else "", "StatusName": _STATUS_NAMES[status],
        "VerifyType": validation.method if validation else None, "VulnerabilityStatus": "INACTIVE",
        "CertBeginTime": local_time(one.begin) if issued else None,
        "CertEndTime": local_time(one.end) if issued else None,
        "ValidityPeriod": "3" if validation else str(round((one.end - one.begin) / 86_400 / 30)),
        "InsertTime": local_time(one.created), "CertificateId": one.id,
        "CertificateExtra": {
            "DomainNumber": "1", "OriginCertificateId": None, "ReplacedBy": one.replaced_by or None,
            "ReplacedFor": validation.replaces or None if validation else None, "RenewOrder": None, "SMCert": 0,
            "CompanyType": 0,
        },
        "SubjectAltName": list(one.names), "IsVip": False, "IsDv": validation is not None,
        "IsWildcard": any(name.startswith("*.") for name in one.names), "IsVulnerability": False,
        "RenewAble": _renewable(call, one), "Deployable": status == ISSUED,
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in one.tags],
    }


_DOWNLOADS = ("NGINX", "APACHE", "TOMCAT", "IIS", "JKS", "OTHER", "ROOT")


def _listed(call: Call, one: Certificate) -> dict[str, Any]:
    status, common, issued = one.current_status(call.time), _common(call, one), bool(one.end)
    return {
        **common, "PackageType": common["PackageType"] or "null", "VerifyType": common["VerifyType"] or "",
        "CertBeginTime": common["CertBeginTime"] or "", "CertEndTime": common["CertEndTime"] or "",
        "CertSANs": list(one.names), "PackageTypeName": _product(one),
        "ProjectInfo": {"ProjectId": str(one.project), "ProjectName": "默认项目", "ProjectResume": "",
                        "OwnerUin": int(call.signer.uin), "ProjectCreatorUin": int(call.signer.uin),
                        "ProjectCreateTime": ""},
        "BoundResource": hosts_with(call, one.id), "IsIgnore": False, "IsSM": False,
        "EncryptAlgorithm": one.algorithm, "IsExpiring": 0 < one.end - call.time < _SOON,
        "AllowDownload": status == ISSUED, "AutoRenewFlag": 0, "HostingStatus": -1, "IsPackage": False,
        "IsDNSPODResolve": _in_dnspod(call, one), "HasRenewOrder": "", "DVAuthDeadline": "",
        "KeyPasswordCustomFlag": False, "AwaitingValidationMsg": "", "CACommonNames": [], "CAEncryptAlgorithms": [],
        "CAEndTimes": [], "HostingCompleteTime": "", "HostingRenewCertId": "", "IsHostingUploadRenewCert": False,
        "PreAuditInfo": {"TotalPeriod": 0, "NowPeriod": 0, "ManagerId": ""}, "ReplaceOriCertIsDelete": False,
        "SupportDownloadType": dict.fromkeys(_DOWNLOADS, issued), "ValidationPassedTime": "",
    }


def _in_dnspod(call: Call, one: Certificate) -> bool:
    return zone_of(call.services.zones.where(owner=call.owner), one.domain) is not None


def _validation(call: Call, one: Certificate) -> dict[str, Any] | None:
    """The record that proves the domain; nothing once the certificate is issued or refused."""
    validation = one.validation
    if validation is None or one.status not in (REVIEWING, RECORD_ADDED):
        return None
    zone = zone_of(call.services.zones.where(owner=call.owner), one.domain)
    base = zone.name if zone else registered_domain(one.domain)
    below = validation.record.removesuffix(f".{base}")
    if validation.method == "FILE":
        return _file_validation(one, validation)
    one_name = {
        "DvAuthKey": validation.record, "DvAuthValue": validation.value, "DvAuthDomain": base,
        "DvAuthPath": "",
    }
    return {
        **one_name, "DvAuthKeySubDomain": below,
        "DvAuths": [{**one_name, "DvAuthSubDomain": below, "DvAuthVerifyType": "TXT"}],
    }


def _file_validation(one: Certificate, validation: Validation) -> dict[str, Any]:
    one_name = {
        "DvAuthKey": "fileauth.txt", "DvAuthValue": validation.value, "DvAuthDomain": one.domain,
        "DvAuthPath": "/.well-known/pki-validation/",
    }
    return {
        **one_name, "DvAuthKeySubDomain": "",
        "DvAuths": [{**one_name, "DvAuthSubDomain": "", "DvAuthVerifyType": "FILE"}],
    }
