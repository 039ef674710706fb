"""Watching: the system's own events, or polling where none arrive."""

from __future__ import annotations

import contextlib
import secrets
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sitepub.watch import filesystems
from sitepub.watch.changes import Change
from sitepub.watch.places import Places
from sitepub.watch.watcher import CannotWatch, Listing, Report, Watcher

_PROBE_SECONDS = 1.0


def open_watcher(places: Places, report: Report, *, poll: bool = False, listing: Listing | None = None
                 ) -> tuple[Watcher, str | None]:
    """A watcher that runs, and why it polls if it was not asked to: ``None`` when it does not. ``listing``: see
    :meth:`~sitepub.watch.watcher.Watcher.start`."""
    why: str | None = None
    if not poll:
        probe = _Probe(places, report)
        watcher = system_watcher(probe.places, probe)
        try:
            _check(places)
            watcher.start(listing)
            probe.run()
            return watcher, None
        except CannotWatch as reason:
            watcher.stop()
            why = str(reason)
        except BaseException:  # Ctrl-C
            watcher.stop()
            raise
    from sitepub.watch.polling import PollingWatcher

    polling = PollingWatcher(places, report)
    polling.start()
    return polling, why


def system_watcher(places: Places, report: Report) -> Watcher:
    """A watcher for this system's events, not started yet."""
    if sys.platform != "linux":
        from sitepub.watch.library_watching import EventWatcher

        return EventWatcher(places, report)
    from sitepub.watch.linux_watching import InotifyWatcher

    return InotifyWatcher(places, report)


def _check(places: Places) -> None:
    for place in (*places.trees, *places.folders):
        kind = filesystems.silent(place)
        if kind is not None:
            raise CannotWatch(f"{place} is on {kind}, which does not report every change")


class _Probe:
    """Finds out by writing a file whether changes are reported, and reports everything but that file."""

    def __init__(self, places: Places, report: Report) -> None:
        self._name = f".sitepub-probe-{secrets.token_hex(4)}"
        self._heard = threading.Event()
        self._report = report
        self.places = replace(places, skips=lambda path: path.name != self._name and places.skips(path))

    def __call__(self, changes: Sequence[Change]) -> None:
        rest = [change for change in changes if change.path.name != self._name]
        if len(rest) < len(changes):
            self._heard.set()
        if rest:
            self._report(rest)

    def run(self) -> None:
        """Raises :class:`CannotWatch`."""
        for place in self.places.trees or self.places.folders:
            if place.is_dir() and filesystems.uncertain(place):
                self._try(place / self._name)

    def _try(self, file: Path) -> None:
        self._heard.clear()
        try:
            file.touch()
        except OSError:
            return
        try:
            if not self._heard.wait(_PROBE_SECONDS):
                raise CannotWatch(f"no changes are reported in {file.parent}")
        finally:
            with contextlib.suppress(OSError):
                file.unlink()
