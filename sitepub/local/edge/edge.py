"""The embedded CDN edge: one port for HTTP and one for HTTPS, for every host of the CDN, EdgeOne and buckets.

The TLS handshake names the host for certificate, HTTP/2 and TLS versions, the Host header for everything else.
``<host>.localhost`` means the host too, for browsers, with a certificate of the embedded cloud's own authority.

Files of this room: ``hosts`` gathers what is served; ``exchange`` makes the answer, from ``cache`` or ``origin``, as
``rules`` decide; ``sending`` fits an answer to its visitor; ``tls`` and ``http2`` are the protocols.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from sitepub.local.edge import visits
from sitepub.local.edge.cache import EdgeCache
from sitepub.local.edge.exchange import Exchange, page
from sitepub.local.edge.hosts import EdgeHosts
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse
from sitepub.local.edge.origin import Origins
from sitepub.local.edge.rules import cache_key
from sitepub.local.edge.tls import EdgeTls
from sitepub.local.services.services import Services
from sitepub.local.store.access_log import AccessLog
from sitepub.local.store.buckets import Buckets

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from sitepub.local.edge.http2 import Http2Connection


MOST_BODY = 1024 * 1024
"""Bytes of a request's body."""


class Edge:
    """The edge of one cloud. It listens on the purges of ``services``."""

    def __init__(self, services: Services, buckets: Buckets, log: AccessLog, origins: Origins,
                 cache: EdgeCache | None = None) -> None:
        self._log = log
        self._authority_folder = services.authority_folder
        self.cache = cache or EdgeCache()
        self._find = EdgeHosts(services, buckets).find
        self._origins = origins
        self._exchange = Exchange(self._find, self._origins, self.cache)
        self._exchange.on_fetched = partial(visits.record, self._log)
        self._tls: EdgeTls | None = None
        self._http = web.Server(
            self._handle, access_log=None, auto_decompress=False, keepalive_timeout=75.0,
            max_line_size=32 * 1024, max_field_size=32 * 1024, lingering_time=2.0,
        )
        self._listeners: list[asyncio.Server] = []
        self._http2: set[Http2Connection] = set()
        self._prefetches: set[asyncio.Task[None]] = set()
        self.running = 0
        services.on_purge.append(self.purge)
        services.on_prefetch.append(self.prefetch)

    async def start_http(self, port: int) -> int:
        """Listen on 127.0.0.1 (0: any free port); returns the port. Raises OSError when it is taken."""
        used = await self._listen(self._http, port, None)
        self._exchange.ports["http"] = used
        return used

    async def start_https(self, port: int) -> int:
        """The same for HTTPS."""
        if self._tls is None:
            self._tls = EdgeTls(self._authority_folder, self._find)
        used = await self._listen(lambda: _Handshaken(self), port, self._tls.context)
        self._exchange.ports["https"] = used
        return used

    async def _listen(self, protocol: Callable[[], asyncio.BaseProtocol], port: int,
                      context: ssl.SSLContext | None) -> int:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(protocol, "127.0.0.1", port, ssl=context, backlog=1024)
        self._listeners.append(listener)
        return int(listener.sockets[0].getsockname()[1])

    async def stop(self, patience: float = 10.0) -> None:
        """Accept nothing new, let answers under way finish for at most ``patience`` seconds."""
        for listener in self._listeners:
            listener.close()
        self._http.pre_shutdown()
        deadline = time.monotonic() + patience
        while self.running and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        for task in list(self._prefetches):
            task.cancel()
        for connection in list(self._http2):
            connection.close()
        await self._http.shutdown(timeout=0.5)
        await self._origins.close()

    def purge(self, kind: str, target: str) -> None:
        """Remove from the cache (:data:`services.services.PurgeListener`): ``url``, ``prefix``, ``flush`` (what is
        below it is validated again), ``host``, or ``all``."""
        self._exchange.purged()
        cache = self.cache
        if kind == "url":
            cache.purge_url(target, self._cache_key)
        elif kind == "prefix":
            cache.purge_prefix(target)
        elif kind == "flush":
            cache.flush_prefix(target)
        elif kind == "host":
            cache.purge_host(target)
        else:
            cache.purge_all()

    def prefetch(self, url: str) -> None:
        """Fetch a URL into the cache, soon."""
        from urllib.parse import urlsplit

        task = asyncio.get_running_loop().create_task(self._prefetch(urlsplit(url)))
        self._prefetches.add(task)
        task.add_done_callback(self._prefetches.discard)

    async def _prefetch(self, url: SplitResult) -> None:
        headers = CIMultiDictProxy(CIMultiDict({"Host": url.netloc, "User-Agent": "prefetch"}))
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        scheme = url.scheme if url.scheme == "http" else "https"
        request = EdgeRequest("GET", scheme, url.netloc, target, headers, "127.0.0.1", time.time())
        with contextlib.suppress(Exception):
            _, response = await self._exchange.answer(request)
            await response.close()

    def _cache_key(self, host: str, path: str, query: str) -> tuple[str, str]:
        domain = self._find(host)
        return (path, query) if domain is None else cache_key(domain, path, query)

    async def answer(self, request: EdgeRequest) -> EdgeResponse:
        """Answer a visitor, with status 500 after an unexpected error, and log the visit."""
        domain = None
        self.running += 1
        try:
            domain, response = await self._exchange.answer(request)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = page(500, "The embedded edge failed.")
        finally:
            self.running -= 1
        if domain is not None:
            visits.record(self._log, domain, request, response)
        return response

    def refused(self, transport: asyncio.BaseTransport) -> bool:
        """Whether the host of a TLS connection does not speak the version that was agreed on."""
        return self._tls is None or self._tls.refuses(transport.get_extra_info("ssl_object"))

    async def _handle(self, received: web.BaseRequest) -> web.StreamResponse:
        """HTTP/1.1."""
        target = received.raw_path
        if not target.startswith("/") and "://" in target:
            target = "/" + target.partition("://")[2].partition("/")[2]
        secure = received.transport is not None and received.transport.get_extra_info("ssl_object") is not None
        body = await _body(received) if received.can_read_body else b""
        if body is None:
            return web.Response(status=413)
        request = EdgeRequest(
            received.method, "https" if secure else "http", received.headers.get("Host", ""), target,
            received.headers, received.remote or "", time.time(), body=body,
        )
        return await _send(received, request, await self.answer(request))

    def http1(self) -> asyncio.BaseProtocol:
        """A protocol for one connection without HTTP/2."""
        return self._http()

    def http2(self) -> asyncio.BaseProtocol:
        """A protocol for one HTTP/2 connection."""
        from sitepub.local.edge.http2 import Http2Connection  # h2 is loaded when a visitor speaks it

        return Http2Connection(self.answer, self._http2)


