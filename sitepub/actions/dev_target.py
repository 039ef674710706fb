"""One bucket that ``sitepub dev`` keeps equal to the site."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Protocol

from sitepub.actions.dev_remote import open_for_dev
from sitepub.config.project import Project
from sitepub.dev.live import Live
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.apply import Counts
from sitepub.publish.empty_pages import empty_pages
from sitepub.publish.guards import FEW_DELETIONS, refuse_mass_deletion
from sitepub.publish.plan import Plan
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.progress import Progress, Silent
from sitepub.publish.publish import Outcome, PublishOptions, Status, publish
from sitepub.publish.states.dev_release import record_dev_release
from sitepub.settings.steps import SettingStep
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos import fresh_buckets

_FEW = 20
"""Steps of a plan that need no progress display."""


class PublishTeller(Protocol):
    """Whom a publish is told to."""

    def note(self, text: str) -> None: ...

    def approve(self, prepared: Prepared) -> None:
        """Asked before objects of others get new content, or this project takes another's place. Raises Refused."""

    def transfer(self) -> AbstractContextManager[Progress]: ...

    def setting(self, step: SettingStep) -> None: ...


@dataclass(slots=True)
class Sum:
    """What all publishes of the session did together."""

    counts: Counts = Counts()  # noqa: RUF009 - a frozen value

    def add(self, more: Counts) -> None:
        now = self.counts
        self.counts = Counts(now.uploaded + more.uploaded, now.copied + more.copied, now.headers + more.headers,
                             now.deleted + more.deleted, more.unchanged)


