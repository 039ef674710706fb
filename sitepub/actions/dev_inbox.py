"""The inbox of a session of dev."""

from __future__ import annotations

import time
from contextlib import suppress
from queue import Empty, SimpleQueue

_PIECE = 0.5


class Inbox:
    """What happens, from all threads, in order."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[object] = SimpleQueue()

    def put(self, message: object) -> None:
        self._queue.put(message)

    def get(self, seconds: float) -> object | None:
        """The next message; ``None`` when none came in this time.

        Waits in pieces: when two signals come at once (a terminal that is closed sends SIGHUP and SIGCONT), the
        system may give one to another thread, which does not wake this one.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            with suppress(Empty):
                return self._queue.get(timeout=max(0.0, min(left, _PIECE)))
            if left <= _PIECE:
                return None
