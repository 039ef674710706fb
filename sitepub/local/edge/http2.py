"""HTTP/2 for visitors (RFC 9113). The frames are the library h2's work; here are streams, flow and time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes
from multidict import CIMultiDict

from sitepub.local.base.times import http_date
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse

Answer = Callable[[EdgeRequest], Awaitable[EdgeResponse]]

MOST_STREAMS = 128
MOST_BODY = 1024 * 1024
"""Bytes of a request's body: visitors of websites send none worth mentioning."""
IDLE = 75.0
"""Seconds without a stream after which a connection is closed."""
_FORBIDDEN = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})


@dataclass(slots=True)
class _Stream:
    headers: list[tuple[str, str]]
    body: bytearray = field(default_factory=bytearray)
    task: asyncio.Task[None] | None = None


class Http2Connection(asyncio.Protocol):
    """One visitor's connection."""

    def __init__(self, answer: Answer, connections: set[Http2Connection]) -> None:
        self._answer = answer
        self._connections = connections
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._transport: asyncio.Transport | None = None
        self._streams: dict[int, _Stream] = {}
        self._window = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._idle: asyncio.TimerHandle | None = None
        self._remote = ""

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if peer else ""
        self._connections.add(self)
        self._h2.initiate_connection()
        self._h2.update_settings({
            SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS, SettingCodes.MAX_HEADER_LIST_SIZE: 64 * 1024,
        })
        self._flush()
        self._rest()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            # h2 has written the GOAWAY that says why
            self._flush()
            self.abort()
            return
        for event in events:
            if isinstance(event, RequestReceived):
                self._begin(event)
            elif isinstance(event, DataReceived):
                self._take(event)
            elif isinstance(event, StreamEnded):
                self._run(event.stream_id)
            elif isinstance(event, StreamReset):
                self._drop(event.stream_id)
            elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
                self._window.set()
            elif isinstance(event, ConnectionTerminated):
                self.abort()
                return
        self._flush()

    def connection_lost(self, _: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None
        self._writable.set()
        if self._idle is not None:
            self._idle.cancel()
        for number in list(self._streams):
            self._drop(number)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def close(self) -> None:
        """Send GOAWAY and close; streams under way are cut."""
        if self._transport is not None:
            with contextlib.suppress(ProtocolError):
                self._h2.close_connection()
            self._flush()
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # Requests

    def _begin(self, event: RequestReceived) -> None:
        number = event.stream_id
        assert number is not None
        headers = [(_text(name), _text(value)) for name, value in event.headers or ()]
        self._streams[number] = _Stream(headers)
        if self._idle is not None:
            self._idle.cancel()

    def _take(self, event: DataReceived) -> None:
        number = event.stream_id
        assert number is not None
        self._h2.acknowledge_received_data(event.flow_controlled_length or 0, number)
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.body += event.data or b""
        if len(stream.body) > MOST_BODY:
            self._reset(number, ErrorCodes.ENHANCE_YOUR_CALM)
            self._drop(number)

    def _run(self, number: int | None) -> None:
        stream = self._streams.get(number or 0)
        if number is not None and stream is not None and stream.task is None:
            stream.task = asyncio.get_running_loop().create_task(self._serve(number, stream))

    async def _serve(self, number: int, stream: _Stream) -> None:
        try:
            request = self._request(stream)
            await self._send(number, request, await self._answer(request))
        except (StreamClosedError, ConnectionError):
            pass  # the visitor went away
        except (ProtocolError, ValueError, KeyError):
            self._reset(number, ErrorCodes.PROTOCOL_ERROR)
        finally:
            self._streams.pop(number, None)
            self._rest()

    def _request(self, stream: _Stream) -> EdgeRequest:
        special = {name: value for name, value in stream.headers if name.startswith(":")}
        headers = CIMultiDict(pair for pair in stream.headers if not pair[0].startswith(":"))
        authority = special.get(":authority") or headers["host"]
        headers["Host"] = authority
        if "cookie" in headers:
            # sent in pieces (RFC 9113 8.2.3)
            headers["Cookie"] = "; ".join(headers.popall("cookie"))
        return EdgeRequest(special[":method"], "https", authority, special[":path"], headers, self._remote,
                           time.time(), "2", bytes(stream.body))

    # Answers

    async def _send(self, number: int, request: EdgeRequest, response: EdgeResponse) -> None:
        bare = request.method == "HEAD" or response.status in (204, 304)
        headers = [(":status", str(response.status))]
        headers += [(name.lower(), value) for name, value in response.headers if name.lower() not in _FORBIDDEN]
        headers.append(("date", http_date(time.time())))
        length = response.length if response.stream is not None else len(response.body)
        if length is not None and response.status not in (204, 304):
            headers.append(("content-length", str(length)))
        if bare:
            await response.close()
        empty = bare or (response.stream is None and not response.body)
        self._h2.send_headers(number, headers, end_stream=empty)
        self._flush()
        if empty:
            return
        if response.stream is None:
            await self._send_data(number, response.body, end=True)
            return
        async with contextlib.aclosing(response.stream) as chunks:
            async for chunk in chunks:
                await self._send_data(number, chunk, end=False)
        self._h2.end_stream(number)
        self._flush()

    async def _send_data(self, number: int, data: bytes, *, end: bool) -> None:
        view = memoryview(data)
        while True:
            room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if room <= 0:
                self._window.clear()
                await self._window.wait()
                continue
            piece, view = view[:room], view[room:]
            self._h2.send_data(number, bytes(piece), end_stream=end and not view)
            self._flush()
            if not view:
                return
            await self._writable.wait()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _reset(self, number: int, code: ErrorCodes) -> None:
        with contextlib.suppress(ProtocolError):
            self._h2.reset_stream(number, code)
        self._flush()

    def _drop(self, number: int | None) -> None:
        stream = self._streams.pop(number or 0, None)
        if stream is not None and stream.task is not None:
            stream.task.cancel()
        self._rest()

    def _rest(self) -> None:
        """Wait a while for the next request when none is under way."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if not self._streams and self._transport is not None:
            self._idle = asyncio.get_running_loop().call_later(IDLE, self.close)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
