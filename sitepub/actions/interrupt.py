"""Ctrl-C while something is being written: finish the requests under way and write down what was done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sitepub import interrupts
from sitepub.errors import Interrupted

SAME_PRESS = 1.0
"""Seconds."""
_AGAIN = "what was started is recorded: run the same command again to continue"


@contextmanager
def stopping(done: Callable[[], None] | None = None, *, again: str = _AGAIN,
             break_in: bool = True) -> Iterator[threading.Event]:
    """An event that Ctrl-C (and SIGTERM, SIGHUP, Windows' Ctrl-Break) sets instead of breaking in. ``done`` is
    called then, in the signal handler: it may do what is safe there (``SimpleQueue.put``).

    There are :data:`~sitepub.interrupts.BREAK_IN` seconds to come to an end: whatever the main thread waits for then is
    broken off with :class:`~sitepub.errors.Interrupted`, whose hint is ``again``. Without ``break_in`` the block sees
    to it by itself.

    A user who presses Ctrl-C a second time does not want to wait: KeyboardInterrupt. Two within a second are one
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
        interrupts.arrived()
        if interrupts.overdue():
            raise interrupts.Pressed
        if not stop.is_set():
            first = time.monotonic()
            stop.set()
        elif time.monotonic() - first > SAME_PRESS:
            raise interrupts.Pressed
        if done is not None:
            done()

    with interrupts.handled(ask), interrupts.patient(again, break_in=break_in):
        try:
            yield stop
        except KeyboardInterrupt:
            if not interrupts.overdue():
                raise
            raise Interrupted("Interrupted before the cloud had answered.", hint=again) from None
