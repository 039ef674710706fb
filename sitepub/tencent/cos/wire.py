"""Signed requests to one bucket, tried again where that can help."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import msgspec

from sitepub import __version__
from sitepub.errors import CloudError, Interrupted, NetworkError, SitepubError
from sitepub.tencent import genuine
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos import fresh_buckets
from sitepub.tencent.cos.request import Request, target_of
from sitepub.tencent.cos.signature import Signer
from sitepub.tencent.cos.store import Retry, Sent
from sitepub.tencent.cos.verdict import AgainLater, AgainNow, BadAnswer, Fail, Good, Remedy, Verdict
from sitepub.tencent.cos.xml import ErrorDocument, error_document
from sitepub.tencent.embedded_gone import EMBEDDED_GONE, embedded_gone
from sitepub.tencent.errors_from_cloud import Asked, error_from
from sitepub.tencent.fence import Fence
from sitepub.tencent.network import limits
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.connection import BLOCK, ConnectionLost, Connections, Route
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.proxy import proxy_for
from sitepub.tencent.network.retry import Backoff, retry_after_seconds, worth_retrying
from sitepub.tencent.network.tls import tls_context

_OUTAGE_SECONDS = 3.0
_EXPIRED = "ExpiredToken"
_NOT_ACCELERATED = frozenset({"BucketAccelerateNotEnabled", "ActionAccelerateNotSupported"})
_log = logging.getLogger("sitepub.wire")
"""One line for every request, shown with ``--debug``."""


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


class Reply(msgspec.Struct, frozen=True):
    """The answer to a request, and what went before it."""

    answer: Answer
    repeated: bool
    """An earlier try had no clear end: it may have been carried out."""


def route_to(cloud: Cloud, bucket: str) -> Route:
    """Where the bucket's XML API is reached."""
    host = cloud.bucket_host(bucket)
    if cloud.embedded is not None:
        return Route(host, cloud.embedded.host, cloud.embedded.port, secret=cloud.embedded.secret)
    return Route(host, host, 443, tls_context(), proxy_for(host))


