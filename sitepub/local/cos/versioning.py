"""Versioning of a bucket, and the list of versions (COS API 436/19889, 19888, 35521)."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos.listing import Rolled, Selection, after_prefix, tier_xml
from sitepub.local.cos.owner import lister_xml
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.database import Database, Row
from sitepub.local.store.storage import Storage

_BATCH = 500
_BEHIND = "(key>? OR (key=? AND sequence<?))"


async def get_versioning(_: Storage, __: Request, bucket: Bucket) -> Response:
    """GET ?versioning: empty when it was never set."""
    status = [xml.element("Status", bucket.versioning)] if bucket.versioning else []
    return Response.xml(xml.document("VersioningConfiguration", status))


async def put_versioning(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """PUT ?versioning: Enabled or Suspended."""
    try:
        tree = xml.parse(await request.body.read(64 * 1024), "VersioningConfiguration")
    except xml.MalformedXMLError as error:
        raise ServiceError("MalformedXML", str(error)) from error
    status = xml.text_of(tree, "Status")
    if status not in ("Enabled", "Suspended"):
        raise ServiceError("MalformedXML", "Status must be Enabled or Suspended.")
    await storage.buckets.set_versioning(bucket, status)
    return Response(200)


async def list_versions(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """GET ?versions: every version and delete marker, keys in order, newest first within a key."""
    wanted = Selection.of(request, "key-marker")
    version_marker = request.query.get("version-id-marker", "")
    if version_marker and not wanted.marker:
        raise ServiceError("InvalidArgument", "version-id-marker needs key-marker.")
    page = Rolled.up(_versions(storage.database, bucket, wanted, version_marker), wanted)
    owner = xml.element("Owner", [lister_xml(bucket.owner)])
    # without versioning, now or before, objects have none; S3's own clients are answered as S3 would
    named = bool(bucket.versioning) or request.s3
    parts = [
        xml.element("Name", bucket.name),
        xml.element("Prefix", wanted.name(wanted.prefix)),
        xml.element("KeyMarker", wanted.name(wanted.marker)),
        xml.element("VersionIdMarker", version_marker),
        xml.element("MaxKeys", wanted.max_keys),
        xml.element("IsTruncated", "true" if page.truncated else "false"),
    ]
    if wanted.delimiter:
        parts.append(xml.element("Delimiter", wanted.name(wanted.delimiter)))
    if wanted.encode:
        parts.append(xml.element("EncodingType", "url"))
    if page.truncated:
        parts.append(xml.element("NextKeyMarker", wanted.name(page.last[0])))
        parts.append(xml.element("NextVersionIdMarker", page.last[1] if named else ""))
    parts += [_entry(row, wanted, owner, named) for row in page.rows]
    parts += [xml.element("CommonPrefixes", [xml.element("Prefix", wanted.name(name))]) for name in page.prefixes]
    return Response.xml(xml.document("ListVersionsResult", parts))


def _entry(row: Row, wanted: Selection, owner: str, named: bool) -> str:
    key, version, sequence, size, etag, modified, storage_class, marker, latest = row
    del sequence
    parts = [
        xml.element("Key", wanted.name(key)),
        xml.element("VersionId", version if named else ""),
        xml.element("IsLatest", "true" if latest else "false"),
        xml.element("LastModified", iso_time(modified)),
        owner,
    ]
    if marker:
        return xml.element("DeleteMarker", parts)
    parts += (xml.element("ETag", f'"{etag}"'), xml.element("Size", size),
              xml.element("StorageClass", storage_class) + tier_xml(storage_class))
    return xml.element("Version", parts)


def _versions(database: Database, bucket: Bucket, wanted: Selection, version_marker: str) -> Iterator[Row]:
    """All versions behind the markers, within the prefix, read in batches."""
    high = after_prefix(wanted.prefix)
    bound = "" if high is None else " AND key<?"
    tail: tuple[object, ...] = () if high is None else (high,)
    condition = "key>?"
    values: tuple[object, ...] = (wanted.marker,)
    if wanted.prefix > wanted.marker:
        condition, values = "key>=?", (wanted.prefix,)
    if version_marker:
        condition, values = _BEHIND, _position(database, bucket, wanted.marker, version_marker)
    columns = "key, version, sequence, size, etag, modified, storage_class"
    while True:
        part = (bucket.id, *values, *tail)
        rows = database.read(
            f"SELECT {columns}, 0, 1 FROM objects WHERE bucket=? AND {condition}{bound}"
            f" UNION ALL SELECT {columns}, marker,"
            "   marker AND sequence=(SELECT max(v.sequence) FROM versions AS v"
            "   WHERE v.bucket=versions.bucket AND v.key=versions.key)"
            "   AND NOT EXISTS (SELECT 1 FROM objects AS o"
            "   WHERE o.bucket=versions.bucket AND o.key=versions.key)"
            f" FROM versions WHERE bucket=? AND {condition}{bound}"
            f" ORDER BY 1, 3 DESC LIMIT {_BATCH}",
            part + part,
        )
        yield from rows
        if len(rows) < _BATCH:
            return
        key, sequence = rows[-1][0], rows[-1][2]
        condition, values = _BEHIND, (key, key, sequence)


def _position(database: Database, bucket: Bucket, key: str, version: str) -> tuple[object, ...]:
    found = database.one(
        "SELECT sequence FROM objects WHERE bucket=?1 AND key=?2 AND version=?3 UNION ALL"
        " SELECT sequence FROM versions WHERE bucket=?1 AND key=?2 AND version=?3", (bucket.id, key, version))
    if found is None:
        raise ServiceError("InvalidArgument", "version-id-marker names no version.")
    return key, key, found[0]
