"""``dev.command``: a tool that watches and builds by itself, kept running as long as dev does."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sitepub import interrupts
from sitepub.site.build.lines import LineSplitter
from sitepub.site.build.process import HookProcess

_TICK = 0.25
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 30.0
_WELL = 20.0
"""Seconds after which a command that ends is no longer one that does not even start."""
_GRACE = 1.5
"""Seconds between SIGINT, SIGTERM and SIGKILL."""
_TAIL = 20


@dataclass(frozen=True, slots=True)
class Death:
    """The command ended by itself."""

    message: str
    """A sentence."""
    status: int | None
    """``None``: it could not even be started."""
    tail: tuple[str, ...]
    """Its last lines."""


class KeptRunning:
    """Runs a shell command in a process group of its own and starts it again when it ends."""

    def __init__(self, command: str, folder: Path, environ: Mapping[str, str], *,
                 output: Callable[[str], None], died: Callable[[Death], None],
                 started: Callable[[], None] = lambda: None, first_wait: float = _FIRST_WAIT) -> None:
        """``started`` is called each time before the command is started, ``output`` with every line, ``died``
        each time it ends by itself; all in a thread of this object."""
        self._command = command
        self._folder = folder
        self._environ = dict(environ)
        self._output = output
        self._died = died
        self._started = started
        self._first_wait = first_wait
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dev.command", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the command with all that it started. Returns when nothing of it is left."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        wait = self._first_wait
        while not self._end.is_set():
            began = time.monotonic()
            self._started()
            death = self._once()
            if death is None or self._end.is_set():
                return
            if time.monotonic() - began >= _WELL:
                wait = self._first_wait
            self._died(replace(death, message=f"{death.message}; it is started again in {wait:g} s"))
            self._end.wait(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _once(self) -> Death | None:
        """Run it until it ends, or until it is to end: ``None``."""
        tail: deque[str] = deque(maxlen=_TAIL)

        def show(line: str) -> None:
            tail.append(line)
            self._output(line)

        try:
            process = HookProcess(self._command, self._folder, self._environ)
        except (OSError, ValueError) as error:
            return Death(f"dev.command `{self._command}` could not be started: {error}", None, ())
        lines = LineSplitter(show)
        try:
            while not self._end.is_set():
                data = process.read(_TICK)
                if data is None:
                    lines.flush_old()
                elif data:
                    lines.feed(data)
                else:
                    self._end.wait(_TICK)
                status = process.status()
                if status is not None:
                    _drain(process, lines)
                    return Death(f"dev.command `{self._command}` ended with status {status}", status, tuple(tail))
            return None
        finally:
            end_group(process)
            with contextlib.suppress(Exception):
                lines.end()
            process.close()


def _drain(process: HookProcess, lines: LineSplitter) -> None:
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        data = process.read(0.05)
        if not data:
            return
        lines.feed(data)


def end_group(process: HookProcess, grace: float = _GRACE) -> None:
    """End a command and everything that it started: SIGINT, then SIGTERM, then SIGKILL."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if not process.group_alive():
            return
        process.send(number)
        deadline = time.monotonic() + min(grace, interrupts.left(2 * grace) / 2)
        while process.group_alive() and time.monotonic() < deadline:
            # What it still prints is taken, so that it does not wait for a reader.
            if not process.read(0.05):
                process.wait(0.05)
    process.kill()
