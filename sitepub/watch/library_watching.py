"""Watching through watchdog, on systems other than Linux."""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sitepub.watch.changes import Change, Happened
from sitepub.watch.places import Places, Watch, watches
from sitepub.watch.watcher import CannotWatch, Listing, Report

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

_REPEATS = 50


class EventWatcher:
    """Events of the system (FSEvents, ReadDirectoryChangesW, kqueue)."""

    def __init__(self, places: Places, report: Report) -> None:
        self._places = places
        self._report = report
        self._lock = threading.Lock()
        self._watches: dict[Watch, Any] = {}
        self._observer: Any = None

    def start(self, _listing: Listing | None = None) -> None:
        """Raises :class:`CannotWatch`."""
        from watchdog.observers import Observer

        logging.getLogger("watchdog").addHandler(logging.NullHandler())
        logging.getLogger("watchdog").propagate = False
        try:
            self._observer = Observer()
            self._observer.start()
            with self._lock:
                self._adjust()
        except OSError as error:
            raise CannotWatch(f"the system does not let it: {error.strerror or error}") from error

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            with contextlib.suppress(RuntimeError):
                self._observer.join()
            self._observer = None

    # -- what happens --------------------------------------------------------------------------------------

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog."""
        from watchdog import events

        source = Path(_text(event.src_path))
        changes: list[Change] = []
        if event.event_type in (events.EVENT_TYPE_DELETED, events.EVENT_TYPE_MOVED):
            changes.append(Change(source, Happened.GONE))
        elif event.is_directory:
            if event.event_type == events.EVENT_TYPE_CREATED:
                changes.append(Change(source, Happened.FOLDER))
        else:
            changes.append(Change(source, Happened.WRITTEN))
        if event.event_type == events.EVENT_TYPE_MOVED:
            kind = Happened.FOLDER if event.is_directory else Happened.WRITTEN
            changes.append(Change(Path(_text(event.dest_path)), kind))
        self._take(changes)

    def _take(self, changes: list[Change]) -> None:
        places = self._places
        if any(self._moves_watches(change) for change in changes):
            with self._lock:
                for change in changes:
                    if change.what in (Happened.GONE, Happened.FOLDER):
                        self._forget(change.path)
                # Watched first and listed afterwards: what is made in between is found by one or the other.
                with contextlib.suppress(OSError):
                    self._adjust()
        mattering = [change for change in changes
                     if places.inside(change.path) or (places.leads_to(change.path)
                                                       and change.what is not Happened.WRITTEN)]
        if mattering:
            self._report(mattering)

    def _moves_watches(self, change: Change) -> bool:
        """Does this ask for other watches? (Folders within a tree that is watched as a whole do not.)"""
        if change.what is Happened.WRITTEN:
            return False
        path = str(change.path)
        if (path, True) in self._watches or (path, False) in self._watches:
            return True
        if self._places.leads_to(change.path):
            return True
        return (change.what is Happened.FOLDER and (str(change.path.parent), False) in self._watches
                and self._places.inside(change.path))

    # -- where ---------------------------------------------------------------------------------------------

    def _forget(self, path: Path) -> None:
        """End the watches at a path and below: what is there now is something else."""
        for watch in [watch for watch in self._watches if Path(watch[0]).is_relative_to(path)]:
            self._unschedule(watch)

    def _adjust(self) -> None:
        """Watch what is there now. Raises OSError when that is not possible.

        Repeats until nothing new is found: a folder that is made after the listing and before its parent is watched
        would otherwise never be reported."""
        for _ in range(_REPEATS):
            wanted = watches(self._places)
            for watch in [watch for watch in self._watches if watch not in wanted]:
                self._unschedule(watch)
            missing = sorted(wanted - self._watches.keys())
            if not missing or self._observer is None:
                return
            for path, recursive in missing:
                with contextlib.suppress(FileNotFoundError):
                    self._watches[path, recursive] = self._observer.schedule(
                        self, path, recursive=recursive, event_filter=_filter())

    def _unschedule(self, watch: Watch) -> None:
        made = self._watches.pop(watch)
        if self._observer is not None:
            with contextlib.suppress(KeyError, OSError, RuntimeError):
                self._observer.unschedule(made)


def _filter() -> list[type[FileSystemEvent]]:
    """Without the events of reading, of which a scan makes thousands."""
    from watchdog import events

    return [events.FileCreatedEvent, events.FileModifiedEvent, events.FileClosedEvent, events.FileMovedEvent,
            events.FileDeletedEvent, events.DirCreatedEvent, events.DirMovedEvent, events.DirDeletedEvent]


def _text(path: bytes | str) -> str:
    return path if isinstance(path, str) else path.decode("utf-8", "surrogateescape")
