"""The buckets that a run of dev publishes to: the site and, with ``--serve``, a preview before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Protocol

from sitepub.config.project import Project
from sitepub.dev.options import DevOptions
from sitepub.dev.reload_client import ReloadClient
from sitepub.dev.target import Target
from sitepub.dev.view import View
from sitepub.dev.waits import Waits
from sitepub.embedded.cloud import find
from sitepub.embedded.data_folder import data_folder
from sitepub.errors import Problem, SitepubError
from sitepub.tencent.cloud import Cloud
from sitepub.terminal import secrets

PREVIEW = "preview"
"""Name of the target beside the real one."""
SITE = "site"
_CHECK = 10.0
"""Seconds between two checks whether the site was removed."""


class Connect(Protocol):
    """From a project to its cloud; :func:`sitepub.actions.connect.connect`, which also says what it raises."""

    def __call__(self, project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str],
                 warn: Callable[[Problem], None] | None = None) -> Cloud: ...


class Targets:
    def __init__(self, project: Project, options: DevOptions, connect: Connect, environ: Mapping[str, str], view: View,
                 waits: Waits, stop: threading.Event) -> None:
        """Connects; raises what ``connect`` raises."""
        self._options = options
        self._connect = connect
        self._environ = environ
        self._view = view
        self._waits = waits
        self._stop = stop
        self._checking: threading.Thread | None = None
        self._checked = 0.0
        names = [PREVIEW, SITE] if options.serve and not options.local else [SITE]
        self._all = [self._open(project, name) for name in names]

    def _open(self, project: Project, name: str) -> Target:
        local = self._options.local or name == PREVIEW
        cloud = self._connect(project, local=local, profile=None if local else self._options.profile,
                              environ=self._environ, warn=self._view.warn)
        return Target(project, cloud, name=name, reload=local, request_failed=self._request_failed)

    def _request_failed(self, target: Target) -> None:
        if not self._stop.is_set():
            self._waits.request_failed(target.name, target.remote.bucket)

    def __iter__(self) -> Iterator[Target]:
        return iter(self._all)

    @property
    def first(self) -> Target:
        """The preview or, without one, the site."""
        return self._all[0]

    @property
    def reached(self) -> list[Target]:
        """All that are not known to be out of reach."""
        return [target for target in self._all if target.name not in self._waits]

    def show(self, what: Callable[[ReloadClient], None]) -> None:
        """Show something in the browsers of every target."""
        for target in self._all:
            target.show(what)

    def reconfigure(self, project: Project) -> None:
        """Go on with another configuration."""
        for target in self._all:
            target.reopen(project, self._moved(project, target) or target.cloud)

    def follow(self, target: Target) -> None:
        """Go on where the cloud of this target is now."""
        cloud = self._moved(target.project, target)
        if cloud is not None:
            target.reopen(target.project, cloud)

    def _moved(self, project: Project, target: Target) -> Cloud | None:
        """The embedded cloud may have been started again on another port, or with another key pair; the real one
        may be another region's. ``None``: the cloud is where it was."""
        if target.name != PREVIEW and not self._options.local:
            same = target.cloud.region == project.region and target.cloud.accelerate == project.accelerate
            return None if same else self._connect(project, local=False, profile=self._options.profile,
                                                   environ=self._environ, warn=self._view.warn)
        running = find(data_folder(self._environ))
        if running is None:
            return None  # requests to it fail, and are tried again
        secrets.register(running.credentials.secret_id, running.credentials.secret_key)
        return Cloud(running.credentials, running.app_id, project.region, running.address,
                     accelerate=project.accelerate)

    def check(self) -> None:
        """Check from time to time, in a thread of its own, whether the site is still there. Returns at once."""
        now = time.monotonic()
        if (self._checking is not None and self._checking.is_alive()) or now - self._checked < _CHECK:
            return
        self._checked = now
        self._checking = threading.Thread(target=self._check, name="dev check", daemon=True)
        self._checking.start()

    def _check(self) -> None:
        for target in self.reached:
            with suppress(SitepubError, OSError):
                if target.is_removed() and not self._stop.is_set():
                    target.report_removed(self._view)

    def finish(self, among: list[Target]) -> None:
        """Record one release for the run in each of these."""
        for target in among:
            target.finish()

    def close(self) -> None:
        """Break off requests that are still under way."""
        for target in self._all:
            target.close()
