"""A host that is bound to a bucket (COS API 436/35868)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.hosts import Kind, Service, service_of
from sitepub.local.base.pace import NEVER, Change

if TYPE_CHECKING:
    from sitepub.local.cloud import LocalCloud


@dataclass(frozen=True, slots=True)
class CustomDomain:
    host: str
    bucket: int
    """Id of the bucket. A removed bucket's domains are bound to nothing: ids are never used twice."""
    enabled: bool
    type: str
    """`REST`, `WEBSITE`, `ACCELERATE`."""
    replacement: str
    """ForcedReplacement: `CNAME`, `TXT` or empty."""
    position: int
    """In the document."""
    change: Change
    certificate: str = field(default="", repr=False)
    """PEM chain; empty: HTTPS is not set up."""
    private_key: str = field(default="", repr=False)
    certificate_change: Change = NEVER


def bound_service(cloud: LocalCloud, service: Service, now: float) -> Service:
    """What a host that is none of the cloud's own stands for: the bucket that it is bound to.

    Raises ServiceError InvalidHostname, or UserCnameInvalid while the binding is not in force (seen)."""
    from sitepub.local.cos.bucket.domain_rules import bucket_of

    name = service.name.removesuffix(".localhost")
    domain = cloud.services.custom_domains.get(name)
    bucket = bucket_of(cloud, domain) if domain is not None else None
    if domain is None or bucket is None:
        raise ServiceError("InvalidHostname")
    if not domain.enabled or domain.change.under_way(now, cloud.pace):
        raise ServiceError("UserCnameInvalid")
    kind = Kind.WEBSITE if domain.type == "WEBSITE" else Kind.BUCKET
    return replace(service, kind=kind, bucket=bucket.name, region=bucket.region)


def is_default(host: str) -> bool:
    """Whether a Host header is one of the cloud's own names, not a custom domain."""
    return service_of(host).kind is not Kind.OTHER
