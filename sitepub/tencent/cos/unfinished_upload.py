"""An upload in parts that a run has begun and not finished, and the parts of it that are there (COS API 436/7747)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from sitepub.errors import AccessDenied, NotFound
from sitepub.tencent.cos.integrity import bare
from sitepub.tencent.cos.leftover_uploads import abort_upload, uploads_of
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.cos.xml import flat, local_name, parsed


@dataclass(frozen=True, slots=True)
class Part:
    size: int
    etag: str
    """The MD5 of its content, but where the service encrypts with a key of its own."""


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    upload_id: str
    parts: Mapping[int, Part]
    """By number."""


def find_unfinished(wire: Wire, key: str) -> UnfinishedUpload | None:
    """The upload of this key that has most parts; all others are aborted. ``None``: there is none, or the key pair may
    not look."""
    try:
        found = [UnfinishedUpload(upload_id, _parts_of(wire, key, upload_id)) for upload_id in uploads_of(wire, key)]
        best = max(found, key=lambda upload: len(upload.parts), default=None)
        for upload in found:
            if upload is not best:
                abort_upload(wire, key, upload.upload_id)
    except (AccessDenied, NotFound):
        return None
    return best


def _parts_of(wire: Wire, key: str, upload_id: str) -> dict[int, Part]:
    found: dict[int, Part] = {}
    marker: int | None = 0
    while marker is not None:
        params = {"uploadId": upload_id, "max-parts": "1000"}
        if marker:
            params["part-number-marker"] = str(marker)
        pages: list[tuple[dict[int, Part], int | None]] = []

        def check(answer: object, pages: list[tuple[dict[int, Part], int | None]] = pages,
                  before: int = marker) -> None:
            pages.append(parse_parts(answer.body, before))  # type: ignore[attr-defined]

        wire.send(Request("GET", "cos:ListParts", key, params), check=check)
        parts, marker = pages[-1]
        found.update(parts)
    return found


def parse_parts(body: bytes, before: int = 0) -> tuple[dict[int, Part], int | None]:
    """The parts of a page, and where the next one begins. Raises :class:`BadAnswer` for what is not a whole page."""
    try:
        root = parsed(body)
    except ET.ParseError as error:
        raise BadAnswer(f"The cloud's list of parts is not whole: {error}.", code="BadListing") from error
    if local_name(root.tag) != "ListPartsResult":
        raise BadAnswer("The cloud answered a list of parts with something else.", code="BadListing")
    found: dict[int, Part] = {}
    for child in root:
        if local_name(child.tag) == "Part":
            texts = flat(child)
            number, size = texts.get("PartNumber", ""), texts.get("Size", "")
            if number.isdigit() and size.isdigit():
                found[int(number)] = Part(int(size), bare(texts.get("ETag", "")).lower())
    fields = flat(root)
    if fields.get("IsTruncated", "") not in ("true", "false"):
        raise BadAnswer("The cloud's list of parts does not say whether it is whole.", code="BadListing")
    if fields["IsTruncated"] == "false":
        return found, None
    marker = fields.get("NextPartNumberMarker", "")
    if not marker.isdigit() or int(marker) <= before:
        raise BadAnswer("The cloud's list of parts does not go on.", code="BadListing")
    return found, int(marker)
