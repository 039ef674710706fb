"""What the work on one host is given: where its record is kept, who listens, when to stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from sitepub.domains.records import HostRecord


class Keeper(Protocol):
    """The record of one host. What is about to be made is kept BEFORE the call that makes it, and its id
    right after, so that a kill forgets nothing."""

    @property
    def record(self) -> HostRecord: ...

    def keep(self, record: HostRecord) -> None:
        """Write the state. Raises when the lock was lost."""


class Listener(Protocol):
    """Receives what happens to a host. Called from many threads."""

    def status(self, host: str, text: str) -> None:
        """A live status: replaced by the next one."""

    def done(self, host: str, text: str) -> None:
        """Something was done: stays on the screen."""

    def todo(self, host: str, text: str) -> None:
        """Something the user has to do elsewhere, such as the exact DNS record to add: stays, stands out."""


@dataclass(frozen=True, slots=True)
class HostJob:
    """One host in one run."""

    keeper: Keeper
    listener: Listener
    stop: threading.Event
    """Ctrl-C: raise :class:`~sitepub.errors.Interrupted` soon."""
    wait: bool = True
    """False (``--no-wait``, ``async: true``): write, do not wait."""

    @property
    def record(self) -> HostRecord:
        return self.keeper.record

    def keep(self, **changes: Any) -> None:
        """Write down what has changed in the record."""
        record = msgspec.structs.replace(self.record, **changes)
        if record != self.record:
            self.keeper.keep(record)

    def status(self, text: str) -> None:
        self.listener.status(self.record.host, text)

    def done(self, text: str) -> None:
        self.listener.done(self.record.host, text)

    def todo(self, text: str) -> None:
        self.listener.todo(self.record.host, text)
