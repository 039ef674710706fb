"""Ctrl-C while something is being written: finish the requests under way and write down what was done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C (and SIGTERM, SIGHUP, Windows' Ctrl-Break) sets instead of breaking in.

    Whoever presses Ctrl-C a second time does not want to wait: KeyboardInterrupt. Outside the main thread
    nothing is changed, since signals do not arrive there.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

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