class Target:
    """A bucket on one cloud, its state kept in memory, and the browsers that look at it."""

    def __init__(self, project: Project, cloud: Cloud, *, name: str, reload: bool,
                 failed: Callable[[Target], None] = lambda _target: None) -> None:
        """``failed`` is called, from any thread, for each request that is tried again."""
        self.name = name
        self._failed = failed
        self.project = project
        self.cloud = cloud
        self._reload = reload
        self._sum = Sum()
        self._live = False
        """Whether this session has seen its state: what is not there any more was removed."""
        self._told_removed = False
        self._good: Project | None = None
        """The configuration that the site was last published with."""
        self._open()

    def _open(self) -> None:
        self.remote, self.states = open_for_dev(self.project, self.cloud, lambda: self._failed(self))
        embedded = self.cloud.embedded
        self.live = (Live(embedded, self.remote.bucket)
                     if embedded is not None and self._reload else None)

    def reopen(self, project: Project, cloud: Cloud) -> None:
        """Go on with another configuration, or with a cloud that is somewhere else now."""
        if project == self.project and cloud == self.cloud:
            return
        moved = self.remote.bucket != project.bucket(cloud.app_id)
        if moved:
            self.finish()
        if moved and self.live is not None:
            self.live.off()
        self._close()
        self.project, self.cloud = project, cloud
        self._open()

    @property
    def url(self) -> str:
        return self.cloud.website_url(self.remote.bucket, self.project.protocol, self.project.key_prefix)

    @property
    def visited(self) -> tuple[object, ...]:
        """What decides where its visits are told of."""
        project = self.project
        return self.remote.bucket, project.region, project.hosts, project.logs

    def publish(self, snapshot: Snapshot, teller: PublishTeller, stop: threading.Event, *,
                allow_delete: bool, allow_empty: bool = False, sure: bool = False) -> tuple[Outcome, list[str]]:
        """Bring the bucket to the snapshot; what was done, and the keys that are new for visitors. ``sure``:
        read the state first, also when this session knows it (somebody else may have deployed).

        Raises what :func:`~sitepub.publish.prepare.prepare` and :func:`~sitepub.publish.publish.publish` raise.
        """
        try:
            if not self._told_removed:
                return self._publish(snapshot, teller, stop, allow_delete=allow_delete, allow_empty=allow_empty,
                                     sure=sure)
        except NotFound as error:
            if error.code != "NoSuchBucket" or not self._live:
                raise
        # Somebody removed the site; a bucket that was there until then is not one that is still being made.
        for bucket in (self.remote.bucket, self.states.store.bucket):
            fresh_buckets.forget(bucket)
        return self._publish(snapshot, teller, stop, allow_delete=allow_delete, allow_empty=allow_empty, sure=True)

    def _publish(self, snapshot: Snapshot, teller: PublishTeller, stop: threading.Event, *,
                 allow_delete: bool, allow_empty: bool, sure: bool) -> tuple[Outcome, list[str]]:
        prepared = prepare(self.remote, snapshot, known=None if sure else self.states.known)
        if prepared.found is None:
            self._tell_removed(teller)
        # Whoever renames a folder while dev looks on means it. With a new configuration it may be a mistake.
        allow_delete = allow_delete or (self._good is self.project and only_moved(prepared.plan))
        refuse_mass_deletion(prepared.plan, allowed=allow_delete, other=prepared.other)

        def approve(now: Prepared) -> None:
            empty_pages(self.remote, snapshot, now).refuse(allowed=allow_empty)
            teller_approved(teller, now)

        approve(prepared)
        if prepared.settled:
            outcome = publish(self.remote, snapshot, prepared)
            self._good = self.project
            self._live = True
            return outcome, []

        def again_approved(again: Prepared) -> None:
            if again.found is None:
                self._tell_removed(teller)
            approve(again)

        shown: AbstractContextManager[Progress] = (
            teller.transfer() if len(prepared.plan.steps) > _FEW else nullcontext(Silent()))
        with shown as progress:
            outcome = publish(self.remote, snapshot, prepared, PublishOptions(
                allow_delete=allow_delete, approve=again_approved, told=teller.setting, stop=stop, record=False,
                progress=_Door(progress, lambda: self.tell(Live.publishing))))
        self._sum.add(outcome.counts)
        if whole(outcome):
            self._good = self.project
        self._live, self._told_removed = True, False
        return outcome, changed_keys(outcome.prepared.plan)

    def is_removed(self) -> bool:
        """Whether somebody has removed the site since this session published it. Raises what the cloud answers."""
        return self._live and self.states.store.head(self.states.key) is None

    def tell_removed(self, teller: PublishTeller) -> None:
        """Say once that it was."""
        if self._live and not self._told_removed:
            self._told_removed = True
            teller.note(f"the site was removed from {self.remote.bucket} meanwhile: the next save publishes all of it"
                        " again")

    def _tell_removed(self, teller: PublishTeller) -> None:
        if self._live and not self._told_removed:
            self._told_removed = True
            teller.note(f"the site was removed from {self.remote.bucket} meanwhile: all of it is published again")

    def tell(self, what: Callable[[Live], None]) -> None:
        """Tell the browsers, if any can be told."""
        if self.live is not None:
            what(self.live)

    def finish(self) -> None:
        """Write down what the session left: one release. What cannot be written is read by the next deploy."""
        with suppress(SitepubError):
            record_dev_release(self.remote, self.states, self._sum.counts)

    def close(self) -> None:
        if self.live is not None:
            self.live.off()
        self._close()

    def _close(self) -> None:
        if self.live is not None:
            self.live.close()
        self.remote.close()


class _Door:
    """A :class:`~sitepub.publish.progress.Progress`: visitors wait from the first object that is written on, and not
    already while the lock is waited for."""

    def __init__(self, progress: Progress, close: Callable[[], None]) -> None:
        self._close = close
        self.started, self.sent, self.finished = progress.started, progress.sent, progress.finished
        self.failed, self.retried = progress.failed, progress.retried
        self._planned = progress.planned

    def planned(self, steps: int, total_bytes: int) -> None:
        self._close()
        self._planned(steps, total_bytes)


def teller_approved(teller: PublishTeller, prepared: Prepared) -> None:
    for sentence in prepared.notes:
        teller.note(sentence)
    teller.approve(prepared)


def changed_keys(plan: Plan) -> list[str]:
    return [step.key for step in plan.steps]


def only_moved(plan: Plan) -> bool:
    """Does the content of what is deleted live on under other keys, but for a few?"""
    kept = {(step.file.md5, step.file.size) for step in plan.steps if step.file is not None}
    lost = [step for step in plan.deletions
            if (entry := plan.known.get(step.key)) is None or (entry.md5, entry.size) not in kept]
    return len(lost) <= FEW_DELETIONS


def whole(outcome: Outcome) -> bool:
    """Is everything live that should be?"""
    return outcome.status in (Status.UNCHANGED, Status.PUBLISHED)

