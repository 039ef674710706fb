"""Watching on Linux: each folder by its own watch, and one thread that reads the kernel's queue.

A report says where something changed, not what is there now: by the time an event is read, its folder may have another
name or be gone. The watcher guarantees that every path that has changed is reported after its change:

- A folder is watched first and listed afterwards. What is made in it in between is reported, listed, or both.
- A folder that is new at a path is reported as a whole, after all in it is watched. That covers what happened in it
  before, under whatever name.
- A folder that leaves a path loses its watch, unless it has been found at its new path by then.
- When the kernel's queue was full, all is watched anew, and everything is reported as :attr:`Happened.DOUBT`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.watch import filesystems, inotify
from sitepub.watch.changes import Change, Happened
from sitepub.watch.inotify import Event, Inotify
from sitepub.watch.places import Places
from sitepub.watch.watcher import CannotWatch, Listing, Report

if TYPE_CHECKING:
    from sitepub.watch.polling import PollingWatcher

if sys.platform != "linux":
    raise ImportError("inotify is part of Linux")

_EXHAUSTED = frozenset({errno.ENOSPC, errno.ENOMEM, errno.EMFILE, errno.ENFILE})
_COME = inotify.CREATE | inotify.MOVED_TO
_GONE = inotify.DELETE | inotify.MOVED_FROM
_ITSELF = inotify.DELETE_SELF | inotify.MOVE_SELF
_REPEATS = 50
"""How often the folders to watch may differ between two listings in a row."""


class _TooMany(Exception):
    """More than one program should watch."""


class InotifyWatcher:
    """Watches the trees without what they skip, the single folders, and the folder above each, in which it may
    come again. Where the kernel grants no more watches on the way, it goes on by polling."""

    def __init__(self, places: Places, report: Report) -> None:
        self._places = places
        self._report = report
        self._folders = {str(folder) for folder in places.folders}
        self._trees = {str(tree) for tree in places.trees}
        self._paths: dict[int, str] = {}
        self._watches: dict[str, int] = {}
        self._below: dict[str, set[str]] = {}
        """Folder → those in it that are watched or have such below them."""
        self._members: set[str] = set()
        """Folders in trees: every change in them is reported."""
        self._roots: set[str] = set()
        """Trees, single folders, and those above."""
        self._listing: Listing | None = None
        """Lists a tree that is to be watched for the first time."""
        self._most: int | None = None
        """Folders that may be watched, until it has started: what a run finds later is watched as long as the kernel
        lets it."""
        self._queue: Inotify | None = None
        self._end: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None
        self._instead: PollingWatcher | None = None

    def start(self, listing: Listing | None = None) -> None:
        """Raises :class:`CannotWatch`."""
        self._listing = listing
        self._most = filesystems.most_folders()
        try:
            self._queue = Inotify()
            self._end = os.pipe()
            self._sync(starting=True)
        except _TooMany:
            raise CannotWatch("there are more folders than this system lets a program watch"
                              " (fs.inotify.max_user_watches)") from None
        except OSError as error:
            why = "it lets a program watch no more folders" if error.errno in _EXHAUSTED else error.strerror
            raise CannotWatch(f"the system does not let it: {why}") from error
        finally:
            self._listing = self._most = None
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._end is not None:
            os.write(self._end[1], b".")
            if self._thread is not None:
                self._thread.join()
            for end in self._end:
                os.close(end)
            self._end = None
        if self._instead is not None:
            self._instead.stop()
        if self._queue is not None:
            self._queue.close()
            self._queue = None

    def watched(self) -> frozenset[str]:
        """The folders that are watched now."""
        return frozenset(self._watches)

    def _run(self) -> None:
        assert self._queue is not None and self._end is not None
        waiting = select.poll()
        waiting.register(self._queue, select.POLLIN)
        waiting.register(self._end[0], select.POLLIN)
        while all(fd != self._end[0] for fd, _ in waiting.poll()):
            try:
                changes = self._take(self._queue.read())
            except OSError:
                return self._poll_instead()
            if changes:
                self._report(changes)
        return None

    def _poll_instead(self) -> None:
        from sitepub.watch.polling import PollingWatcher

        self._instead = PollingWatcher(self._places, self._report)
        self._instead.start()
        self._report(list(self._doubt()))

    def _doubt(self) -> Iterable[Change]:
        yield from (Change(tree, Happened.DOUBT) for tree in self._places.trees)
        for folder in self._places.folders:
            yield from _files(str(folder))

    # -- what happens --------------------------------------------------------------------------------------

    def _take(self, events: list[Event]) -> list[Change]:
        """The changes that these events mean. Raises OSError when something cannot be watched."""
        found: dict[str, Happened] = {}
        must_sync = lost = False

        def note(path: str, what: Happened) -> None:
            found.pop(path, None)  # the last word comes last
            found[path] = what

        for watch, mask, name in events:
            if mask & inotify.OVERFLOW:
                lost = True
                continue
            folder = self._paths.get(watch)
            if folder is None:
                continue
            if not name:
                if mask & inotify.IGNORED:
                    self._unlist(watch)  # it was deleted, or its file system is gone
                must_sync |= folder in self._roots and bool(mask & (inotify.IGNORED | _ITSELF))
                continue
            path = f"{folder.rstrip('/')}/{name}"
            if mask & (_COME | _GONE) and self._is_on_the_way(path):
                must_sync = True
                note(path, Happened.GONE if mask & _GONE else Happened.FOLDER)
            member = folder in self._members
            if mask & inotify.IS_DIR and mask & (_COME | _GONE):
                self._forget(path)
                if member and mask & _COME and not self._places.skips(Path(path)):
                    self._add_tree(path)
            elif mask & inotify.IS_DIR:
                if not member or path in self._watches or self._places.skips(Path(path)):
                    continue
                self._add_tree(path)  # it could not be read before
            if folder in self._folders or (member and not self._places.skips(Path(path))):
                come = Happened.FOLDER if mask & inotify.IS_DIR else Happened.WRITTEN
                note(path, Happened.GONE if mask & _GONE else come)
        changes = [Change(Path(path), what) for path, what in found.items()]
        if lost:
            for watch in list(self._paths):
                self._drop(watch)
            must_sync = True
        if must_sync:
            changes += self._sync()
        return [*changes, *self._doubt()] if lost else changes

    def _is_on_the_way(self, path: str) -> bool:
        """Is this a tree or single folder, or a folder above one?"""
        return any(place == path or place.startswith(f"{path}/") for place in (*self._trees, *self._folders))

    # -- where ---------------------------------------------------------------------------------------------

    def _sync(self, *, starting: bool = False) -> list[Change]:
        """Watch what is there now; what is there that was not watched (nothing that matters when ``starting``). Raises
        OSError when that is not possible.

        Repeats until nothing is found that is not watched: what is made after the listing, in a folder that was not
        watched yet, would otherwise never be reported."""
        changes: list[Change] = []
        for _ in range(_REPEATS):
            found: set[str] = set()
            new: list[str] = []
            for place in sorted(self._trees | self._folders):
                if Path(place).is_dir():
                    found.add(place)
                elif place in self._watches:
                    self._forget(place)
                    changes.append(Change(Path(place), Happened.GONE))
                found.add(_above(place))
            for path in sorted(found):
                before = self._watches.get(path)
                now = self._add(path, follow=True)
                if now is not None and (now != before or (path in self._trees and path not in self._members)):
                    new.append(path)
            for path in (self._roots - found - self._members) & self._watches.keys():
                self._drop(self._watches[path])
            self._roots = found
            for path in new:
                if path in self._trees:
                    self._add_tree(path, follow=True)
                    changes.append(Change(Path(path), Happened.FOLDER))
                if path in self._folders and not starting:
                    changes += _files(path)
            if not new:
                break
        return changes

    def _add_tree(self, path: str, *, follow: bool = False) -> None:
        listing, waiting = self._listing, [path]
        if listing is not None and str(listing.tree) == path:
            self._listing, listing.begun = None, True
            if listing.run(lambda folder: self._add_member(folder, follow=follow and folder == path), self._add_other):
                return
        while waiting:
            folder = waiting.pop()
            if not self._add_member(folder, follow=follow and folder == path):
                continue
            try:
                with os.scandir(folder) as entries:
                    waiting += [entry.path for entry in entries
                                if entry.is_dir(follow_symlinks=False) and not self._places.skips(Path(entry.path))]
            except OSError:
                continue  # it has gone, which will be reported, or may not be read

    def _add_other(self, folder: str) -> None:
        """A folder that the listing of its tree has left out."""
        if not self._places.skips(Path(folder)):
            self._add_tree(folder)

    def _add_member(self, folder: str, *, follow: bool = False) -> bool:
        """Watch a folder of a tree, before it is listed. ``False``: it is not there."""
        if self._most is not None and len(self._watches) >= self._most:
            raise _TooMany
        if self._add(folder, follow=follow) is None:
            return False
        self._members.add(folder)
        return True

    def _add(self, path: str, *, follow: bool) -> int | None:
        """Watch one folder; ``None`` when it is not there. Raises OSError when there are too many."""
        assert self._queue is not None
        try:
            watch = self._queue.add(path, follow=follow)
        except OSError as error:
            if error.errno in _EXHAUSTED:
                raise
            return None
        before = self._watches.get(path)
        if before is not None and before != watch:
            self._drop(before)
        if self._paths.get(watch, path) != path:
            self._unlist(watch)  # it was moved here
        self._paths[watch], self._watches[path] = path, watch
        while path != "/" and path not in self._below.setdefault(_parent(path), set()):
            self._below[_parent(path)].add(path)
            path = _parent(path)
        return watch

    def _forget(self, path: str) -> None:
        """End the watches at a path and below: what is there now is something else."""
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            waiting += self._below.get(folder, ())
            watch = self._watches.get(folder)
            if watch is not None:
                self._drop(watch)

    def _drop(self, watch: int) -> None:
        assert self._queue is not None
        self._unlist(watch)
        with contextlib.suppress(OSError):
            self._queue.remove(watch)

    def _unlist(self, watch: int) -> None:
        path = self._paths.pop(watch)
        del self._watches[path]
        self._members.discard(path)
        while path not in self._watches and path not in self._below and path != "/":
            above = _parent(path)
            self._below[above].discard(path)
            if self._below[above]:
                break
            del self._below[above]
            path = above


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _above(path: str) -> str:
    """The nearest folder above that is there."""
    return str(next(parent for parent in Path(path).parents if parent.is_dir()))


def _files(folder: str) -> list[Change]:
    """The files in a folder, as if they had been written."""
    try:
        with os.scandir(folder) as entries:
            return [Change(Path(entry.path), Happened.WRITTEN) for entry in entries if not entry.is_dir()]
    except OSError:
        return []
