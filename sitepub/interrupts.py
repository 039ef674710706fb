"""Ctrl-C, SIGTERM, SIGHUP and Windows' Ctrl-Break: the program ends within a second of the first one.

What is in the way of that is a wait that cannot be interrupted: a read in another thread, a look-up in the system's
resolver, a lock. So it goes in three stages, in seconds since the first signal:

- 0: KeyboardInterrupt in the main thread; while something is being written (``actions.interrupt.stopping``) an event
  is set instead, so that requests under way are finished and what was done is written down.
- :data:`BREAK_IN`: KeyboardInterrupt in the main thread all the same.
- :data:`LAST`: the last words are said and the process ends, whatever its threads are doing. It is no worse than
  SIGKILL, which every command is built for: what is half done is found by the next run.

Only a process that belongs to the program is ended like this (:func:`own_process`); within another program (a test)
signals do what they do there, and there is no end of patience.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sitepub.errors import Interrupted

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
BREAK_IN = 0.4
LAST = 0.85
_TIDY = 0.6
"""By when what ends in good order should have ended."""
_WORDS = 0.1
"""For saying that it was interrupted: a reader that does not read holds nothing up."""

pressed = threading.Event()
"""Set by the first signal, in a process of the program's own."""


class Pressed(KeyboardInterrupt):
    """Ctrl-C. Of a kind of its own, because a plain KeyboardInterrupt that passes through ``exec`` of a text, as in
    making a dataclass, lets CPython end by SIGINT whatever becomes of it (``run_eval_code_obj``)."""


class _Watch:
    """What this process does about signals."""

    def __init__(self) -> None:
        self.owned = False
        self.first = 0.0
        self.heard = False
        """The main thread was notified."""
        self.overdue = False
        """The time for ending in good order is over for the main thread."""
        self.patient = 0
        """So many blocks take the first signal as a request to stop, and not as an exception."""
        self.speaking = False
        self.words: Callable[[str], None] | None = None
        self.half_done: list[str] = []
        self.killing: list[Callable[[], None]] = []


_watch = _Watch()


def _listen() -> None:
    """Count from the first signal, in a thread that is notified whatever the main thread is doing: Python
    calls handlers only between two of its own steps, which a look-up in the system's resolver is not."""
    numbers = {getattr(signal, name) for name in NAMES if hasattr(signal, name)}
    reading, writing = os.pipe()
    if sys.platform != "win32":  # Windows demands it of sockets only, and before Python 3.12 has no such call
        os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def listen() -> None:
        while numbers.isdisjoint(os.read(reading, 64)):
            """Of no concern: the window has another size, say."""
        _watch.first = time.monotonic()
        pressed.set()
        _count()

    _thread.start_new_thread(listen, ())


def arrived() -> bool:
    """A signal has arrived. To be called in signal handlers, which run in the main thread; whether it is the first."""
    first = not _watch.heard
    _watch.heard = _watch.owned
    return first


def _count() -> None:
    time.sleep(BREAK_IN)
    if _watch.patient and not _watch.speaking:
        _watch.overdue = True
        if hasattr(signal, "pthread_kill"):
            # Also out of a system call, which interrupt_main() would wait for.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            _thread.interrupt_main()
    time.sleep(LAST - BREAK_IN)
    _thread.start_new_thread(_say_the_last, ())
    time.sleep(_WORDS)
    os._exit(130)


def _say_the_last() -> None:
    try:
        for kill in _watch.killing:
            kill()
        if _watch.words is not None and not _watch.speaking:
            _watch.words(_watch.half_done[-1] if _watch.half_done else "")
    finally:
        os._exit(130)


@contextmanager
def own_process(words: Callable[[str], None]) -> Iterator[None]:
    """From now on the process is the program's: signals end it within a second. The block is all that it does: a signal
    that comes after it changes nothing any more.

    ``words`` is called in the last moment with what was half done, when the interrupt was not reported until then.
    What the caller decided to ignore (``nohup``) stays ignored. Outside the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _watch.owned, _watch.words = True, words
    _listen()
    take(_raise)
    try:
        yield
    finally:
        tells()
        # The interpreter gives signals back their meaning long before it has ended, but for those that are ignored.
        take(_nothing if _others() else signal.SIG_IGN)


def was_pressed() -> bool:
    """Whether a signal has arrived in the program's own process: whatever fails after it may fail because of it."""
    return _watch.heard


def owns() -> bool:
    """Whether the process is the program's own."""
    return _watch.owned


def _raise(_number: int, _frame: FrameType | None) -> None:
    # npm and timeout(1) pass on what the terminal has sent already: a second signal breaks nothing off.
    if arrived():
        raise Pressed


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The thread that listens counts."""


def take(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> dict[int, Any]:
    """Signals that end the program go to this handler, but for those that are ignored; their handlers until now. In
    the main thread."""
    before: dict[int, Any] = {}
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    return before


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """:func:`take` while the block runs."""
    before = take(handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def held_back() -> Iterator[None]:
    """Signals that arrive in this block are handled at its end, so that what it begins is known to those who have to
    end it. It must not wait for anything. Outside the main thread nothing is changed: signals do not arrive there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    with handled(lambda number, _frame: came.append(number)):
        yield
    for number in came[:1]:
        signal.raise_signal(number)


@contextmanager
def patient(half_done: str, *, break_in: bool) -> Iterator[None]:
    """The first signal asks to stop here. ``half_done``: the message when there is no time to end in good order.
    ``break_in``: KeyboardInterrupt after :data:`BREAK_IN`."""
    _watch.patient += break_in
    _watch.half_done.append(half_done)
    try:
        yield
    finally:
        _watch.half_done.pop()
        _watch.patient -= break_in


def overdue() -> bool:
    """The first signal was :data:`BREAK_IN` seconds ago, and the main thread is still at it."""
    return _watch.overdue


def tells() -> None:
    """The interrupt is being reported: no signal interrupts this any more, and the last words are not needed."""
    _watch.speaking = True


def at_the_last_moment(kill: Callable[[], None]) -> None:
    """Called when the process is ended with all its threads. Must not wait."""
    if kill not in _watch.killing:
        _watch.killing.append(kill)


def left(seconds: float) -> float:
    """So many seconds, or fewer when the program has been interrupted: what is left for ending in good order."""
    if not _watch.first:
        return seconds
    return max(0.0, min(seconds, _watch.first + _TIDY - time.monotonic()))


def pause(seconds: float) -> None:
    """Sleep, in any thread. Raises :class:`~sitepub.errors.Interrupted` when the program was interrupted."""
    if pressed.wait(seconds):
        raise Interrupted("Interrupted while waiting.", hint="run the same command again to go on")


def leave(code: int) -> int:
    """The exit code; does not come back when the program was interrupted: the interpreter would wait for its threads,
    and take all its objects apart one by one, which takes longer the more there are."""
    if _watch.heard:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        atexit._run_exitfuncs()
        os._exit(code)
    return code


def _others() -> list[threading.Thread]:
    """Threads that the interpreter waits for before it ends."""
    return [thread for thread in threading.enumerate()
            if not thread.daemon and thread is not threading.main_thread()]
