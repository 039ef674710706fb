"""Multipart uploads that a killed run left behind: invisible, paid for, and in the way of deleting the bucket
(COS API 436/7736, 436/7740)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from urllib.parse import unquote

from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.cos.xml import flat, local_name, parsed

_PAGE = 1000
_ROUNDS = 100
"""Pages of uploads of one key: each killed run leaves one upload."""


def discard_uploads(wire: Wire, keys: Iterable[str]) -> int:
    """Abort every unfinished upload of exactly these keys; how many there were.

    Raises what the cloud answers: :class:`~sitepub.errors.AccessDenied` for a key pair that may not look.
    """
    count = 0
    for key in keys:
        # A page holds up to 1000 uploads, those of this very key first; what is gone is not listed again.
        for _ in range(_ROUNDS):
            found = uploads_of(wire, key)
            for upload_id in found:
                abort_upload(wire, key, upload_id)
            count += len(found)
            if len(found) < _PAGE:
                break
    return count


def discard_uploads_below(wire: Wire, prefix: str) -> int:
    """Abort every unfinished upload whose key begins so; how many there were. Raises as :func:`discard_uploads`."""
    count = 0
    for _ in range(_ROUNDS):
        found = _uploads(wire, prefix)
        for key, upload_id in found:
            abort_upload(wire, key, upload_id)
        count += len(found)
        if len(found) < _PAGE:
            break
    return count


def abort_upload(wire: Wire, key: str, upload_id: str) -> None:
    """One that is not there any more is no error."""
    wire.send(Request("DELETE", "cos:AbortMultipartUpload", key, {"uploadId": upload_id}), accept=(404,))


def uploads_of(wire: Wire, key: str) -> list[str]:
    """The ids of the unfinished uploads of exactly this key, at most a page of them; the oldest first, as COS lists
    them."""
    return [upload_id for name, upload_id in _uploads(wire, key) if name == key]


def _uploads(wire: Wire, prefix: str) -> list[tuple[str, str]]:
    found: list[list[tuple[str, str]]] = []
    request = Request("GET", "cos:ListMultipartUploads", "",
                      {"uploads": "", "encoding-type": "url", "max-uploads": str(_PAGE), "prefix": prefix})
    wire.send(request, check=lambda answer: found.append(uploads_in(answer.body)))
    return found[-1]


def uploads_in(body: bytes) -> list[tuple[str, str]]:
    """Key and id of each upload. Raises :class:`BadAnswer` for what is not a whole listing."""
    try:
        root = parsed(body)
    except ET.ParseError as error:
        raise BadAnswer(f"The cloud's listing of uploads is not whole: {error}.", code="BadListing") from error
    if local_name(root.tag) != "ListMultipartUploadsResult":
        raise BadAnswer("The cloud answered a listing of uploads with something else.", code="BadListing")
    fields = flat(root)
    # The documentation calls it Encoding-Type here, EncodingType in the listing of objects.
    encoded = (fields.get("Encoding-Type") or fields.get("EncodingType") or "").lower() == "url"
    uploads = [flat(child) for child in root if local_name(child.tag) == "Upload"]
    return [(unquote(each.get("Key", "")) if encoded else each.get("Key", ""), each["UploadId"]) for each in uploads
            if each.get("UploadId")]
