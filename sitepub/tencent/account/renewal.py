"""Temporary credentials, renewed before they run out: a deploy, and even more a dev session, may last longer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from sitepub.errors import SitepubError
from sitepub.tencent.cloud import Credentials

EARLY = 600.0
"""Seconds before the end from which new ones are asked for."""
PAUSE = 30.0
"""Seconds between two attempts when the first brought nothing better."""
_log = logging.getLogger("sitepub.credentials")


class Renewal:
    """Where credentials come from, to be asked again. Safe for many threads; one of them asks."""

    def __init__(self, fetch: Callable[[], Credentials], *, clock: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._current: Credentials | None = None
        self._not_before = 0.0
        self._failure: SitepubError | None = None
        self.on_new: Callable[[Credentials], None] = lambda _: None
        """Called with new credentials before they are used."""

    def keeps(self, first: Credentials) -> Credentials:
        """The credentials, which from now on know how to be renewed (see :meth:`Credentials.fresh`)."""
        self._current = replace(first, renewal=self)
        return self._current

    def current(self) -> Credentials:
        """Good ones. Raises what asking for new ones raises, but only when the old ones have run out."""
        found = self._current
        assert found is not None
        if found.expires is None or self._clock() < found.expires - EARLY:
            return found
        return self._renewed(found)

    def replaced(self, refused: Credentials) -> Credentials | None:
        """Others than those that the cloud has just refused as expired; ``None``: there are no others."""
        try:
            found = self._renewed(refused, refused=True)
        except SitepubError as error:
            _log.debug("no new credentials: %s", error)
            return None
        return found if found.token != refused.token else None

    def _renewed(self, old: Credentials, *, refused: bool = False) -> Credentials:
        with self._lock:
            found = self._current
            assert found is not None
            if found.token != old.token:
                return found  # another thread was first
            now = self._clock()
            good = not refused and found.expires is not None and now < found.expires
            if now < self._not_before:
                if good:
                    return found
                if self._failure is not None:
                    raise self._failure
            self._not_before, self._failure = now + PAUSE, None
            try:
                new = self._fetch()
            except SitepubError as error:
                self._failure = error
                if not good:
                    raise
                _log.debug("the credentials from %s were not renewed: %s", found.source, error)
                return found
            self.on_new(new)
            self._current = replace(new, renewal=self, site=found.site)
            return self._current
