"""One bucket that ``sitepub dev`` keeps equal to the site."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from sitepub.config.project import Project
from sitepub.dev.reload_client import ReloadClient
from sitepub.dev.remote import open_for_dev
from sitepub.dev.view import PublishView
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.apply import Counts
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.empty_pages import empty_pages
from sitepub.publish.guards import FEW_DELETIONS, refuse_mass_deletion
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.plan import Plan
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.progress import Progress, Silent
from sitepub.publish.publish import publish
from sitepub.publish.states.dev_release import record_dev_release
from sitepub.publish.states.state import State
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos import fresh_buckets
from sitepub.tencent.cos.website_config import WebsiteConfig

_FEW = 20
"""Steps of a plan that need no progress display."""


class Target:
    """A bucket on one cloud, its state kept in memory, and the browsers that show it."""

    def __init__(self, project: Project, cloud: Cloud, *, name: str, reload: bool,
                 request_failed: Callable[[Target], None] = lambda _target: None) -> None:
        """``reload``: browsers reload, where the cloud can. ``request_failed`` is called, from any thread, for each
        request that is tried again."""
        self.name = name
        self.project = project
        self.cloud = cloud
        self._request_failed = request_failed
        self._reload = reload
        self._counts = Counts()
        """What all publishes of this run did together."""
        self._live = False
        """Whether this run has seen its state: when it is missing later, the site was removed."""
        self._removal_reported = False
        self._good: Project | None = None
        """The configuration that the site was last published with."""
        self._settled: tuple[Snapshot, State] | None = None
        """What was published last, and the state after it: as long as no other process writes the state, only what has
        changed since is compared."""
        self._website: WebsiteConfig | None = None
        """The website settings that it was last published with."""
        self._open()

    def _open(self) -> None:
        self._settled = None
        self.remote, self._overlay = open_for_dev(self.project, self.cloud, lambda: self._request_failed(self))
        embedded = self.cloud.embedded
        self._browsers = (ReloadClient(embedded, self.remote.bucket)
                          if embedded is not None and self._reload else None)

    def reopen(self, project: Project, cloud: Cloud) -> None:
        """Go on with another configuration, or with a cloud that is somewhere else now."""
        if project == self.project and cloud == self.cloud:
            return
        moved = self.remote.bucket != project.bucket(cloud.app_id)
        if moved:
            self.finish()
            self.show(ReloadClient.off)
        self._close()
        self.project, self.cloud = project, cloud
        self._open()

    @property
    def url(self) -> str:
        return self.cloud.website_url(self.remote.bucket, self.project.protocol, self.project.key_prefix)

    @property
    def visited(self) -> tuple[object, ...]:
        """Whatever decides where the records of its visits are."""
        project = self.project
        return self.remote.bucket, project.region, project.hosts, project.logs

    def show(self, what: Callable[[ReloadClient], None]) -> None:
        """Show something in the browsers, where the cloud can."""
        if self._browsers is not None:
            what(self._browsers)

    # -- publishing ----------------------------------------------------------------------------------------

    def publish(self, snapshot: Snapshot, view: PublishView, stop: threading.Event, *,
                allow_delete: bool, allow_empty: bool = False, sure: bool = False) -> tuple[Outcome, list[str]]:
        """Make the bucket equal to the snapshot. Returns the outcome, and the keys that are new for visitors.
        ``sure``: read the state first, also when this run knows it (another deploy may have changed it).

        Raises what :func:`~sitepub.publish.prepare.prepare` and :func:`~sitepub.publish.publish.publish` raise.
        """
        try:
            if not self._removal_reported:
                return self._publish(snapshot, view, stop, allow_delete=allow_delete, allow_empty=allow_empty,
                                     sure=sure)
        except NotFound as error:
            if error.code != "NoSuchBucket" or not self._live:
                raise
        # The site was removed; a bucket that was there until then is not one that is still being made.
        for bucket in (self.remote.bucket, self._overlay.store.bucket):
            fresh_buckets.forget(bucket)
        return self._publish(snapshot, view, stop, allow_delete=allow_delete, allow_empty=allow_empty, sure=True)

    def _publish(self, snapshot: Snapshot, view: PublishView, stop: threading.Event, *,
                 allow_delete: bool, allow_empty: bool, sure: bool) -> tuple[Outcome, list[str]]:
        known = None if sure else self._overlay.known
        last, self._settled = self._settled, None
        since = last[0] if last is not None and known is last[1] and self._good is self.project else None
        prepared = prepare(self.remote, snapshot, known=known, direct=True, since=since)
        if prepared.found is None:
            self._report_removed(view, "all of it is published again")
        # A user who renames a folder while dev runs means it. With a new configuration it may be a mistake.
        allow_delete = allow_delete or (self._good is self.project and only_moved(prepared.plan))
        refuse_mass_deletion(prepared.plan, allowed=allow_delete, other=prepared.other)

        def approve(now: Prepared) -> None:
            if now.found is None:
                self._report_removed(view, "all of it is published again")
            empty_pages(self.remote, snapshot, now).refuse(allowed=allow_empty)
            for sentence in now.notes:
                view.note(sentence)
            view.approve(now)

        approve(prepared)
        if prepared.settled:
            outcome = publish(self.remote, snapshot, prepared)
            self._good = self.project
            self._live = True
            self._remember(snapshot)
            return outcome, []
        display: AbstractContextManager[Progress] = (
            view.transfer() if len(prepared.plan.steps) > _FEW else nullcontext(Silent()))
        with display as progress:
            outcome = publish(self.remote, snapshot, prepared, PublishOptions(
                allow_delete=allow_delete, approve=approve, on_setting=view.setting, stop=stop, record=False,
                progress=_Door(progress, lambda: self.show(ReloadClient.publishing))))
        self._counts = _sum(self._counts, outcome.counts)
        if whole(outcome):
            self._good = self.project
            self._remember(snapshot)
            self._website = outcome.prepared.wanted.website
        self._live, self._removal_reported = True, False
        return outcome, [step.key for step in outcome.prepared.plan.steps]

    def _remember(self, snapshot: Snapshot) -> None:
        if (state := self._overlay.known) is not None:
            self._settled = (snapshot, state)

    # -- removed while dev runs ----------------------------------------------------------------------------

    def is_removed(self) -> bool:
        """Was the site removed since this run published it? Raises what the cloud answers."""
        return self._live and self._overlay.store.head(self._overlay.key) is None

    def report_removed(self, view: PublishView) -> None:
        """Say once that it was."""
        self._report_removed(view, "the next save publishes all of it again")

    def _report_removed(self, view: PublishView, then: str) -> None:
        if self._live and not self._removal_reported:
            self._removal_reported = True
            view.note(f"the site was removed from {self.remote.bucket} meanwhile: {then}")

    # -- the end -------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Record one release for the run. What cannot be written is done by the next deploy."""
        with suppress(SitepubError):
            record_dev_release(self.remote, self._overlay, self._counts, self._website)

    def close(self) -> None:
        self.show(ReloadClient.off)
        self._close()

    def _close(self) -> None:
        self.show(ReloadClient.close)
        self.remote.close()


