"""The listing of S3 in its second version: pages go on by a token (Amazon S3 API, ListObjectsV2)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.listing import Selection, entries, list_page
from sitepub.local.cos.owner import lister_xml
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage


async def list_objects(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """Answer a listing. Raises ServiceError InvalidArgument."""
    query = request.query
    token, after = query.get("continuation-token"), query.get("start-after", "")
    wanted = replace(Selection.of(request), marker=after if token is None else _place(token))
    page = list_page(storage.database, bucket, wanted)
    spell = wanted.name
    parts = [
        xml.element("Name", bucket.name), xml.element("Prefix", spell(wanted.prefix)),
        xml.element("MaxKeys", wanted.max_keys), xml.element("KeyCount", len(page.objects) + len(page.prefixes)),
        xml.element("IsTruncated", "true" if page.next_marker else "false"),
    ]
    if wanted.delimiter:
        parts.append(xml.element("Delimiter", spell(wanted.delimiter)))
    if wanted.encode:
        parts.append(xml.element("EncodingType", "url"))
    if after:
        parts.append(xml.element("StartAfter", spell(after)))
    if token is not None:
        parts.append(xml.element("ContinuationToken", token))
    if page.next_marker:
        parts.append(xml.element("NextContinuationToken", _token(page.next_marker)))
    owner = ""
    if query.get("fetch-owner") == "true":
        owner = xml.element("Owner", [lister_xml(bucket.owner)])
    return Response.xml(xml.document("ListBucketResult", [*parts, *entries(page, wanted, owner)]))


def _token(marker: str) -> str:
    return base64.urlsafe_b64encode(marker.encode()).decode()


def _place(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ServiceError("InvalidArgument", "The continuation token provided is incorrect") from None
