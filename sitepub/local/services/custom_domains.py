"""A host that is bound to a bucket (COS API 436/35868)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sitepub.local.base.hosts import Kind, service_of
from sitepub.local.base.pace import NEVER, Change
from sitepub.local.store.buckets import Bucket, Buckets


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
    written: str = ""
    """The host as the document has it, when that differs."""


def bucket_of(buckets: Buckets, domain: CustomDomain) -> Bucket | None:
    """The bucket that a host is bound to; None when the bucket was removed."""
    return next((bucket for bucket in buckets.all() if bucket.id == domain.bucket), None)


def is_default(host: str) -> bool:
    """Whether a Host header is one of the cloud's own names, not a custom domain."""
    return service_of(host).kind is not Kind.OTHER
