"""Headers of a request that describe an object: metadata, storage class, ACL, tags; and checks of its key."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from typing import Final

from sitepub.local.base.digests import expected_md5
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request
from sitepub.local.cos.access.acl_configuration import acl_of_new_object
from sitepub.local.store.content import Content
from sitepub.local.store.storage import Storage

MAX_KEY_BYTES = 850
MAX_META_BYTES = 2048
MAX_OBJECT: Final = 5 * 1024**3
"""Bytes of one PUT or one part."""
_KEPT = {
    "content-type": "Content-Type",
    "cache-control": "Cache-Control",
    "content-disposition": "Content-Disposition",
    "content-encoding": "Content-Encoding",
    "content-language": "Content-Language",
    "expires": "Expires",
}
_CANNED = ("", "default", "private", "public-read", "authenticated-read", "bucket-owner-read",
           "bucket-owner-full-control")
_CLASSES = ("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "MAZ_STANDARD", "MAZ_STANDARD_IA",
            "MAZ_INTELLIGENT_TIERING", "COLD", "ARCHIVE", "MAZ_ARCHIVE", "DEEP_ARCHIVE")
_FORBIDDEN = frozenset(map(chr, range(32))) - {"\t", "\n", "\r"}


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """The headers of a PUT, a copy or an initiated upload that become part of the object."""

    lines: str
    """name, value, name, value … one a line."""
    storage_class: str
    acl: str
    tagging: str


def read_headers(storage: Storage, request: Request, *, directive: str = "") -> ObjectHeaders:
    """Collect them from a request. Raises ServiceError MetadataTooLarge or InvalidArgument.

    ``directive="Copy"``: a copy that keeps the source's metadata; only class, ACL and tags count."""
    lines: list[str] = []
    storage_class, acl, tagging = "STANDARD", "", ""
    meta_bytes = 0
    typed = granted = False
    for name, value in request.headers.items():
        if not value:
            continue  # a header without a value says nothing (seen: clients send `Cache-Control:`)
        lower = name.lower()
        if lower in _KEPT:
            if lower == "content-type":
                typed = True
            elif lower == "content-encoding" and value == "aws-chunked":
                continue
            lines += (_KEPT[lower], value)
        elif lower.startswith("x-cos-"):
            if lower.startswith("x-cos-meta-"):
                # The limit is documented for name and value together (COS API 436/7749); counted with the
                # prefix, which is the stricter reading.
                meta_bytes += len(lower) + len(value.encode("utf-8", "surrogateescape"))
                lines += (lower, value)
            elif lower == "x-cos-storage-class":
                storage_class = value.upper()
            elif lower == "x-cos-acl":
                acl = value
            elif lower == "x-cos-tagging":
                tagging = value
            elif lower.startswith("x-cos-grant-"):
                granted = True
    if meta_bytes > MAX_META_BYTES:
        raise ServiceError("MetadataTooLarge")
    if storage_class not in _CLASSES:
        raise ServiceError("InvalidArgument", f"x-cos-storage-class: {storage_class}")
    if acl not in _CANNED:
        raise ServiceError("InvalidArgument", f"x-cos-acl: {acl}")
    if granted:
        acl = acl_of_new_object(storage, request)
    if not typed and directive != "Copy":
        lines += ("Content-Type", mimetypes.guess_type(request.key)[0] or "application/octet-stream")
    if tagging.count("&") >= 10:
        raise ServiceError("InvalidTag", "An object has at most 10 tags.")
    text = "" if directive == "Copy" else "\n".join(lines)
    try:
        f"{text}{tagging}".encode()
    except UnicodeEncodeError:
        raise ServiceError("InvalidArgument", "A header is not UTF-8.") from None
    return ObjectHeaders(text, storage_class, "" if acl == "default" else acl, tagging)


def wants_no_overwrite(request: Request) -> bool:
    """Whether the client asks for a new object only."""
    return request.headers.get("x-cos-forbid-overwrite", "").lower() == "true"


def check_key(key: str) -> None:
    """Raise ServiceError for a name that no object may have (COS 436/13324)."""
    try:
        size = len(key) if key.isascii() else len(key.encode())
    except UnicodeEncodeError:
        raise ServiceError("InvalidURI", "The key is not UTF-8.") from None
    if size > MAX_KEY_BYTES:
        raise ServiceError("KeyTooLong")
    if key[:1] == "\\":
        # Documented as not allowed; what the service answers is not: refused. A slash in front is documented as not
        # allowed as well, and taken (seen in the tests of the service's Node SDK).
        raise ServiceError("InvalidURI", "A key cannot start with \\.")
    if not key.isprintable() and not _FORBIDDEN.isdisjoint(key):
        # documented for some control characters; refused for all that XML 1.0 cannot carry
        raise ServiceError("InvalidURI", "The key has control characters.")


def require_length(request: Request) -> None:
    """Raise ServiceError MissingContentLength for a body of no declared length that is not chunked."""
    if request.content_length is None and "Transfer-Encoding" not in request.headers:
        raise ServiceError("MissingContentLength")


async def receive(storage: Storage, request: Request) -> Content:
    """Take and check the body of a PUT. Raises ServiceError BadDigest, EntityTooLarge …"""
    require_length(request)
    md5 = expected_md5(request)
    content = await storage.content.receive(request.body, request.content_length, MAX_OBJECT)
    if md5 is not None and md5 != content.etag:
        discard(storage, content)
        raise ServiceError("BadDigest")
    return content


def discard(storage: Storage, content: Content) -> None:
    """Remove content that will not become an object."""
    if content.file is not None:
        storage.content.remove([content.file])
