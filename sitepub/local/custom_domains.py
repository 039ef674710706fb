"""A host that is bound to a bucket (COS API 436/35868)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sitepub.local.pace import NEVER, Change


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
