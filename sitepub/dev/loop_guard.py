"""The loop guard: a hook that writes into watched places must not start itself for ever (pure).

Changes that come while the hook runs may be the user's, who goes on typing, or the hook's own. One run does not
show which, several do. A file that was changed during a run starts another run, unless it has come out of the run
before with the same content. When that run changes it again, the next one is begun only after a pause, and the
one after that after a longer pause. What changes during every run and never in a pause is the hook's own work:
from then on its changes during a run mean nothing. At any other time they count as always, and make it a file of
the user's again. A pause is no shorter than the run was: a user who saves now and then saves in a pause too. What
was changed after the end of a run, before that was known, is slowed down and never taken for the hook's.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.small_file import read_small

PAUSES = (0.0, 1.0, 3.0, 10.0)
"""Seconds, at least, before the first, second … run that changes during the run before have asked for."""
_LARGEST = 8 * 1024 * 1024
"""Bytes of a file whose content is compared; of larger ones size and time."""

Stamp = bytes | None
"""What a file holds; ``None``: it is not there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from the changes during one run."""

    again: bool = False
    """Another run is needed …"""
    pause: float = 0.0
    """… after so many seconds."""
    own: frozenset[Path] = frozenset()
    """Files, and folders of files with ever new names, that were found to be the hook's own just now."""


class LoopGuard:
    """Finds out, over several runs, which changes are the hook's own."""

    def __init__(self) -> None:
        self._left: dict[Path, Stamp] = {}
        """Changed during a run → what it held after it."""
        self._own: set[Path] = set()
        self._row: dict[Path, int] = {}
        """File or folder → how many runs in a row have changed it that were begun for such changes only."""

    def outside(self, paths: Iterable[Path]) -> None:
        """These were changed while no hook ran: they are the user's."""
        for path in paths:
            # What it held once is no longer what is built from: going back to that is a change.
            self._left.pop(path, None)
            self._row.pop(path, None)
            self._row.pop(path.parent, None)
            self._own.discard(path)

    def after_run(self, during: Mapping[Path, Stamp], *, follow_up: bool, late: Collection[Path] = (),
                  seconds: float = 0.0) -> Verdict:
        """``during``: the paths that were changed, and what they hold now; ``late``: those that are known to have
        been changed after the run. ``follow_up``: the run that has ended was begun for such changes alone. ``seconds``
        it took."""
        asking = {path for path, stamp in during.items()
                  if not self._is_own(path) and not (path in self._left and self._left[path] == stamp)}
        keys = asking | {path.parent for path in asking}
        self._row = {key: self._row.get(key, 0) + 1 if follow_up else 0 for key in keys}
        self._left.update(during)
        suspects = asking.difference(late)
        known = {path for path in suspects if self._row[path] >= len(PAUSES)}
        folders = {path.parent for path in suspects - known if self._row[path.parent] >= len(PAUSES)}
        self._own |= known | folders
        asking = {path for path in asking if not self._is_own(path)}
        step = max((max(self._row[path], self._row[path.parent]) for path in asking), default=0)
        pause = max(PAUSES[min(step, len(PAUSES) - 1)], seconds if step else 0.0)
        return Verdict(bool(asking), pause, frozenset(known | folders))

    def _is_own(self, path: Path) -> bool:
        return path in self._own or path.parent in self._own


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """What these files hold now. Folders count as files that hold nothing."""
    return {path: _stamp(path) for path in paths}


def changed_after(paths: Iterable[Path], moment: float) -> set[Path]:
    """The paths that were certainly changed after ``moment`` (seconds since 1970)."""
    found = set()
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            # On Windows this is the time of creation. Elsewhere it also changes with a rename over the file.
            if max(status.st_mtime, status.st_ctime) > moment:
                found.add(path)
    return found


def _stamp(path: Path) -> Stamp:
    try:
        if path.is_dir():
            return b""
        status = path.stat()
        if status.st_size > _LARGEST:
            return f"{status.st_size} {status.st_mtime_ns}".encode()
        return hashlib.blake2b(read_small(path, _LARGEST), digest_size=16).digest()
    except OSError:
        return None
