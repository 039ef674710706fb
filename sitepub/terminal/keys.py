"""Single keys from the terminal, while something else runs. The terminal is put back as it was, always."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

_SEQUENCES = re.compile(rb"\x1b(?:[\[O][0-?]*[ -/]*[@-~])?")
"""Arrows, function keys and the like (ECMA-48 5.4), and the escape key itself."""
_LOOK = 0.1
"""Seconds between two looks: at the keys on Windows, in the background at whether the terminal is ours again."""


def _in_front(number: int) -> bool:
    """Whether the terminal is this process's own now; ``True`` where there are no such things, and when it is gone."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(number) == os.getpgrp()
    except OSError:
        return True


class Keys:
    """A context manager: calls ``pressed`` with each character, in a thread of its own.

    Ctrl-C stays a signal. Where ``stdin`` is no terminal, or this process is not in its foreground, no key is
    read: it belongs to another process then, and reading it would stop this one. Enter it in the main thread: it
    listens for SIGCONT, after which shells leave another mode behind, and for SIGWINCH. ``changed`` is called
    then, in the signal handler or in the thread: what is on the screen may not fit it any more.
    """

    def __init__(self, stdin: TextIO, pressed: Callable[[str], None],
                 changed: Callable[[], None] = lambda: None) -> None:
        self._stdin = stdin
        self._pressed = pressed
        self._changed = changed
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._before: Any = None
        self._wake: tuple[int, int] | None = None
        self._old_handlers: dict[int, Any] = {}
        self._away = False
        """Another process has the terminal. Its return is not always signalled (``fg`` of what runs)."""

    def __enter__(self) -> Self:
        try:
            number = self._stdin.fileno()
            usable = self._stdin.isatty()
        except (OSError, ValueError, AttributeError):
            return self
        if not usable:
            return self
        if sys.platform == "win32":
            self._start(self._read_console)
        elif _in_front(number):
            self._enter_posix(number)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        del kind, error, trace
        self._end.set()
        if self._wake is not None:
            os.write(self._wake[1], b"x")
        if self._thread is not None:
            self._thread.join(2)
        self.restore()
        if self._wake is not None:
            for end in self._wake:
                os.close(end)
            self._wake = None

    def restore(self) -> None:
        """Put the terminal back. May be called more than once."""
        if sys.platform == "win32" or self._before is None:
            return
        import termios

        with contextlib.suppress(termios.error, OSError, ValueError):
            if _in_front(self._stdin.fileno()):
                termios.tcsetattr(self._stdin.fileno(), termios.TCSADRAIN, self._before)
        self._before = None
        atexit.unregister(self.restore)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._old_handlers = {}

    def _start(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work, name="keys", daemon=True)
        self._thread.start()

    def _enter_posix(self, number: int) -> None:
        if sys.platform == "win32":
            return
        import termios

        try:
            self._before = termios.tcgetattr(number)
        except termios.error:
            return
        atexit.register(self.restore)
        self._set_mode()
        if threading.current_thread() is threading.main_thread():
            for signal_number, handler in ((signal.SIGCONT, self._continued), (signal.SIGWINCH, self._resized)):
                self._old_handlers[signal_number] = signal.signal(signal_number, handler)
        self._wake = os.pipe()
        self._start(self._read_posix)

    def _set_mode(self) -> None:
        if sys.platform == "win32":
            return
        import termios
        import tty

        with contextlib.suppress(termios.error, OSError, ValueError):
            if _in_front(self._stdin.fileno()):
                tty.setcbreak(self._stdin.fileno(), termios.TCSADRAIN)

    def _continued(self, _number: int, _frame: FrameType | None) -> None:
        if self._before is not None:
            self._away = not _in_front(self._stdin.fileno())
            self._set_mode()
        if self._wake is not None:
            os.write(self._wake[1], b"c")
        self._changed()

    def _resized(self, _number: int, _frame: FrameType | None) -> None:
        self._changed()

    def _read_posix(self) -> None:
        import select

        assert self._wake is not None
        number = self._stdin.fileno()
        while not self._end.is_set():
            try:
                watched = [self._wake[0]] if self._away else [number, self._wake[0]]
                ready, _, _ = select.select(watched, [], [], _LOOK if self._away else None)
                if self._wake[0] in ready:
                    os.read(self._wake[0], 64)
                if self._away and _in_front(number):
                    self._away = False
                    self._set_mode()
                    self._changed()
                if number not in ready:
                    continue
                if not _in_front(number):
                    self._away = True  # typed for somebody else
                    continue
                data = os.read(number, 64)
            except (OSError, ValueError):
                return
            if not data:
                return  # the terminal is gone
            for char in _SEQUENCES.sub(b"", data).decode("utf-8", "ignore"):
                self._pressed(char)

    def _read_console(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            while not self._end.wait(_LOOK):
                while msvcrt.kbhit():
                    char = msvcrt.getwch()
                    if char in ("\x00", "\xe0"):
                        msvcrt.getwch()  # the second half of a function key
                    else:
                        self._pressed(char)
