"""Header names of S3 and of object storage, in both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from multidict import CIMultiDict

from sitepub.local.base.errors import ServiceError
from sitepub.local.store.buckets import Buckets

_CLASSES = {"GLACIER": "ARCHIVE", "GLACIER_IR": "STANDARD_IA", "ONEZONE_IA": "STANDARD_IA",
            "REDUCED_REDUNDANCY": "STANDARD"}
"""Storage classes that object storage does not have, and the nearest that it has."""
_LISTS = {"bucket-owner-read": "default", "bucket-owner-full-control": "default", "log-delivery-write": "private",
          "aws-exec-read": "private"}
"""Canned lists of S3 that say nothing here."""
_TAKEN = ("x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token", "x-amz-trailer",
          "x-amz-sdk-checksum-algorithm", "x-amz-checksum-", "x-amz-user-agent", "x-amz-expected-bucket-owner",
          "x-amz-bucket-object-lock-enabled", "x-amz-object-ownership", "x-amz-request-payer", "x-amz-copy-source",
          "x-amz-mfa")
"""What the translation itself deals with, and what has no meaning here."""


def to_cos(headers: Mapping[str, str], host: str, buckets: Buckets) -> CIMultiDict[str]:
    """A request's headers. Raises ServiceError InvalidArgument, NoSuchBucket for a copy source."""
    found: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        lower = name.lower()
        if lower in ("authorization", "host", "expect"):
            continue
        if lower == "content-encoding":
            kept = [one.strip() for one in value.split(",") if one.strip().lower() != "aws-chunked"]
            if kept:
                found.add(name, ", ".join(kept))
        elif lower.startswith(("x-amz-copy-source-", "x-amz-meta-")):
            found.add(f"x-cos-{lower[6:]}", value)
        elif lower == "x-amz-copy-source":
            found.add("x-cos-copy-source", _source(value, buckets))
        elif lower == "x-amz-metadata-directive":
            found.add("x-cos-metadata-directive", "Replaced" if value.upper() == "REPLACE" else "Copy")
        elif lower == "x-amz-tagging-directive":
            found.add("x-cos-tagging-directive", "Replaced" if value.upper() == "REPLACE" else "Copy")
        elif lower == "x-amz-storage-class":
            found.add("x-cos-storage-class", _CLASSES.get(value, value))
        elif lower == "x-amz-acl":
            found.add("x-cos-acl", _LISTS.get(value, value))
        elif lower.startswith("x-amz-"):
            if not lower.startswith(_TAKEN):
                found.add(f"x-cos-{lower[6:]}", value)
        else:
            found.add(name, value)
    found["Host"] = host
    return found


def from_cos(headers: dict[str, str], request_id: str) -> dict[str, str]:
    """A response's headers."""
    found = {name if name == "x-cos-hash-crc64ecma" else re.sub("^x-cos-", "x-amz-", name): value
             for name, value in headers.items()}
    found["x-amz-request-id"] = request_id
    return found


def _source(value: str, buckets: Buckets) -> str:
    """``/bucket/key?versionId=…``, encoded or not, as ``bucket.cos.region.myqcloud.com/key?versionId=…``."""
    path, mark, query = value.partition("?")
    bucket_name, slash, key = unquote(path, errors="surrogateescape").removeprefix("/").partition("/")
    if not slash or not key:
        raise ServiceError("InvalidArgument", "Copy Source must mention the source bucket and key: bucket/key")
    bucket = buckets.find(bucket_name)
    if bucket is None:
        raise ServiceError("NoSuchBucket")
    encoded = quote(key.encode("utf-8", "surrogateescape"), safe="/-_.~")
    return f"{bucket.name}.cos.{bucket.region}.myqcloud.com/{encoded}{mark}{query}"
