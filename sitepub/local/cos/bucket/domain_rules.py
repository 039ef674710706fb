"""Binding hosts to a bucket: `?domain` and `?domaincertificate`.

A host is taken when the DNS shows that it is the caller's: its CNAME leads to the bucket, or a TXT record at
the host or at the registered domain has the value of `x-cos-domain-txt-verification`. That a host which was
never bound needs this too is reported by users; the documentation says it of ForcedReplacement only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from sitepub.local.base.documents import invalid, received
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.hosts import Kind, Service
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.pace import begin
from sitepub.local.base.times import http_date
from sitepub.local.cos.bucket.domain_document import (
    DomainRule,
    parse_certificate,
    parse_domains,
    render_certificate,
    render_domains,
)
from sitepub.local.services.certificate_reading import CertificateProblem, check_key, covers, read_certificate
from sitepub.local.services.custom_domains import CustomDomain, bucket_of
from sitepub.local.services.services import Services
from sitepub.local.services.zones import normal, registered_domain
from sitepub.local.store.buckets import Bucket, Buckets
from sitepub.local.store.storage import Storage

VERIFICATION = "x-cos-domain-txt-verification"
_MAINLAND = ("beijing", "nanjing", "shanghai", "guangzhou", "chengdu", "chongqing", "shenzhen")


def bound_domains(services: Services, bucket: Bucket) -> list[CustomDomain]:
    """The hosts of a bucket, in the order of its document."""
    return sorted(services.custom_domains.where(bucket=bucket.id), key=lambda domain: domain.position)


def bound_service(services: Services, buckets: Buckets, service: Service, now: float) -> Service:
    """The bucket that a Host header names which is none of the cloud's own names.

    Raises ServiceError InvalidHostname, or UserCnameInvalid while the binding is not in force (as users report)."""
    name = service.name.removesuffix(".localhost")
    domain = services.custom_domains.get(name)
    bucket = bucket_of(buckets, domain) if domain is not None else None
    if domain is None or bucket is None:
        raise ServiceError("InvalidHostname")
    if not domain.enabled or domain.change.under_way(now, services.pace):
        raise ServiceError("UserCnameInvalid")
    kind = Kind.WEBSITE if domain.type == "WEBSITE" else Kind.BUCKET
    return replace(service, kind=kind, bucket=bucket.name, region=bucket.region)


async def handle(storage: Storage, services: Services, request: Request, bucket: Bucket, kind: str) -> Response:
    """Answer a request on `domain` or `domaincertificate`. Raises ServiceError."""
    if kind == "domaincertificate":
        return await _certificate(services, request, bucket)
    if request.method in ("GET", "HEAD"):
        bound = bound_domains(services, bucket)
        if not bound:
            # Also without the header that would name the proof (seen by many clients).
            raise ServiceError("DomainConfigNotFoundError")
        response = Response.xml(render_domains(bound))
        response.headers[VERIFICATION] = verification(bucket)
        return response
    if request.method == "PUT":
        return await _put(storage, services, request, bucket)
    if request.method == "DELETE":
        for domain in bound_domains(services, bucket):
            services.custom_domains.remove(domain.host)
        return Response(204)
    raise ServiceError("MethodNotAllowed")


def verification(bucket: Bucket) -> str:
    """The TXT value that proves a host to be that of the bucket's owner."""
    origin = f"cos[{bucket.region}][{bucket.name}][{http_date(bucket.created)}]"
    digest = hashlib.md5(origin.encode(), usedforsecurity=False).hexdigest()
    return f"tencent-cloud-cos-verification={digest}"


async def _put(storage: Storage, services: Services, request: Request, bucket: Bucket) -> Response:
    rules = parse_domains(await received(request))
    for rule in rules:  # all are checked before one is changed
        _check(storage, services, bucket, rule)
    kept = {rule.host for rule in rules}
    for domain in bound_domains(services, bucket):
        if domain.host not in kept:
            services.custom_domains.remove(domain.host)
    for position, rule in enumerate(rules):
        _store(services, bucket, rule, position, request.time)
    return Response(200)


