"""What every watcher is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sitepub.watch.changes import Change

Told = Callable[[Sequence[Change]], None]
"""Called from another thread with what has happened."""


class Watcher(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class CannotWatch(Exception):
    """The system does not tell of changes here; the message says why."""
