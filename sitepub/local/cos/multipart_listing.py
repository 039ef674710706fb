"""Lists of the parts of an upload, and of the uploads of a bucket (COS API 436/7747, 7736)."""

from __future__ import annotations

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos.listing import Rolled, Selection
from sitepub.local.cos.multipart import find_upload
from sitepub.local.cos.owner import owner_xml
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage


async def list_parts(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """GET ?uploadId."""
    upload = find_upload(storage, request, bucket)
    wanted = Selection.of(request, "part-number-marker", "max-parts")
    marker_text = wanted.marker or "0"
    if not (marker_text.isascii() and marker_text.isdigit()):
        raise ServiceError("InvalidArgument", f"part-number-marker: {marker_text}")
    rows = storage.database.read(
        "SELECT number, modified, etag, size FROM parts WHERE upload=? AND number>? ORDER BY number LIMIT ?",
        (upload.id, int(marker_text), wanted.max_keys + 1))
    truncated = len(rows) > wanted.max_keys
    rows = rows[: wanted.max_keys]
    parts = [
        xml.element("Bucket", bucket.name),
        xml.element("Key", wanted.name(request.key)),
        xml.element("UploadId", upload.id),
        xml.element("Owner", [owner_xml(storage.identity, bucket.owner)]),
        xml.element("Initiator", [owner_xml(storage.identity, upload.initiator)]),
        xml.element("StorageClass", upload.storage_class),
        xml.element("PartNumberMarker", int(marker_text)),
        xml.element("MaxParts", wanted.max_keys),
        xml.element("IsTruncated", "true" if truncated else "false"),
    ]
    if wanted.encode:
        parts.append(xml.element("EncodingType", "url"))
    if truncated and rows:
        parts.append(xml.element("NextPartNumberMarker", rows[-1][0]))
    parts += [
        xml.element("Part", (
            xml.element("PartNumber", number),
            xml.element("LastModified", iso_time(modified)),
            xml.element("ETag", f'"{etag}"'),
            xml.element("Size", size),
        ))
        for number, modified, etag, size in rows
    ]
    return Response.xml(xml.document("ListPartsResult", parts))


async def list_uploads(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """GET ?uploads on the bucket."""
    wanted = Selection.of(request, "key-marker", "max-uploads")
    id_marker = request.query.get("upload-id-marker", "")
    condition, values = "key>?", [wanted.marker]
    if wanted.marker and id_marker:
        condition, values = "(key>? OR (key=? AND id>?))", [wanted.marker, wanted.marker, id_marker]
    rows = storage.database.read(
        f"SELECT key, id, started, storage_class, initiator FROM uploads WHERE bucket=? AND {condition}"
        " ORDER BY key, id", (bucket.id, *values))
    page = Rolled.up((row for row in rows if row[0].startswith(wanted.prefix)), wanted)
    parts = [
        xml.element("Bucket", bucket.name),
        xml.element("Encoding-Type", "url" if wanted.encode else ""),
        xml.element("KeyMarker", wanted.name(wanted.marker)),
        xml.element("UploadIdMarker", id_marker),
        xml.element("MaxUploads", wanted.max_keys),
        xml.element("Prefix", wanted.name(wanted.prefix)),
        xml.element("Delimiter", wanted.name(wanted.delimiter)),
        xml.element("IsTruncated", "true" if page.truncated else "false"),
    ]
    if page.truncated:
        parts.append(xml.element("NextKeyMarker", wanted.name(page.last[0])))
        parts.append(xml.element("NextUploadIdMarker", page.last[1]))
    parts += [
        xml.element("Upload", (
            xml.element("Key", wanted.name(key)),
            xml.element("UploadId", upload_id),
            xml.element("StorageClass", storage_class),
            xml.element("Initiator", [owner_xml(storage.identity, initiator)]),
            xml.element("Owner", [owner_xml(storage.identity, bucket.owner)]),
            xml.element("Initiated", iso_time(started)),
        ))
        for key, upload_id, started, storage_class, initiator in page.rows
    ]
    parts += [xml.element("CommonPrefixes", [xml.element("Prefix", wanted.name(name))]) for name in page.prefixes]
    return Response.xml(xml.document("ListMultipartUploadsResult", parts))
