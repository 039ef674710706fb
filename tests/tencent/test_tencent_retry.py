"""What is tried again, when, and what a wrong clock changes."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.retry import Backoff, retry_after_seconds, worth_retrying


@pytest.mark.parametrize(("status", "code", "expected"), [
    (500, "InternalError", True), (502, "", True), (503, "SlowDown", True), (503, "", True), (504, "", True),
    (429, "", True), (200, "SlowDown", True), (400, "BadDigest", True), (400, "RequestTimeout", True),
    (501, "NotImplemented", False), (400, "InvalidArgument", False), (403, "AccessDenied", False),
    (404, "NoSuchKey", False), (409, "BucketAlreadyExists", False), (412, "PreconditionFailed", False),
])
def test_only_what_may_pass_is_tried_again(status: int, code: str, expected: bool) -> None:
    assert worth_retrying(status, code) is expected


@given(failures=st.integers(1, 50), luck=st.floats(0, 1))
def test_waits_grow_to_a_ceiling_and_are_spread(failures: int, luck: float) -> None:
    backoff = Backoff(base=0.1, cap=5)
    assert backoff.wait(failures, rand=lambda: luck) == min(5, 0.1 * 2 ** (failures - 1)) * luck


def test_a_server_that_names_a_pause_gets_it_within_reason() -> None:
    backoff = Backoff(base=1, cap=1, longest_asked=30)
    assert backoff.wait(1, 7.0, rand=lambda: 0.5) == 7.5
    assert backoff.wait(1, 86_400.0, rand=lambda: 0.0) == 30
    assert backoff.wait(1, -5.0, rand=lambda: 0.0) == 0


@pytest.mark.parametrize(("value", "expected"), [
    ("3", 3.0), (" 10 ", 10.0), (None, None), ("", None), ("soon", None), ("-1", None),
    (formatdate(1_700_000_060, usegmt=True), 60.0), (formatdate(1_600_000_000, usegmt=True), 0.0),
])
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    assert retry_after_seconds(value, lambda: 1_700_000_000) == expected


@given(st.text(max_size=40))
def test_no_date_however_odd_breaks_the_clock(value: str) -> None:
    clock = Clock(lambda: 1_700_000_000.0)
    clock.learn(value)
    retry_after_seconds(value)


def test_the_clock_follows_the_servers_date() -> None:
    clock = Clock(lambda: 1_700_000_000.0)
    assert clock.learn(formatdate(1_700_007_200, usegmt=True))
    assert clock.now() == 1_700_007_200
    assert not clock.learn(formatdate(1_700_007_210, usegmt=True)), "a small difference explains no refusal"
    assert clock.learn(formatdate(1_700_000_000, usegmt=True)), "it can be wrong again"
    assert clock.offset == 0