class _Handshaken(asyncio.Protocol):
    """A TLS connection after its handshake: HTTP/2 or HTTP/1.1 takes it over, as agreed."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = cast("asyncio.Transport", transport)
        if self._edge.refused(connection):
            connection.abort()
            return
        agreed = connection.get_extra_info("ssl_object").selected_alpn_protocol()
        protocol = self._edge.http2() if agreed == "h2" else self._edge.http1()
        connection.set_protocol(protocol)
        protocol.connection_made(connection)


async def _body(received: web.BaseRequest) -> bytes | None:
    """The body of a request; None when it is too large."""
    parts, size = [], 0
    async for chunk in received.content.iter_any():
        size += len(chunk)
        if size > MOST_BODY:
            return None
        parts.append(chunk)
    return b"".join(parts)


async def _send(received: web.BaseRequest, request: EdgeRequest, response: EdgeResponse) -> web.StreamResponse:
    headers = CIMultiDict(response.headers)
    headers.setdefault("Server", "sitepub-edge")
    bare = request.method == "HEAD" or response.status in (204, 304)
    if response.stream is None and not bare:
        if "Content-Type" not in headers:
            headers["Content-Type"] = "application/octet-stream"
        return web.Response(status=response.status, headers=headers, body=response.body)
    out = web.StreamResponse(status=response.status, headers=headers)
    length = response.length if response.stream is not None else len(response.body)
    if length is not None and response.status not in (204, 304):
        out.content_length = length
    if bare:
        await response.close()
    await out.prepare(received)
    if not bare and response.stream is not None:
        async with contextlib.aclosing(response.stream) as stream:
            async for chunk in stream:
                await out.write(chunk)
        await out.write_eof()
    return out
