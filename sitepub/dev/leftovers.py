"""What hooks have left running in the background: it lives until the next build, and never longer than dev."""

from __future__ import annotations

import signal
import threading
import time

from sitepub.site.build.process import HookProcess

_GRACE = 0.5
"""Seconds between telling them to end and ending them."""


class Leftovers:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._left: list[HookProcess] = []
        self._lock = threading.Lock()

    def keep(self, process: HookProcess) -> None:
        """The command has ended; something that it started has not. Should this process be killed, its lifeline
        ends that, too."""
        process.leave()
        with self._lock:
            self._left.append(process)

    def tidy(self) -> None:
        """Forget what is gone: its process group's number may be another's one day."""
        with self._lock:
            for process in [one for one in self._left if not one.group_alive()]:
                process.close()
                self._left.remove(process)

    def end(self) -> None:
        """End all of it. Returns when nothing of it is left."""
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
