"""Publishes the folder to every target, one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from sitepub.config.project import Project
from sitepub.dev.failures import Failures
from sitepub.dev.hosts import PlanHosts, left_to_deploy
from sitepub.dev.options import DevOptions
from sitepub.dev.purging import Purge, Purging
from sitepub.dev.schedule import End
from sitepub.dev.target import Target, whole
from sitepub.dev.targets import SITE, Targets
from sitepub.dev.view import Published, View
from sitepub.errors import SitepubError
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.unchanged.folder_memory import FolderMemory
from sitepub.publish.unchanged.local_index import LocalIndex
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.folder import publish_folder
from sitepub.site.hash_cache import hash_cache_file
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.snapshot import Snapshot
from sitepub.watch.bursts import Burst


class Publisher:
    """Keeps the last snapshot, so that a publish scans only what may have changed. For the worker's thread, except
    :meth:`built`."""

    def __init__(self, options: DevOptions, environ: Mapping[str, str], view: View, targets: Targets,
                 failures: Failures, stop: threading.Event, plan_hosts: PlanHosts, purge: Purge | None) -> None:
        self._options = options
        self._environ = environ
        self._view = view
        self._targets = targets
        self._failures = failures
        self._stop = stop
        self._plan_hosts = plan_hosts
        self._purging = Purging(purge, view.note) if purge is not None else None
        self._kept: KeptSnapshot | None = None
        self._memory: FolderMemory | None = None
        self._sure: set[str] = set()
        """Targets whose state is read first: what the run knows of it may be old."""
        self._hosts_of: Project | None = None
        """The configuration whose custom domains were checked last."""
        self._built = False
        self._opened: LocalIndex | None = None
        self._said = False

    def begin(self, opened: LocalIndex | None, *, said: bool) -> None:
        """Before the first publish. ``opened``: the index of the folder, compared with it when it began to be watched.
        ``said``: that everything is live; so that it is not said again."""
        self._opened, self._said = opened, said

    def changed(self) -> None:
        """Something has changed since the folder was compared with its index, and the next publish may be about that:
        it has to compare by itself. May be called from any thread."""
        self._opened = None

    def built(self) -> None:
        """There was a build since the last publish."""
        self._built = True

    def forget(self) -> None:
        """The configuration is another one: scan everything again."""
        self._kept = None

    def close(self) -> None:
        """What was remembered is not read any more."""
        if self._memory is not None:
            self._memory.close()

    def scan_again(self) -> None:
        """The rules for the scan may be others: apply them to every file."""
        if self._kept is not None:
            self._kept.touch_all()

    def publish(self, project: Project, burst: Burst) -> End:
        """Publish the folder, in which ``burst`` may have changed. Errors of one target are handled, and the next one
        follows. Raises :class:`~sitepub.errors.SiteError` for a folder that cannot be published."""
        began = time.monotonic()
        snapshot = self._scan(project, burst)
        end = End.DONE
        for target in self._targets:
            try:
                result = self._publish_to(target, snapshot, began)
            except SitepubError as error:
                result = self._failures.handle(error, project, target)
            end = result if end is End.DONE else end
        if end is End.DONE:
            self._built = False
            if self._memory is not None:
                remote = self._targets.first.remote
                self._memory.published(remote.states, remote.bucket, snapshot)
        return end

    def _scan(self, project: Project, burst: Burst) -> Snapshot:
        if burst.everything:
            self._sure = {target.name for target in self._targets}
        folder = publish_folder(project)
        kept = self._kept
        if kept is None or kept.folder != folder.absolute():
            self.close()
            # With `replace` the whole bucket is compared with all files each time.
            opened, self._opened = self._opened, None
            memory = self._memory = None if project.replace else FolderMemory(
                project, self._targets.first.cloud, folder, self._environ, opened)
            kept = self._kept = KeptSnapshot(project, folder, environ=self._environ,
                                             cache_file=hash_cache_file(folder, self._environ), memory=memory)
        if burst.everything:
            kept.touch_all()
        kept.touch(burst.paths)
        self._view.phase("publishing")
        before = kept.warnings
        snapshot = kept.snapshot()
        for problem in snapshot.warnings:
            if problem not in before:
                self._view.warn(problem)
        return snapshot

    def _publish_to(self, target: Target, snapshot: Snapshot, began: float) -> End:
        self._targets.follow(target)
        outcome, changed = target.publish(snapshot, self._view, self._stop, allow_delete=self._options.allow_delete,
                                          allow_empty=self._options.allow_empty, sure=target.name in self._sure)
        if not whole(outcome):
            return self._failures.handle_partly(outcome, target)
        self._sure.discard(target.name)
        target.show(lambda browsers: browsers.published(changed))
        self._failures.published(target)
        said, self._said = self._said, False
        if not (said and outcome.status is Status.UNCHANGED):
            self._view.published(Published(target.name, target.url, outcome, changed, len(snapshot),
                                           time.monotonic() - began, self._built))
        if target.name == SITE:
            self._after_publish(target, outcome, changed)
        return End.DONE

    def _after_publish(self, target: Target, outcome: Outcome, changed: list[str]) -> None:
        """What concerns the custom domains."""
        project = with_rules(target.project, outcome.prepared.rules)
        if changed and self._purging is not None:
            self._view.phase("purging")
            error = self._purging.after_publish(project, outcome.state, changed)
            if error is not None:
                self._view.error(error)
        if self._hosts_of != project:
            self._hosts_of = project
            for sentence in left_to_deploy(project, target.cloud, target.remote, outcome.prepared,
                                           self._plan_hosts):
                self._view.note(sentence)
