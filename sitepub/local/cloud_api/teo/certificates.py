"""Certificates of EdgeOne's hosts (ModifyHostsCertificate, 1552/80764)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import NEVER, begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.applications import issue, reviewed
from sitepub.local.cloud_api.ssl.storage import new_id
from sitepub.local.cloud_api.teo.zones import working_zone
from sitepub.local.services.certificate_authority import new_key
from sitepub.local.services.certificate_reading import covers
from sitepub.local.services.certificates import ISSUED, REVIEWING, Certificate
from sitepub.local.services.records import TeoDomain, TeoZone
from sitepub.local.services.zones import normal

FREE = "edgeone"
"""`source` of EdgeOne's own free certificates: the SSL service does not list them."""


async def modify_hosts_certificate(call: Call) -> dict[str, Any]:
    """`sslcert` binds a certificate of the SSL service, `eofreecert` one that EdgeOne applies for, `disable`
    takes HTTPS away. All hosts are checked before one is changed."""
    services, zone = call.services, working_zone(call)
    mode = call.get("Mode", "disable")
    if call.get("ClientCertInfo") or call.get("UpstreamCertInfo"):
        raise ApiError("UnsupportedOperation", "The embedded cloud has no mutual TLS.")
    domains = [_host(call, name) for name in call.parameters["Hosts"]]
    if not domains:
        raise ApiError("InvalidParameter.HostNotFound", "There are no hosts.")
    bound: dict[str, tuple[str, ...]] = {domain.host: () for domain in domains}
    if mode == "sslcert":
        ids = tuple(info["CertId"] for info in call.get("ServerCertInfo", []) if info.get("CertId"))
        if not ids:
            raise ApiError("MissingParameter", "Mode sslcert needs a ServerCertInfo with its CertId.")
        for domain in domains:
            for one in ids:
                _check_certificate(call, one, domain.host)
        bound = dict.fromkeys(bound, ids)
    elif mode == "eofreecert_manual":
        for domain in domains:
            certificate = prepared(call, domain)
            if certificate is None:
                raise ApiError("ResourceUnavailable.CertNotFound", f"No certificate was applied for {domain.host}.")
            bound[domain.host] = (certificate.id,)
    elif mode == "eofreecert":
        for domain in domains:
            _check_reachable(call, zone, domain)
        key = await asyncio.to_thread(new_key, "ECC", "")
        for domain in domains:
            certificate = issue(call.services, Certificate(
                new_id(services), call.owner, domain.host, (domain.host,), "EdgeOne", FREE, "SVR", REVIEWING,
                call.time,
            ), key, call.time)
            services.certificates.put(certificate.id, certificate)
            bound[domain.host] = (certificate.id,)
    change = NEVER if mode == "disable" else begin(call.time, call.services.pace)
    for domain in domains:
        # Proved by files at the edge, one is applied for only now: HTTPS is down until it is there (1552/90437).
        goes_on = "" if mode == "eofreecert" and zone.type == "partial" else domain.served_certificate(
            call.time, services.pace)
        _forget_free(call, domain, (*bound[domain.host], goes_on))
        services.teo_domains.put(domain.host, replace(
            domain, certificate_mode=mode, certificates=bound[domain.host], certificate_change=change,
            served_meanwhile=goes_on, deployed=call.time, updated=call.time,
        ))
    return {}


def _host(call: Call, name: str) -> TeoDomain:
    domain = call.services.teo_domains.get(normal(name))
    if domain is None or domain.owner != call.owner or domain.zone != call.parameters["ZoneId"]:
        raise ApiError("InvalidParameter.HostNotFound", f"There is no host {name}.")
    if domain.status(call.time, call.services.pace) != "online":
        raise ApiError("OperationDenied.AccelerationDomainStatusNotInOnline", f"{name} is not online.")
    if domain.certificate_change.under_way(call.time, call.services.pace):
        raise ApiError("InvalidParameter.ActionInProgress", f"The certificate of {name} is being deployed.")
    return domain


def _check_certificate(call: Call, certificate_id: str, host: str) -> None:
    found = call.services.certificates.get(certificate_id)
    if found is None or found.owner != call.owner or found.source == FREE:
        raise ApiError("ResourceUnavailable.CertNotFound", "The certificate does not exist.")
    found = reviewed(call.services, found, call.time)
    if found.status != ISSUED:
        raise ApiError("ResourceUnavailable.CertNotFound", "The certificate was not issued.")
    if found.end <= call.time:
        raise ApiError("FailedOperation.CertificateHasExpired", "The certificate has expired.")
    if not covers(found.names, host):
        raise ApiError("InvalidParameter.CertNotMatchDomain", f"The certificate is not for {host}.")


def _check_reachable(call: Call, zone: TeoZone, domain: TeoDomain) -> None:
    """A free certificate is validated over HTTP, so visitors must come to EdgeOne already; a site whose DNS
    EdgeOne may write needs no such proof. Of a wildcard only DNS can prove anything (RFC 8555 8.3 and 8.4)."""
    refuse_wildcard(zone, domain)
    if zone.type in ("dnsPodAccess", "full") and domain.host.startswith("*."):
        return
    if zone.type == "dnsPodAccess":
        return
    found = call.services.resolve(domain.host, "A")
    if normal(domain.cname) not in [normal(value) for value in found.values("CNAME")]:
        raise ApiError(
            "InvalidParameter.HostStatusNotAllowApplyCertificate",
            f"The CNAME of {domain.host} does not lead to EdgeOne yet.",
        )


def refuse_wildcard(zone: TeoZone, domain: TeoDomain) -> None:
    """Whether a record can prove a wildcard in a site that is connected by CNAME is not documented: here it cannot."""
    if zone.type == "partial" and domain.host.startswith("*."):
        raise ApiError("InvalidParameter.CnameWildHostNotAllowApplyCertificate",
                       "A site that is connected by CNAME gets no certificate for a wildcard domain.")


def prepared(call: Call, domain: TeoDomain) -> Certificate | None:
    """The free certificate of a host that was checked, and is good for a while yet."""
    return next((one for one in call.services.certificates.where(owner=call.owner, source=FREE, domain=domain.host)
                 if one.current_status(call.time) == ISSUED), None)


def _forget_free(call: Call, domain: TeoDomain, kept: tuple[str, ...]) -> None:
    for one in {*domain.certificates, domain.served_meanwhile} - {*kept}:
        found = call.services.certificates.get(one)
        if found is not None and found.source == FREE:
            call.services.certificates.remove(one)


def shown_certificate(call: Call, domain: TeoDomain) -> dict[str, Any] | None:
    """AccelerationDomainCertificate; None when there is none."""
    if domain.certificate_mode == "disable":
        return None
    ready = domain.certificate_ready(call.time, call.services.pace)
    waiting = "applying" if domain.certificate_mode == "eofreecert" else "processing"
    shown = []
    for one in domain.certificates:
        found = call.services.certificates.get(one)
        if found is None:
            continue
        shown.append({
            "CertId": one, "Alias": found.alias, "Type": "default" if found.source == FREE else "upload",
            "ExpireTime": utc_time(found.end), "DeployTime": utc_time(domain.deployed),
            "SignAlgo": found.algorithm, "Status": "deployed" if ready else waiting,
        })
    return {"Mode": domain.certificate_mode, "List": shown}
