"""The visits of the site, shown while dev runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sitepub.errors import SitepubError

if TYPE_CHECKING:
    from sitepub.dev.targets import Targets
    from sitepub.logs.feed import Feed
    from sitepub.logs.filters import Filter
    from sitepub.logs.visit import Visit


class Visits:
    """Shows the visits of the first target, or not. Its methods may be called from any thread."""

    def __init__(self, targets: Targets, wanted: Filter | None, environ: Mapping[str, str], note: Callable[[str], None],
                 show: Callable[[Visit], None]) -> None:
        """``show`` is called, from another thread, with every visit that ``wanted`` matches (``None``: all)."""
        self._targets = targets
        self._wanted = wanted
        self._environ = environ
        self._note = note
        self._show = show
        self._feed: Feed | None = None
        self._place: tuple[object, ...] = ()
        """Where the visits that are shown come from, see :attr:`Target.visited`."""
        self._lock = threading.Lock()

    def switch(self) -> None:
        """Show them, or stop showing them. A source that cannot be opened is reported with ``note``."""
        with self._lock:
            if self._feed is None:
                self._begin()
            else:
                self._end()
                self._note("visits are not shown any more")

    def switch_in_background(self) -> None:
        """The same, and returns at once: a source may have to be asked first."""
        threading.Thread(target=self.switch, name="visits", daemon=True).start()

    def follow(self) -> None:
        """The site may be somewhere else now: visits, if they are shown, come from there. Returns at once."""
        threading.Thread(target=self._follow, name="visits", daemon=True).start()

    def stop(self) -> None:
        """Show no more visits."""
        with self._lock:
            self._end()

    def _follow(self) -> None:
        with self._lock:
            if self._feed is not None and self._targets.first.visited != self._place:
                self._end()
                self._begin()

    def _begin(self) -> None:
        from sitepub.logs.choose import open_source
        from sitepub.logs.embedded import where_embedded
        from sitepub.logs.feed import Feed
        from sitepub.logs.filters import Filter

        target = self._targets.first
        where = where_embedded(self._environ) if target.cloud.embedded is not None else None
        self._place = target.visited
        try:
            source = open_source(target.project, target.cloud, where=where, note=self._note)
        except SitepubError as error:
            self._note(error.message + (f" ({error.hint})" if error.hint else ""))
            return
        self._feed = Feed(source, self._wanted or Filter(), note=self._note)
        self._note(f"visits from {source.name}, shown {source.delay}")
        self._feed.start(self._show)

    def _end(self) -> None:
        if self._feed is not None:
            self._feed.stop()
            self._feed = None
