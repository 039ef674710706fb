"""The HTTP listener of object storage, websites, cloud API and own pages: one port, plain HTTP.

Built on aiohttp's low-level server (its parser is C). It makes a :class:`Request` of what arrives, applies the
faults that are switched on, and sends what :class:`sitepub.local.dispatch.Dispatcher` answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
import time
import traceback
from collections.abc import AsyncIterator, Mapping
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_exceptions import HTTPException

from sitepub.local.base.damage import service_error
from sitepub.local.base.errors import ServiceError, error_response
from sitepub.local.base.hosts import Kind, service_of
from sitepub.local.base.messages import Request, Response, parse_query
from sitepub.local.cloud import LocalCloud
from sitepub.local.dispatch import Dispatcher

_NOTHING_DONE = ("429", "500", "503", "reset", "timeout", "redirect", "portal")
_READ_AHEAD = 256 * 1024
"""Bytes. As much as uvloop receives at a time: with aiohttp's own 64 KB every piece of a large body would stop the
connection and start it again."""
_SILENCE = 300.0
"""Seconds that the ``timeout`` fault keeps a connection open without an answer."""


class ReceivedBody:
    """The body of an aiohttp request. Sends 100 Continue first when the client waits for it."""

    __slots__ = ("_request",)

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request

    async def read(self, limit: int) -> bytes:
        """The whole body, at most ``limit`` bytes."""
        self._invite()
        content = self._request.content
        data = await content.readany()
        if content.at_eof():
            if len(data) > limit:
                raise ServiceError("EntityTooLarge")
            return data
        parts = [data]
        size = len(data)
        while data := await content.readany():
            parts.append(data)
            size += len(data)
            if size > limit:
                raise ServiceError("EntityTooLarge")
        return b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece."""
        self._invite()
        content = self._request.content
        while data := await content.readany():
            yield data

    def _invite(self) -> None:
        request = self._request
        if "Expect" in request.headers and request.headers["Expect"].lower() == "100-continue":
            transport = request.transport
            if transport is not None and not request.content.is_eof() and not request.content.total_bytes:
                transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