class _Door:
    """A :class:`~sitepub.publish.progress.Progress`: visitors wait from the first object that is written on, and not
    already while the lock is waited for."""

    def __init__(self, progress: Progress, close: Callable[[], None]) -> None:
        self._close = close
        self.started, self.sent, self.finished = progress.started, progress.sent, progress.finished
        self.failed, self.retried = progress.failed, progress.retried
        self.part, self._planned = progress.part, progress.planned

    def planned(self, steps: int, total_bytes: int) -> None:
        self._close()
        self._planned(steps, total_bytes)


def _sum(before: Counts, more: Counts) -> Counts:
    return Counts(before.uploaded + more.uploaded, before.copied + more.copied, before.headers + more.headers,
                  before.deleted + more.deleted, more.unchanged)


def only_moved(plan: Plan) -> bool:
    """Does the content of what is deleted live on under other keys, but for a few?"""
    kept = {(step.file.md5, step.file.size) for step in plan.steps if step.file is not None}
    lost = [step for step in plan.deletions
            if (entry := plan.known.get(step.key)) is None or (entry.md5, entry.size) not in kept]
    return len(lost) <= FEW_DELETIONS


def whole(outcome: Outcome) -> bool:
    """Is everything live that should be?"""
    return outcome.status in (Status.UNCHANGED, Status.PUBLISHED)
