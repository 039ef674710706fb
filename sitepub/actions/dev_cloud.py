"""The embedded cloud of a session of dev: if the session started it, it ends with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from sitepub.actions.local_cloud import Wish, data_folder, find, publishers, start, stop


class OwnCloud:
    """What was running before is left running, and so is what another session of dev uses by the end."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Starts it if need be; raises what :func:`~sitepub.actions.local_cloud.start` raises."""
        self._environ = environ
        cloud, started = start(data_folder(environ), Wish(), environ=environ)
        self._pid = cloud.pid if started else None

    def __enter__(self) -> OwnCloud:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Raises :class:`~sitepub.errors.SitepubError` when it does not end."""
        if self._pid is None:
            return
        data = data_folder(self._environ)
        running = find(data)
        if running is not None and running.pid == self._pid and not publishers(running):
            stop(data, environ=self._environ)
        self._pid = None