class Server:
    """Serves one cloud on one port of loopback."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._dispatcher = Dispatcher(cloud)
        self._http = web.Server(
            self._handle, access_log=None, auto_decompress=False, keepalive_timeout=75.0,
            max_line_size=32 * 1024, max_field_size=32 * 1024, lingering_time=2.0, read_bufsize=_READ_AHEAD,
        )
        self._listener: asyncio.Server | None = None
        self._stopping = asyncio.Event()
        self._numbers = itertools.count(1)
        self._prefix = f"{int(time.time()):x}{os.getpid() & 0xFFFF:04x}"

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1 (0: any free port); returns the port. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._http, "127.0.0.1", port, backlog=1024)
        used = int(self._listener.sockets[0].getsockname()[1])
        self._cloud.addresses.port = used
        return used

    async def stop(self, patience: float = 10.0) -> None:
        """Accept nothing new, let requests under way finish for at most ``patience`` seconds."""
        self._stopping.set()
        self._cloud.dev_mode.close()
        self._cloud.access_log.stop_waiting()
        if self._listener is not None:
            self._listener.close()
        self._http.pre_shutdown()
        deadline = time.monotonic() + patience
        while self._cloud.counts.running and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await self._http.shutdown(timeout=0.5)

    async def answer(self, request: Request) -> Response:
        """What :meth:`Dispatcher.answer` answers. Raises ServiceError."""
        return await self._dispatcher.answer(request)

    async def _handle(self, received: web.BaseRequest) -> web.StreamResponse:
        cloud = self._cloud
        cloud.counts.running += 1
        try:
            return await self._exchange(received)
        finally:
            cloud.counts.running -= 1

    async def _exchange(self, received: web.BaseRequest) -> web.StreamResponse:
        cloud = self._cloud
        request = self._request(received)
        misbehaviour = cloud.misbehaviour
        fault = ""
        internal = request.service.kind is Kind.LOOPBACK and request.path.startswith("/-/")
        if not internal:
            if misbehaviour.latency:
                await asyncio.sleep(misbehaviour.latency)
            if misbehaviour.faults:
                fault = misbehaviour.draw(request.method)
                if fault in _NOTHING_DONE:
                    # the request is not read, but counted: a client did try
                    cloud.counts.add(request.method, f"Fault:{fault}", request.service.bucket, 0)
                if fault == "timeout":
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._stopping.wait(), _SILENCE)
                if fault in ("reset", "timeout"):
                    return _abort(received)
        if fault in ("redirect", "portal"):
            return _portal(fault)
        if fault in ("429", "500", "503"):
            code = {"429": "TooManyRequests", "500": "InternalError", "503": "SlowDown"}[fault]
            response = error_response(ServiceError(code, status=int(fault)), request)
        else:
            response = await self._answer(request)
        if fault == "reset-after":
            return _abort(received)
        if fault == "etag" and "ETag" in response.headers:
            response.headers["ETag"] = f'"{"0" * 32}"'
        if fault == "truncate":
            return await _truncated(received, request, response)
        return await _send(received, request, response)

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._dispatcher.answer(request)
        except ServiceError as error:
            return error_response(error, request)
        except (HTTPException, HttpProcessingError, ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            known = service_error(error, self._cloud.data)
            if known is not None:
                print(known.message, file=sys.stderr, flush=True)
                return error_response(known, request)
            traceback.print_exc(file=sys.stderr)
            return error_response(ServiceError("InternalError"), request)

    def _request(self, received: web.BaseRequest) -> Request:
        target = received.raw_path
        headers: Mapping[str, str] = received.headers
        if not target.startswith("/") and "://" in target:
            # absolute form, as sent to proxies: its host counts, and not the header (RFC 9112 3.2.2)
            host, _, target = target.partition("://")[2].partition("/")
            target = "/" + target
            if host != headers.get("Host"):
                named = received.headers.copy()
                named["Host"] = host
                headers = named
        path, _, query_text = target.partition("?")
        number = next(self._numbers)
        request = Request(
            method=received.method,
            target=target,
            path=path,
            key=unquote(path[1:], errors="surrogateescape") if "%" in path else path[1:],
            query=parse_query(query_text) if query_text else {},
            headers=headers,
            service=service_of(headers.get("Host", "")),
            body=ReceivedBody(received),
            remote=received.remote or "127.0.0.1",
            request_id=f"{self._prefix}{number:08x}",
            time=time.time(),
        )
        length = headers.get("Content-Length")
        if length is not None and length.isascii() and length.isdigit():
            request.content_length = int(length)
        return request


async def _send(received: web.BaseRequest, request: Request, response: Response) -> web.StreamResponse:
    headers = response.headers
    headers["Server"] = "tencent-cos"
    headers["x-cos-request-id"] = request.request_id
    if response.stream is None and request.method != "HEAD":
        if "Content-Type" not in headers and response.body:
            headers["Content-Type"] = "application/octet-stream"
        return web.Response(status=response.status, headers=headers, body=response.body or None)
    length = response.length if response.stream is not None else len(response.body)
    out = web.StreamResponse(status=response.status, headers=headers)
    if request.method == "HEAD":
        if response.length is not None:
            length = response.length
        if length is not None and response.status not in (204, 304):
            out.content_length = length
        await out.prepare(received)
        return out
    out.content_length = length
    await out.prepare(received)
    assert response.stream is not None
    async with contextlib.aclosing(response.stream) as stream:
        async for chunk in stream:
            await out.write(chunk)
    await out.write_eof()
    return out


def _portal(kind: str) -> web.Response:
    """The login page or redirect that a captive portal answers in place of the server."""
    if kind == "redirect":
        return web.Response(status=302, headers={"Location": "http://login.portal.example/?from=here"})
    page = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>Please log in</h1></body></html>"
    return web.Response(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=page)


def _abort(received: web.BaseRequest) -> web.StreamResponse:
    if received.transport is not None:
        received.transport.abort()
    return web.Response(status=500)


async def _truncated(received: web.BaseRequest, request: Request, response: Response) -> web.StreamResponse:
    """Send the first half of the answer and close the connection."""
    body = response.body
    if response.stream is not None:
        async with contextlib.aclosing(response.stream) as stream:
            body = await anext(stream, b"")
    transport = received.transport
    if transport is not None:
        length = response.length if response.stream is not None else len(body)
        lines = [f"HTTP/1.1 {response.status} OK", "Server: tencent-cos",
                 f"x-cos-request-id: {request.request_id}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if body and request.method != "HEAD":
            head = "\r\n".join([*lines, f"Content-Length: {length or len(body) + 1}", "", ""]).encode()
            transport.write(head + body[: len(body) // 2])
        else:
            # no body to cut: cut the headers
            text = "\r\n".join(lines)
            transport.write(text[: len(text) // 2].encode())
        transport.close()
    return web.Response(status=500)
