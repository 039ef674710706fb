"""What is watched for the project, and the bursts of changes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sitepub.config.project import Project
from sitepub.dev.sources import Role, Sources
from sitepub.watch.bursts import CONFIG, OUTPUT, SITE, SOURCES, Burst, Bursts
from sitepub.watch.changes import Change
from sitepub.watch.watcher import Listing, Watcher
from sitepub.watch.watching import open_watcher


class Watched:
    """For the main thread."""

    def __init__(self, project: Project, config_file: Path, *, poll: bool,
                 changed: Callable[[Sequence[Change]], None], note: Callable[[str], None]) -> None:
        """``changed`` is called from another thread. Nothing is watched before :meth:`follow`."""
        self._config_file = config_file
        self._poll = poll
        self._changed = changed
        self._note = note
        self._watcher: Watcher | None = None
        self._bursts: dict[Role, Bursts] = {}
        self.sources = Sources(project, config_file)
        self.polling = poll
        """Changes may be found some time after they happened."""

    def follow(self, project: Project, listing: Listing | None = None) -> bool:
        """Watch the places of this project from now on. ``True``: places that were not watched until now are, and
        may have changed meanwhile. ``listing``: see :meth:`~sitepub.watch.watcher.Watcher.start`."""
        before, skipped = self.sources.places, self.sources.skipped
        self.sources = Sources(project, self._config_file)
        output = SITE if project.source.hook is None and project.dev.command is None else OUTPUT
        for role, pace in ((Role.CONFIG, CONFIG), (Role.SOURCE, SOURCES), (Role.OUTPUT, output)):
            if role not in self._bursts or self._bursts[role].pace != pace:
                self._bursts[role] = Bursts(pace)
        places = self.sources.places
        if self._watcher is not None:
            if (before.trees, before.folders, skipped) == (places.trees, places.folders, self.sources.skipped):
                return False
            self._watcher.stop()
            self._watcher = None
        self._watcher, why = open_watcher(places, self._changed, poll=self._poll, listing=listing)
        self.polling = self._poll or why is not None
        if why is not None:
            self._note(f"polling for changes: {why}")
        return True

    def add(self, change: Change, role: Role, now: float) -> None:
        self._bursts[role].add([change], now)

    def take(self, now: float) -> Iterator[tuple[Role, Burst]]:
        """The bursts that have ended."""
        for role, bursts in self._bursts.items():
            burst = bursts.take(now)
            if burst is not None:
                yield role, burst

    @property
    def due(self) -> list[float]:
        """When bursts end if nothing more happens."""
        return [bursts.due for bursts in self._bursts.values() if bursts.due is not None]

    def is_quiet(self, role: Role) -> bool:
        """Is no burst of this role under way?"""
        return self._bursts[role].due is None

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
