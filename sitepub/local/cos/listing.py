"""GET Bucket: the listing, version 1 (COS API 436/7734)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos.owner import lister_xml
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.database import Database, Row
from sitepub.local.store.storage import Storage

MAX_KEYS = 1000
_FIRST_BATCH = 4
"""Rows read behind a folder: enough to see the next one, cheap if it is one."""


@dataclass(slots=True)
class Page:
    """One page of a listing."""

    objects: list[Row] = field(default_factory=list)
    """key, size, etag, modified, storage class."""
    prefixes: list[str] = field(default_factory=list)
    next_marker: str = ""
    """Last key or prefix of this page; empty when it is the last page."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a listing asks for. Raises ServiceError InvalidArgument when read from a bad query."""

    prefix: str
    delimiter: str
    marker: str
    max_keys: int
    encode: bool

    @classmethod
    def of(cls, request: Request, marker_name: str = "marker", max_name: str = "max-keys") -> Selection:
        """From the query of a request."""
        query = request.query
        encoding = query.get("encoding-type", "")
        if encoding not in ("", "url"):
            raise ServiceError("InvalidArgument", f"encoding-type: {encoding}")
        text = query.get(max_name, "") or str(MAX_KEYS)
        if not (text.isascii() and text.isdigit()):
            raise ServiceError("InvalidArgument", f"{max_name}: {text}")
        return cls(query.get("prefix", ""), query.get("delimiter", ""), query.get(marker_name, ""),
                   min(int(text), MAX_KEYS), encoding == "url")

    def name(self, text: str) -> str:
        """A key as this listing spells it."""
        return quote(text, safe="/-_.~") if self.encode else text


@dataclass(slots=True)
class Rolled:
    """One page of a listing with possibly several rows for a key: versions, unfinished uploads."""

    rows: list[Row]
    prefixes: list[str]
    truncated: bool = False
    last: tuple[str, str] = ("", "")
    """Key (or common prefix) and id of the last entry: where the next page begins."""

    @classmethod
    def up(cls, rows: Iterable[Row], wanted: Selection) -> Rolled:
        """From rows in order that begin with a key and an id, all of them within the prefix."""
        page = cls([], [])
        for row in rows:
            common = _common(row[0], wanted) if wanted.delimiter else ""
            if common and (common == wanted.marker or (page.prefixes and page.prefixes[-1] == common)):
                continue
            if len(page.rows) + len(page.prefixes) == wanted.max_keys:
                page.truncated = bool(wanted.max_keys)
                break
            if common:
                page.prefixes.append(common)
                page.last = (common, "")
            else:
                page.rows.append(row)
                page.last = (row[0], row[1])
        return page


def after_prefix(prefix: str) -> str | None:
    """The smallest string above all that start with ``prefix``, in UTF-8 byte order; ``None``: no bound."""
    while prefix:
        last = ord(prefix[-1])
        if last < 0x10FFFF:
            # surrogates are no characters
            following = 0xE000 if last == 0xD7FF else last + 1
            return prefix[:-1] + chr(following)
        prefix = prefix[:-1]
    return None


def list_page(database: Database, bucket: Bucket, wanted: Selection) -> Page:
    """Read one page. A common prefix costs one seek, however many keys are below it."""
    page = Page()
    if not wanted.max_keys:
        return page
    low, inclusive = wanted.marker, False
    if wanted.prefix > low:
        # Python compares by code point, which is the order of UTF-8 bytes
        low, inclusive = wanted.prefix, True
    high = after_prefix(wanted.prefix)
    if wanted.delimiter and wanted.marker.startswith(wanted.prefix):
        common = _common(wanted.marker, wanted)
        if common is not None:
            # the marker lies below a prefix that an earlier page named: go on behind it
            following = after_prefix(common)
            if following is None:
                return page
            low, inclusive = following, True
    count = 0
    last = ""
    batch = _FIRST_BATCH if wanted.delimiter else wanted.max_keys + 1
    while True:
        rows = _rows(database, bucket, low, inclusive, high, batch)
        jumped = False
        for row in rows:
            key = row[0]
            if count == wanted.max_keys:
                page.next_marker = last
                return page
            common = _common(key, wanted) if wanted.delimiter else None
            count += 1
            if common is None:
                page.objects.append(row)
                low, inclusive, last = key, False, key
                continue
            page.prefixes.append(common)
            last = common
            following = after_prefix(common)
            if following is None:
                return page
            low, inclusive, jumped = following, True, True
            break
        if jumped:
            batch = _FIRST_BATCH
        elif len(rows) < batch:
            return page
        else:
            batch = min(batch * 4, MAX_KEYS)


def _common(key: str, wanted: Selection) -> str | None:
    at = key.find(wanted.delimiter, len(wanted.prefix))
    return None if at < 0 else key[: at + len(wanted.delimiter)]


def _rows(database: Database, bucket: Bucket, low: str, inclusive: bool, high: str | None,
          limit: int) -> list[Row]:
    condition = f"key{'>=' if inclusive else '>'}?" + ("" if high is None else " AND key<?")
    values = (bucket.id, low) + (() if high is None else (high,))
    return database.read(
        "SELECT key, size, etag, modified, storage_class FROM objects"
        f" WHERE bucket=? AND {condition} ORDER BY key LIMIT {limit:d}",
        values,
    )


async def list_objects(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """Answer a listing."""
    wanted = Selection.of(request)
    page = list_page(storage.database, bucket, wanted)
    owner = xml.element("Owner", [lister_xml(bucket.owner)])
    spell = wanted.name
    parts = [
        xml.element("Name", bucket.name),
        xml.element("Prefix", spell(wanted.prefix)),
        xml.element("Marker", spell(wanted.marker)),
        xml.element("MaxKeys", wanted.max_keys),
        xml.element("IsTruncated", "true" if page.next_marker else "false"),
    ]
    if wanted.delimiter:
        parts.append(xml.element("Delimiter", spell(wanted.delimiter)))
    if wanted.encode:
        parts.append(xml.element("EncodingType", "url"))
    if page.next_marker:
        parts.append(xml.element("NextMarker", spell(page.next_marker)))
    parts += entries(page, wanted, owner)
    return Response.xml(xml.document("ListBucketResult", parts))


def tier_xml(storage_class: str) -> str:
    """Of what intelligent tiering keeps, the tier: what was uploaded or read of late is in this one."""
    return "<StorageTier>FREQUENT</StorageTier>" if storage_class.endswith("INTELLIGENT_TIERING") else ""


def entries(page: Page, wanted: Selection, owner: str = "") -> list[str]:
    """The objects and common prefixes of a page, as XML. `owner`: an Owner element for each object."""
    escape, spell = xml.escape, wanted.name
    return [
        f"<Contents><Key>{escape(spell(key))}</Key><LastModified>{iso_time(modified)}</LastModified>"
        f"<ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size>{owner}"
        f"<StorageClass>{storage_class}</StorageClass>{tier_xml(storage_class)}</Contents>"
        for key, size, etag, modified, storage_class in page.objects
    ] + [xml.element("CommonPrefixes", [xml.element("Prefix", spell(prefix))]) for prefix in page.prefixes]
