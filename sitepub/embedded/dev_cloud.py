"""The embedded cloud that dev starts: it ends with the last run of dev that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sitepub.config.small_file import read_small_text
from sitepub.embedded.cloud import CloudOptions, Note, find, publishers, start, stop
from sitepub.embedded.data_folder import DEV_MARK, data_folder


def keep_running(data: Path) -> None:
    """Another command uses it too: dev does not end it any more."""
    with suppress(OSError):
        (data / DEV_MARK).unlink(missing_ok=True)


class OwnCloud:
    """Leaves a cloud running that another command started, and one that another run of dev uses at the end."""

    def __init__(self, environ: Mapping[str, str], note: Note = lambda _: None) -> None:
        """Starts it if need be; raises what :func:`~sitepub.embedded.cloud.start` raises."""
        self._environ = environ
        data = data_folder(environ)
        before = find(data)
        cloud, started = start(data, CloudOptions(), environ=environ, note=note)
        # One that was only started again belongs to the command that it belonged to before.
        if started and before is None:
            with suppress(OSError):
                (data / DEV_MARK).touch(mode=0o600)
                (data / DEV_MARK).write_text(str(cloud.pid), encoding="ascii")

    def end(self) -> bool:
        """End it, unless another command needs it; ``True`` when it was ended. Raises
        :class:`~sitepub.errors.SitepubError` when it does not end."""
        data = data_folder(self._environ)
        running, started = find(data), ""
        with suppress(OSError, UnicodeDecodeError):
            started = read_small_text(data / DEV_MARK)
        if running is not None and started == str(running.pid) and not publishers(running):
            stop(data, environ=self._environ)
            keep_running(data)
            return True
        return False
