"""Ctrl-C while something is being written: finish the requests under way and write down what was done."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SAME_PRESS = 1.0
"""Seconds."""
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def stopping(told: Callable[[], None] | None = None) -> Iterator[threading.Event]:
    """An event that Ctrl-C (and SIGTERM, SIGHUP, Windows' Ctrl-Break) sets instead of breaking in. ``told`` is
    called then, in the signal handler: it may do what is safe there (``SimpleQueue.put``).

    Whoever presses Ctrl-C a second time does not want to wait: KeyboardInterrupt. Two within a second are one
    press that came twice: npm and timeout(1) pass on what the terminal has sent already. Outside the main
    thread nothing is changed, since signals do not arrive there.
    """
    stop = threading.Event()
    first = 0.0
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal first
        if not stop.is_set():
            first = time.monotonic()
            stop.set()
        elif time.monotonic() - first > SAME_PRESS:
            raise KeyboardInterrupt
        if told is not None:
            told()

    before: dict[int, Any] = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        # What the caller decided to ignore (nohup) stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
