"""Adapts an answer of the origin to one visitor: conditions, ranges, compression, header rules."""

from __future__ import annotations

import asyncio
import gzip
import secrets
import time

from sitepub.local.base.errors import ServiceError
from sitepub.local.cos.reading import parse_range
from sitepub.local.edge import rules as edge_rules
from sitepub.local.edge.cache import EdgeCache, Entry, normal_path
from sitepub.local.edge.conditions import range_holds, status_of
from sitepub.local.edge.domains import EdgeDomain
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse, Pairs

_IN_A_THREAD = 128 * 1024
"""Bytes from which compression runs in a thread, so that other visitors do not wait."""
_NOT_MODIFIED = frozenset({
    "etag", "last-modified", "cache-control", "content-location", "expires", "vary", "date"})
"""What a 304 repeats (RFC 9110 15.4.5)."""


async def represent(domain: EdgeDomain, request: EdgeRequest, response: EdgeResponse, entry: Entry | None,
                    cache: EdgeCache, *, packs: bool = True) -> EdgeResponse:
    """The answer for this visitor. ``entry``: the cache entry of the body, which gets its compressed forms. ``packs``:
    False leaves it as it is, for what an edge function fetches."""
    path = normal_path(request.path)
    response.drop("content-length", "connection", "keep-alive", "transfer-encoding")
    if response.stream is None and response.status == 200 and request.method in ("GET", "HEAD"):
        if edge_rules.may_compress(domain.compression, path, tuple(response.headers), len(response.body)):
            _add_vary(response, "Accept-Encoding")
        part = request.method == "GET" and "Range" in request.headers and range_holds(
            request.headers.get("If-Range"), response.get("etag"), response.get("last-modified"))
        coding = _coding(domain, request, path, response) if packs and not part else ""
        etag = _packed_tag(response.get("etag")) if coding else response.get("etag")
        status = status_of(request.headers, etag, response.get("last-modified"))
        if status != 200:
            response.status, response.body = status, b""
            if coding:
                _say_tag(response, etag)
            if status == 412:
                response.drop("content-type", "content-encoding", "content-md5", "cache-control", "expires")
        elif not part or not _cut(request.headers["Range"], response):
            coding = coding or (_coding(domain, request, path, response) if packs else "")
            await _compress(coding, response, entry, cache)
    _say_cache(domain, response, entry)
    edge_rules.browser_cache(domain, path, response.headers)
    if request.scheme == "https" and domain.hsts is not None:
        response.headers.append(hsts_header(domain))
    edge_rules.response_headers(domain.response_headers, path, response.headers)
    if response.status == 304:
        response.headers = [pair for pair in response.headers
                            if pair[0].lower() in _NOT_MODIFIED or not pair[0].lower().startswith("content-")]
    return response


async def represent_function(domain: EdgeDomain, request: EdgeRequest, response: EdgeResponse,
                             cache: EdgeCache) -> EdgeResponse:
    """The answer of an edge function for its visitor: compressed and with the headers of the rules, for the path that
    the visitor asked for. Conditions and ranges were answered by what the function fetched, or by the function."""
    path = normal_path(request.path)
    response.drop("content-length", "connection", "keep-alive", "transfer-encoding")
    if (response.stream is None and response.status == 200 and response.get("content-encoding") is None
            and edge_rules.may_compress(domain.compression, path, tuple(response.headers), len(response.body))):
        _add_vary(response, "Accept-Encoding")
        await _compress(_coding(domain, request, path, response), response, None, cache)
    edge_rules.browser_cache(domain, path, response.headers)
    if request.scheme == "https" and domain.hsts is not None:
        response.headers.append(hsts_header(domain))
    edge_rules.response_headers(domain.response_headers, path, response.headers)
    return response


def hsts_header(domain: EdgeDomain) -> tuple[str, str]:
    assert domain.hsts is not None
    more = "; includeSubDomains" if domain.hsts.include_subdomains else ""
    return "Strict-Transport-Security", f"max-age={domain.hsts.seconds}{more}"


def _cut(header: str, response: EdgeResponse) -> bool:
    """Answer a range; whether one was asked for."""
    size = len(response.body)
    try:
        chosen = parse_range(header, size)
    except ServiceError as error:
        response.status, response.body = error.status, b""
        response.headers = [("Content-Range", f"bytes */{size}")]
        return True
    if chosen is None:
        return False
    start, length = chosen
    response.status = 206
    response.body = response.body[start : start + length]
    response.headers.append(("Content-Range", f"bytes {start}-{start + length - 1}/{size}"))
    return True


def _coding(domain: EdgeDomain, request: EdgeRequest, path: str, response: EdgeResponse) -> str:
    """How the answer is compressed for this visitor; "": not at all."""
    accepted = request.headers.get("Accept-Encoding", "")
    return edge_rules.coding(domain.compression, path, tuple(response.headers), len(response.body), accepted)


def _packed_tag(etag: str | None) -> str | None:
    """Another sequence of bytes: equal in meaning only (RFC 9110 8.8.3.3)."""
    return etag if etag is None or etag.startswith("W/") else f"W/{etag}"


def _say_tag(response: EdgeResponse, etag: str | None) -> None:
    response.drop("etag", "accept-ranges", "content-md5")
    if etag is not None:
        response.headers.append(("ETag", etag))


async def _compress(coding: str, response: EdgeResponse, entry: Entry | None, cache: EdgeCache) -> None:
    if not coding:
        return
    body = entry.encoded.get(coding) if entry is not None else None
    if body is None:
        pack = pack_brotli if coding == "br" else pack_gzip
        small = len(response.body) < _IN_A_THREAD
        body = pack(response.body) if small else await asyncio.to_thread(pack, response.body)
        if entry is not None:
            cache.add_encoding(entry, coding, body)
    response.body = body
    _say_tag(response, _packed_tag(response.get("etag")))
    response.headers.append(("Content-Encoding", coding))


def pack_gzip(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def pack_brotli(body: bytes) -> bytes:
    import brotli

    packed: bytes = brotli.compress(body, quality=5)
    return packed


def _add_vary(response: EdgeResponse, name: str) -> None:
    given = response.lower().get("vary", "")
    names = [one.strip() for one in given.split(",") if one.strip()]
    if name.lower() not in {one.lower() for one in names} and "*" not in names:
        response.drop("vary")
        response.headers.append(("Vary", ", ".join([*names, name])))


def _say_cache(domain: EdgeDomain, response: EdgeResponse, entry: Entry | None) -> None:
    """Add the headers of cache hits: ``X-Cache-Lookup`` of the CDN, ``EO-Cache-Status`` of EdgeOne, and ``X-Cache``."""
    hit = response.cache == "hit"
    said: Pairs = [("X-Cache", "HIT" if hit else "MISS")]
    number = secrets.token_hex(8)
    if domain.product == "edgeone":
        said += [("EO-Cache-Status", "HIT" if hit else "MISS"), ("EO-LOG-UUID", number)]
    else:
        said += [("X-Cache-Lookup", "Cache Hit" if hit else "Cache Miss"), ("X-NWS-LOG-UUID", number)]
    if hit and entry is not None:
        said.append(("Age", str(max(0, int(time.time() - entry.stored)))))
    response.drop(*(name.lower() for name, _ in said), "age")
    response.headers += said
