"""Answering with an object: conditions, ranges, headers (COS API 436/7753, RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sitepub.local.base.clock import Clock
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import http_date, parse_http_date
from sitepub.local.cos import archives, encryption
from sitepub.local.store.object_state import state_of
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import StoredObject, read_bytes, read_stream

_RANGE = re.compile(r"bytes=\s*+(\d*+)\s*+-\s*+(\d*+)\s*+\Z")
OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
}


def object_headers(clock: Clock, stored: StoredObject) -> dict[str, str]:
    """All headers that describe an object, without its length."""
    headers = stored.headers
    headers["ETag"] = f'"{stored.etag}"'
    headers["Last-Modified"] = http_date(stored.modified)
    headers["x-cos-hash-crc64ecma"] = str(stored.crc64)
    headers["Accept-Ranges"] = "bytes"
    if stored.storage_class != "STANDARD":
        headers["x-cos-storage-class"] = stored.storage_class
        if stored.storage_class.endswith("INTELLIGENT_TIERING"):
            headers["x-cos-storage-tier"] = "FREQUENT"  # the tier of what was uploaded or read of late
    if stored.sequence:
        headers["x-cos-version-id"] = stored.version
    if stored.tagging:
        headers["x-cos-tagging-count"] = str(stored.tagging.count("&") + 1)
    if stored.state:
        state = state_of(stored.state)
        headers.update(encryption.headers_of(state))
        if state.appendable:
            headers["x-cos-object-type"] = "appendable"  # GET says it of these (436/7741), HEAD of all
        headers.update(archives.restore_header(clock, stored))
    return headers


def object_response(storage: Storage, request: Request, stored: StoredObject, status: int = 200, *,
                    overrides: Mapping[str, str] | None = None) -> Response:
    """The answer to GET or HEAD. With status 200 conditions and ranges are honoured; another status (an error
    document) always gets the whole object.

    Raises ServiceError 304, 412 or 416, InvalidObjectState (GET), SsecDecryptHeaderInvalid."""
    headers = object_headers(storage.clock, stored)
    if stored.state:
        encryption.check_readable(request.headers, state_of(stored.state))
    if request.method != "HEAD":
        archives.check_readable(storage.clock, stored)
    start, length = 0, stored.size
    if status == 200:
        check_conditions(request.headers, stored, headers)
        chosen = _range(request, stored)
        if chosen is not None:
            start, length = chosen
            status = 206
            headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{stored.size}"
    if overrides:
        headers.update(overrides)
    if request.method == "HEAD":
        return Response(status, headers, length=length)
    data = read_bytes(storage.database, stored)
    if data is None:
        stream = read_stream(storage.content, stored, start, length)
        return Response(status, headers, stream=stream, length=length)
    return Response(status, headers, data[start : start + length])


def overrides_of(request: Request) -> dict[str, str]:
    """Headers that the query asks for. Raises ServiceError InvalidRequest for an unsigned request."""
    wanted = {header: request.query[name] for name, header in OVERRIDES.items() if name in request.query}
    if wanted and request.signer is None:
        raise ServiceError("InvalidRequest", "Response headers can be set by signed requests only.")
    if any("\r" in value or "\n" in value for value in wanted.values()):
        raise ServiceError("InvalidArgument", "A header value cannot have line breaks.")
    return wanted


def etag_matches(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags contains this one. Unquoted tags match too, as in the service."""
    for item in header.split(","):
        tag = item.strip()
        if tag == "*":
            return True
        if tag.startswith("W/"):
            if not weak:
                continue
            tag = tag[2:]
        if tag.strip('"') == etag:
            return True
    return False


def check_conditions(given: Mapping[str, str], stored: StoredObject, headers: Mapping[str, str],
                     prefix: str = "") -> None:
    """Conditional headers in the order of RFC 9110 13.2.2. ``prefix`` is ``x-cos-copy-source-`` for a copy,
    where every failed condition is 412. Raises ServiceError."""
    match = given.get(f"{prefix}If-Match")
    if match:
        if not etag_matches(match, stored.etag, weak=False):
            raise ServiceError("PreconditionFailed")
    else:
        since = given.get(f"{prefix}If-Unmodified-Since")
        moment = parse_http_date(since) if since is not None else None
        if moment is not None and int(stored.modified) > moment:
            raise ServiceError("PreconditionFailed")
    unchanged = False
    none_match = given.get(f"{prefix}If-None-Match")
    if none_match:
        unchanged = etag_matches(none_match, stored.etag, weak=True)
    else:
        since = given.get(f"{prefix}If-Modified-Since")
        moment = parse_http_date(since) if since is not None else None
        unchanged = moment is not None and int(stored.modified) <= moment
    if unchanged:
        if prefix:
            raise ServiceError("PreconditionFailed")
        kept = ("ETag", "Last-Modified", "Cache-Control", "Expires", "x-cos-hash-crc64ecma",
                "x-cos-version-id")
        raise ServiceError("NotModified", status=304,
                           headers={name: headers[name] for name in kept if name in headers})


def _range(request: Request, stored: StoredObject) -> tuple[int, int] | None:
    header = request.headers.get("Range")
    if header is None:
        return None
    condition = request.headers.get("If-Range")
    if condition is not None:
        moment = parse_http_date(condition) if '"' not in condition else None
        fresh = (int(stored.modified) == moment if moment is not None
                 else etag_matches(condition, stored.etag, weak=False))
        if not fresh:
            return None
    return parse_range(header, stored.size)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and length of a single byte range; ``None`` when the header is to be ignored (another unit,
    several ranges, nonsense). Raises ServiceError InvalidRange (416)."""
    match = _RANGE.match(header)
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if not length:
            raise _unsatisfiable(size)
        return size - length, length
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise _unsatisfiable(size)
    end = min(int(last), size - 1) if last else size - 1
    return start, end - start + 1


def _unsatisfiable(size: int) -> ServiceError:
    return ServiceError("InvalidRange", headers={"Content-Range": f"bytes */{size}"})
