"""What the official SDKs need from us to behave: our own wire, silence, the right time, and answers that are the
service's own.

Their HTTP library reads the lines of a chunked answer without any limit, follows redirects, and has rules of its own
for certificates and proxies. So the SDKs make and sign their requests, which then go through :mod:`connection` as
uploads do.
"""

from __future__ import annotations

import logging
import re
import threading
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from sitepub.errors import NetworkError
from sitepub.tencent import genuine
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cos.signature import Signer, is_signed
from sitepub.tencent.fence import Fence
from sitepub.tencent.network import limits
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.connection import ConnectionLost, Connections
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.one_request import route_to

if TYPE_CHECKING:
    import requests

_LINE_BREAK = re.compile("[\r\n\0]")
_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def quiet(*names: str) -> None:
    """Keep an SDK's log to itself: it holds request headers, and an unconfigured logger writes to stderr."""
    for name in names:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.propagate = False


class OnTime:
    """Signs an SDK's COS requests again with the server's time, once it is known to differ from ours, and only until
    the end of the run's lease where they change something."""

    def __init__(self, credentials: Credentials, clock: Clock, fence: Fence) -> None:
        self._signer = Signer(credentials)
        self._clock = clock
        self._fence = fence

    def before(self, request: requests.PreparedRequest) -> None:
        window = self._fence.window() if request.method not in ("GET", "HEAD") else None
        if not self._clock.offset and window is None:
            return
        url = urlsplit(str(request.url))
        headers = {_text(name).lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.hostname or "")
        request.headers["Authorization"] = self._signer.authorization(
            request.method or "GET", url.path or "/", dict(parse_qsl(url.query, keep_blank_values=True)),
            [(name, value) for name, value in headers.items() if is_signed(name)],
            *(window or (self._clock.now(),)))

    def after(self, answer: Answer) -> None:
        if answer.status == 403:
            self._clock.learn(answer.headers.get("date"))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


Judge = Callable[["requests.PreparedRequest", Answer], str | None]
"""Why an answer is not the service's own, in words; ``None``: it is."""


def of_cos(request: requests.PreparedRequest, answer: Answer) -> str | None:
    """Judges answers to the COS SDK, which asks about buckets only and takes every status below 400 for success."""
    url = urlsplit(str(request.url))
    asked = genuine.Asked(request.method or "GET", dict(parse_qsl(url.query, keep_blank_values=True)))
    status = answer.status
    fault = genuine.cos_fault(asked, status, answer.headers, answer.body)
    if fault is None and 300 <= status < 400:
        return (f"{genuine.foreign_words(status, answer.headers, answer.body)} by COS itself:"
                " the bucket may be in another region")
    if fault is None and asked.method == "GET" and status < 300:
        return genuine.document_fault(asked, answer.body)
    return fault


def of_api(_: requests.PreparedRequest, answer: Answer) -> str | None:
    """Judges answers to the cloud API's SDK."""
    return genuine.api_fault(answer.status, answer.headers, answer.body)


def equip(made: requests.Session, *, judge: Judge, direct: bool, secret: str = "", on_time: OnTime | None = None,
          limit: int = limits.ANSWER) -> requests.Session:
    """Send a session's requests over our own wire. ``direct``: to the embedded cloud, over plain HTTP; ``secret``: it
    has to prove that it knows it.

    An answer of more than ``limit`` bytes, and one that ``judge`` rejects, raises
    :class:`~sitepub.errors.NetworkError`, which the SDKs wrap (see :func:`genuine.network_error_in`).
    """
    from requests.adapters import BaseAdapter

    class Adapter(BaseAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            if on_time is not None:
                on_time.before(request)
            host = _text(request.headers.get("Host") or urlsplit(str(request.url)).hostname or "")
            answer = _unpacked(wires.exchange(request, host), host, limit)
            fault = judge(request, answer)
            if fault is not None:
                raise genuine.ForeignAnswer(host, fault)
            if on_time is not None:
                on_time.after(answer)
            return _response(request, answer)

        def close(self) -> None:
            wires.close()

    wires = _Wires(direct, secret, limit)
    made.trust_env = False
    made.headers["Accept-Encoding"] = "identity"
    made.mount("https://", Adapter())
    made.mount("http://", Adapter())
    return made


class _Wires:
    """Kept connections to the hosts of one session. Safe for many threads."""

    def __init__(self, direct: bool, secret: str, limit: int) -> None:
        self._direct = direct
        self._secret = secret
        self._limit = limit
        self._by_place: dict[str, Connections] = {}
        self._lock = threading.Lock()

    def exchange(self, request: requests.PreparedRequest, host: str) -> Answer:
        connections = self._to(str(request.url))
        head, body = _head(request, host), request.body or b""
        if not isinstance(body, str | bytes):
            raise TypeError("a body that is not text")
        data = body.encode() if isinstance(body, str) else body
        fresh = False
        while True:
            try:
                return connections.exchange(head, data, without_body=request.method == "HEAD", limit=self._limit,
                                            fresh=fresh)
            except ConnectionLost as lost:
                if lost.stale and not fresh:
                    fresh = True
                    continue
                raise NetworkError(f"The connection to {host} failed: {lost}.",
                                   hint="Check the network (and HTTPS_PROXY), then run again.") from lost

    def _to(self, address: str) -> Connections:
        url = urlsplit(address)
        with self._lock:
            found = self._by_place.get(url.netloc)
            if found is None:
                route = route_to(address, direct=self._direct, secret=self._secret)
                found = self._by_place[url.netloc] = Connections(route, 8)
            return found

    def close(self) -> None:
        with self._lock:
            for connections in self._by_place.values():
                connections.close()
            self._by_place.clear()


def _head(request: requests.PreparedRequest, host: str) -> bytes:
    lines = [f"{request.method} {request.path_url} HTTP/1.1", f"Host: {host}"]
    for name, value in request.headers.items():
        name, value = _text(name), _text(value)
        if _LINE_BREAK.search(name) or _LINE_BREAK.search(value):
            raise ValueError(f"a header with a line break: {name!r}")
        if name.lower() not in ("host", "connection"):
            lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode()


def _unpacked(answer: Answer, host: str, limit: int) -> Answer:
    """With the body as it is meant; the service was asked for a plain one."""
    wbits = _WBITS.get(answer.headers.get("content-encoding", "").strip().lower())
    if wbits is None or not answer.body:
        return answer
    reader = zlib.decompressobj(wbits)
    try:
        body = reader.decompress(answer.body, limit + 1)
    except zlib.error as error:
        raise genuine.ForeignAnswer(host, "an answer that cannot be unpacked") from error
    if len(body) > limit:
        raise genuine.ForeignAnswer(host, f"an answer of more than {limits.size(limit)}, the most that is read")
    return Answer(answer.status, answer.headers, body, answer.ended and reader.eof)


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    import requests
    import urllib3

    response = requests.Response()
    # The SDK's debug log asks it for the version of the protocol.
    response.raw = urllib3.HTTPResponse(b"", version=11, preload_content=False)
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response._content = answer.body
    response.encoding = "utf-8"
    response.request = request
    response.url = str(request.url)
    return response
