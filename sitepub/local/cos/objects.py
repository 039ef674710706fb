"""PUT, GET, HEAD and DELETE of one object (COS API 436/7749, 7753, 7745, 7743)."""

from __future__ import annotations

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos import copying, encryption
from sitepub.local.cos.forced_download import forced_download_headers, refuse_packages
from sitepub.local.cos.object_headers import check_key, discard, read_headers, receive, wants_no_overwrite
from sitepub.local.cos.reading import object_response, overrides_of
from sitepub.local.cos.symlinks import followed
from sitepub.local.services.custom_domains import is_default
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.object_state import state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import (
    NewObject,
    StoredObject,
    Written,
    find_object,
    find_version,
    remove,
    remove_version,
    storable,
    store,
)


async def put_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """PUT Object, or PUT Object - Copy when a source is named."""
    if request.headers.get("x-cos-copy-source"):
        return await copying.copy_object(storage, request, bucket)
    check_key(request.key)
    described = read_headers(storage, request)
    state = encryption.wanted(storage, request, bucket)
    content = await receive(storage, request)
    new = NewObject(request.key, content, content.etag, described.lines, described.storage_class,
                    described.acl, described.tagging, state.text)
    forbid = wants_no_overwrite(request)
    try:
        written = await storage.database.write(
            lambda transaction: store(transaction, bucket, new, forbid_overwrite=forbid))
    except BaseException:
        discard(storage, content)
        raise
    headers = {"ETag": f'"{content.etag}"', "x-cos-hash-crc64ecma": str(content.crc64), **encryption.headers_of(state)}
    if written.version:
        headers["x-cos-version-id"] = written.version
    return Response(200, headers)


async def get_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """GET Object."""
    stored = _wanted(storage, request, bucket)
    if is_default(request.host):
        refuse_packages(storage, request.key)
    stored = followed(storage.database, bucket, stored)
    response = object_response(storage, request, stored, overrides=overrides_of(request))
    if is_default(request.host) and not request.query.get("response-content-disposition"):
        response.headers.update(forced_download_headers(storage, response.headers))
    return response


async def head_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """HEAD Object."""
    stored = _wanted(storage, request, bucket)
    state = state_of(stored.state)
    response = object_response(storage, request, followed(storage.database, bucket, stored))
    response.headers["x-cos-object-type"] = "symlink" if state.symlink else (
        "appendable" if state.appendable else "normal")
    if state.appendable:
        response.headers["x-cos-next-append-position"] = str(stored.size)
    return response


def _wanted(storage: Storage, request: Request, bucket: Bucket) -> StoredObject:
    version = request.query.get("versionId")
    if version:
        stored = find_version(storage.database, bucket, request.key, version)
        if stored is None:
            raise ServiceError("NoSuchVersion")
        if stored.marker:
            raise ServiceError("MethodNotAllowed", headers={"x-cos-delete-marker": "true"})
        return stored
    stored = find_object(storage.database, bucket, request.key)
    if stored is None:
        raise ServiceError("NoSuchKey")
    return stored


async def delete_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """DELETE Object: 204 whether or not it was there."""
    key = storable(request.key)
    version = request.query.get("versionId")
    if version:
        written = await storage.database.write(
            lambda transaction: remove_version(transaction, bucket, key, version))
    else:
        written = await storage.database.write(lambda transaction: remove(transaction, bucket, key))
    return Response(204, removal_headers(written))


def removal_headers(written: Written) -> dict[str, str]:
    """Headers about the version that was written or removed."""
    headers = {}
    if written.version:
        headers["x-cos-version-id"] = written.version
    if written.marker:
        headers["x-cos-delete-marker"] = "true"
    return headers
