"""Where a bucket's access log is to be delivered (COS API 436/17054)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sitepub.local.base.documents import check, malformed, read, text


@dataclass(frozen=True)
class LogTarget:
    bucket: str
    prefix: str = ""


@lru_cache(maxsize=256)
def parse(body: bytes) -> LogTarget | None:
    """The target, or None when the document turns logging off. Raises ServiceError MalformedXML."""
    root = read(body, "BucketLoggingStatus")
    check(root, ("LoggingEnabled",))
    enabled = root.find("LoggingEnabled")
    if enabled is None:
        return None
    check(enabled, ("TargetBucket", "TargetPrefix"))
    bucket = text(enabled, "TargetBucket")
    if not bucket:
        raise malformed("LoggingEnabled needs a TargetBucket.")
    return LogTarget(bucket, text(enabled, "TargetPrefix") or "")
