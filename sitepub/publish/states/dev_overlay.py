"""The state during ``sitepub dev``: kept in memory, and written down as a root with a few changes over its shards.

A publish of one saved file must not write shards several times. So they stay as they are, and each save writes the root
only, with what has changed since: the overlay. An unchanged ETag of the root proves that no other process has changed
the state in between. The end of the run puts the changes into the shards. All saves happen under the lock, as
everywhere.
"""

from __future__ import annotations

from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore, few_changes


class OverlayStates(StateStore):
    """A :class:`~sitepub.publish.states.state_store.StateStore` for many publishes of one process."""

    _known: State | None = None
    written: bool = False
    """Whether this run has saved anything that its end has to put into the shards."""

    @property
    def known(self) -> State | None:
        """The state as this run last read or wrote it, without a request."""
        return self._known

    def load(self) -> State | None:
        """The state; one small request when no other process has written it."""
        if self._known is not None and self.etag:
            there = self.store.head(self.key)
            if there is not None and there.etag == self.etag:
                self._hear(there.headers)
                return self._known
        self.written = False
        self._known = None
        self._known = super().load()
        return self._known

    def ask_again(self) -> None:
        """:meth:`load` asks by one small request."""

    def save(self, state: State) -> State:
        self.written = True
        self._known = None
        self._known = self._put(state if few_changes(state) else self.settled(state))
        return self._known

    def fold(self, state: State) -> State:
        """Put everything into shards."""
        self._known = None
        self._known = self._put(self.settled(state))
        self.written = False
        return self._known

    def delete(self) -> None:
        self._known = None
        super().delete()
