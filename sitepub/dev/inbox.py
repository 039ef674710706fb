"""The inbox of a run of dev: messages from all threads to the main one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sitepub.dev.schedule import End, Task
from sitepub.watch.changes import Change

_PIECE = 0.5
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The watcher reports changes."""

    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """The worker has ended a task."""

    task: Task
    end: End


@dataclass(frozen=True, slots=True)
class PublishAll:
    """The user asks for a build and a publish."""


@dataclass(frozen=True, slots=True)
class CallHere:
    """Call this in the main thread."""

    what: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Quit:
    """End the run."""


Message = Changed | TaskEnded | PublishAll | CallHere | Quit


class Inbox:
    """A queue of messages, in order. ``put`` is safe in any thread and in a signal handler."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Message] = SimpleQueue()

    def put(self, message: Message) -> None:
        self._queue.put(message)

    def get(self, seconds: float) -> Message | None:
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
