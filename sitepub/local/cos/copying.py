"""PUT Object - Copy, and finding the source of a copy (COS API 436/10881)."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.hosts import Kind, service_of
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos import archives, encryption
from sitepub.local.cos.access import access
from sitepub.local.cos.object_headers import check_key, discard, read_headers, wants_no_overwrite
from sitepub.local.cos.reading import check_conditions
from sitepub.local.cos.symlinks import followed
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import Content, small_content
from sitepub.local.store.object_state import state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import NewObject, StoredObject, find_object, find_version, read_bytes, store

_CONDITIONS = "x-cos-copy-source-"


def find_source(storage: Storage, request: Request) -> StoredObject:
    """The object that ``x-cos-copy-source`` names; conditions checked, and that the signer may read it.

    Raises ServiceError InvalidCopySource, NoSuchBucket, NoSuchKey, AccessDenied, PreconditionFailed …"""
    source = request.headers.get("x-cos-copy-source", "")
    host, slash, rest = source.removeprefix("http://").removeprefix("https://").partition("/")
    encoded_key, _, query = rest.partition("?")
    service = service_of(host)
    if not slash or not encoded_key or service.kind is not Kind.BUCKET:
        raise ServiceError("InvalidCopySource", "Expected bucket.cos.region.myqcloud.com/key.")
    bucket = storage.buckets.find(service.bucket)
    if bucket is None or (service.region and bucket.region != service.region):
        raise ServiceError("NoSuchBucket")
    key = unquote(encoded_key, errors="surrogateescape")
    version = parse_qs(query).get("versionId", [""])[0]
    stored = (find_version(storage.database, bucket, key, version) if version
              else find_object(storage.database, bucket, key))
    signer = request.signer
    owned = signer is not None and signer.app_id == bucket.owner and not signer.policies
    if not owned and not access.may(storage, request, bucket, "name/cos:GetObject", key, stored):
        raise ServiceError("AccessDenied")
    if stored is None:
        raise ServiceError("NoSuchVersion" if version else "NoSuchKey")
    if stored.marker:
        raise ServiceError("InvalidCopySource", "The source is a delete marker.")
    stored = followed(storage.database, bucket, stored)
    check_conditions(request.headers, stored, {}, _CONDITIONS)
    archives.check_readable(storage.clock, stored)
    encryption.check_readable(request.headers, state_of(stored.state), source=True)
    return stored


def source_headers(request: Request, source: StoredObject) -> dict[str, str]:
    """Of an answer: which version was copied, where the request named one (436/10881)."""
    named = "versionId" in parse_qs(request.headers.get("x-cos-copy-source", "").partition("?")[2])
    return {"x-cos-copy-source-version-id": source.version} if named else {}


async def copy_object(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """Copy on the server. The bytes are shared (hard link) when they lie in a file."""
    check_key(request.key)
    if await request.body.read(64 * 1024):
        raise ServiceError("InvalidArgument", "A copy has no body.")
    directive = request.headers.get("x-cos-metadata-directive", "Copy").capitalize()
    if directive not in ("Copy", "Replaced"):
        raise ServiceError("InvalidArgument", "x-cos-metadata-directive: expected Copy or Replaced.")
    source = find_source(storage, request)
    onto_itself = (source.bucket, source.key) == (bucket.id, request.key)
    # SSE-C or another class is a change as well
    if onto_itself and directive == "Copy" and not source.sequence and not _changes(request):
        raise ServiceError("InvalidRequest", "Copying an object onto itself needs the directive Replaced.")
    # ACL and storage class go back to defaults unless they are sent again
    described = read_headers(storage, request, directive=directive)
    lines = source.header_lines if directive == "Copy" else described.lines
    tagging = described.tagging
    if request.headers.get("x-cos-tagging-directive", "Copy").capitalize() == "Copy":
        tagging = source.tagging
    state = encryption.wanted(storage, request, bucket)
    content = await _content_of(storage, source)
    new = NewObject(request.key, content, source.etag, lines, described.storage_class, described.acl, tagging,
                    state.text)
    forbid = wants_no_overwrite(request)
    try:
        written = await storage.database.write(
            lambda transaction: store(transaction, bucket, new, forbid_overwrite=forbid))
    except BaseException:
        discard(storage, content)
        raise
    response = Response.xml(xml.document("CopyObjectResult", (
        xml.element("ETag", f'"{source.etag}"'),
        xml.element("CRC64", str(source.crc64)),
        xml.element("LastModified", iso_time(written.modified, milliseconds=False)),
        *((xml.element("VersionId", written.version),) if written.version else ()),
    )))
    response.headers["x-cos-hash-crc64ecma"] = str(source.crc64)
    response.headers.update(encryption.headers_of(state))
    response.headers.update(source_headers(request, source))
    if written.version:
        response.headers["x-cos-version-id"] = written.version
    return response


def _changes(request: Request) -> bool:
    """Whether more is asked for than the same object again."""
    return any(name.lower().startswith(("x-cos-storage-class", "x-cos-server-side-encryption"))
               for name in request.headers)


async def _content_of(storage: Storage, source: StoredObject) -> Content:
    data = read_bytes(storage.database, source)
    if data is not None:
        return small_content(data)
    assert source.file is not None
    try:
        name = await storage.content.duplicate(source.file)
    except FileNotFoundError:
        raise ServiceError("NoSuchKey") from None
    return Content(source.size, source.etag, source.crc64, file=name)
