"""Publishes what was prepared: takes the lock, makes the plan anew when another run was faster, and carries it out."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from sitepub.errors import NotFound
from sitepub.publish.apply import Counts
from sitepub.publish.deploying.deploy import Deploy
from sitepub.publish.deploying.options import PublishOptions, UnderLock
from sitepub.publish.deploying.witness import Witness
from sitepub.publish.guards import refuse_mass_deletion
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.release.promotion import learn_headers
from sitepub.publish.states.remote import Remote, ensure_state_bucket
from sitepub.publish.states.state import Created
from sitepub.settings.apply import BucketWasThere
from sitepub.site.snapshot import Snapshot
from sitepub.threads import side_by_side


def publish(remote: Remote, snapshot: Snapshot, prepared: Prepared, options: PublishOptions | None = None) -> Outcome:
    """Bring the bucket to what was prepared.

    Raises :class:`~sitepub.errors.Refused` when a guard says no or another run holds the lock; what the
    cloud answers when the state or a setting cannot be written. Files that fail are in the outcome."""
    options = options or PublishOptions()
    if prepared.settled:
        return Outcome(Status.UNCHANGED, prepared, Counts(unchanged=prepared.plan.unchanged), prepared.base,
                       release=prepared.base.release)
    refuse_mass_deletion(prepared.plan, allowed=options.allow_delete)
    if prepared.found is None:
        ensure_state_bucket(remote)
    lost = threading.Event()
    witness = Witness.of(remote, prepared)
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set, patience=remote.patience,
              meanwhile=lambda: _look_again(remote, witness)) as lock:
        doubt = lock.taken_over or witness.has_changed
        if remote.states.load() != prepared.found or doubt:
            # Who has lost the lock, or another program, may have written since the bucket was looked at.
            again = prepare(remote, snapshot, verify=prepared.verify or doubt, force=prepared.force,
                            website=prepared.website, direct=prepared.direct)
            same = again.found == prepared.found and again.plan.steps == prepared.plan.steps
            prepared = again if same else _approved(again, options)
        run = UnderLock(remote, snapshot, prepared, options, lock, lost)
        try:
            outcome = _carry_out(run)
            if outcome.prepared.plan.listed or not any(_is_gone(failure.error) for failure in outcome.failures):
                return outcome
        except NotFound as error:
            if not _is_gone(error) or prepared.plan.listed:
                raise
        # The bucket was deleted by hand, and the state was trusted.
        again = prepare(remote, snapshot, verify=True, force=prepared.force, website=prepared.website,
                        direct=prepared.direct)
        return _carry_out(replace(run, prepared=_approved(again, options)))


def _look_again(remote: Remote, witness: Witness) -> None:
    side_by_side((remote.states.ask_again, witness.look))


def _is_gone(error: Exception) -> bool:
    return isinstance(error, NotFound) and error.code == "NoSuchBucket"


def _carry_out(run: UnderLock) -> Outcome:
    remote, snapshot = run.remote, run.snapshot
    learn_headers(remote, snapshot, run.prepared.plan)
    if run.options.first is not None:
        went = run.options.first(run)
        if isinstance(went, Outcome):
            return went
        run = went
    prepared, options = run.prepared, run.options
    try:
        return publish_under(run)
    except BucketWasThere as error:
        # Somebody made it since it was looked for, and may have put something into it.
        prepared = prepare(remote, snapshot, force=prepared.force, there=True, website=prepared.website,
                           direct=prepared.direct)
        if error.unsure and next(iter(remote.store.list()), None) is None:
            prepared = _of_our_own(prepared)
        return publish_under(replace(run, prepared=_approved(prepared, options)))


def publish_under(run: UnderLock) -> Outcome:
    """Publish under a lock that is held."""
    return Deploy(run.remote, run.prepared, run.options, run.lock, run.lost).carry_out()


def _approved(prepared: Prepared, options: PublishOptions) -> Prepared:
    """A plan that was made again under the lock."""
    refuse_mass_deletion(prepared.plan, allowed=options.allow_delete)
    if options.approve is not None:
        options.approve(prepared)
    return prepared


def _of_our_own(prepared: Prepared) -> Prepared:
    """The bucket is empty, and no answer came when this run asked for it."""
    base = prepared.base
    created = Created(base.bucket, base.region, datetime.now(UTC).isoformat(timespec="seconds"))
    return replace(prepared, base=msgspec.structs.replace(base, created=created))
