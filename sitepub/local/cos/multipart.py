"""Multipart uploads: initiate, upload part (or copy one), complete, abort (COS API 436/7746, 7750, 8287,
7742, 7740)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError, error_document
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos import encryption
from sitepub.local.cos.copying import find_source
from sitepub.local.cos.object_headers import MAX_OBJECT, check_key, discard, read_headers, receive, wants_no_overwrite
from sitepub.local.cos.reading import parse_range
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import (
    INLINE_LIMIT,
    Content,
    FileWriter,
    release,
    signed_crc,
    small_content,
    unsigned_crc,
)
from sitepub.local.store.database import Row, Transaction
from sitepub.local.store.joining import Piece, join
from sitepub.local.store.object_state import state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import NewObject, Written, read_bytes, read_stream, store, versioning_of

MIN_PART = 1024 * 1024
MAX_PARTS = 10_000
MAX_MULTIPART = 50 * 1024**4
"""Bytes of a whole object (COS 436/14518: 50 TB)."""
_KEEP_ALIVE = 5.0
"""Seconds after which a running completion sends a space, so that the client does not time out."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way."""

    id: str
    bucket: int
    key: str
    started: float
    headers: str
    storage_class: str
    acl: str
    tagging: str
    initiator: str
    state: str


async def initiate(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """POST ?uploads."""
    check_key(request.key)
    await request.body.read(64 * 1024)
    described = read_headers(storage, request)
    state = encryption.wanted(storage, request, bucket)
    upload_id = f"{int(request.time)}{secrets.token_hex(27)}"
    initiator = request.signer.app_id if request.signer else bucket.owner

    def operation(transaction: Transaction) -> None:
        versioning_of(transaction, bucket)
        transaction.execute(
            "INSERT INTO uploads (id, bucket, key, started, headers, storage_class, acl, tagging, initiator, state)"
            " VALUES (?,?,?,?,?,?,?,?,?,?)",
            (upload_id, bucket.id, request.key, request.time, described.lines, described.storage_class,
             described.acl, described.tagging, initiator, state.text))

    await storage.database.write(operation)
    response = Response.xml(xml.document("InitiateMultipartUploadResult", (
        xml.element("Bucket", bucket.name),
        xml.element("Key", request.key),
        xml.element("UploadId", upload_id),
    )))
    response.headers.update(encryption.headers_of(state))
    return response


def find_upload(storage: Storage, request: Request, bucket: Bucket) -> Upload:
    """The upload that the query names. Raises ServiceError NoSuchUpload."""
    row = storage.database.one(
        "SELECT id, bucket, key, started, headers, storage_class, acl, tagging, initiator, state"
        " FROM uploads WHERE id=?",
        (request.query.get("uploadId", ""),))
    if row is None or row[1] != bucket.id or row[2] != request.key:
        raise ServiceError("NoSuchUpload")
    return Upload(*row)


async def upload_part(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """PUT ?partNumber&uploadId: from the body, or copied from an object."""
    upload = find_upload(storage, request, bucket)
    text = request.query.get("partNumber", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= number <= MAX_PARTS:
        raise ServiceError("InvalidArgument", "partNumber must be from 1 to 10000.")
    encryption.same_key(request, state_of(upload.state))
    copied = bool(request.headers.get("x-cos-copy-source"))
    content = await _copied_part(storage, request) if copied else await receive(storage, request)

    def operation(transaction: Transaction) -> float:
        if transaction.one("SELECT 1 FROM uploads WHERE id=?", (upload.id,)) is None:
            raise ServiceError("NoSuchUpload")
        old = transaction.one("DELETE FROM parts WHERE upload=? AND number=? RETURNING body, file",
                              (upload.id, number))
        if old is not None:
            release(transaction, old[0], old[1])
        body, file = content.place(transaction)
        now = time.time()
        transaction.execute(
            "INSERT INTO parts (upload, number, size, etag, crc64, modified, body, file)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (upload.id, number, content.size, content.etag, signed_crc(content.crc64), now, body, file))
        return now

    try:
        modified = await storage.database.write(operation)
    except BaseException:
        discard(storage, content)
        raise
    if copied:
        response = Response.xml(xml.document("CopyPartResult", (
            xml.element("ETag", f'"{content.etag}"'),
            xml.element("LastModified", iso_time(modified, milliseconds=False)),
        )))
    else:
        response = Response(200, {"ETag": f'"{content.etag}"'})
    response.headers["x-cos-hash-crc64ecma"] = str(content.crc64)
    response.headers.update(encryption.headers_of(state_of(upload.state)))
    return response


async def _copied_part(storage: Storage, request: Request) -> Content:
    source = find_source(storage, request)
    start, length = 0, source.size
    wanted = request.headers.get("x-cos-copy-source-range")
    if wanted:
        chosen = parse_range(wanted, source.size)
        if chosen is None:
            raise ServiceError("InvalidArgument", "x-cos-copy-source-range: expected bytes=first-last.")
        start, length = chosen
    if length > MAX_OBJECT:
        raise ServiceError("EntityTooLarge")
    data = read_bytes(storage.database, source)
    if data is not None:
        return small_content(data[start : start + length])
    stream = read_stream(storage.content, source, start, length)
    if length <= INLINE_LIMIT:
        return small_content(b"".join([chunk async for chunk in stream]))
    async with FileWriter(storage.content) as writer:
        async for chunk in stream:
            await writer.write(chunk)
        return await writer.finish()


async def abort(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """DELETE ?uploadId."""
    upload = find_upload(storage, request, bucket)
    await storage.database.write(lambda transaction: _forget(transaction, upload.id))
    return Response(204)


def _forget(transaction: Transaction, upload_id: str) -> None:
    rows = transaction.execute("SELECT body, file FROM parts WHERE upload=?", (upload_id,)).fetchall()
    for body, file in rows:
        release(transaction, body, file)
    transaction.execute("DELETE FROM parts WHERE upload=?", (upload_id,))
    transaction.execute("DELETE FROM uploads WHERE id=?", (upload_id,))


async def complete(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """POST ?uploadId: errors in the list of parts are answered by the status; joining them happens while
    the answer, a 200, is already under way, so a later error stands inside it (documented behaviour)."""
    upload = find_upload(storage, request, bucket)
    chosen = _chosen_parts(storage, upload, await request.body.read(2 * 1024 * 1024))
    if sum(row[1] for row in chosen) > MAX_MULTIPART:
        raise ServiceError("EntityTooLarge")
    joining = asyncio.ensure_future(_join_and_store(storage, request, bucket, upload, chosen))
    try:
        # most are done at once: then the answer has its status, headers and length
        written, new = await asyncio.wait_for(asyncio.shield(joining), _KEEP_ALIVE)
    except TimeoutError:
        stream = _slow_answer(request, bucket, joining)
        return Response(200, {"Content-Type": "application/xml"}, stream=stream)
    response = Response.xml(_completed(request, bucket, new))
    response.headers["x-cos-hash-crc64ecma"] = str(new.content.crc64)
    response.headers.update(encryption.headers_of(state_of(upload.state)))
    if written.version:
        response.headers["x-cos-version-id"] = written.version
    return response


def _chosen_parts(storage: Storage, upload: Upload, body: bytes) -> list[Row]:
    try:
        tree = xml.parse(body, "CompleteMultipartUpload")
    except xml.MalformedXMLError as error:
        raise ServiceError("MalformedXML", str(error)) from error
    known = {
        row[0]: row for row in storage.database.read(
            "SELECT number, size, etag, crc64, body, file FROM parts WHERE upload=?", (upload.id,))
    }
    chosen: list[Row] = []
    for node in tree.iterfind("Part"):
        number_text, etag = xml.text_of(node, "PartNumber"), xml.text_of(node, "ETag").strip('"')
        if not (number_text.isascii() and number_text.isdigit()):
            raise ServiceError("MalformedXML", "A Part without PartNumber.")
        row = known.get(int(number_text))
        if row is None or row[2] != etag.lower():
            raise ServiceError("InvalidPart")
        if chosen and chosen[-1][0] >= row[0]:
            raise ServiceError("InvalidPartOrder")
        chosen.append(row)
    if not chosen:
        raise ServiceError("MalformedXML", "No parts.")
    if any(row[1] < MIN_PART for row in chosen[:-1]):
        raise ServiceError("EntityTooSmall")
    return chosen


async def _join_and_store(storage: Storage, request: Request, bucket: Bucket, upload: Upload, chosen: list[Row]
                          ) -> tuple[Written, NewObject]:
    content = await _join(storage, chosen)
    # Opaque on purpose: no client may compute it. In the service it is not the formula that S3 uses either.
    seed = ":".join([upload.id, *(row[2] for row in chosen)]).encode()
    etag = f"{hashlib.md5(seed, usedforsecurity=False).hexdigest()}-{len(chosen)}"
    new = NewObject(upload.key, content, etag, upload.headers, upload.storage_class, upload.acl,
                    upload.tagging, upload.state)
    forbid = wants_no_overwrite(request)

    def operation(transaction: Transaction) -> Written:
        if transaction.one("SELECT 1 FROM uploads WHERE id=?", (upload.id,)) is None:
            raise ServiceError("NoSuchUpload")
        written = store(transaction, bucket, new, forbid_overwrite=forbid)
        _forget(transaction, upload.id)
        return written

    try:
        return await storage.database.write(operation), new
    except BaseException:
        discard(storage, content)
        raise


async def _join(storage: Storage, chosen: list[Row]) -> Content:
    database = storage.database
    pieces = []
    for _, size, _, crc, body, file in chosen:
        row = None if body is None else database.one("SELECT data FROM bodies WHERE id=?", (body,))
        if size and file is None and row is None:
            raise ServiceError("NoSuchUpload")
        pieces.append(Piece(size, unsigned_crc(crc), file, bytes(row[0]) if row is not None else b""))
    if sum(piece.size for piece in pieces) <= INLINE_LIMIT:
        # a single part then: all but the last have 1 MB
        return small_content(b"".join(piece.data for piece in pieces))
    try:
        return await join(storage.content, pieces)
    except FileNotFoundError:
        raise ServiceError("NoSuchUpload") from None


def _completed(request: Request, bucket: Bucket, new: NewObject) -> str:
    return xml.document("CompleteMultipartUploadResult", (
        xml.element("Location", f"http://{request.service.name}/{new.key}"),
        xml.element("Bucket", bucket.name),
        xml.element("Key", new.key),
        xml.element("ETag", f'"{new.etag}"'),
    ))


async def _slow_answer(request: Request, bucket: Bucket, joining: asyncio.Future[tuple[Written, NewObject]]
                       ) -> AsyncGenerator[bytes, None]:
    while not joining.done():
        await asyncio.wait([joining], timeout=_KEEP_ALIVE)
        yield b" "
    try:
        _, new = joining.result()
    except ServiceError as error:
        yield _body(error_document(error, request.path, request.request_id))
        return
    yield _body(_completed(request, bucket, new))


def _body(document: str) -> bytes:
    """Without its declaration, which may not stand behind spaces."""
    return document.partition("?>")[2].strip().encode()
