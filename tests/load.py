"""What a busy computer does to a process that is tested: when it has come so far as to wait, and how much later it ends
than it would if it were alone. Where there is no ``/proc``, a fixed time and the system's load have to do."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc/self/stat").exists()
_LOOK = 0.02
_REST = 25
"""So many looks after each other at which none of its threads runs, or would run if there were a processor for it."""


def until_at_rest(processes: Iterable[subprocess.Popen[str]], otherwise: float, *, patience: float = 120) -> None:
    """Until each of the processes waits for something, or has ended. ``otherwise``: seconds in which it would be so on
    a computer that does nothing else."""
    if not _PROC:
        time.sleep(otherwise)
        return
    end = time.monotonic() + patience
    resting = dict.fromkeys(processes, 0)
    while any(looks < _REST for looks in resting.values()):
        assert time.monotonic() < end, "it goes on and on, and waits for nothing"
        for process, looks in resting.items():
            if looks < _REST:
                resting[process] = looks + 1 if process.poll() is not None or not _works(process.pid) else 0
        time.sleep(_LOOK)


def _works(pid: int) -> bool:
    """Whether a thread of it runs, reads from a disk, or waits for a processor."""
    states = []
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(OSError):
            states.append(thread.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0])
    return any(state in "RD" for state in states)


class HeldUp:
    """A block in which something has to happen in time. Looks how much others take of the processors meanwhile."""

    def __enter__(self) -> HeldUp:
        self._stop = threading.Event()
        self._late = 0.0
        self._running: list[int] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.took = time.monotonic() - self._began
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            if _PROC:
                self._running.append(int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[0]))
            began = time.monotonic()
            self._stop.wait(_LOOK)
            if not self._stop.is_set():
                self._late += max(0.0, time.monotonic() - began - _LOOK)

    @property
    def margin(self) -> float:
        """Seconds that the computer may have held it up: it did not even let a thread go on that had only slept, and
        so many others wanted its processors."""
        load = max(os.getloadavg()[0], sum(self._running) / max(1, len(self._running)))
        return 0.3 + self._late + min(3.0, 0.15 * max(0.0, load - (os.cpu_count() or 1)))
