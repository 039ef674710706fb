"""Symbolic links: PUT and GET ?symlink, and the object behind one (COS SDKs: put_symlink, get_symlink)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import http_date
from sitepub.local.cos.access.acl_configuration import wanted_object
from sitepub.local.cos.object_headers import check_key, read_headers, wants_no_overwrite
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import small_content
from sitepub.local.store.database import Database
from sitepub.local.store.object_state import NO_STATE, state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import NewObject, StoredObject, find_object, store

_TARGET = "x-cos-symlink-target"


async def put_symlink(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """The target need not be there."""
    check_key(request.key)
    target = request.headers.get(_TARGET, "")
    if not target:
        raise ServiceError("InvalidArgument", f"The header {_TARGET} is required.")
    check_key(unquote(target))
    if await request.body.read(64 * 1024):
        raise ServiceError("InvalidArgument", "A link has no body.")
    described = read_headers(storage, request)
    content = small_content(b"")
    new = NewObject(request.key, content, content.etag, described.lines, described.storage_class, described.acl,
                    described.tagging, replace(NO_STATE, symlink=target).text)
    forbid = wants_no_overwrite(request)
    written = await storage.database.write(
        lambda transaction: store(transaction, bucket, new, forbid_overwrite=forbid))
    headers = {"ETag": f'"{content.etag}"'}
    if written.version:
        headers["x-cos-version-id"] = written.version
    return Response(200, headers)


async def get_symlink(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """The link itself."""
    stored = wanted_object(storage, request, bucket)
    target = state_of(stored.state).symlink
    if not target:
        # what another object is answered is not documented
        raise ServiceError("InvalidArgument", "The object is not a symbolic link.")
    headers = {"ETag": f'"{stored.etag}"', "Last-Modified": http_date(stored.modified), _TARGET: target}
    if stored.sequence:
        headers["x-cos-version-id"] = stored.version
    return Response(200, headers)


def followed(database: Database, bucket: Bucket, stored: StoredObject) -> StoredObject:
    """The object behind a link, or the object itself. A link to a link leads nowhere.

    Raises ServiceError NoSuchKey."""
    target = state_of(stored.state).symlink if stored.state else ""
    if not target:
        return stored
    found = find_object(database, bucket, unquote(target))
    if found is None or state_of(found.state).symlink:
        raise ServiceError("NoSuchKey", "The target of the link does not exist.")
    return found
