"""Watching: the system's own events through watchdog, or polling where none arrive."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sitepub.dev import filesystems
from sitepub.dev.changes import Change, Happened
from sitepub.dev.places import Places, Watch, count_folders, watches
from sitepub.dev.polling import PollingWatcher

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

Told = Callable[[Sequence[Change]], None]
"""Called from another thread with what has happened."""
_PROBE_SECONDS = 1.0
_LOOKS = 50


class Watcher(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class CannotWatch(Exception):
    """The system does not tell of changes here; the message says why."""


def open_watcher(places: Places, told: Told, *, poll: bool = False) -> tuple[Watcher, str | None]:
    """A watcher that runs, and why it polls if it was not asked to: ``None`` when it does not."""
    why: str | None = None
    if not poll:
        watcher = EventWatcher(places, told)
        try:
            _check(places)
            watcher.start()
            return watcher, None
        except CannotWatch as reason:
            watcher.stop()
            why = str(reason)
    polling = PollingWatcher(places, told)
    polling.start()
    return polling, why


def _check(places: Places) -> None:
    for place in (*places.trees, *places.folders):
        kind = filesystems.silent(place)
        if kind is not None:
            raise CannotWatch(f"{place} is on {kind}, which does not tell of every change")
    if filesystems.too_many_folders(count_folders(places)):
        raise CannotWatch("there are more folders than this system lets a program watch"
                          " (fs.inotify.max_user_watches)")


class EventWatcher:
    """Events of the system (inotify, FSEvents, ReadDirectoryChangesW)."""

    def __init__(self, places: Places, told: Told) -> None:
        self._places = places
        self._told = told
        self._lock = threading.Lock()
        self._watches: dict[Watch, Any] = {}
        self._observer: Any = None
        self._probed = threading.Event()
        self._probe_name = ""

    def start(self) -> None:
        """Raises :class:`CannotWatch`."""
        from watchdog.observers import Observer

        try:
            self._observer = Observer()
            self._observer.start()
            with self._lock:
                self._adjust()
        except OSError as error:
            raise CannotWatch(f"the system does not let it: {error.strerror or error}") from error
        for place in self._places.trees or self._places.folders:
            if place.is_dir() and filesystems.uncertain(place):
                self._probe(place)

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            with contextlib.suppress(RuntimeError):
                self._observer.join()
            self._observer = None

    def _probe(self, folder: Path) -> None:
        """Make a file and see whether that is told."""
        self._probe_name = f".sitepub-probe-{secrets.token_hex(4)}"
        file = folder / self._probe_name
        try:
            file.touch()
        except OSError:
            return
        try:
            if not self._probed.wait(_PROBE_SECONDS):
                raise CannotWatch(f"no changes are told in {folder}")
        finally:
            with contextlib.suppress(OSError):
                file.unlink()

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
        if self._probe_name and source.name == self._probe_name:
            self._probed.set()
            return
        self._take(changes)

    def _take(self, changes: list[Change]) -> None:
        places = self._places
        if any(self._moves_watches(change) for change in changes):
            with self._lock:
                for change in changes:
                    if change.what in (Happened.GONE, Happened.FOLDER):
                        self._forget(change.path)
                # Watched first and looked at afterwards: whatever is made in it in between is in either.
                with contextlib.suppress(OSError):
                    self._adjust()
        mattering = [change for change in changes
                     if places.inside(change.path) or (places.leads_to(change.path)
                                                       and change.what is not Happened.WRITTEN)]
        if mattering:
            self._told(mattering)

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

        Looks again until nothing new is found: a folder that is made after the look and before its parent is
        watched would otherwise never be told of."""
        for _ in range(_LOOKS):
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
