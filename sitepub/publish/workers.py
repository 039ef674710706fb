"""A bounded crew of threads that does a batch of jobs and lives through all phases of a deploy.

The object store keeps one connection per thread, so threads that stay save the handshakes of new ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from sitepub import interrupts


class EitherEvent(threading.Event):
    """Set when one of two others is; setting it sets the first."""

    def __init__(self, one: threading.Event, other: threading.Event) -> None:
        super().__init__()
        self._one, self._other = one, other

    def set(self) -> None:
        self._one.set()

    def is_set(self) -> bool:
        return self._one.is_set() or self._other.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """The first one ends a wait at once, the other one after a moment."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = _MOMENT if end is None else min(_MOMENT, end - time.monotonic())
            if left <= 0:
                break
            self._one.wait(left)
        return self.is_set()

    def clear(self) -> None:
        """Both: what was set by either is not set any more."""
        self._one.clear()
        self._other.clear()


Job = TypeVar("Job")

_MOMENT = 0.1

_LOOK_UP = 0.5
"""Seconds after which the waiting main thread looks up, so that Ctrl-C reaches it on every system."""


class Workers(Generic[Job]):
    """Does jobs with ``work``, which must handle its own errors. Threads start when there is work for them
    and never keep the program from ending."""

    def __init__(self, count: int, work: Callable[[Job], None], stop: threading.Event) -> None:
        self._count = count
        self._work = work
        self._stop = stop
        self._jobs: Iterator[Job] = iter(())
        self._left = 0
        """Jobs that are not begun."""
        self._busy = 0
        self._threads: list[threading.Thread] = []
        self._lock = threading.RLock()
        self._change = threading.Condition(self._lock)
        self._closed = False
        self._broken: BaseException | None = None
        self.left_behind = False
        """Jobs are under way that are not waited for any more."""

    def run(self, jobs: Iterable[Job], count: int | None = None) -> None:
        """Do the jobs, in this order as far as there are threads; come back when all are done, or, once
        ``stop`` is set, when those under way are. ``count``: how many there are, when they are no list. Ctrl-C in the
        waiting thread sets ``stop``; a second one does not wait any more, nor does one whose patience is over: then
        some are :attr:`left_behind`. Raises what ``work`` let through."""
        with self._change:
            self.begin(jobs, count)
            self.finish()

    def begin(self, jobs: Iterable[Job], count: int | None = None) -> None:
        """The first half of :meth:`run`: the jobs begin, and the caller goes on."""
        if count is None:
            jobs = list(jobs)
            count = len(jobs)
        with self._change:
            self._jobs, self._left = iter(jobs), count
            while len(self._threads) < min(self._count, count):
                thread = threading.Thread(target=self._serve, name=f"publish-{len(self._threads)}",
                                          daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # The system gives no more threads: those that are there do the work.
                    if not self._threads:
                        raise
                    break
                self._threads.append(thread)
            self._change.notify_all()

    def finish(self) -> None:
        """The second half of :meth:`run`."""
        with self._change:
            try:
                while (self._busy or (self._left and not self._halted)) and not self.left_behind:
                    self._look_up()
            finally:
                self._left = 0
        if self._broken is not None:
            raise self._broken

    def _look_up(self) -> None:
        try:
            self._change.wait(_LOOK_UP)
        except KeyboardInterrupt:
            if interrupts.overdue():
                self.left_behind = True
            elif self._stop.is_set():
                raise
            self._stop.set()

    @property
    def _halted(self) -> bool:
        return self._stop.is_set() or self._broken is not None

    def close(self) -> None:
        """Send the threads home. Does not wait for requests under way."""
        with self._change:
            self._closed = True
            self._left = 0
            self._change.notify_all()

    def _serve(self) -> None:
        busy = False
        while True:
            with self._lock:
                if busy:
                    busy = False
                    self._busy -= 1
                    if not self._busy or not self._left:
                        self._change.notify_all()
                while not self._closed and (not self._left or self._halted):
                    self._change.wait()
                if self._closed:
                    return
                self._left -= 1
                try:
                    job = next(self._jobs)
                except BaseException as error:  # of who makes the jobs
                    self._broken = self._broken or error
                    self._left = 0
                    self._change.notify_all()
                    continue
                self._busy += 1
                busy = True
            try:
                self._work(job)
            except BaseException as error:
                self._broken = self._broken or error
