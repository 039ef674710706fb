"""Checks of the CDN before it accepts a host or a configuration."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.cdn.shapes import TLS_VERSIONS
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.applications import reviewed
from sitepub.local.cloud_api.ssl.storage import store_upload
from sitepub.local.services.certificate_reading import (
    CertificateProblem,
    check_key,
    covers,
    read_authority,
    read_certificate,
)
from sitepub.local.services.certificates import ISSUED, Certificate
from sitepub.local.services.records import CdnDomain
from sitepub.local.services.zones import normal, registered_domain

VALUE_ERROR = "InvalidParameter.CdnParamError"
_HOST = re.compile(r"(?=.{4,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
_COS_HOST = re.compile(
    r"[a-z0-9-]+-[0-9]+\.cos(?:-website)?\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)\Z"
)
_CERTIFICATE_ERRORS = {
    "pem": "InvalidParameter.CdnCertNotPem", "parse": "InvalidParameter.SslCertParseError",
    "chain": "InvalidParameter.SslCertChainError", "key": "InvalidParameter.CdnCertNotPem",
    "match": "InvalidParameter.SslCertMatchError",
}


def bad(message: str) -> ApiError:
    return ApiError(VALUE_ERROR, message)


def check_account(call: Call) -> None:
    """Raises ApiError when the service is not activated."""
    if not call.services.switches.service_activated:
        raise ApiError("ResourceNotFound.CdnUserNotExists", "The CDN service has not been activated.")


def check_changes(call: Call) -> None:
    """Raises ApiError when the account may read but not change."""
    check_account(call)
    if call.services.switches.product_upgraded:
        raise ApiError(
            "OperationDenied.ProductUpgraded", "Tencent Cloud CDN has been upgraded to EdgeOne; use EdgeOne."
        )


def check_host(name: str) -> str:
    """The host in its normal form. Raises ApiError."""
    host = normal(name)
    if len(host) > 81:
        raise ApiError("InvalidParameter.CdnHostTooLongHost", "The domain is too long.")
    # a wildcard host exists in the real service, after a check of its own that is not spoken here
    if not _HOST.match(host):
        raise ApiError("InvalidParameter.CdnConfigInvalidHost", "The domain is not valid.")
    if host.endswith((".myqcloud.com", ".tencentcos.cn", ".dnsv1.com")):
        raise ApiError("InvalidParameter.CdnHostInternalHost", "The domain is one of the cloud's own.")
    return host


def check_filing(call: Call, host: str, area: str) -> None:
    """Mainland acceleration needs an ICP filing."""
    if area != "overseas" and call.services.switches.without_icp(host):
        raise ApiError("ResourceUnavailable.CdnHostNoIcp", "The domain has no ICP filing.")


def check_ownership(call: Call, host: str) -> None:
    """Raises ApiError when the host is not shown to be the account's.

    Shown it is by a zone in the account's DNSPod, by a verified TXT record, or by a host that the account
    has on the CDN already."""
    services = call.services
    if services.switches.owned_elsewhere(host):
        raise ApiError("UnauthorizedOperation.CdnHostIsOwnedByOther", "Another account owns the domain.")
    registered = registered_domain(host)
    if any(host == zone.name or host.endswith(f".{zone.name}")
           for zone in services.zones.where(owner=call.owner)):
        return
    ownership = services.cdn_ownerships.get(f"{call.owner}/{registered}")
    if ownership is not None and ownership.verified:
        return
    if any(registered_domain(domain.host) == registered
           for domain in services.cdn_domains.where(owner=call.owner)):
        return
    raise ApiError(
        "UnauthorizedOperation.CdnDomainRecordNotVerified", "The ownership of the domain was not verified."
    )


def find_domain(call: Call) -> CdnDomain:
    """The account's host that `Domain` names. Raises ApiError."""
    domain = call.services.cdn_domains.get(normal(call.parameters["Domain"]))
    if domain is None or domain.owner != call.owner:
        raise ApiError("ResourceNotFound.CdnHostNotExists", "The domain is not on the CDN of this account.")
    return domain


def check_settled(call: Call, domain: CdnDomain) -> None:
    if domain.change.under_way(call.time, call.services.pace):
        raise ApiError("ResourceInUse.CdnOpInProgress", "A change of the domain is under way. Try later.")


def check_origin(host: str, origin: dict[str, Any]) -> None:
    """Raises ApiError for an address that cannot be an origin."""
    origins, kind = origin["Origins"], origin["OriginType"]
    if not origins:
        raise bad("Origin.Origins must not be empty.")
    if kind is None:
        raise ApiError("MissingParameter", "The request is missing a required parameter `Origin.OriginType`.")
    for one in origins:
        name = one.partition(":")[0] if kind != "ipv6" else one
        if normal(name) == host:
            raise bad("The origin is the domain itself.")
        if kind == "cos" and not _COS_HOST.match(one):
            raise bad(f"{one!r} is not the host of a bucket.")
        if kind == "ip":
            try:
                ipaddress.IPv4Address(name)
            except ValueError:
                raise bad(f"{one!r} is not an IPv4 address.") from None
        if kind == "domain" and not _HOST.match(normal(name)):
            raise bad(f"{one!r} is not a host name.")


