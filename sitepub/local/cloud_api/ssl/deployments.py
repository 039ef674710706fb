"""Deploying a certificate to hosts of the CDN and EdgeOne (SSL API 400/91667, 400/91663)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import local_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.ssl.applications import reviewed
from sitepub.local.cloud_api.ssl.certificates import find_certificate
from sitepub.local.services.certificate_reading import covers
from sitepub.local.services.certificates import ISSUED, Certificate, Deployment
from sitepub.local.services.zones import normal

_DONE, _PENDING = 1, 0
_PRODUCTS = ("cdn", "teo")


async def deploy_certificate_instance(call: Call) -> dict[str, Any]:
    """DeployCertificateInstance for `cdn` (`host|billing switch`) and `teo` (`host` or `zone|host`).

    The hosts keep all their other settings."""
    certificate = reviewed(call.services, find_certificate(call), call.time)
    if certificate.current_status(call.time) != ISSUED:
        raise ApiError("FailedOperation.CertificateNotAvailable", "The certificate is not in force.")
    product = call.get("ResourceType", "clb")
    if product not in _PRODUCTS:
        raise ApiError(
            "FailedOperation.CertificateHostResourceTypeInvalid",
            f"The embedded cloud deploys to {' and '.join(_PRODUCTS)}.",
        )
    given = call.parameters["InstanceIdList"]
    if not given:
        raise ApiError("FailedOperation.CertificateDeployInstanceEmpty", "There are no instances.")
    running = [one for one in call.services.deployments.where(
                   owner=call.owner, certificate=certificate.id, product=product)
               if one.change.under_way(call.time, call.services.pace)]
    if running:
        return {"DeployRecordId": running[0].number, "DeployStatus": 0}
    hosts = tuple(_host(product, instance) for instance in given)
    for host in hosts:  # all are checked before one is changed
        _check(call, certificate, product, host)
    for host in hosts:
        _bind(call, certificate, product, host)
    number = len(call.services.deployments) + 1
    change = begin(call.time, call.services.pace)
    deployment = Deployment(number, call.owner, certificate.id, product, hosts, change)
    call.services.deployments.put(str(number), deployment)
    return {"DeployRecordId": number, "DeployStatus": 1}


def _host(product: str, instance: str) -> str:
    parts = instance.split("|")
    if product == "cdn":
        if len(parts) > 2 or (len(parts) == 2 and parts[1] not in ("on", "off")):
            raise ApiError("FailedOperation.CertificateDeployInstanceFormatError", f"{instance!r} is wrong.")
        return normal(parts[0])
    return normal(parts[-1])


def _check(call: Call, certificate: Certificate, product: str, host: str) -> None:
    services = call.services
    domain = services.cdn_domains.get(host) if product == "cdn" else services.teo_domains.get(host)
    if domain is None or domain.owner != call.owner:
        raise ApiError("FailedOperation.CertificateNotDeployInstance", f"{host} is not a host of the account.")
    if not covers(certificate.names, host):
        raise ApiError("FailedOperation.CertificateNotDeployInstance", f"It is not for {host}.")
    if domain.change.under_way(call.time, call.services.pace):
        raise ApiError("FailedOperation.CertificateDeployHasPendingRecord", f"{host} is being changed.")


def _bind(call: Call, certificate: Certificate, product: str, host: str) -> None:
    services, change = call.services, begin(call.time, call.services.pace)
    if product == "cdn":
        domain = services.cdn_domains.get(host)
        assert domain is not None
        info = {
            "CertId": certificate.id, "CertName": certificate.alias or certificate.domain,
            "Certificate": None, "PrivateKey": None, "ExpireTime": local_time(certificate.end),
            "DeployTime": local_time(call.time), "Message": certificate.alias, "From": None,
        }
        https = {**domain.settings["Https"], "Switch": "on", "CertInfo": info}
        services.cdn_domains.put(host, replace(
            domain, settings={**domain.settings, "Https": https}, updated=call.time, change=change,
            before=domain.live(call.time, call.services.pace),
        ))
        return
    accelerated = services.teo_domains.get(host)
    assert accelerated is not None
    services.teo_domains.put(host, replace(
        accelerated, certificate_mode="sslcert", certificates=(certificate.id,), certificate_change=change,
        deployed=call.time,
    ))


async def describe_host_deploy_record_detail(call: Call) -> dict[str, Any]:
    """DescribeHostDeployRecordDetail."""
    deployment = call.services.deployments.get(call.parameters["DeployRecordId"])
    if deployment is None or deployment.owner != call.owner:
        raise ApiError("FailedOperation.CertificateDeployNotExist", "The deployment does not exist.")
    running = deployment.change.under_way(call.time, call.services.pace)
    details = [
        {
            "Id": number, "CertId": deployment.certificate, "InstanceId": host, "Domains": [host],
            "Status": _PENDING if running else _DONE, "ErrorMsg": "",
            "CreateTime": local_time(deployment.change.since),
            "UpdateTime": local_time(deployment.change.since),
            # of load balancers and clusters, not of the CDN
            "Bucket": "", "InstanceName": "", "ListenerId": "", "ListenerName": "", "Namespace": "", "OldCertId": "",
            "Port": 0, "Protocol": "", "SecretName": "", "SniSwitch": 0,
        }
        for number, host in enumerate(deployment.hosts, 1)
    ]
    offset = call.get("Offset", 0)
    total = len(details)
    return {
        "TotalCount": total, "DeployRecordDetailList": details[offset : offset + call.get("Limit", 10)],
        "SuccessTotalCount": 0 if running else total, "FailedTotalCount": 0,
        "RunningTotalCount": total if running else 0, "PendingTotalCount": 0,
    }
