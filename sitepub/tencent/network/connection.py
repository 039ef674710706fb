"""Kept connections to one host: directly, through a proxy's tunnel, or to the embedded cloud."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sitepub.errors import Interrupted, NetworkError
from sitepub.tencent import embedded_proof
from sitepub.tencent.errors_from_cloud import untrusted
from sitepub.tencent.network import limits
from sitepub.tencent.network.http_answer import Answer, AnswerReader, BrokenAnswer, Sink, TooLarge
from sitepub.tencent.network.proxy import Proxy

BLOCK = 256 * 1024
"""Bytes of a large body that go out between two reports of progress."""
_ONE_SEGMENT = 64 * 1024
_IDLE_SECONDS = 30.0


class Blocks(Protocol):
    """A large body that is not in memory as a whole. It may be asked for again, for another try."""

    def __len__(self) -> int: ...

    def blocks(self) -> Iterator[memoryview]:
        """All of it, piece by piece; a piece is good until the next one is asked for. Raises no OSError."""


Body = bytes | memoryview | Blocks


class ConnectionLost(Exception):
    """No whole answer came. What was asked may have happened all the same.

    The message is the reason alone: what shows it names the host, once.

    ``stale``: a kept connection ended before any byte of an answer, as servers do with idle ones.
    ``refused``: no program listens at that address. ``oversized``: more came than is read.
    """

    def __init__(self, message: str, *, stale: bool = False, refused: bool = False,
                 oversized: bool = False) -> None:
        super().__init__(message)
        self.stale = stale
        self.refused = refused
        self.oversized = oversized


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached."""

    host: str
    """Name that goes into the Host header, and that the certificate must be for."""
    address: str
    port: int
    tls: ssl.SSLContext | None = None
    proxy: Proxy | None = None
    connect_timeout: float = 10.0
    """Seconds."""
    timeout: float = 30.0
    """Seconds without a byte in either direction."""
    secret: str = field(default="", repr=False)
    """Of the embedded cloud, which has to prove that it knows it; "": another server."""


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error) or type(error).__name__


def _open(route: Route) -> socket.socket:
    target = (route.address, route.port) if route.proxy is None else (route.proxy.host, route.proxy.port)
    proxy = f"the proxy {target[0]}:{target[1]}"
    try:
        sock = socket.create_connection(target, route.connect_timeout)
    except OSError as error:
        raise ConnectionLost(f"{proxy} cannot be reached: {_why(error)}" if route.proxy else _why(error),
                             refused=isinstance(error, ConnectionRefusedError)) from error
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if route.proxy is not None:
            _tunnel(sock, route, route.proxy)
        if route.tls is not None:
            sock = route.tls.wrap_socket(sock, server_hostname=route.host)
        sock.settimeout(route.timeout)
        if route.secret:
            embedded_proof.check(sock, route.port, route.secret)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise untrusted(route.host, error.verify_message) from error
    except embedded_proof.NotOursError as error:
        sock.close()
        raise ConnectionLost(str(error), refused=True) from error
    except (OSError, BrokenAnswer) as error:
        sock.close()
        text = _why(error) if isinstance(error, OSError) else str(error)
        raise ConnectionLost(f"through {proxy}: {text}" if route.proxy else text) from error
    except BaseException:
        sock.close()
        raise
    return sock


