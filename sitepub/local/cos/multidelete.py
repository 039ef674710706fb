"""POST ?delete: up to 1,000 objects in one request (COS API 436/8289)."""

from __future__ import annotations

from sitepub.local.base import xml
from sitepub.local.base.digests import expected_md5
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access.access import session_permits
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.database import Transaction
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import Written, remove, remove_version, storable

MAX_KEYS = 1000
_MAX_BYTES = 8 * 1024 * 1024


async def delete_objects(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """All in one transaction. Content-MD5 is required, as documented."""
    expected = expected_md5(request)
    if expected is None:
        raise ServiceError("InvalidDigest", "Content-MD5 is required.")
    body = await request.body.read(_MAX_BYTES)
    import hashlib

    if hashlib.md5(body, usedforsecurity=False).hexdigest() != expected:
        raise ServiceError("BadDigest")
    try:
        tree = xml.parse(body, "Delete")
    except xml.MalformedXMLError as error:
        raise ServiceError("MalformedXML", str(error)) from error
    wanted: list[tuple[str, str]] = []
    for node in tree.iterfind("Object"):
        key = node.findtext("Key")
        if not key:
            raise ServiceError("MalformedXML", "An Object without Key.")
        wanted.append((key, node.findtext("VersionId") or ""))
    if not wanted or len(wanted) > MAX_KEYS:
        raise ServiceError("MalformedXML", f"Expected 1 to {MAX_KEYS} objects, found {len(wanted)}.")
    quiet = xml.text_of(tree, "Quiet").lower() == "true"
    denied = [(key, version) for key, version in wanted if not session_permits(
        request, bucket.name, bucket.region, "name/cos:DeleteObject", key)]
    if denied:
        wanted = [one for one in wanted if one not in denied]

    def operation(transaction: Transaction) -> list[Written]:
        return [
            remove_version(transaction, bucket, storable(key), version) if version
            else remove(transaction, bucket, storable(key))
            for key, version in wanted
        ]

    outcomes = await storage.database.write(operation)
    deleted = [] if quiet else [
        _deleted(key, version, written)
        for (key, version), written in zip(wanted, outcomes, strict=True)
    ]
    return Response.xml(xml.document("DeleteResult", [*deleted, *(_refused(*one) for one in denied)]))


def _refused(key: str, version: str) -> str:
    named = [xml.element("VersionId", version)] if version else []
    return xml.element("Error", [xml.element("Key", key), *named, xml.element("Code", "AccessDenied"),
                                 xml.element("Message", "Access Denied.")])


def _deleted(key: str, version: str, written: Written) -> str:
    children = [xml.element("Key", key)]
    if version:
        children.append(xml.element("VersionId", version))
    if written.marker:
        children.append(xml.element("DeleteMarker", "true"))
        children.append(xml.element("DeleteMarkerVersionId", written.version))
    return xml.element("Deleted", children)