def settled_https(call: Call, host: str, https: dict[str, Any]) -> dict[str, Any]:
    """The Https object with its certificate looked up; one that came as PEM is kept by the SSL service.

    No private key stays in the configuration: the interface never answers one. Raises ApiError."""
    info, https = https.get("CertInfo"), {**https, "ClientCertInfo": _settled_client(call, https)}
    if https["TlsVersion"] is not None and not set(https["TlsVersion"]) <= set(TLS_VERSIONS):
        raise bad("Https.TlsVersion must be some of " + ", ".join(TLS_VERSIONS))
    if https["Hsts"] and https["Hsts"]["Switch"] == "on" and https["Switch"] == "off":
        raise bad("HSTS needs HTTPS.")
    if info is None or not (info["CertId"] or info["Certificate"]):
        if https["Switch"] == "on":
            raise ApiError("InvalidParameter.CdnCertNoCertInfo", "HTTPS needs a certificate.")
        return {**https, "CertInfo": None}
    certificate = _hosted(call, info)
    if https["Switch"] == "on":
        if not covers(certificate.names, host):
            # which code a certificate of another host gets is not documented
            raise ApiError(
                "InvalidParameter.CdnCertNoCertInfo", f"The certificate is not for {host}."
            )
        if certificate.end <= call.time:
            raise ApiError("InvalidParameter.CdnCertNoCertInfo", "The certificate has expired.")
    shown = {
        "CertId": certificate.id, "CertName": certificate.alias or certificate.domain, "Certificate": None,
        "PrivateKey": None, "ExpireTime": local_time(certificate.end),
        "DeployTime": local_time(call.time), "Message": info["Message"] or certificate.alias, "From": None,
    }
    return {**https, "CertInfo": shown}


def _settled_client(call: Call, https: dict[str, Any]) -> dict[str, Any] | None:
    """ClientCertInfo as it is answered. Visitors are not asked for certificates by this edge. Raises ApiError."""
    given = (https.get("ClientCertInfo") or {}).get("Certificate")
    if not given:
        if https["VerifyClient"] == "on":
            # "has to be uploaded when it is switched on"; the code of the refusal is not documented
            raise ApiError("InvalidParameter.CdnCertNoCertInfo", "VerifyClient needs ClientCertInfo.")
        return None
    try:
        authority = read_authority(given)
    except CertificateProblem as problem:
        raise ApiError(_CERTIFICATE_ERRORS[problem.kind], problem.message) from problem
    return {"Certificate": given, "CertName": authority.name, "ExpireTime": local_time(authority.end),
            "DeployTime": local_time(call.time)}


def _hosted(call: Call, info: dict[str, Any]) -> Certificate:
    if info["CertId"]:
        found = call.services.certificates.get(info["CertId"])
        if found is not None:
            found = reviewed(call.services, found, call.time)
        if found is None or found.owner != call.owner or found.status != ISSUED or found.kind != "SVR":
            message = "The certificate does not exist or is not valid."
            raise ApiError("InvalidParameter.CdnCertInfoNotFound", message)
        return found
    if not info["PrivateKey"]:
        raise ApiError("InvalidParameter.CdnCertNoCertInfo", "A certificate needs its private key.")
    try:
        read = read_certificate(info["Certificate"])
        check_key(read.chain_pem, info["PrivateKey"])
    except CertificateProblem as problem:
        raise ApiError(_CERTIFICATE_ERRORS[problem.kind], problem.message) from problem
    same = [one for one in call.services.certificates.where(owner=call.owner, source="upload")
            if one.fingerprint == read.fingerprint]
    return same[0] if same else store_upload(call, read, info["PrivateKey"], alias=info["Message"] or "")


def check_together(settings: dict[str, Any]) -> None:
    """Raises ApiError for settings that contradict each other."""
    redirect = settings["ForceRedirect"]
    if (redirect["Switch"], redirect["RedirectType"]) == ("on", "https") \
            and settings["Https"]["Switch"] == "off":
        # visitors would be sent where nothing answers; what the real service says is not documented
        raise bad("A redirect to HTTPS needs HTTPS.")
    for rule in settings["Cache"]["RuleCache"] or ():
        config = rule["CacheConfig"] or {}
        switched = [name for name in ("Cache", "NoCache", "FollowOrigin")
                    if (config.get(name) or {}).get("Switch") == "on"]
        if len(switched) != 1 or rule["RuleType"] is None or not rule["RulePaths"]:
            message = "A cache rule needs paths and exactly one of Cache, NoCache and FollowOrigin."
            raise ApiError("InvalidParameter.CdnConfigInvalidCache", message)
        if switched == ["Cache"] and config["Cache"]["CacheTime"] is None:
            message = "A cache rule needs a CacheTime."
            raise ApiError("InvalidParameter.CdnConfigInvalidCache", message)
    if len(settings["Cache"]["RuleCache"] or ()) > 100:
        raise ApiError("LimitExceeded.CdnConfigTooManyCacheRules", "There are too many cache rules.")
    for name in ("RequestHeader", "ResponseHeader"):
        for place, rule in enumerate(settings[name]["HeaderRules"] or ()):
            if rule["HeaderMode"] != "del" and not rule["HeaderValue"]:
                raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}.HeaderRules."
                                                   f"{place}.HeaderValue`.")
            if rule["RuleType"] is None or not rule["RulePaths"]:
                raise bad(f"{name}: {rule['HeaderName']} needs paths.")