def _tunnel(sock: socket.socket, route: Route, proxy: Proxy) -> None:
    name = f"{route.address}:{route.port}"
    lines = [f"CONNECT {name} HTTP/1.1", f"Host: {name}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    status, _ = AnswerReader(sock).read_head()
    if status == 407:
        raise NetworkError(f"The proxy {proxy.host}:{proxy.port} wants a user and a password.",
                           code="ProxyAuthentication",
                           hint="Write them into HTTPS_PROXY: http://user:password@host:port.")
    if status != 200:
        raise ConnectionLost(f"the proxy {proxy.host}:{proxy.port} answered {status}")


class Connection:
    """One connection. Not for two threads at once."""

    def __init__(self, route: Route) -> None:
        self._sock = _open(route)
        self._reader = AnswerReader(self._sock)
        self.used = False
        """Whether an answer already came through it."""
        self.idle_since = 0.0

    def exchange(self, head: bytes, body: Body, *, without_body: bool = False,
                 limit: int = limits.ANSWER, sent: Callable[[int], None] | None = None,
                 sink: Sink | None = None) -> tuple[Answer, bool]:
        """Send a request and read its answer; also returns whether the connection may be used again."""
        send_error: OSError | None = None
        try:
            self._send(head, body, sent)
        except OSError as error:
            # A server that refuses a body may answer and close before it was all sent: look for that answer.
            send_error = error
        try:
            answer, reusable = self._reader.read(without_body=without_body, limit=limit, sink=sink)
        except BrokenAnswer as error:
            raise ConnectionLost(str(error), stale=self.used and error.nothing_came,
                                 oversized=isinstance(error, TooLarge)) from error
        except OSError as error:
            gone = isinstance(error, ConnectionError | ssl.SSLEOFError)
            raise ConnectionLost(_why(send_error or error), stale=self.used and gone) from error
        self.used = True
        return answer, reusable and send_error is None

    def _send(self, head: bytes, body: Body, sent: Callable[[int], None] | None) -> None:
        size = len(body)
        if not isinstance(body, bytes | memoryview):
            self._sock.sendall(head)
            for block in body.blocks():
                self._sock.sendall(block)
                if sent is not None:
                    sent(len(block))
            return
        if size <= _ONE_SEGMENT:
            self._sock.sendall(head + body if size else head)
            if sent is not None and size:
                sent(size)
            return
        self._sock.sendall(head)
        view = memoryview(body)
        for start in range(0, size, BLOCK):
            block = view[start:start + BLOCK]
            self._sock.sendall(block)
            if sent is not None:
                sent(len(block))

    def abort(self) -> None:
        """End the connection from another thread: a thread that waits on it gets an error at once."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.close()


class Connections:
    """Connections to one host, kept between requests: as many as threads use at the same time."""

    def __init__(self, route: Route, keep: int) -> None:
        self.route = route
        self._idle: deque[Connection] = deque(maxlen=None)
        self._keep = keep
        self._lock = threading.Lock()
        self._busy: set[Connection] = set()
        self._closed = False

    def exchange(self, head: bytes, body: Body = b"", *, without_body: bool = False,
                 limit: int = limits.ANSWER, sent: Callable[[int], None] | None = None, fresh: bool = False,
                 before: Callable[[], None] | None = None, sink: Sink | None = None) -> Answer:
        """One request on a kept connection, or on a new one if there is none (or with ``fresh``). ``before``: called
        when it is connected and nothing is sent yet.

        Raises :class:`ConnectionLost`, :class:`~sitepub.errors.NetworkError` for what trying again will not
        cure, :class:`~sitepub.errors.Interrupted` after :meth:`close`. Whatever happens, the connection goes
        back only after a whole answer was read.
        """
        connection = self._take(fresh)
        reusable = False
        try:
            if before is not None:
                before()
            answer, reusable = connection.exchange(head, body, without_body=without_body, limit=limit, sent=sent,
                                                   sink=sink)
            return answer
        except ConnectionLost:
            if self._closed:
                raise Interrupted("The connection was closed on this side.") from None
            raise
        finally:
            self._give_back(connection, reusable)

    def _take(self, fresh: bool) -> Connection:
        connection: Connection | None = None
        now = time.monotonic()
        while not fresh and connection is None:
            try:
                kept = self._idle.pop()
            except IndexError:
                break
            if now - kept.idle_since < _IDLE_SECONDS:
                connection = kept
            else:
                kept.close()
        if connection is None:
            if self._closed:
                raise Interrupted("The connection was closed on this side.")
            connection = Connection(self.route)
        with self._lock:
            if not self._closed:
                self._busy.add(connection)
                return connection
        connection.close()
        raise Interrupted("The connection was closed on this side.")

    def _give_back(self, connection: Connection, reusable: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            if reusable and not self._closed and len(self._idle) < self._keep:
                connection.idle_since = time.monotonic()
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close all connections; requests under way fail with :class:`~sitepub.errors.Interrupted`."""
        with self._lock:
            self._closed = True
            for connection in self._busy:
                connection.abort()
            while self._idle:
                self._idle.pop().close()
