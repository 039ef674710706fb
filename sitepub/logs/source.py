"""Where visits come from, seen from above: every source reads and follows alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from sitepub.errors import CloudError, NetworkError, SitepubError
from sitepub.logs.visit import Visit

Note = Callable[[str], None]
"""Called with what the user should know: a source that cannot be reached just now, and its return."""


_TRANSIENT = ("RequestLimitExceeded", "InternalError", "LimitExceeded", "FailedOperation.SearchTimeout",
              "FailedOperation.QueryError")


def passes(error: SitepubError) -> bool:
    """Whether waiting may cure it: no way to the cloud, too many questions, a cloud with troubles of its own."""
    return (isinstance(error, NetworkError) or error.code.startswith(_TRANSIENT)
            or (isinstance(error, CloudError) and (error.status >= 500 or error.status == 429)))


class Source(Protocol):
    """One place that writes visits down.

    Both ways give every visit once, oldest first as far as the source knows; a visit that the source delivers
    too late for its place comes out late, and is not left out.
    """

    @property
    def name(self) -> str:
        """In words: ``the embedded cloud``, ``CLS topic …``."""

    @property
    def delay(self) -> str:
        """How long a visit takes until it can be read here, in words, honestly."""

    def read(self, since: datetime) -> Iterator[Visit]:
        """What is known now. Raises :class:`~sitepub.errors.SitepubError`."""

    def follow(self, stop: threading.Event, since: datetime | None = None,
               note: Note | None = None) -> Iterator[Visit]:
        """Visits from ``since`` (``None``: from now) and every new one, until ``stop`` is set.

        A source out of reach is waited for, and nothing that it then still knows is lost. Raises only what
        waiting does not cure (credentials, a topic that does not exist)."""

    def close(self) -> None:
        """Let go of connections; a ``follow`` in another thread ends soon after."""
