"""`?acl` of a bucket (COS API 436/7737 PUT, 436/7733 GET) and of an object (436/7748, 436/7744)."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.local.base.documents import received
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Signer
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access import acl
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import StoredObject, find_object, find_version, set_object_text


async def bucket_acl(storage: Storage, request: Request, bucket: Bucket) -> Response:
    owner = _owner_name(storage, bucket)
    if request.method in ("GET", "HEAD"):
        return Response.xml(acl.render(acl.from_text(bucket.acl, owner) or acl.PRIVATE, owner))
    if request.method != "PUT":
        raise ServiceError("MethodNotAllowed")
    text = await _wanted(request, owner, acl.BUCKET_CANNED)
    await storage.buckets.set_acl(bucket, "" if text == "private" else text)
    return Response(200)


async def object_acl(storage: Storage, request: Request, bucket: Bucket) -> Response:
    owner = _owner_name(storage, bucket)
    stored = wanted_object(storage, request, bucket)
    if request.method in ("GET", "HEAD"):
        found = acl.from_text(stored.acl, owner)
        response = Response.xml(acl.render(found or acl.PRIVATE, owner))
        if found is None:
            response.headers["x-cos-acl"] = "default"
        return response
    if request.method != "PUT":
        raise ServiceError("MethodNotAllowed")
    text = await _wanted(request, owner, acl.OBJECT_CANNED)
    version = request.query.get("versionId")
    await set_object_text(
        storage.database, bucket, request.key, version, "acl", "" if text == "default" else text
    )
    return Response(200)


def acl_of_new_object(storage: Storage, request: Request) -> str:
    """The list that the x-cos-grant-* headers of a PUT, a copy or an initiated upload give the object, beside
    x-cos-acl (COS API 436/7749). Raises ServiceError InvalidArgument."""
    bucket = storage.buckets.find(request.service.bucket)
    granted = acl.from_headers(request.headers)
    if bucket is None or granted is None:
        raise ServiceError("InvalidArgument", "A grant names no grantee.")
    listed = acl.from_canned(request.headers.get("x-cos-acl") or "default", acl.OBJECT_CANNED)
    return acl.render(acl.Acl(listed.grants + granted.grants), _owner_name(storage, bucket))


def acl_of_new_bucket(request: Request, signer: Signer) -> str:
    """The same for PUT Bucket (COS API 436/7738); a canned name when no header grants anything."""
    name = request.headers.get("x-cos-acl") or "private"
    listed = acl.from_canned(name, acl.BUCKET_CANNED)
    granted = acl.from_headers(request.headers)
    if granted is None:
        return "" if name == "private" else name
    return acl.render(acl.Acl(listed.grants + granted.grants), acl.owner(signer.uin))


def wanted_object(storage: Storage, request: Request, bucket: Bucket) -> StoredObject:
    """The object that `?acl` or `?tagging` is about. Raises ServiceError NoSuchKey, NoSuchVersion."""
    version = request.query.get("versionId")
    if version:
        stored = find_version(storage.database, bucket, request.key, version)
    else:
        stored = find_object(storage.database, bucket, request.key)
    if stored is None:
        raise ServiceError("NoSuchVersion" if version else "NoSuchKey")
    return stored


def _owner_name(storage: Storage, bucket: Bucket) -> str:
    owner = storage.identity.account_of(bucket.owner)
    return acl.owner(owner.uin if owner else bucket.owner)


async def _wanted(
    request: Request, owner: str, canned: Mapping[str, tuple[tuple[str, str], ...]]
) -> str:
    """The list that a PUT asks for, as it is stored: a canned name or a document."""
    body = await received(request)
    name = request.headers.get("x-cos-acl") or None
    granted = acl.from_headers(request.headers)
    by_header = name is not None or granted is not None
    if by_header == bool(body.strip()):
        message = "Give the list either in headers or as an AccessControlPolicy."
        raise ServiceError("InvalidRequest", message)
    listed = acl.PRIVATE if name is None else acl.from_canned(name, canned)
    if name is not None and granted is None:
        return name
    wanted = acl.Acl(listed.grants + granted.grants) if granted else acl.parse(body, owner)
    return acl.render(wanted, owner)
