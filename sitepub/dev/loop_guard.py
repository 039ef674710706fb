"""The loop guard: a hook that writes into watched places must not start itself for ever (pure).

Changes that come while the hook runs may be the user's, who goes on typing, or the hook's own. Nobody can tell
from one run, but two tell: what the hook writes, it writes again. So a file that was changed during a run
starts another run, unless it has come out of the run before with the same content; and a run that was started
for such changes only, and makes them again, shows that they are the hook's. From then on changes of that file
during a run mean nothing; at any other time they count as always.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

_RUNS = 2
"""Runs in a row that were started by nothing but changes during the run before. After these, also names
that are new each time are taken for the hook's, by their folder."""
_LARGEST = 8 * 1024 * 1024
"""Bytes of a file whose content is compared; of larger ones size and time."""

Stamp = bytes | None
"""What a file holds; ``None``: it is not there."""


class LoopGuard:
    """Is told after each run what was changed during it."""

    def __init__(self) -> None:
        self._left: dict[Path, Stamp] = {}
        """Changed during a run → what it held after it."""
        self._own: set[Path] = set()
        """Files, and folders of files, that the hook itself writes."""
        self._last: frozenset[Path] = frozenset()
        self._row = 0

    def after_run(self, during: Mapping[Path, Stamp], *, follow_up: bool) -> tuple[set[Path], set[Path]]:
        """Which of the paths changed during a run ask for another run, and which were found out to be the
        hook's own just now. ``follow_up``: the run that has ended was started by such paths alone."""
        self._row = self._row + 1 if follow_up else 0
        asking = {path for path, stamp in during.items()
                  if not self._is_own(path) and not (path in self._left and self._left[path] == stamp)}
        found: set[Path] = set()
        if follow_up:
            found = asking & self._last
            if self._row >= _RUNS:
                found = asking if len(asking) < 2 else {path.parent for path in asking}
        self._own |= found
        self._last = frozenset(during)
        self._left.update(during)
        return {path for path in asking if not self._is_own(path)}, found

    def _is_own(self, path: Path) -> bool:
        return path in self._own or path.parent in self._own


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """What these files hold now. Folders count as files that hold nothing."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> Stamp:
    try:
        if path.is_dir():
            return b""
        status = path.stat()
        if status.st_size > _LARGEST:
            return f"{status.st_size} {status.st_mtime_ns}".encode()
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError:
        return None
