"""GET Service: the buckets of an account (COS API 436/8291)."""

from __future__ import annotations

import operator
from collections.abc import Callable

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos.bucket import tagging
from sitepub.local.cos.owner import owner_xml
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage

MAX_KEYS = 2000
_RANGES: dict[str, Callable[[int, int], bool]] = {
    "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge,
}


def list_buckets(storage: Storage, request: Request, region: str = "") -> Response:
    """``region``: the host's, when it names one. Raises ServiceError AccessDenied, InvalidArgument."""
    if request.signer is None:
        raise ServiceError("AccessDenied")
    query = request.query
    marker = query.get("marker", "")
    text = query.get("max-keys", "") or str(MAX_KEYS)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ServiceError("InvalidArgument", f"max-keys: {text[:50]}")
    most = min(int(text), MAX_KEYS)
    keep = _filter(storage, request, region)
    found = [bucket for bucket in storage.buckets.owned_by(request.signer.app_id)
             if bucket.name > marker and keep(bucket)]
    page, rest = found[:most], found[most:]
    parts = [
        xml.element("Owner", [owner_xml(storage.identity, request.signer.app_id)]),
        xml.element("Buckets", map(_entry, page)),
        xml.element("Marker", marker),
        xml.element("IsTruncated", "true" if page and rest else "false"),
    ]
    if page and rest:
        parts.append(xml.element("NextMarker", page[-1].name))
    return Response.xml(xml.document("ListAllMyBucketsResult", parts))


def _filter(storage: Storage, request: Request, region: str) -> Callable[[Bucket], bool]:
    query = request.query
    region = region or query.get("region", "")
    key, value = query.get("tagkey", ""), query.get("tagvalue", "")
    if ("tagkey" in query or "tagvalue" in query) and bool(key) != ("tagvalue" in query):
        raise ServiceError("InvalidArgument", "tagkey and tagvalue belong together.")
    moment, relation = query.get("create-time", ""), query.get("range", "")
    if bool(moment) != bool(relation):
        raise ServiceError("InvalidArgument", "create-time and range belong together.")
    if relation and (relation not in _RANGES or not (moment.isascii() and moment.isdigit())):
        raise ServiceError("InvalidArgument", f"range: one of {', '.join(_RANGES)}; create-time: Unix seconds.")

    def keep(bucket: Bucket) -> bool:
        if region and bucket.region != region:
            return False
        if relation and not _RANGES[relation](int(bucket.created), int(moment)):
            return False
        return not key or (key, value) in _tags(storage, bucket)

    return keep


def _tags(storage: Storage, bucket: Bucket) -> tuple[tuple[str, str], ...]:
    document = storage.database.get_configuration(bucket.id, "tagging")
    return () if document is None else tagging.parse(document, tagging.BUCKET_TAGS)


def _entry(bucket: Bucket) -> str:
    return xml.element("Bucket", (
        xml.element("Name", bucket.name),
        xml.element("Location", bucket.region),
        xml.element("CreationDate", iso_time(bucket.created, milliseconds=False)),
        xml.element("BucketType", "cos"),
    ))
