"""One deploy under the lock. The order of the steps is what keeps the site whole at any instant."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import msgspec

from sitepub.errors import AccessDenied, Interrupted, SitepubError
from sitepub.publish.apply import Engine
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking.lock import RECENT, Lock
from sitepub.publish.locking.owner import who
from sitepub.publish.locking.takeover import unsure_after
from sitepub.publish.looking import Look, look_at, with_what_is_there, without_changed
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.placing import Resumed
from sitepub.publish.plan import Step
from sitepub.publish.prepare import Prepared
from sitepub.publish.release.collect import Sweep, kept_after
from sitepub.publish.release.content import KeptContent
from sitepub.publish.release.keeping import keeping_of, unfinished
from sitepub.publish.release.origin import Origin, origin_here
from sitepub.publish.retention import due_after
from sitepub.publish.states.releases import ReleaseRecord, Releases, new_release_id
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.slot_state import Slots
from sitepub.publish.states.state import Created, Journal, ReleaseInfo, State, discard_leftovers, resumable
from sitepub.publish.states.unpurged import unpurged_after, unrouted
from sitepub.publish.workers import EitherEvent
from sitepub.settings.apply import BucketWasThere, apply_settings
from sitepub.settings.steps import SettingStep, Timing
from sitepub.tencent.cos.bucket_settings import BucketStatus

_SLOT_SWEEP = 10
"""Publishes of a slot after which the shards are cleared away that its state does not name any more."""


class Deploy:
    """One run under the lock."""

    def __init__(self, remote: Remote, prepared: Prepared, options: PublishOptions, lock: Lock,
                 lost: threading.Event) -> None:
        self.remote = remote
        self.prepared = prepared
        self.options = options
        self.lock = lock
        self.stopped = options.stop or threading.Event()
        self.began = time.monotonic()
        self.content = KeptContent(remote.states.store, remote.states.prefix)
        self._releases = Releases(remote.states.store, remote.states.prefix, remote.states.shards)
        self.resumed = Resumed(resumable(prepared.base.pending, prepared.plan.steps), kept=unfinished(prepared.base))
        self.engine = Engine(prepared.plan, remote.store, progress=options.progress, threads=options.threads,
                             stop=EitherEvent(self.stopped, lost), check=lock.check,
                             content=self.content if options.record or not remote.folder else None,
                             keeping=keeping_of(prepared.base, self.content, direct=not options.record),
                             resumed=self.resumed)
        self.state = msgspec.structs.replace(prepared.base, unsure=unsure_after(lock, prepared.base),
                                             projects=prepared.projects)
        self.written_settings: list[SettingStep] = []
        started = datetime.now(UTC)
        self.release_id = options.release or new_release_id(
            started, prepared.later or (self.state.release.id if self.state.release else None))
        self.started = started.isoformat(timespec="seconds")
        self.by = who()
        self._looked = False
        """At the lock, just before the end."""

    def carry_out(self) -> Outcome:
        prepared = self.prepared
        if prepared.empty and prepared.base.pending is None and not prepared.new_rules and not prepared.slots_open:
            return self._write_down_only()
        # Site, plan and manifest stay to the end: looking for garbage among them took a tenth of the time.
        gc.freeze()
        try:
            # While the old journal still names them: the new one may not.
            discard_leftovers(self.remote.store, self.prepared.base.pending, but=self.resumed.keys)
            self._discard_unfinished_release()
            self._look_at_new_keys()
            self.engine.take_back()
            if self.prepared.settings:
                self._open_journal()
                self._settings_before()
            else:
                self.engine.make_ready(self._open_journal)
            if not self.engine.write(self._look_at_lock):
                return self._end_early()
            self._settings_after()
            self.engine.let_go()
            if self.prepared.plan.deletions:
                self._journal_deletions()
                self._leave_what_changed()
                self.engine.delete()
            return self._finish()
        finally:
            gc.unfreeze()
            self.engine.close()

    # -- the story's steps -----------------------------------------------------------------------------

    @property
    def _as_wanted(self) -> dict[str, object]:
        """What the state says once the bucket's settings are as serverless.yml says."""
        return {"settings_hash": self.prepared.wanted.hash, "said": self.prepared.wanted.said,
                "rules": self.prepared.rules or None}

    def _write_down_only(self) -> Outcome:
        """Nothing is to be done, but what is remembered was not up to date. (What a killed run left
        undone is finished by the whole story instead: it makes a release.)"""
        if not self.prepared.settled or self.state != self.prepared.base:
            self._commit(**self._as_wanted)
        if self.state.litter or not self.lock.found_free:
            self._sweep()
        return Outcome(Status.UNCHANGED, self.prepared, self.engine.counts, self.state,
                       release=self.state.release)

    def _discard_unfinished_release(self) -> None:
        """A run that was killed between its record and the root made no release: this one makes it. The root that was
        found says so, also where the site moves to another bucket and starts from a journal of that one."""
        found = self.prepared.found
        release = found.pending.release if found is not None and found.pending is not None else ""
        if found is not None and release and found.is_unfinished(release):
            self.lock.check()
            self._releases.delete(release)

    def _look_at_new_keys(self) -> None:
        """Before the journal, so that it says what was there before this run."""
        if not self.prepared.new_bucket:
            self.engine.plan = with_what_is_there(self.engine.plan, self._look)

    def _look(self, keys: Iterable[str]) -> Look:
        return look_at(self.remote.store, keys, self.stopped)

    def _leave_what_changed(self) -> None:
        """An object that replaced a file that the site does not have any more is not ours to delete."""
        try:
            plan = without_changed(self.engine.plan, self._look)
        except Interrupted:
            return  # nothing will be deleted
        if plan is not self.engine.plan:
            self.prepared = replace(self.prepared, plan=plan)
            self.engine.leave(plan)

    def _open_journal(self) -> None:
        base, new_bucket = self.prepared.base, self.prepared.new_bucket
        created = Created(self.remote.bucket, base.region, self.started) if new_bucket else base.created
        said = base.said
        if self.prepared.settings and said is not None:
            # Should this run not end: what it has set is not a setting of others.
            said = tuple(sorted({*said, *self.prepared.wanted.said}))
        purged = unrouted(self.remote.project, base.slots)
        self._save(pending=self._journal(self.engine.plan.steps), created=created,
                   unpurged=unpurged_after(base.unpurged, self.prepared.plan, purged),
                   settings_hash="" if self.prepared.settings else base.settings_hash, said=said, litter=True)

    def _settings_before(self) -> None:
        try:
            self._apply_settings(Timing.BEFORE)
        except BucketWasThere:
            self._save_as_found()
            raise
        except SitepubError:
            if self.prepared.new_bucket and self.remote.settings.head() is not BucketStatus.OURS:
                # The bucket did not come to be: do not remember it as one that sitepub made.
                self._save_as_found()
            elif not self.lock.is_lost:
                with suppress(SitepubError):
                    self._commit(pending=self._journal((), ended=True))
            raise

    def _settings_after(self) -> None:
        try:
            self._apply_settings(Timing.AFTER)
        except SitepubError:
            # The files are live, and what they replace is not let go: a next run has to do the rest.
            self._commit(pending=self._journal(self.engine.plan.steps, ended=True), settings_hash="")
            raise

    def _journal_deletions(self) -> None:
        self._commit(pending=self._journal(self.engine.plan.deletions), **self._as_wanted)

    def _end_early(self) -> Outcome:
        """Something failed or was stopped before everything was live. What may or may not have happened
        stays in the journal, so that the next run looks; what was not begun has not."""
        self._commit(pending=self._journal(self.engine.in_doubt, ended=True))
        return self._outcome(Status.INTERRUPTED if self.stopped.is_set() else Status.PARTIAL)

    def _finish(self) -> Outcome:
        """Everything is live, and what had to go is gone, or as much of it as could be deleted."""
        if not self._looked:
            self.lock.still_ours()
        undone = self.engine.undone
        # A deletion that failed may have happened; one that was not begun is among what is to be deleted still.
        failed = [failure.step for failure in self.engine.failures]
        state = self._now()
        if self.options.record:
            state, release = self._settled(state)
        else:
            release = self._release(ShardedManifest.of(state.manifest))
        base = self.prepared.base
        state = msgspec.structs.replace(
            state, release=release, **self._as_wanted,
            pending=self._journal(failed, ended=True) if failed else None,
            # The lock of a run that is gone: it may have kept content before it wrote its journal.
            litter=base.litter or base.pending is not None or not self.lock.found_free, slots=self._slots)
        if self.remote.folder and not self.options.record:
            kept = (state.kept + 1) % _SLOT_SWEEP
            state = msgspec.structs.replace(state, kept=kept, litter=state.litter or not kept)
        if self.options.record:
            state = kept_after(state, self.release_id, self._releases, self.remote.project.releases,
                               self.remote.states.cloud_time)
        self.lock.still_ours(within=RECENT)
        self.state = self.remote.states.save(state)
        if self.state.litter and (self.options.record or self.remote.folder) and not undone:
            self._sweep()
        if undone and self.stopped.is_set():
            return self._outcome(Status.INTERRUPTED)
        return self._outcome(Status.PARTIAL if undone else Status.PUBLISHED)

    @property
    def _slots(self) -> Slots | None:
        """The bucket's root has followed the live slot; or it is ahead, as under ``sitepub dev``."""
        slots = self.state.slots
        if slots is None or not slots.live:
            return slots
        return msgspec.structs.replace(slots, apart=self.options.first is None, root="")

    def _look_at_lock(self) -> None:
        """While the only wave goes live: it takes as long as this look."""
        self.lock.still_ours()
        self._looked = not self.prepared.plan.deletions

    def _settled(self, state: State) -> tuple[State, ReleaseInfo]:
        """The state in shards, and its release. Both are written at the same time, and the lock is read once more: no
        release is one before the root names it."""
        made: list[ReleaseInfo] = []

        def beside(settled: State) -> Iterable[Callable[[], None]]:
            site = ShardedManifest.of(settled.manifest)
            made.append(self._release(site))
            return self.lock.still_ours, partial(self._record, made[-1], site)

        return self.remote.states.settled(state, beside), made[-1]

    def _release(self, site: ShardedManifest) -> ReleaseInfo:
        origin = Origin()
        if self.options.record:
            origin = self.options.origin or origin_here(self.remote.project.root, self.remote.environ,
                                                        self.options.message)
        return ReleaseInfo(
            id=self.release_id, at=datetime.now(UTC).isoformat(timespec="seconds"), by=self.by, commit=origin.commit,
            message=origin.message, branch=origin.branch, where=origin.where, of=origin.of, actor=origin.actor,
            request=origin.request,
            seconds=round(time.monotonic() - self.began, 3), files=len(site), bytes=site.bytes)

    def _sweep(self) -> None:
        """Clear away what nothing names any more. What cannot be deleted now is no failure of the deploy."""
        if self.state.unsure is not None or self.state.pending is not None:
            return
        with suppress(SitepubError):
            self.lock.still_ours()
            self.lock.tidy()
            with suppress(AccessDenied):  # a key that may not list or delete there leaves it to others
                Sweep(self.remote.states, self.state, self.lock.check).run()
            self.lock.still_ours()
            self.state = self.remote.states.save(msgspec.structs.replace(self.state, litter=False))

    # -- writing down ----------------------------------------------------------------------------------

    def _commit(self, **changes: object) -> None:
        """Save, if the lock is still ours: else another run writes the state now."""
        self.lock.still_ours()
        self._save(**changes)

    def _save(self, **changes: object) -> None:
        self.lock.check()
        self.state = self.remote.states.save(msgspec.structs.replace(self._now(), **changes))

    def _now(self) -> State:
        """The state with what the engine has done so far."""
        owned = self.engine.owned
        due = due_after(self.prepared.base.due, owned.retained, self.remote.states.cloud_time)
        return msgspec.structs.replace(self.state, manifest=owned.site, retained=owned.retained, due=due)

    def _save_as_found(self) -> None:
        self.lock.check()
        if self.prepared.found is None:
            self.remote.states.delete()
        else:
            self.remote.states.save(self.prepared.found)

    def _journal(self, steps: Iterable[Step], *, ended: bool = False) -> Journal:
        return Journal.of(self.release_id, self.started, self.by, steps, ended=ended)

    def _record(self, release: ReleaseInfo, site: ShardedManifest) -> None:
        counts = self.engine.counts
        self._releases.write(ReleaseRecord.of(
            release, bucket=self.remote.bucket, region=self.state.region, uploaded=counts.uploaded,
            copied=counts.copied, headers=counts.headers, deleted=counts.deleted, unchanged=counts.unchanged,
            shards=site.refs, website=self.prepared.wanted.website, settings_hash=self.prepared.wanted.hash,
            rules=self.prepared.rules or None))

    def _apply_settings(self, timing: Timing) -> None:
        def written(step: SettingStep) -> None:
            self.written_settings.append(step)
            if self.options.on_setting is not None:
                self.options.on_setting(step)

        apply_settings(self.remote.settings, self.prepared.settings, timing, written, self.lock.check)

    def _outcome(self, status: Status) -> Outcome:
        return Outcome(status, self.prepared, self.engine.counts, self.state, self.engine.bytes_sent,
                       self.engine.failures, self.state.release, tuple(self.written_settings))
