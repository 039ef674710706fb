"""What one try of a request comes to: good, again now, again later, or a failure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate

import pytest

from sitepub.errors import CloudError, CredentialsError, NetworkError
from sitepub.tencent.account.renewal import Renewal
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.verdict import AgainLater, AgainNow, BadAnswer, Fail, Good, Remedy, Verdict
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.genuine import ForeignAnswer
from sitepub.tencent.network import limits
from sitepub.tencent.network.connection import Route
from sitepub.tencent.network.http_answer import Answer
from tests.tencent.scripted_server import HANG_UP, RESET, Raw, Step, answer, error, foreign, scripted, stored

BUCKET = "site-1250000000"
KEYS = Credentials("AKIDEXAMPLE", "SECRETEXAMPLE")
CLOUD = Cloud(KEYS, "1250000000", "ap-guangzhou")
GET = Request("GET", "cos:GetObject", "a.html")
PUT = Request("PUT", "cos:PutObject", "a.html", body=b"<p>hello</p>")


@contextmanager
def wire_to(*steps: Step, cloud: Cloud = CLOUD) -> Iterator[Wire]:
    """A wire whose n-th try gets the n-th answer."""
    with scripted(*steps) as server:
        wire = Wire(cloud, BUCKET, route=Route(cloud.bucket_host(BUCKET), "127.0.0.1", server.port))
        try:
            yield wire
        finally:
            wire.close()


def verdict_on(step: Step, request: Request = GET) -> Verdict:
    with wire_to(step) as wire:
        return wire.attempt(request)


def test_success_is_good() -> None:
    for request, step in ((GET, answer(200, b"text")), (PUT, stored)):
        verdict = verdict_on(step, request)
        assert isinstance(verdict, Good) and verdict.answer.status == 200


def test_a_status_that_the_caller_accepts_is_good() -> None:
    with wire_to(error(404, "NoSuchKey")) as wire:
        verdict = wire.attempt(GET, accept=(404,))
    assert isinstance(verdict, Good) and verdict.answer.status == 404


@pytest.mark.parametrize(("status", "code"), [
    (404, "NoSuchKey"), (404, "NoSuchBucket"), (409, "FileAlreadyExists"), (412, "PreconditionFailed"),
    (400, "InvalidArgument"), (411, "MissingContentLength"), (416, "InvalidRange")])
def test_an_answer_that_will_stay_the_same_fails(status: int, code: str) -> None:
    verdict = verdict_on(error(status, code))
    assert isinstance(verdict, Fail) and isinstance(verdict.error, CloudError)
    assert (verdict.error.code, verdict.error.status) == (code, status)


def test_refused_keys_fail() -> None:
    verdict = verdict_on(error(403, "InvalidAccessKeyId", date=formatdate(usegmt=True)))
    assert isinstance(verdict, Fail) and isinstance(verdict.error, CredentialsError)


@pytest.mark.parametrize(("status", "code", "unclear"), [
    (503, "SlowDown", True), (500, "InternalError", True), (504, "GatewayTimeout", True),
    (429, "TooManyRequests", False), (400, "RequestTimeout", False), (400, "BadDigest", False),
    (400, "IncompleteBody", False)])
def test_a_failure_that_may_pass_is_tried_later(status: int, code: str, unclear: bool) -> None:
    verdict = verdict_on(error(status, code), PUT)
    assert isinstance(verdict, AgainLater) and isinstance(verdict.error, CloudError)
    assert verdict.error.code == code and verdict.counts == 1 and verdict.pause is None
    assert verdict.unclear is unclear, "only a server's own failure may have happened after the write"


def test_the_pause_that_the_server_asks_for_is_in_the_verdict() -> None:
    verdict = verdict_on(error(503, "SlowDown", retry_after="7"))
    assert isinstance(verdict, AgainLater) and verdict.pause == 7


@pytest.mark.parametrize("step", [
    foreign(200, b"<html>Please log in</html>", Content_Type="text/html"),
    foreign(502, b"bad gateway"),
    foreign(403, b"<Error><Code>AccessDenied</Code></Error>"),
    answer(204),
], ids=["login page", "gateway", "refusal without a request id", "undocumented status"])
def test_an_answer_of_another_program_is_tried_later(step: Raw) -> None:
    verdict = verdict_on(step)
    assert isinstance(verdict, AgainLater) and isinstance(verdict.error, ForeignAnswer) and verdict.unclear


def test_an_answer_that_the_caller_rejects_is_tried_later() -> None:
    def check(_: Answer) -> None:
        raise BadAnswer("Another checksum came back.", code="BadChecksum")

    with wire_to(answer(200, b"text")) as wire:
        verdict = wire.attempt(GET, check=check)
    assert isinstance(verdict, AgainLater) and isinstance(verdict.error, CloudError)
    assert (verdict.error.code, verdict.unclear) == ("BadChecksum", True)


@pytest.mark.parametrize("step", [RESET, HANG_UP, Raw(b"HTTP/1.1 200 OK\r\nContent-Le", close=True)],
                         ids=["reset", "end", "cut head"])
def test_a_broken_connection_is_tried_later(step: Raw) -> None:
    verdict = verdict_on(step, PUT)
    assert isinstance(verdict, AgainLater) and isinstance(verdict.error, NetworkError)
    assert verdict.unclear and verdict.counts == 1


def test_an_oversized_answer_counts_as_several_tries() -> None:
    with wire_to(answer(200, b"x" * 2000)) as wire:
        verdict = wire.attempt(Request("GET", "cos:GetObject", "a.html", limit=1000))
    assert isinstance(verdict, AgainLater) and verdict.counts == limits.OVERSIZED_COUNTS_AS


def test_a_kept_connection_that_ended_is_replaced_at_once_but_only_once() -> None:
    with wire_to(answer(200, b"text"), HANG_UP, answer(200, b"text")) as wire:
        assert isinstance(wire.attempt(GET), Good)
        verdict = wire.attempt(GET)
        assert verdict == AgainNow(Remedy.CONNECTION, unclear=True)
        assert isinstance(wire.attempt(GET, tried={Remedy.CONNECTION}), Good)
    with wire_to(answer(200, b"text"), HANG_UP) as wire:
        assert isinstance(wire.attempt(GET), Good)
        assert isinstance(wire.attempt(GET, tried={Remedy.CONNECTION}), AgainLater)


def test_a_wrong_clock_is_corrected_at_once_but_only_once() -> None:
    refusal = error(403, "RequestTimeTooSkewed", date=formatdate(time.time() + 7200, usegmt=True))
    with wire_to(refusal) as wire:
        assert wire.attempt(GET) == AgainNow(Remedy.CLOCK)
        assert wire.clock.offset == pytest.approx(7200, abs=5)
        assert isinstance(wire.attempt(GET, tried={Remedy.CLOCK}), Fail)


def test_expired_temporary_keys_are_replaced_at_once_but_only_once() -> None:
    later = time.time() + 3600
    first = Credentials("AKIDFIRST", "secret", "token-1", expires=later)
    second = Credentials("AKIDSECOND", "secret", "token-2", expires=later)
    cloud = Cloud(Renewal(lambda: second).keeps(first), "1250000000", "ap-guangzhou")
    with wire_to(error(403, "ExpiredToken", date=formatdate(usegmt=True)), cloud=cloud) as wire:
        assert wire.attempt(GET) == AgainNow(Remedy.CREDENTIALS)
        assert isinstance(wire.attempt(GET, tried={Remedy.CREDENTIALS}), Fail)


def test_fixed_keys_that_expired_fail() -> None:
    assert isinstance(verdict_on(error(403, "ExpiredToken", date=formatdate(usegmt=True))), Fail)


@pytest.mark.parametrize(("request_", "step"), [
    (PUT, error(400, "BucketAccelerateNotEnabled")), (Request("HEAD", "cos:HeadObject", "a"), answer(400))],
    ids=["named", "HEAD, whose answers have no code"])
def test_acceleration_that_does_not_serve_the_bucket_is_left_at_once(request_: Request, step: Raw) -> None:
    cloud = Cloud(KEYS, "1250000000", "ap-guangzhou", accelerate=True)
    with wire_to(step, cloud=cloud) as wire:
        assert wire.attempt(request_) == AgainNow(Remedy.ENDPOINT)
        assert wire.unaccelerated and wire.route.host == CLOUD.bucket_host(BUCKET)


def test_an_embedded_cloud_that_ended_fails(closed_port: int) -> None:
    wire = Wire(Cloud(KEYS, "1250000000", "ap-guangzhou", Embedded("127.0.0.1", closed_port)), BUCKET)
    verdict = wire.attempt(GET)
    assert isinstance(verdict, Fail) and isinstance(verdict.error, NetworkError)
    assert verdict.error.code == "LocalCloudGone"


def test_the_real_cloud_whose_port_is_closed_is_tried_later(closed_port: int) -> None:
    wire = Wire(CLOUD, BUCKET, route=Route(CLOUD.bucket_host(BUCKET), "127.0.0.1", closed_port))
    assert isinstance(wire.attempt(GET), AgainLater)
