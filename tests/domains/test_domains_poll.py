"""The one loop that waits for the cloud."""

from __future__ import annotations

import threading
import time

import pytest

from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.errors import Interrupted


def silent(_passed: float) -> None:
    """No status."""


def test_it_asks_until_there_is_an_answer_and_reports_how_long_that_takes() -> None:
    answers, passed = [None, None, 0], list[float]()
    assert poll(lambda: answers.pop(0), Patience(5, 0.01, 0.02), passed.append, threading.Event()) == 0
    assert len(passed) == 2 and passed == sorted(passed) and answers == []


def test_patience_ends_and_one_look_is_enough_without_any() -> None:
    looks = list[int]()
    started = time.monotonic()
    assert poll(lambda: looks.append(1), Patience(0.1, 0.01, 5), silent, threading.Event()) is None
    assert 0.1 <= time.monotonic() - started < 2 and len(looks) > 2
    looks.clear()
    assert poll(lambda: looks.append(1), ONCE, silent, threading.Event()) is None
    assert len(looks) == 1


def test_ctrl_c_ends_a_long_pause_at_once() -> None:
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Interrupted) as caught:
        poll(lambda: None, Patience(600, 600, 600), silent, stop, hint="go on")
    assert time.monotonic() - started < 5 and caught.value.hint == "go on"


def test_what_the_look_raises_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        poll(lambda: 1 // 0, ONCE, silent, threading.Event())
