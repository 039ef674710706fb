"""Listing a bucket: every page or an error, never a part (COS API 436/7734)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from sitepub.errors import CloudError
from sitepub.tencent.cos.integrity import bare
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.store import Listed
from sitepub.tencent.cos.times import unix_time
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.cos.xml import flat, local_name, parsed
from sitepub.tencent.network import limits
from sitepub.tencent.network.http_answer import Answer

PAGE = 1000
"""Objects asked for at a time, the most that the service gives."""


@dataclass(frozen=True, slots=True)
class Page:
    objects: tuple[Listed, ...]
    next_marker: str | None
    """Where the next page begins (exclusive); ``None`` on the last one."""


def parse_page(body: bytes) -> Page:
    """Read one page of a listing that was asked for with encoding-type=url.

    Raises :class:`BadAnswer` for anything that is not a whole, consistent page.
    """
    try:
        root = parsed(body)
    except ET.ParseError as error:
        raise BadAnswer(f"The cloud's listing is not whole: {error}.", code="BadListing") from error
    if local_name(root.tag) != "ListBucketResult":
        raise BadAnswer("The cloud answered a listing with something else.", code="BadListing")
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for child in root:
        name = local_name(child.tag)
        if name == "Contents":
            found.append(flat(child))
        else:
            fields[name] = child.text or ""
    url_encoded = fields.get("EncodingType", "").lower() == "url"
    objects = [_object(texts, url_encoded=url_encoded) for texts in found]
    truncated = fields.get("IsTruncated", "")
    if truncated not in ("true", "false"):
        raise BadAnswer("The cloud's listing does not say whether it is whole.", code="BadListing")
    if truncated == "false":
        return Page(tuple(objects), None)
    marker = fields.get("NextMarker", "")
    if not marker:
        raise BadAnswer("The cloud's listing goes on but does not say where.", code="BadListing")
    return Page(tuple(objects), _decoded(marker) if url_encoded else marker)


def _object(texts: Mapping[str, str], *, url_encoded: bool) -> Listed:
    try:
        key = texts["Key"]
        return Listed(_decoded(key) if url_encoded else key, int(texts["Size"]), bare(texts["ETag"]),
                      unix_time(texts.get("LastModified", "")))
    except (KeyError, ValueError) as error:
        raise BadAnswer(f"The cloud's listing has a malformed entry: {error}.", code="BadListing") from error


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict") if "%" in text else text
    except UnicodeDecodeError as error:
        raise BadAnswer(f"The cloud's listing has a name that is not UTF-8: {text[:80]}.",
                        code="BadListing") from error


def list_objects(wire: Wire, prefix: str, after: str = "", size: int = PAGE) -> Iterator[Listed]:
    """Every object whose key starts with the prefix and comes after ``after``, in UTF-8 order."""
    marker, empty = after, 0
    for _ in range(limits.PAGES):
        params = {"encoding-type": "url", "max-keys": str(size)}
        if prefix:
            params["prefix"] = prefix
        if marker:
            params["marker"] = marker
        page = _page(wire, params)
        for item in page.objects:
            if not item.key.startswith(prefix):
                raise CloudError(f"The cloud listed {item.key}, which is not below {prefix}.",
                                 code="BadListing")
        yield from page.objects
        empty = 0 if page.objects else empty + 1
        if page.next_marker is None:
            return
        if page.next_marker.encode() <= marker.encode():
            raise CloudError("The cloud's listing goes in circles: its next page begins before this one.",
                             code="BadListing", hint="Run again; nothing was changed.")
        marker = page.next_marker
        if empty > limits.EMPTY_PAGES:
            break
    raise CloudError("The cloud's listing does not end.", code="BadListing",
                     hint=f"More than {limits.PAGES} pages, or {limits.EMPTY_PAGES} empty ones in a row, are not read."
                          " Nothing was changed.")


def _page(wire: Wire, params: dict[str, str]) -> Page:
    pages: list[Page] = []

    def check(answer: Answer) -> None:
        pages.append(parse_page(answer.body))

    wire.send(Request("GET", "cos:GetBucket", params=params), check=check)
    return pages[-1]
