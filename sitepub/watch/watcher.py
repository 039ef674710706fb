"""What every watcher is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sitepub.watch.changes import Change

Report = Callable[[Sequence[Change]], None]
"""Called from another thread with changes."""


Visit = Callable[[str], object]
"""Is called with the path of a folder."""


@dataclass(slots=True)
class Listing:
    """A tree that is listed anyway, for another purpose: a watcher that has to visit each folder does it on that way,
    and need not list them all once more."""

    tree: Path
    run: Callable[[Visit, Visit], bool]
    """Calls the first before each folder that it lists, and the second for each that it leaves out with all below it.
    ``False``: it did not come to the end."""
    begun: bool = False
    """It was run."""


class Watcher(Protocol):
    def start(self, listing: Listing | None = None, /) -> None:
        """Changes from now on are reported. ``listing``: may be run, once, before this comes back; whatever changes in
        a folder after it was listed is reported."""

    def stop(self) -> None: ...


class CannotWatch(Exception):
    """The system does not report changes here; the message says why."""
