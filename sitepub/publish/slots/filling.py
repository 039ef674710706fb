"""Brings a slot to a release: by the difference between the two, under the lock of the site."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import msgspec

from sitepub.errors import Refused, SitepubError
from sitepub.publish.bucket_mates import mates_in
from sitepub.publish.comparing import part_of, plan_by_parts
from sitepub.publish.deploying.options import UnderLock
from sitepub.publish.diff import diff
from sitepub.publish.locking.takeover import is_over, with_headers_looked_at, writes_in_doubt
from sitepub.publish.many.steps import PackedSteps
from sitepub.publish.outcome import Counts, Outcome, Status
from sitepub.publish.plan import Plan, Reason, Step
from sitepub.publish.prepare import Prepared
from sitepub.publish.publish import publish_under
from sitepub.publish.release.content import KeptContent
from sitepub.publish.release.going_back import ReleasedFiles, content_not_kept
from sitepub.publish.retention import Retention
from sitepub.publish.rewritten import with_rewritten
from sitepub.publish.slots.copies import Source, with_sources
from sitepub.publish.slots.folder_store import FolderStore
from sitepub.publish.slots.whole import differences
from sitepub.publish.states.manifest import Manifest
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.slot_state import FOLDER, STATES
from sitepub.publish.states.state import VERSION, State
from sitepub.publish.states.state_store import StateStore
from sitepub.settings.wanted import WantedSettings
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.store import Listed
from sitepub.terminal.sizes import counted

_SHOWN = 5
_DONE = (Status.PUBLISHED, Status.UNCHANGED)


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot, and what its state says."""

    name: str
    remote: Remote
    state: State | None
    """``None``: nothing is known of it."""

    @property
    def whole(self) -> str:
        """The release that it holds, complete; "": it may be a part of one."""
        state = self.state
        if state is None or state.release is None or state.pending is not None or state.unsure is not None:
            return ""
        return state.release.id

    @property
    def source(self) -> Source | None:
        """What can be copied from it."""
        state = self.state
        if state is None or not self.whole:
            return None
        return Source.of(state, self.remote.folder)


def open_slot(site: Remote, name: str) -> OpenSlot:
    """One GET. ``site``: the bucket's root."""
    folder = f"{FOLDER}{name}/"
    place = replace(
        site, project=replace(site.project, hosts=(), preview=None, replace=False), folder=folder,
        store=FolderStore(site.store, folder),
        states=StateStore(site.states.store, f"{site.states.prefix}{STATES}{name}/"))
    state = place.states.load()
    # Of another bucket that the site has lived in.
    return OpenSlot(name, place, state if state is not None and state.bucket == site.bucket else None)


def prepare_slot(slot: OpenSlot, snapshot: Snapshot, wanted: WantedSettings, sources: Collection[Source], *,
                 verify: bool = False, force: bool = False) -> Prepared:
    """What it takes to have the slot hold the site. ``wanted``: the settings that go with it. Changes nothing."""
    place, project = slot.remote, slot.remote.project
    found = slot.state
    base = found or State(version=VERSION, app=project.app, stage=project.stage, name=project.name,
                          region=project.region, bucket=place.bucket, said=(), folder=place.folder)
    base = msgspec.structs.replace(base, rules=snapshot.rules or None, settings_hash=wanted.hash)
    listing: dict[str, Listed] | None = None
    if found is None:
        listing = {}  # it is emptied first
    elif verify or base.pending is not None or base.unsure is not None:
        listing = {there.key: there for there in place.store.list()}
    if listing is not None and base.unsure is not None:
        base = with_headers_looked_at(base, snapshot, listing, place.store)
    if listing and found is not None:
        base = with_rewritten(base, snapshot, listing, place.store)
    in_doubt = writes_in_doubt(base)
    if listing is not None and base.unsure is not None and is_over(base.unsure, place.states.cloud_time):
        base = msgspec.structs.replace(base, unsure=None)
    retention = Retention(place.states.cloud_time, project.releases.keep_assets)

    def plan_of(files: Snapshot, owned: Manifest, elsewhere: Manifest) -> Plan:
        return diff(files, owned, listing=listing, journal=in_doubt, force=force, elsewhere=elsewhere,
                    retention=retention)

    if listing is None and not force:
        plan = plan_by_parts(part_of(snapshot, base, retention), base, plan_of)
    else:
        plan = plan_of(snapshot, base.owned, {})
    kept = KeptContent(place.states.store, project.state_prefix)
    plan = _unguarded(with_sources(plan, sources, kept))
    return Prepared(found, base, wanted, (), plan, verify, force, projects=base.projects, rules=snapshot.rules)


