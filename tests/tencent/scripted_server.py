"""A server that answers what the test says: for faults that no real part can make."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from fastcrc import crc64


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Which connection it came through, from 0."""


@dataclass(frozen=True)
class Raw:
    """Bytes to send, and whether to end the connection after them."""

    data: bytes = b""
    close: bool = False
    reset: bool = False


Step = Raw | Callable[[Received], Raw]


def answer(status: int, body: bytes = b"", /, close: bool = False, **headers: str) -> Raw:
    """An answer of COS, which names every one of its answers."""
    return foreign(status, body, close, **{"x_cos_request_id": "id-1", **headers})


def foreign(status: int, body: bytes = b"", /, close: bool = False, **headers: str) -> Raw:
    """An answer of somebody else: of a login page, a proxy, a gateway."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Raw(("\r\n".join(lines) + "\r\n\r\n").encode() + body, close)


def stored(request: Received) -> Raw:
    """The answer to a write that worked."""
    return answer(200, ETag=f'"{hashlib.md5(request.body).hexdigest()}"',
                  x_cos_hash_crc64ecma=str(crc64.xz(request.body)))


def error(status: int, code: str, **headers: str) -> Raw:
    body = (f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said</Message><Resource>r</Resource>"
            f"<RequestId>id-1</RequestId></Error>")
    return answer(status, body.encode(), False, **headers)


LINGER_ZERO = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Closing a socket with this sends a reset."""
HANG_UP = Raw(close=True)
RESET = Raw(reset=True)


@dataclass
class ScriptedServer:
    """Answers the n-th request with the n-th step, the last step for all further ones."""

    steps: Sequence[Step]
    received: list[Received] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    _listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                number, self.connections = self.connections, self.connections + 1
                self._open.append(sock)
            self._run(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as stream:
            while request := read_request(stream, number):
                with self._lock:
                    step = self.steps[min(len(self.received), len(self.steps) - 1)]
                    self.received.append(request)
                raw = step(request) if callable(step) else step
                if raw.reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
                    return
                sock.sendall(raw.data)
                if raw.close:
                    sock.shutdown(socket.SHUT_RDWR)
                    return

    def stop(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)


@contextlib.contextmanager
def served(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which ``serve`` takes connections in a thread, until it finds the socket closed."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def read_request(stream: object, number: int) -> Received | None:
    readline = stream.readline  # type: ignore[attr-defined]
    first: bytes = readline()
    if not first:
        return None
    method, target, _ = first.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (line := readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body: bytes = stream.read(length)  # type: ignore[attr-defined]
    return Received(method, target, headers, body, number)


@contextlib.contextmanager
def scripted(*steps: Step) -> Iterator[ScriptedServer]:
    server = ScriptedServer(steps)
    server.start()
    try:
        yield server
    finally:
        server.stop()