def _check(storage: Storage, services: Services, bucket: Bucket, rule: DomainRule) -> None:
    bound = services.custom_domains.get(rule.host)
    owner = bucket_of(storage.buckets, bound) if bound is not None else None
    mine = bound is not None and owner is not None and owner.id == bucket.id
    if bound is not None and mine and bound.type == rule.type and (bound.enabled or not rule.enabled):
        return
    if owner is not None and owner.id != bucket.id and not rule.replacement:
        raise ServiceError("RecordAlreadyExist")
    if not rule.enabled:
        return  # is taken without a look at the DNS or the website (seen in the tests of the service's Node SDK)
    if rule.type == "WEBSITE" and storage.database.get_configuration(bucket.id, "website") is None:
        raise invalid("The bucket has no website configuration.")
    if _in_mainland(bucket) and services.switches.without_icp(rule.host):
        raise ServiceError("DomainAuditFailed")
    ways = (rule.replacement,) if rule.replacement else ("CNAME", "TXT")
    if not any(_proved(services, bucket, rule, way) for way in ways):
        raise ServiceError("DNSRecordVerifyFailed")


def _in_mainland(bucket: Bucket) -> bool:
    return any(f"-{city}" in bucket.region for city in _MAINLAND)


def _proved(services: Services, bucket: Bucket, rule: DomainRule, way: str) -> bool:
    if way == "TXT":
        wanted = verification(bucket)
        return any(wanted in services.resolve(name, "TXT").values("TXT")
                   for name in (rule.host, registered_domain(rule.host)))
    aliases = {normal(value) for value in services.resolve(rule.host, "A").values("CNAME")}
    return not aliases.isdisjoint(_endpoints(bucket, rule.type))


def _endpoints(bucket: Bucket, kind: str) -> Iterator[str]:
    product = "cos-website" if kind == "WEBSITE" else "cos"
    place = "accelerate" if kind == "ACCELERATE" else bucket.region
    for suffix in ("myqcloud.com", "tencentcos.cn"):
        yield f"{bucket.name}.{product}.{place}.{suffix}"


def _store(services: Services, bucket: Bucket, rule: DomainRule, position: int, now: float) -> None:
    bound = services.custom_domains.get(rule.host)
    if bound is not None and bound.bucket == bucket.id:
        same = (bound.enabled, bound.type) == (rule.enabled, rule.type)
        domain = replace(bound, enabled=rule.enabled, type=rule.type, replacement=rule.replacement,
                         position=position, change=bound.change if same else begin(now, services.pace))
    else:
        change = begin(now, services.pace)
        domain = CustomDomain(rule.host, bucket.id, rule.enabled, rule.type, rule.replacement, position, change)
    written = "" if rule.written == rule.host else rule.written
    services.custom_domains.put(rule.host, replace(domain, written=written))


async def _certificate(services: Services, request: Request, bucket: Bucket) -> Response:
    if request.method == "PUT":
        return _put_certificate(services, request, bucket, await received(request))
    host = normal(request.query.get("domainname", ""))
    domain = services.custom_domains.get(host)
    if not host:
        raise invalid("The parameter domainname is required.")
    # A host without certificate, or that is not the bucket's, is Disabled, and its removal succeeds (seen in the tests
    # of the service's Python SDK).
    mine = domain is not None and domain.bucket == bucket.id
    if request.method in ("GET", "HEAD"):
        return Response.xml(render_certificate(domain is not None and mine and bool(domain.certificate)))
    if request.method == "DELETE":
        if domain is not None and mine and domain.certificate:
            services.custom_domains.put(host, replace(domain, certificate="", private_key=""))
        return Response(204)
    raise ServiceError("MethodNotAllowed")


def _put_certificate(services: Services, request: Request, bucket: Bucket, body: bytes) -> Response:
    given = parse_certificate(body)
    domains = services.custom_domains
    try:
        read = read_certificate(given.chain)
        check_key(read.chain_pem, given.key)
    except CertificateProblem as problem:
        raise invalid(problem.message) from problem
    if read.end <= request.time:
        raise invalid("The certificate has expired.")
    for host in given.hosts:
        bound = domains.get(host)
        if bound is None or bound.bucket != bucket.id:
            raise invalid(f"{host} is not a custom domain of the bucket.")
        if not covers(read.names, host):
            raise invalid(f"The certificate is not for {host}.")
    for host in given.hosts:
        bound = domains.get(host)
        assert bound is not None
        domains.put(host, replace(
            bound, certificate=read.chain_pem, private_key=given.key,
            certificate_change=begin(request.time, services.pace),
        ))
    return Response(200)
