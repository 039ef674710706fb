"""What every watcher is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sitepub.watch.changes import Change

Report = Callable[[Sequence[Change]], None]
"""Called from another thread with changes."""


class Watcher(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class CannotWatch(Exception):
    """The system does not report changes here; the message says why."""