class Wire:
    """Sends requests to one bucket over kept connections; many threads may share it.

    :meth:`attempt` is one try, :meth:`send` the loop around it.
    """

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
        :class:`~sitepub.tencent.genuine.ForeignAnswer`. ``sent`` is called with the number of bytes of the body that
        went out, and with a negative number when a try starts over. ``retry`` is called before each wait.
        """
        self._refuse_in_outage()
        began = time.monotonic()
        failures = 0
        tried: set[Remedy] = set()
        repeated = False
        if request.changes and len(request.body) > BLOCK:
            sent = _Checked(self.cloud.fence, sent)
        out = _Counted(sent) if sent is not None else None
        while True:
            verdict = self.attempt(request, accept=accept, check=check, sent=out, tried=tried)
            if isinstance(verdict, Good):
                return Reply(verdict.answer, repeated)
            if out is not None:
                out.take_back()
            if isinstance(verdict, AgainNow):
                tried.add(verdict.remedy)
                repeated = repeated or verdict.unclear
                continue
            if isinstance(verdict, Fail):
                raise self._given_up(verdict.error, began)
            repeated = repeated or verdict.unclear
            failures += verdict.counts
            if failures >= self._backoff.attempts:
                if isinstance(verdict.error, SitepubError):
                    verdict.error.passing = True
                raise self._given_up(verdict.error, began)
            wait = self._backoff.wait(failures, verdict.pause)
            _log.debug("%s: trying again in %.1f s: %s", request.key or self.bucket, wait, verdict.error)
            if retry is not None:
                retry(verdict.error, wait)
            if self._closed.wait(wait):
                raise Interrupted("Stopped while waiting for the next try.")

    def attempt(self, request: Request, *, accept: Collection[int] = (),
                check: Callable[[Answer], None] | None = None, sent: Sent | None = None,
                tried: Collection[Remedy] = ()) -> Verdict:
        """One try. ``tried``: the remedies that earlier tries of this request asked for.

        Raises what the fence raises when this run may not write any more, and
        :class:`~sitepub.errors.SiteError` for headers that cannot be sent.
        """
        end, offset = self._end, self.clock.offset
        credentials, signer = self._signed_by()
        try:
            answer = end.connections.exchange(
                self._head(request, end, signer, credentials.token), request.body,
                without_body=request.method == "HEAD", limit=request.limit, sent=sent,
                fresh=Remedy.CONNECTION in tried, before=self.cloud.fence.check if request.changes else None)
        except ConnectionLost as lost:
            _log.debug("%s %s%s: %s", request.method, end.host, target_of(request.key, request.params), lost)
            return self._without_answer(lost, tried)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s %s%s: %d, request %s, %d B out, %d B in", request.method, end.host,
                       target_of(request.key, request.params), answer.status,
                       answer.headers.get("x-cos-request-id", "without id"), len(request.body), len(answer.body))
        foreign = genuine.cos_fault(request.asked, answer.status, answer.headers, answer.body)
        if foreign is not None:
            return AgainLater(genuine.ForeignAnswer(end.host, foreign), unclear=True)
        self._last_success, self._outage = time.monotonic(), None
        if 200 <= answer.status < 300:
            try:
                if check is not None:
                    check(answer)
            except BadAnswer as bad:
                return AgainLater(CloudError(str(bad), code=bad.code, status=bad.status, hint="Run again."),
                                  unclear=True)
            return Good(answer)
        if answer.status in accept and not self._maybe_cached(answer):
            return Good(answer)
        return self._refused(request, answer, end, credentials, offset, tried)

    def _without_answer(self, lost: ConnectionLost, tried: Collection[Remedy]) -> Verdict:
        if lost.stale and Remedy.CONNECTION not in tried:
            # The server had closed an idle connection: no failure.
            return AgainNow(Remedy.CONNECTION, unclear=True)
        if lost.refused and self.cloud.embedded is not None:
            gone = embedded_gone()
            gone.__cause__ = lost
            return Fail(gone)
        return AgainLater(self._network_error(lost), unclear=True,
                          counts=limits.OVERSIZED_COUNTS_AS if lost.oversized else 1)

    def _refused(self, request: Request, answer: Answer, end: _End, credentials: Credentials, offset: float,
                 tried: Collection[Remedy]) -> Verdict:
        """The verdict on COS's own error. ``offset``: of the clock, when the request was signed."""
        status = answer.status
        document = error_document(answer.body) or ErrorDocument("")
        # Another thread may have corrected the clock since this request was signed.
        if status == 403 and Remedy.CLOCK not in tried and (
                self.clock.learn(answer.headers.get("date")) or self.clock.offset != offset):
            return AgainNow(Remedy.CLOCK)
        if self._serves_elsewhere(end, status, document.code, request.method):
            self._leave_acceleration(end)
            return AgainNow(Remedy.ENDPOINT)
        if (document.code == _EXPIRED and Remedy.CREDENTIALS not in tried and credentials.renewal is not None
                and credentials.renewal.replaced(credentials) is not None):
            return AgainNow(Remedy.CREDENTIALS)
        error = error_from(Asked(request.action, self.bucket, request.key), status, document.code, document.message,
                           answer.headers.get("x-cos-request-id") or document.request_id)
        if request.changes and error.code == "RequestHasExpired" and Remedy.LEASE not in tried:
            # The computer slept after the request was signed. Raises that the lock was lost, if it was.
            self.cloud.fence.check()
            return AgainNow(Remedy.LEASE)
        if 300 <= status < 400 or worth_retrying(status, document.code) or self._maybe_cached(answer):
            return AgainLater(error, pause=retry_after_seconds(answer.headers.get("retry-after"), self.clock.now),
                              unclear=status >= 500)
        return Fail(error)

    def _given_up(self, error: Exception, began: float) -> Exception:
        """The error, after a note for the other threads when the network was down all the time since ``began``."""
        if isinstance(error, NetworkError) and error.code != EMBEDDED_GONE and self._last_success < began:
            self._outage = (time.monotonic(), error)
        return error

    def _signed_by(self) -> tuple[Credentials, Signer]:
        credentials = self.cloud.credentials.fresh()
        if credentials is not self._signing[0]:
            self._signing = (credentials, Signer(credentials))
        return self._signing

    def _head(self, request: Request, end: _End, signer: Signer, token: str | None) -> bytes:
        window = self.cloud.fence.window() if request.changes else None
        return request.head(end.host, end.preamble, signer, token, *(window or (self.clock.now(),)))

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
