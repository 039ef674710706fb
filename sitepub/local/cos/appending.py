"""Append Object: an object that grows at its end (COS API 436/7741)."""

from __future__ import annotations

from dataclasses import replace

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos import encryption
from sitepub.local.cos.object_headers import MAX_OBJECT, check_key, discard, read_headers, receive
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import INLINE_LIMIT, Content, FileWriter, small_content
from sitepub.local.store.database import Transaction
from sitepub.local.store.object_state import state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import NewObject, StoredObject, Written, find_object, read_bytes, read_stream, store


async def append_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """POST ?append&position=N. Raises ServiceError AppendPositionErr, ObjectNotAppendable."""
    check_key(request.key)
    text = request.query.get("position", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ServiceError("InvalidArgument", "position must be the length of the object so far.")
    before = find_object(storage.database, bucket, request.key)
    _check(before, int(text))
    added = await receive(storage, request)
    try:
        content = added if before is None else await _joined(storage, before, added)
    finally:
        if before is not None:
            discard(storage, added)
    if before is None:
        described = read_headers(storage, request)
        state = replace(encryption.wanted(storage, request, bucket), appendable=True)
        new = NewObject(request.key, content, content.etag, described.lines, described.storage_class, described.acl,
                        described.tagging, state.text)
    else:
        state = state_of(before.state)
        new = NewObject(request.key, content, content.etag, before.header_lines, before.storage_class, before.acl,
                        before.tagging, before.state)

    def operation(transaction: Transaction) -> Written:
        row = transaction.one("SELECT etag, size FROM objects WHERE bucket=? AND key=?", (bucket.id, request.key))
        if row != (None if before is None else (before.etag, before.size)):
            raise ServiceError("AppendPositionErr")
        return store(transaction, bucket, new)

    try:
        await storage.database.write(operation)
    except BaseException:
        discard(storage, content)
        raise
    return Response(200, {
        "ETag": f'"{content.etag}"', "x-cos-hash-crc64ecma": str(content.crc64),
        "x-cos-next-append-position": str(content.size), **encryption.headers_of(state)})


def _check(before: StoredObject | None, position: int) -> None:
    length = 0 if before is None else before.size
    if before is not None and not state_of(before.state).appendable:
        raise ServiceError("ObjectNotAppendable")
    if position != length:
        raise ServiceError("AppendPositionErr", headers={"x-cos-next-append-position": str(length)})


async def _joined(storage: Storage, before: StoredObject, added: Content) -> Content:
    if before.size + added.size > MAX_OBJECT:
        raise ServiceError("EntityTooLarge")
    old = read_bytes(storage.database, before)
    if old is not None and added.file is None and len(old) + added.size <= INLINE_LIMIT:
        return small_content(old + added.data)
    async with FileWriter(storage.content) as writer:
        if old is not None:
            await writer.write(old)
        else:
            async for chunk in read_stream(storage.content, before, 0, before.size):
                await writer.write(chunk)
        if added.file is not None:
            await writer.append_file(storage.content.path(added.file))
        else:
            await writer.write(added.data)
        return await writer.finish()
