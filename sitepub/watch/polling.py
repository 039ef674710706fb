"""Watching by polling, where the system sends no events."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from sitepub.watch.changes import Change, Happened
from sitepub.watch.places import Places
from sitepub.watch.watcher import Listing, Report

INTERVAL = 0.5
"""Seconds between two scans …"""
_SHARE = 20
"""… or this many times the seconds that a scan takes, whichever is longer: 5 % of a processor at most."""

_Seen = dict[str, tuple[int, int, int] | None]
"""Path → (mtime_ns, size, inode) of a file, ``None`` for a folder."""


class PollingWatcher:
    """Reports what differs between two scans."""

    def __init__(self, places: Places, report: Report, *,
                 interval: float = INTERVAL) -> None:
        self._places = places
        self._report = report
        self._interval = interval
        self._end = threading.Event()
        self._seen: _Seen = {}
        self._thread = threading.Thread(target=self._run, name="polling", daemon=True)

    def start(self, _listing: Listing | None = None) -> None:
        self._seen = scan(self._places)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        wait = self._interval
        while not self._end.wait(wait):
            began = time.monotonic()
            now = scan(self._places)
            changes = between(self._seen, now)
            self._seen = now
            wait = max(self._interval, _SHARE * (time.monotonic() - began))
            if changes:
                self._report(changes)


def scan(places: Places) -> _Seen:
    """All files and folders of the places. What cannot be read is not there."""
    seen: _Seen = {}
    for folder in places.folders:
        _list(str(folder), seen)
    waiting = [str(tree) for tree in places.trees]
    while waiting:
        waiting += [path for path in _list(waiting.pop(), seen) if not places.skips(Path(path))]
    return seen


def _list(folder: str, seen: _Seen) -> Iterable[str]:
    """Note what is in a folder; the folders in it."""
    below = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    seen[entry.path] = None
                    below.append(entry.path)
                else:
                    seen[entry.path] = status.st_mtime_ns, status.st_size, status.st_ino
    except OSError:
        return []
    return below


def between(before: _Seen, now: _Seen) -> list[Change]:
    """The changes between two scans, folders before what is in them."""
    changes = [Change(Path(path), Happened.GONE) for path in before if path not in now]
    for path, stamp in now.items():
        if path not in before:
            changes.append(Change(Path(path), Happened.FOLDER if stamp is None else Happened.WRITTEN))
        elif before[path] != stamp:
            changes.append(Change(Path(path), Happened.WRITTEN))
    return changes
