"""Fetching from a host's origin: a bucket of this cloud, or a server on this computer.

A bucket is asked without a detour over the network, with the request that the network would have brought.
Nothing else is ever connected to: an origin elsewhere is answered 502.
"""

from __future__ import annotations

import ipaddress
import itertools
import sys
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from multidict import CIMultiDict

from sitepub.local.base.errors import ServiceError, error_response
from sitepub.local.base.hosts import Kind, service_of
from sitepub.local.base.messages import Request, Response, parse_query
from sitepub.local.edge.domains import EdgeDomain
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse, Pairs

if TYPE_CHECKING:
    import aiohttp


Answer = Callable[[Request], Awaitable[Response]]
"""How the buckets of this cloud answer a request. Raises ServiceError."""
TIMEOUT = 20.0
"""Seconds that an origin may take to begin its answer."""
MOST_REDIRECTS = 3
_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "http2-settings",
})
_EDGE_ONLY = frozenset({"host", "accept-encoding", "x-forwarded-proto", "content-length", "expect"})
SELECTING = frozenset({
    "range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
})
"""Request headers that ask for less than the whole answer."""


class Origins:
    """Where the edge fetches from."""

    def __init__(self, answer: Answer, port: int) -> None:
        """``port``: where this cloud itself listens."""
        self._answer = answer
        self._port = port
        self._numbers = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def pull(self, domain: EdgeDomain, request: EdgeRequest, extra: Pairs | None = None, *,
                   selecting: bool = False) -> EdgeResponse:
        """The origin's answer, following its redirects if the domain wants that.

        ``extra`` headers are added. ``selecting``: pass on the visitor's conditions and ranges too."""
        headers = _passed_on(domain, request, selecting)
        headers.extend(extra or [])
        target = request.target
        for _ in range(MOST_REDIRECTS if domain.follow_redirect else 1):
            response = await self._ask(domain, request, target, headers)
            following = _next_target(domain, response) if domain.follow_redirect else None
            if following is None:
                return response
            target = following
            await response.close()
        return await self._ask(domain, request, target, headers)

    async def _ask(self, domain: EdgeDomain, request: EdgeRequest, target: str,
                   headers: CIMultiDict[str]) -> EdgeResponse:
        origin = domain.origin
        method = "GET" if request.method == "HEAD" else request.method
        if domain.product == "cos":
            # the Host header stays: the bucket sees which of its names the visitor used
            return await self._ask_bucket(request, method, target, headers, origin.hosts[0])
        if _is_bucket(origin.host_header) and any(_is_bucket(host) or self._is_here(host) for host in origin.hosts):
            return await self._ask_bucket(request, method, target, headers, origin.host_header)
        for host in origin.hosts:
            if _on_this_computer(host) and not self._is_here(host):
                return await self._ask_server(domain, request, host, method, target, headers)
        message = "The embedded cloud fetches from its own buckets and from servers on this computer only."
        return EdgeResponse(502, [("Content-Type", "text/plain; charset=utf-8")], message.encode())

    def _is_here(self, host: str) -> bool:
        name, port = _host_and_port(host, 80)
        return _on_this_computer(name) and port == self._port

    async def _ask_bucket(self, request: EdgeRequest, method: str, target: str,
                          headers: CIMultiDict[str], name: str) -> EdgeResponse:
        path, _, query = target.partition("?")
        pulled = Request(
            method=method, target=target, path=path,
            key=unquote(path[1:], errors="surrogateescape"), query=parse_query(query) if query else {},
            headers=headers, service=service_of(name), body=_GivenBody(request.body),
            remote=request.remote, request_id=f"edge{int(request.time):x}{next(self._numbers):08x}",
            time=time.time(), content_length=len(request.body) if request.body else None, via_edge=True,
        )
        try:
            response = await self._answer(pulled)
        except ServiceError as error:
            response = error_response(error, pulled)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = error_response(ServiceError("InternalError"), pulled)
        return _from_bucket(response, pulled)

    async def _ask_server(self, domain: EdgeDomain, request: EdgeRequest, host: str, method: str, target: str,
                          headers: CIMultiDict[str]) -> EdgeResponse:
        import aiohttp
        from yarl import URL

        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None, sock_read=TIMEOUT, connect=TIMEOUT),
            )
        secure = _pull_scheme(domain, request) == "https"
        name, port = _host_and_port(host, 443 if secure else 80)
        url = URL(f"{'https' if secure else 'http'}://{name}:{port}{target}", encoded=True)
        try:
            # a certificate for a loopback address proves nothing
            answer = await self._session.request(method, url, headers=headers, data=request.body or None,
                                                 allow_redirects=False, ssl=False)
        except TimeoutError:
            return EdgeResponse(504, [("Content-Type", "text/plain")], b"The origin did not answer in time.")
        except (aiohttp.ClientError, OSError) as error:
            return EdgeResponse(502, [("Content-Type", "text/plain")], f"No answer of the origin: {error}".encode())
        pairs = [(n, v) for n, v in answer.headers.items() if n.lower() not in _HOP_BY_HOP | {"content-length"}]
        return EdgeResponse(answer.status, pairs, stream=_read(answer), length=answer.content_length)


class _GivenBody:
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, limit: int) -> bytes:
        if len(self._data) > limit:
            raise ServiceError("EntityTooLarge")
        return self._data

    async def chunks(self) -> AsyncIterator[bytes]:
        if self._data:
            yield self._data


def _passed_on(domain: EdgeDomain, request: EdgeRequest, selecting: bool) -> CIMultiDict[str]:
    refused = _HOP_BY_HOP | _EDGE_ONLY | (frozenset() if selecting else SELECTING)
    headers = CIMultiDict((n, v) for n, v in request.headers.items() if n.lower() not in refused)
    headers["Host"] = domain.origin.host_header
    forwarded = headers.get("X-Forwarded-For")
    headers["X-Forwarded-For"] = f"{forwarded}, {request.remote}" if forwarded else request.remote
    if _pull_scheme(domain, request) == "https":
        headers["X-Forwarded-Proto"] = "https"
    return headers


def _pull_scheme(domain: EdgeDomain, request: EdgeRequest) -> str:
    follows = domain.origin.protocol == "follow" or domain.product == "cos"
    return request.scheme if follows else domain.origin.protocol


def _next_target(domain: EdgeDomain, response: EdgeResponse) -> str | None:
    """Target of a redirect to the origin itself; None for every other answer."""
    if response.status not in (301, 302, 307, 308):
        return None
    parts = urlsplit(response.get("location") or "")
    if not parts.path.startswith("/") or parts.netloc not in ("", domain.origin.host_header):
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _from_bucket(response: Response, request: Request) -> EdgeResponse:
    headers = [*response.headers.items(), ("Server", "tencent-cos"), ("x-cos-request-id", request.request_id)]
    return EdgeResponse(response.status, headers, response.body, response.stream, response.length)


async def _read(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in answer.content.iter_any():
            yield chunk
    finally:
        answer.close()


def _is_bucket(host: str) -> bool:
    return service_of(host).kind in (Kind.WEBSITE, Kind.BUCKET)


def _host_and_port(host: str, default: int) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and "]" not in port:
        return name, int(port)
    return host, default


def _on_this_computer(host: str) -> bool:
    name = _host_and_port(host, 0)[0].strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
