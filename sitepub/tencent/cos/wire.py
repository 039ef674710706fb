"""Signed requests to one bucket, tried again where that can help."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from sitepub import __version__
from sitepub.errors import CloudError, Interrupted, NetworkError, SiteError, SitepubError
from sitepub.tencent import genuine
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos import fresh_buckets
from sitepub.tencent.cos.signature import Signer, encoded, is_signed
from sitepub.tencent.cos.store import Retry, Sent
from sitepub.tencent.cos.xml import ErrorDocument, error_document
from sitepub.tencent.embedded_gone import embedded_gone
from sitepub.tencent.errors_from_cloud import Asked, error_from
from sitepub.tencent.fence import Fence
from sitepub.tencent.network import limits
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.connection import BLOCK, ConnectionLost, Connections, Route
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.proxy import proxy_for
from sitepub.tencent.network.retry import Backoff, retry_after_seconds, worth_retrying
from sitepub.tencent.network.tls import tls_context

_LINE_BREAK = re.compile("[\r\n\0]")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "authorization", "expect",
                   "user-agent", "x-cos-security-token"})
"""Headers that a caller may not set: they frame or sign the request."""
_READS = frozenset({"GET", "HEAD"})
_OUTAGE_SECONDS = 3.0
_COPIES = "x-cos-copy-source"
_TOKEN_CODES = frozenset({"ExpiredToken", "InvalidToken"})
_NOT_ACCELERATED = frozenset({"BucketAccelerateNotEnabled", "ActionAccelerateNotSupported"})
_log = logging.getLogger("sitepub.wire")
"""One line for every request, shown with ``--debug``."""


class BadAnswer(Exception):
    """An answer that says success but cannot be right (wrong checksum, cut XML). Worth another try."""

    def __init__(self, message: str, *, code: str = "BadAnswer", status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask of the bucket."""

    method: str
    action: str
    """The permission it needs, for messages: "cos:PutObject"."""
    key: str = ""
    """Object key; "" for the bucket itself."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Query parameters as text; "" for a subresource such as ``?delete``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
    limit: int = limits.ANSWER
    """Bytes of the answer's body at most."""

    @property
    def asked(self) -> genuine.Asked:
        """What its answer looks like."""
        return genuine.Asked(self.method, self.params, self.key, copies=_COPIES in self.headers)


@dataclass(frozen=True, slots=True)
class _End:
    """The other end: where requests go, under which name."""

    connections: Connections
    host: str
    preamble: str
    accelerated: bool

    @classmethod
    def at(cls, route: Route, keep: int, *, accelerated: bool = False) -> _End:
        return cls(Connections(route, keep), route.host,
                   f"Host: {route.host}\r\nUser-Agent: sitepub/{__version__}\r\n", accelerated)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request, and what went before it."""

    answer: Answer
    repeated: bool
    """An earlier try had no clear end: it may have been carried out."""


def target_of(key: str, params: Mapping[str, str]) -> str:
    """The request target: every byte but ``A-Za-z0-9-_.~/`` is percent-encoded.

    ``./`` is sent as ``.%2F``, so that nothing on the way resolves ``..`` in a key.
    """
    path = "/" + quote(key, safe="/-_.~").replace("./", ".%2F")
    if params:
        return path + "?" + "&".join([f"{encoded(name)}={encoded(value)}" if value else encoded(name)
                                      for name, value in params.items()])
    return path


def route_to(cloud: Cloud, bucket: str) -> Route:
    """Where the bucket's XML API is reached."""
    host = cloud.bucket_host(bucket)
    if cloud.embedded is not None:
        return Route(host, cloud.embedded.host, cloud.embedded.port, secret=cloud.embedded.secret)
    return Route(host, host, 443, tls_context(), proxy_for(host))


