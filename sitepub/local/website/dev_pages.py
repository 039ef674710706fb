"""Pages of a bucket in dev mode: a script is added to HTML, and the script's own addresses.

The files stay as they are. A changed answer is sent with ``no-store`` and without validators, because those would
name the object. For everything else browsers ask each time (``no-cache``): a stylesheet from a cache
would be an old one after it was saved.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path

from multidict import CIMultiDict

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage
from sitepub.local.website import pages
from sitepub.local.website.dev_mode import DevBucket

PREFIX = "/-/live/"
"""On the website's own origin, so a page's Content-Security-Policy that allows 'self' allows it."""
EVENTS = PREFIX + "events"
MOST_BYTES = 16 * 1024 * 1024
"""HTML larger than this is sent unchanged."""

_CONDITIONS = ("If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since")
_GONE = frozenset({"etag", "last-modified", "expires", "accept-ranges", "x-cos-hash-crc64ecma"})
_SHOWN = frozenset({"document", "iframe", "frame", "object", "embed"})
"""Sec-Fetch-Dest of what a browser shows as a page (Fetch Metadata Request Headers 2.1)."""
_PACKED = ("gzip", "x-gzip")
_POLICY = re.compile(rb"<meta\b(?=[^<>]*content-security-policy)[^<>]*+>", re.IGNORECASE)
_NONCE = re.compile(rb"'nonce-([A-Za-z0-9+/_=-]{1,200})'", re.IGNORECASE)


def own_page(request: Request, dev: DevBucket) -> Response:
    """``script.js`` and ``events`` below PREFIX. Raises ServiceError for anything else."""
    if request.method not in ("GET", "HEAD"):
        raise ServiceError("MethodNotAllowed")
    if request.path == PREFIX + "script.js":
        headers = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-store"}
        return Response(200, headers, _script())
    if request.path == EVENTS:
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":
            return Response(200, headers)
        return Response(200, headers, stream=dev.events())
    raise ServiceError("NoSuchKey")


@cache
def _script() -> bytes:
    return Path(__file__).with_name("live_script.js").read_bytes()


async def handle(storage: Storage, request: Request, bucket: Bucket | None, dev: DevBucket) -> Response:
    """Answer a visitor like :func:`pages.handle`, after the end of a publish that is under way."""
    if request.method not in ("GET", "HEAD"):
        return await pages.handle(storage, request, bucket)
    await dev.settled()
    plain = _unconditional(request)
    if "Range" not in request.headers and _is_shown(request):
        # HEAD first: a page must not be answered "not modified", everything else may be
        head = await pages.handle(storage, replace(plain, method="HEAD"), bucket)
        if is_page(head):
            response = await pages.handle(storage, replace(plain, method="GET"), bucket)
            if await _add_script(response, dev):
                return response
            await _end(response)
    try:
        response = await pages.handle(storage, request, bucket)
    except ServiceError as error:  # 304
        _ask_again(error.headers)
        raise
    _ask_again(response.headers)
    return response


def _ask_again(headers: dict[str, str]) -> None:
    headers.pop("Expires", None)
    headers["Cache-Control"] = "no-cache"


def _is_shown(request: Request) -> bool:
    """Whether the answer becomes a page. What a script fetches, to put it into its own page, does not."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.headers.get("Sec-Fetch-Dest", "document") in _SHOWN or "prefetch" in purpose


def _unconditional(request: Request) -> Request:
    if not any(name in request.headers for name in _CONDITIONS):
        return request
    headers = CIMultiDict(request.headers)
    for name in _CONDITIONS:
        headers.popall(name, None)
    return replace(request, headers=headers)


def is_page(response: Response) -> bool:
    """HTML that a script can be appended to byte by byte. What is wrong with a page may be repaired as well."""
    media, _, parameters = response.headers.get("Content-Type", "").partition(";")
    if not (response.status == 200 or 400 <= response.status < 500) or media.strip().lower() != "text/html":
        return False
    if _encoding(response) not in ("", "identity", *_PACKED):
        return False
    return "utf-16" not in parameters.lower() and "utf-32" not in parameters.lower()


def _encoding(response: Response) -> str:
    return response.headers.get("Content-Encoding", "").strip().lower()


async def _end(response: Response) -> None:
    if response.stream is not None:
        await response.stream.aclose()


async def _add_script(response: Response, dev: DevBucket) -> bool:
    """Whether it could be added; if not, nothing has been read of the answer that could not be read again."""
    body = response.body
    if response.stream is not None:
        if response.length is None or response.length > MOST_BYTES:
            return False
        async with contextlib.aclosing(response.stream) as stream:
            body = b"".join([chunk async for chunk in stream])
    packed = _encoding(response) in _PACKED
    page = _unpacked(body) if packed else body
    if page is None or len(page) > MOST_BYTES or page.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    page = with_script(page, dev, response.headers.get("Content-Security-Policy", ""))
    response.body, response.stream, response.length = gzip.compress(page, 1) if packed else page, None, None
    for name in [name for name in response.headers if name.lower() in _GONE]:
        del response.headers[name]
    response.headers["Cache-Control"] = "no-store"
    return True


def _unpacked(body: bytes) -> bytes | None:
    """The unpacked page; ``None`` when it is not gzip, or too large."""
    packed = zlib.decompressobj(wbits=31)
    with contextlib.suppress(zlib.error):
        page = packed.decompress(body, MOST_BYTES + 1)
        if packed.eof:
            return page
    return None


def with_script(page: bytes, dev: DevBucket, policy: str = "") -> bytes:
    """The page with the script behind it. A parser takes that for the end of the body (HTML 13.2.6.4.22), and
    nothing has to be found there: ``</body>`` may also stand in a comment or in a script's text.

    A script from the page's own origin passes most Content-Security-Policies; where one asks for a nonce, the
    script carries it. Policies are never weakened: what forbids the script is obeyed."""
    nonce = _NONCE.search(policy.encode("latin-1", "replace"))
    if nonce is None:
        meta = _POLICY.search(page)
        nonce = _NONCE.search(meta.group()) if meta else None
    attribute = f' nonce="{nonce.group(1).decode()}"' if nonce else ""
    tag = (f'<script src="{PREFIX}script.js" data-generation="{dev.generation}" '
           f'data-bucket="{escape(dev.bucket)}"{attribute} async></script>')
    return page + tag.encode()
