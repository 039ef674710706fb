"""Visits as they happen, read in a thread: for the live view of ``sitepub dev`` and ``sitepub logs``."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from sitepub.errors import SitepubError
from sitepub.logs.filters import Filter
from sitepub.logs.source import Note, Source
from sitepub.logs.visit import Visit

_ROOM = 10_000
"""Visits that wait for a slow reader; then the source waits."""
_LOOK = 0.2
"""Seconds between two looks whether to stop."""


class Feed:
    """Follows a source in a thread of its own.

    Either take visits (``for visit in feed: ...``, ends after :meth:`stop`), or have lines delivered::

        feed = Feed(source, Filter(), note=terminal.note)
        feed.start(lambda visit: terminal.out(line(terminal, visit)))   # called in the feed's thread
        ...
        feed.stop()
    """

    def __init__(self, source: Source, wanted: Filter | None = None, *, since: datetime | None = None,
                 note: Note | None = None) -> None:
        self.source = source
        self.wanted = wanted or Filter()
        self.error: SitepubError | None = None
        """Why the feed ended by itself."""
        self._since = since
        self._note = note
        self._stop = threading.Event()
        self._visits: queue.Queue[Visit] = queue.Queue(_ROOM)
        self._thread: threading.Thread | None = None

    def start(self, deliver: Callable[[Visit], None] | None = None) -> None:
        """Begin. ``deliver`` gets every wanted visit, in the feed's thread; without it they are iterated."""
        self._thread = threading.Thread(target=self._run, args=(deliver or self._keep,), name="visits",
                                        daemon=True)
        self._thread.start()

    def stop(self, patience: float = 2.0) -> None:
        """End, and wait for the thread at most so long. Nothing is delivered afterwards."""
        self._stop.set()
        self.source.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(patience)

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def __iter__(self) -> Iterator[Visit]:
        """Visits until the feed is stopped. Raises the error that ended it, if one did."""
        return self.until(self._stop)

    def until(self, stop: threading.Event) -> Iterator[Visit]:
        """Visits until the caller's event is set, or the feed ends."""
        while not (stop.is_set() or self._stop.is_set()):
            ended = not self.running
            try:
                yield self._visits.get(timeout=0 if ended else _LOOK)
            except queue.Empty:
                if ended:
                    break
        if self.error is not None:
            raise self.error

    def _run(self, deliver: Callable[[Visit], None]) -> None:
        try:
            for visit in self.source.follow(self._stop, self._since, self._note):
                if self._stop.is_set():
                    return
                if self.wanted.matches(visit):
                    deliver(visit)
        except SitepubError as error:
            if not self._stop.is_set():
                self.error = error
                if self._note is not None:
                    self._note(f"no more visits are shown: {error.message}")

    def _keep(self, visit: Visit) -> None:
        while not self._stop.is_set():
            try:
                self._visits.put(visit, timeout=_LOOK)
                return
            except queue.Full:
                continue