class Wire:
    """Safe for many threads."""

    def __init__(self, cloud: Cloud, bucket: str, *, keep: int = 64, backoff: Backoff | None = None,
                 route: Route | None = None, clock: Clock | None = None) -> None:
        self.cloud = cloud
        self.bucket = bucket
        self.clock = clock or Clock()
        self._backoff = backoff or Backoff()
        self._keep = keep
        self._end = _End.at(route or route_to(cloud, bucket), keep, accelerated=cloud.accelerate)
        self._left: Connections | None = None
        """Those to the acceleration endpoint, when it turned out not to serve this bucket."""
        self._leaving = threading.Lock()
        self._signing = (cloud.credentials, Signer(cloud.credentials))
        self._closed = threading.Event()
        self._last_success = 0.0
        self._outage: tuple[float, NetworkError] | None = None

    @property
    def route(self) -> Route:
        return self._end.connections.route

    @property
    def unaccelerated(self) -> bool:
        """The acceleration endpoint was asked for and does not serve this bucket: the region's own does."""
        return self._left is not None

    def send(self, request: Request, *, accept: Collection[int] = (), sent: Sent | None = None,
             retry: Retry | None = None, check: Callable[[Answer], None] | None = None) -> Reply:
        """Send until an answer is good, refused, or the tries are used up.

        Good is COS's own answer with the documented status that ``check`` does not reject with
        :class:`BadAnswer`, or with a status in ``accept``. What cannot be COS's own is tried again, and raised as
        :class:`~sitepub.tencent.genuine.ForeignAnswer`. ``sent`` is told of the body's bytes, with a negative count
        when a try starts over.
        """
        self._refuse_in_outage()
        began = time.monotonic()
        failures = 0
        fresh = repeated = corrected = renewed = False
        changes = request.method not in _READS
        if changes and len(request.body) > BLOCK:
            sent = _Checked(self.cloud.fence, sent)
        while True:
            out = _Counted(sent) if sent is not None else None
            pause: float | None = None
            offset = self.clock.offset
            end = self._end
            credentials, signer = self._signed_by()
            try:
                answer = end.connections.exchange(
                    self._head(request, end, signer, credentials.token), request.body,
                    without_body=request.method == "HEAD", limit=request.limit, sent=out, fresh=fresh,
                    before=self.cloud.fence.check if changes else None)
                status = answer.status
                if _log.isEnabledFor(logging.DEBUG):
                    _log.debug("%s %s%s: %d, request %s", request.method, end.host,
                               target_of(request.key, request.params), status,
                               answer.headers.get("x-cos-request-id", "without id"))
                foreign = genuine.cos_fault(request.asked, status, answer.headers, answer.body)
                if foreign is not None:
                    raise genuine.ForeignAnswer(end.host, foreign)
                self._last_success, self._outage = time.monotonic(), None
                if 200 <= status < 300:
                    if check is not None:
                        check(answer)
                    return Reply(answer, repeated)
                if status in accept and not self._maybe_cached(answer):
                    return Reply(answer, repeated)
                document = error_document(answer.body) or ErrorDocument("")
                # Another thread may have corrected the clock since this request was signed.
                if status == 403 and not corrected and (
                        self.clock.learn(answer.headers.get("date")) or self.clock.offset != offset):
                    corrected = True
                    if out is not None:
                        out.take_back()
                    continue
                if self._serves_elsewhere(end, status, document.code, request.method):
                    self._leave_acceleration(end)
                    if out is not None:
                        out.take_back()
                    continue
                if (document.code in _TOKEN_CODES and not renewed and credentials.renewal is not None
                        and credentials.renewal.replaced(credentials) is not None):
                    renewed = True
                    if out is not None:
                        out.take_back()
                    continue
                error: Exception = error_from(
                    Asked(request.action, self.bucket, request.key), status, document.code, document.message,
                    answer.headers.get("x-cos-request-id") or document.request_id)
                again = (300 <= status < 400 or worth_retrying(status, document.code)
                         or self._maybe_cached(answer))
                repeated = repeated or status >= 500
                pause = retry_after_seconds(answer.headers.get("retry-after"), self.clock.now)
            except ConnectionLost as lost:
                repeated = True
                _log.debug("%s %s%s: %s", request.method, end.host, target_of(request.key, request.params), lost)
                if lost.stale and not fresh:
                    # The server had closed an idle connection: no failure, a new connection is tried at once.
                    fresh = True
                    if out is not None:
                        out.take_back()
                    continue
                if lost.refused and self.cloud.embedded is not None:
                    raise embedded_gone() from lost
                error, again = self._network_error(lost), True
                if lost.oversized:
                    failures += limits.OVERSIZED_COUNTS_AS - 1
            except genuine.ForeignAnswer as foreign_answer:
                repeated = again = True
                error = foreign_answer
            except BadAnswer as bad:
                repeated = again = True
                error = CloudError(str(bad), code=bad.code, status=bad.status, hint="Run again.")
            if out is not None:
                out.take_back()
            failures += 1
            if not again or failures >= self._backoff.attempts:
                self._note_outage(error, began)
                if isinstance(error, SitepubError):
                    error.passing = again or error.passing
                raise error
            wait = self._backoff.wait(failures, pause)
            _log.debug("%s: trying again in %.1f s: %s", request.key or self.bucket, wait, error)
            if retry is not None:
                retry(error, wait)
            if self._closed.wait(wait):
                raise Interrupted("Stopped while waiting for the next try.")

    def _signed_by(self) -> tuple[Credentials, Signer]:
        credentials = self.cloud.credentials.fresh()
        if credentials is not self._signing[0]:
            self._signing = (credentials, Signer(credentials))
        return self._signing

    def _head(self, request: Request, end: _End, signer: Signer, token: str | None) -> bytes:
        """The request's first line and headers, signed for now."""
        lines = [f"{request.method} {target_of(request.key, request.params)} HTTP/1.1\r\n", end.preamble]
        signed = [("host", end.host)]
        for name, value in request.headers.items():
            value = value.strip()
            lower = name.lower()
            if lower in _OURS or not _NAME.fullmatch(name) or _LINE_BREAK.search(value):
                raise SiteError(f"The header {name!r} of {request.key} cannot be sent: "
                                "its name is not free, or its value has a line break.", code="BadHeader")
            lines.append(f"{name}: {value}\r\n")
            if is_signed(lower):
                signed.append((lower, value))
        if token:
            lines.append(f"x-cos-security-token: {token}\r\n")
            signed.append(("x-cos-security-token", token))
        if len(request.body) or request.method in ("PUT", "POST"):
            lines.append(f"Content-Length: {len(request.body)}\r\n")
        window = self.cloud.fence.window() if request.method not in _READS else None
        authorization = signer.authorization(
            request.method, "/" + request.key, request.params, signed, *(window or (self.clock.now(),)))
        lines.append(f"Authorization: {authorization}\r\n\r\n")
        return "".join(lines).encode()

    def _serves_elsewhere(self, end: _End, status: int, code: str, method: str) -> bool:
        """Whether the acceleration endpoint says that it does not serve the bucket (yet): it takes a while after
        acceleration was switched on. An answer to HEAD has no code."""
        return (end.accelerated and status == 400
                and (code in _NOT_ACCELERATED or (not code and method == "HEAD")))

    def _leave_acceleration(self, end: _End) -> None:
        with self._leaving:
            if self._end is end:
                _log.debug("%s does not serve this bucket: on with the region's own endpoint", end.host)
                self._left = end.connections
                self._end = _End.at(route_to(replace(self.cloud, accelerate=False), self.bucket), self._keep)

    def _maybe_cached(self, answer: Answer) -> bool:
        """A 404 that may be the service's memory of the time before we created the bucket."""
        return (answer.status == 404 and fresh_buckets.is_fresh(self.bucket)
                and b"NoSuchBucket" in answer.body)

    def _network_error(self, lost: ConnectionLost) -> NetworkError:
        return NetworkError(f"The connection to {self._end.host} failed: {lost}.",
                            hint="Check the network (and HTTPS_PROXY), then run again: it goes on from here.")

    def _refuse_in_outage(self) -> None:
        """While the network is down, fail at once instead of once more after all the waits, for each file."""
        if self._outage is not None and time.monotonic() - self._outage[0] < _OUTAGE_SECONDS:
            raise NetworkError(self._outage[1].message, hint=self._outage[1].hint)

    def _note_outage(self, error: Exception, began: float) -> None:
        if isinstance(error, NetworkError) and self._last_success < began:
            self._outage = (time.monotonic(), error)

    def close(self) -> None:
        """Requests under way fail with :class:`~sitepub.errors.Interrupted`; so does every later one."""
        self._closed.set()
        with self._leaving:
            if self._left is not None:
                self._left.close()
            self._end.connections.close()


class _Checked:
    """Asks the fence between the blocks of a large body: this computer may have slept in the middle of it."""

    def __init__(self, fence: Fence, sent: Sent | None) -> None:
        self._fence = fence
        self._sent = sent

    def __call__(self, count: int) -> None:
        if count > 0:
            self._fence.check()
        if self._sent is not None:
            self._sent(count)


class _Counted:
    """Passes on what was sent, and can take it back."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent
        self._total = 0

    def __call__(self, count: int) -> None:
        self._total += count
        self._sent(count)

    def take_back(self) -> None:
        if self._total:
            self._sent(-self._total)
            self._total = 0