def _unguarded(plan: Plan) -> Plan:
    """What lies in a slot is sitepub's, so no key is checked before it is written."""
    def ours(step: Step) -> Step:
        return replace(step, reason=Reason.MISSING, guarded=False, foreign_etag="") if step.new else step

    if isinstance(plan.steps, PackedSteps):
        return replace(plan, steps=plan.steps.changed(ours))
    return replace(plan, steps=tuple(map(ours, plan.steps)))


def fill(run: UnderLock, slot: OpenSlot, prepared: Prepared, release: str) -> Outcome:
    """Bring the slot to what was prepared, and see that it is whole. Raises SitepubError when it is not, and when the
    content of a release is not kept any more."""
    if gone := [step.key for step in prepared.plan.steps if step.from_kept]:
        raise content_not_kept(gone)
    if slot.state is None:
        _empty(run, slot)
    if run.options.progress is not None:
        run.options.progress.part(f"Filling slot {slot.name}")
    first = _publish(run, slot, prepared, release)
    if first.status not in _DONE or not differences(slot.remote.store, first.state):
        return first
    # Another program was at it, or a rule of the bucket's lifecycle.
    again = replace(slot, state=first.state)
    anew = prepare_slot(again, run.snapshot, prepared.wanted, (), verify=True)
    second = _publish(run, again, anew, release)
    if second.status in _DONE:
        refuse_what_is_not_whole(slot, second.state)
    return replace(second, counts=_sum(first.counts, second.counts), bytes_sent=first.bytes_sent + second.bytes_sent)


def refuse_what_is_not_whole(slot: OpenSlot, state: State) -> None:
    """Raises SitepubError when the slot is not what its state says."""
    wrong = differences(slot.remote.store, state)
    if wrong:
        raise SitepubError(
            f"the slot {slot.name} is not what was published to it: {'; '.join(wrong[:_SHOWN])}", code="SlotNotWhole",
            hint=f"visitors still get the release before. Another program writes to {slot.remote.bucket}/"
                 f"{slot.remote.folder}, or a rule of the bucket's lifecycle deletes there")


def _publish(run: UnderLock, slot: OpenSlot, prepared: Prepared, release: str) -> Outcome:
    learn(slot.remote, run.snapshot, prepared.plan)
    options = replace(run.options, record=False, release=release, first=None)
    return publish_under(UnderLock(slot.remote, run.snapshot, prepared, options, run.lock, run.lost))


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(one.uploaded + other.uploaded, one.copied + other.copied, one.headers + other.headers,
                  one.deleted + other.deleted, other.unchanged)


def learn(place: Remote, snapshot: Snapshot, plan: Plan) -> None:
    """Make known the response headers that are going to be written down in the slot's own shards."""
    if plan.listed and not isinstance(snapshot.files, ReleasedFiles):
        place.states.learn(snapshot)
        return
    files = snapshot.files
    if plan.listed:
        place.states.shards.learn((file.headers_hash, file.headers) for file in files.values())
        return
    place.states.shards.learn((step.file.headers_hash, step.file.headers) for step in plan.steps
                              if step.file is not None)
    place.states.shards.learn((files[key].headers_hash, files[key].headers) for key, entry in plan.moved.items()
                              if not entry.until)


def _empty(run: UnderLock, slot: OpenSlot) -> None:
    """What lies in a slot of which nothing is known any more would be seen by visitors. Keys below ``.sitepub/`` are
    sitepub's; where other sites share the bucket, they may be theirs."""
    place = slot.remote
    keys = [there.key for there in place.store.list()]
    if not keys:
        return
    if mates := mates_in(run.remote, place.bucket):
        raise Refused(
            f"{place.bucket}/{place.folder} holds {counted(len(keys), 'object')} that this site knows nothing of, and"
            f" {', '.join(mate.site for mate in mates)} (app/stage/name) lives in the bucket too", code="SlotTaken",
            hint="give the site a bucket of its own (`bucketName`), or turn releases.slots off in one of the two")
    for start in range(0, len(keys), 1000):
        run.lock.check()
        if failed := place.store.delete(keys[start:start + 1000]):
            raise SitepubError(f"{place.folder}{failed[0].key} could not be deleted: {failed[0].message}",
                               code=failed[0].code)
