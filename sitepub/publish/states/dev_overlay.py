"""The state during ``sitepub dev``: kept in memory, and written as a small overlay.

A publish of one saved file must not read and write a document of 20,000 entries several times. So the document
stays where it is, names an overlay, and each save writes only what has changed since (see ``state``). An unchanged
ETag of the document proves that no other process has changed the state in between: every process that writes the
state writes the document, and only the run of dev that named an overlay writes that overlay. All saves happen under
the lock, as everywhere.
"""

from __future__ import annotations

import secrets

import msgspec

from sitepub.publish.states.state import HEADERS, OVERLAY, Overlay, State, StateStore, encode

FEW = 1000
"""Changed entries that an overlay holds at most; with more, one new document is written."""


class OverlayStates(StateStore):
    """A :class:`~sitepub.publish.states.state.StateStore` for many publishes of one process."""

    _known: State | None = None
    _base: State | None = None
    """What the document holds, when it names an overlay of ours."""
    written: bool = False
    """Whether this run has saved anything that is not one document yet."""

    @property
    def known(self) -> State | None:
        """The state as this run last read or wrote it, without a request."""
        return self._known

    def load(self) -> State | None:
        """The state; one small request when no other process has written it."""
        if self._known is not None and self._etag:
            there = self.store.head(self.key)
            if there is not None and there.etag == self._etag:
                self._hear(there.headers)
                return self._known
        self._base = None
        self.written = False
        self._known = None
        self._known = super().load()
        return self._known

    def save(self, state: State) -> None:
        self.written = True
        if self._base is not None:
            overlay = Overlay.between(self._base, state)
            if len(overlay.state.manifest) + len(overlay.gone) <= FEW:
                self._known = None
                self._put_overlay(self._overlay, overlay)
                self._known = state
                return
        self._known, self._base = None, None
        name = secrets.token_hex(6)
        self._put_overlay(name, Overlay.between(state, state))
        self._put(msgspec.structs.replace(state, overlay=name))
        self._drop_overlay()
        self._known, self._base, self._overlay = state, state, name

    def fold(self, state: State) -> None:
        """Write the state as one document again, and take away every overlay."""
        self._known, self._base = None, None
        super().save(state)
        self._known, self.written = state, False
        left = [there.key for there in self.store.list(self.prefix + OVERLAY)]
        if left:
            self.store.delete(left)

    def delete(self) -> None:
        self._known, self._base = None, None
        super().delete()

    def _put_overlay(self, name: str, overlay: Overlay) -> None:
        self.store.put(self._overlay_key(name), encode(overlay), HEADERS)
