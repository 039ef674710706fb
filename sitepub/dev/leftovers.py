"""Processes that a hook has left running: they live until the next build, and never longer than the run of dev."""

from __future__ import annotations

import signal
import threading
import time

from sitepub.site.build.process import HookProcess

_GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL."""


class Leftovers:
    """The process groups that are left. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self._left: list[HookProcess] = []
        self._lock = threading.Lock()

    def keep(self, process: HookProcess) -> None:
        """The command has ended; something that it started has not. If this process is killed, its lifeline ends
        that, too."""
        process.leave()
        with self._lock:
            self._left.append(process)

    def tidy(self) -> None:
        """Forget the groups that have ended: the system may give their number to another group."""
        with self._lock:
            for process in [one for one in self._left if not one.group_alive()]:
                process.close()
                self._left.remove(process)

    def end(self) -> None:
        """End them all. Returns when none is left."""
        self.tidy()
        with self._lock:
            for process in self._left:
                process.send(signal.SIGTERM)
            deadline = time.monotonic() + _GRACE
            while any(one.group_alive() for one in self._left) and time.monotonic() < deadline:
                time.sleep(0.02)
            for process in self._left:
                process.kill()
                process.close()
            self._left.clear()
