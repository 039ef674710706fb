"""Pages of a bucket in dev mode: HTML gets a script on the way out, and the script's own addresses.

The files are not touched. What is touched of an answer says so: ``no-store`` and no validators, because it
is not the object that they would name.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path

from multidict import CIMultiDict

from sitepub.local import website
from sitepub.local.buckets import Bucket
from sitepub.local.errors import ServiceError
from sitepub.local.live import Session
from sitepub.local.messages import Request, Response

PREFIX = "/-/live/"
"""On the website's own origin, so a page's Content-Security-Policy that allows 'self' allows it."""
MOST_BYTES = 16 * 1024 * 1024
"""HTML larger than this goes out as it is."""

_CONDITIONS = ("If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since")
_GONE = frozenset({"etag", "last-modified", "expires", "accept-ranges", "x-cos-hash-crc64ecma"})
_END = re.compile(rb"</body\s*>", re.IGNORECASE)
_POLICY = re.compile(rb"<meta\b[^>]*content-security-policy[^>]*>", re.IGNORECASE)
_NONCE = re.compile(rb"'nonce-([A-Za-z0-9+/_=-]{1,200})'", re.IGNORECASE)


def own_page(request: Request, session: Session) -> Response:
    """``script.js`` and ``events`` below PREFIX. Raises ServiceError for anything else."""
    name = request.path.removeprefix(PREFIX)
    if request.method not in ("GET", "HEAD"):
        raise ServiceError("MethodNotAllowed")
    if name == "script.js":
        headers = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-store"}
        return Response(200, headers, _script())
    if name == "events":
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":
            return Response(200, headers)
        return Response(200, headers, stream=session.events())
    raise ServiceError("NoSuchKey")


@cache
def _script() -> bytes:
    return Path(__file__).with_name("live_script.js").read_bytes()


async def handle(request: Request, bucket: Bucket | None, session: Session) -> Response:
    """Answer a visitor like :func:`website.handle`, after a publish that is under way."""
    if request.method not in ("GET", "HEAD"):
        return await website.handle(request, bucket)
    await session.settled()
    plain = _unconditional(request)
    # looked at first: a page must not be "not modified", everything else may be
    looked_at = await website.handle(replace(plain, method="HEAD"), bucket)
    if "Range" in request.headers or not is_page(looked_at):
        return await website.handle(request, bucket)
    response = await website.handle(replace(plain, method="GET"), bucket)
    await _add_script(response, session)
    return response


def _unconditional(request: Request) -> Request:
    if not any(name in request.headers for name in _CONDITIONS):
        return request
    headers = CIMultiDict(request.headers)
    for name in _CONDITIONS:
        headers.popall(name, None)
    return replace(request, headers=headers)


def is_page(response: Response) -> bool:
    """HTML that a script can be appended to byte by byte."""
    media, _, parameters = response.headers.get("Content-Type", "").partition(";")
    if response.status not in (200, 404) or media.strip().lower() != "text/html":
        return False
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return False
    return "utf-16" not in parameters.lower() and "utf-32" not in parameters.lower()


async def _add_script(response: Response, session: Session) -> None:
    body = response.body
    if response.stream is not None:
        if response.length is None or response.length > MOST_BYTES:
            return
        async with contextlib.aclosing(response.stream) as stream:
            body = b"".join([chunk async for chunk in stream])
    elif len(body) > MOST_BYTES:
        return
    if not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = with_script(body, session, response.headers.get("Content-Security-Policy", ""))
    response.body, response.stream, response.length = body, None, None
    for name in [name for name in response.headers if name.lower() in _GONE]:
        del response.headers[name]
    response.headers["Cache-Control"] = "no-store"


def with_script(page: bytes, session: Session, policy: str = "") -> bytes:
    """The page with the script before its last ``</body>``, or at its end.

    A script from the page's own origin passes most Content-Security-Policies; where one asks for a nonce, the
    script carries it. Policies are never weakened: what forbids the script is obeyed."""
    nonce = _NONCE.search(policy.encode("latin-1", "replace"))
    if nonce is None:
        meta = _POLICY.search(page)
        nonce = _NONCE.search(meta.group()) if meta else None
    attribute = f' nonce="{nonce.group(1).decode()}"' if nonce else ""
    tag = (f'<script src="{PREFIX}script.js" data-generation="{session.generation}" '
           f'data-bucket="{escape(session.bucket)}"{attribute} async></script>').encode()
    ends = list(_END.finditer(page))
    at = ends[-1].start() if ends else len(page)
    return page[:at] + tag + page[at:]
