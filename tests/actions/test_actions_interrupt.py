"""Ctrl-C while something is written: once to stop, once more to stop at once, and what counts as once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sitepub import interrupts
from sitepub.actions import interrupt
from sitepub.config.repository.git import bounded_run
from sitepub.embedded.cloud import CloudOptions, start


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


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are POSIX")
@pytest.mark.parametrize("what", ["embedded cloud", "git"])
def test_a_process_that_starts_at_the_moment_of_ctrl_c_is_ended(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal arrives when it has begun, and nothing but the call that started it knows of it."""
    begun: list[subprocess.Popen[bytes]] = []

    class Starts(subprocess.Popen[bytes]):
        def __init__(self, _words: object, **more: Any) -> None:
            super().__init__(["sleep", "600"], **more)
            begun.append(self)
            signal.raise_signal(signal.SIGINT)

    def pressed(*_: object) -> None:
        raise interrupts.Pressed

    monkeypatch.setattr(subprocess, "Popen", Starts)
    before = interrupts.take(pressed)
    try:
        with pytest.raises(interrupts.Pressed):
            if what == "git":
                bounded_run(["git"], tmp_path, os.environ)
            else:
                start(tmp_path / "data", CloudOptions(), environ={**os.environ, "SITEPUB_HOME": str(tmp_path / "home")})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    [process] = begun
    ended = process.poll() is not None
    process.kill()
    process.wait()
    assert ended
