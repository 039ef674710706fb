"""Ctrl-C while something is written: once to stop, once more to stop at once, and what counts as once."""

from __future__ import annotations

import signal
import sys

import pytest

from sitepub.actions import interrupt


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("sitepub.actions.interrupt.time.monotonic", lambda: now[0])
    return now


def test_one_press_asks_to_stop() -> None:
    with interrupt.stopping() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()


@pytest.mark.skipif(sys.platform == "win32", reason="raise_signal(SIGTERM) ends a process on Windows")
def test_a_press_that_a_parent_process_passes_on_too_is_one_press(clock: list[float]) -> None:
    with interrupt.stopping() as stop:
        signal.raise_signal(signal.SIGINT)
        clock[0] += 0.1
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()


def test_a_second_press_does_not_wait(clock: list[float]) -> None:
    with interrupt.stopping() as stop, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        clock[0] += 2
        signal.raise_signal(signal.SIGINT)


def test_afterwards_signals_mean_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupt.stopping():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
