"""What a run does with the slots of a site, under its lock: fill the idle one, move the visitors, and let the bucket's
root follow.

The routes are the truth about what visitors get; the state says what a run was about to do, before it does it. So a run
that was killed anywhere is gone on with: a slot that was being filled has a journal of its own, and where a pointer may
have been moved, the next run reads it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from sitepub.domains.router.route import Route
from sitepub.errors import Refused
from sitepub.publish.deploying.options import UnderLock
from sitepub.publish.locking.owner import who
from sitepub.publish.outcome import Counts, Outcome, Status
from sitepub.publish.plan import Plan, Reason
from sitepub.publish.prepare import Prepared
from sitepub.publish.slots.copies import Source, from_slot
from sitepub.publish.slots.filling import OpenSlot, fill, open_slot, prepare_slot, refuse_what_is_not_whole
from sitepub.publish.slots.pointer import Pointer
from sitepub.publish.slots.routes import as_led, idle, moved, routes_of, site_of
from sitepub.publish.slots.shares import ended, has_idle, shares_as_led, slots_as_led
from sitepub.publish.slots.website_rules import bring_rules
from sitepub.publish.states.releases import new_release_id
from sitepub.publish.states.slot_state import Slot, Slots
from sitepub.publish.states.state import LiveShare, State

_DONE = (Status.PUBLISHED, Status.UNCHANGED)
_ANOTHER = frozenset({Reason.NEW, Reason.RENAMED, Reason.CONTENT, Reason.HEADERS, Reason.REMOVED})


@dataclass(frozen=True, slots=True)
class SlotsDone:
    """What was done with the slots."""

    slot: str
    """The one that visitors get now."""
    release: str
    """What it holds, as its route says."""
    counts: Counts
    """Of the slot; all zero: it held the release already."""
    bytes_sent: int = 0
    moved: bool = True
    """False: visitors got this slot already."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot that holds what is published, whole."""

    holds: str
    """The release that it was filled with."""
    release: str
    """The one that is made."""
    counts: Counts
    bytes_sent: int
    state: State
    """Of the slot."""


@dataclass(slots=True)
class Turn:
    """To be passed to :func:`~sitepub.publish.publish.publish` as ``first``."""

    pointer: Pointer
    count: int
    """Slots that the site is to have."""
    on_moved: Callable[[SlotsDone], None] = lambda _done: None
    ends: bool = False
    """A share that runs ends: all visitors get what is published."""
    done: SlotsDone | None = None
    """What was done; ``None``: the site has no slots yet."""
    _shares: tuple[LiveShare, ...] = ()
    """Those that are to run, at first as the routes have them."""
    _had: tuple[LiveShare, ...] = ()
    """What is written down before the visitors are moved: nothing of it is lost by a kill."""
    _led: Mapping[str, Route] = field(default_factory=dict)

    def __call__(self, run: UnderLock) -> UnderLock | Outcome:
        """Raises what the cloud answers; visitors get the old release or the new one then, whole."""
        base = run.prepared.base
        if base.slots is None or not base.slots.hosts:
            return run
        refuse_another_bucket(run.prepared)
        slots = self._look(run, base.slots)
        if not self._led:
            # Function, rules or zone are gone, and visitors get the root. Slots are turned on again after the hosts.
            lost = msgspec.structs.replace(slots, live="", hosts=(), moving=False, apart=False, root="")
            return replace(run, prepared=replace(run.prepared, base=msgspec.structs.replace(
                base, slots=lost, shares=())))
        live, had = None, self._shares
        self._had = had
        if self.ends:
            self._shares = ()
        if slots.live and (slots.apart or slots.moving or not shows_another(run.prepared)):
            live = open_slot(run.remote, slots.live)
            if self._shows(run, live):
                return self._goes_on(run, live, slots)
        return self._fills(run, live, slots, had)

    # -- what is so ------------------------------------------------------------------------------------

    def _look(self, run: UnderLock, slots: Slots) -> Slots:
        """The slots as the routes have them."""
        self._led = self.pointer.read(slots.hosts)
        found = slots_as_led(as_led(slots, self._led.values()), self._led.values())
        self._shares = shares_as_led(run.prepared.base.shares, found, self._led.values(), at=moment(), by=who())
        if not self._led:
            return msgspec.structs.replace(found, live="")
        if len({route.live.path for route in self._led.values() if route.live is not None}) > 1:
            # A run was killed between the zones of its hosts: it is carried to its end.
            newest = max((route.live for route in self._led.values() if route.live is not None),
                         key=lambda slot: slot.release)
            name = next(one.name for one in found.all if one.folder == newest.path)
            found = msgspec.structs.replace(found, live=name)
            self._point(run, found, found)
        return found

    @staticmethod
    def _shows(run: UnderLock, live: OpenSlot) -> bool:
        """Whether visitors get this very site already."""
        if run.prepared.force or not live.whole:
            return False
        return not changes(prepare_slot(live, run.snapshot, run.prepared.wanted, ()).plan)

    def _release_of(self, run: UnderLock, whole: str) -> str:
        """The id of the release that is made: that of a slot that a killed run has filled, or a new one."""
        state = run.prepared.base
        last = state.release.id if state.release is not None else ""
        if whole > last:
            return whole
        ids = [last, *(one.release for one in state.slots.all)] if state.slots is not None else [last]
        return new_release_id(datetime.now(UTC), max(ids) or None)

    # -- the story's steps -----------------------------------------------------------------------------

    def _goes_on(self, run: UnderLock, live: OpenSlot, slots: Slots) -> UnderLock:
        """No file changes for visitors; perhaps the settings do, or the root has to follow."""
        release = self._release_of(run, live.whole)
        after = moved(slots, live.name, at=moment(), until=0, shows=release)
        after = self._bring_rules(run, after)
        if {route.host: route for route in self._routes(run, after)} != self._led:
            after = self._point(run, slots, after)
        self.done = SlotsDone(live.name, live.whole, Counts(), moved=False)
        return self._root(run, live, after, release)

    def _fills(self, run: UnderLock, live: OpenSlot | None, slots: Slots, had: Sequence[LiveShare]
               ) -> UnderLock | Outcome:
        base = run.prepared.base
        slot = self._shared(run, slots, had)
        if slot is not None:
            self._shares = ()  # for nobody it is another release any more
        else:
            if self.ends and had and not has_idle(slots, had, self.count):
                slots = self._point(run, slots, ended(slots, had, self._until(run)), apart=slots.apart)
                had = ()
            slots, slot = self._next(run, slots, had)
        filled = self._filled(run, slot, live)
        if isinstance(filled, Outcome):
            # Nothing has changed for visitors.
            return replace(filled, prepared=run.prepared, state=base, release=base.release)
        old = slots.slot(slot.name)
        before = slots.with_slot(Slot(slot.name, filled.holds, live=old.live if old is not None else ""))
        after = moved(before, slot.name, at=moment(), until=self._until(run), shows=filled.release)
        after = self._point(run, before, self._bring_rules(run, after))
        self.done = SlotsDone(slot.name, filled.holds, filled.counts, filled.bytes_sent)
        self.on_moved(self.done)
        return self._root(run, replace(slot, state=filled.state), after, filled.release)

    def _filled(self, run: UnderLock, slot: OpenSlot, live: OpenSlot | None) -> Filled | Outcome:
        """Bring a slot to what is published. An outcome: it did not come to its end."""
        base = run.prepared.base
        sources = [Source.of(base)]
        if live is not None and (there := live.source) is not None:
            sources.insert(0, there)
        verify = run.prepared.verify or run.lock.taken_over
        prepared = prepare_slot(slot, run.snapshot, run.prepared.wanted, sources, verify=verify,
                                force=run.prepared.force)
        whole = slot.whole if not changes(prepared.plan) else ""
        release = self._release_of(run, whole)
        if whole:
            assert slot.state is not None
            refuse_what_is_not_whole(slot, slot.state)
            return Filled(whole, release, Counts(unchanged=prepared.plan.unchanged), 0, slot.state)
        outcome = fill(run, slot, prepared, release)
        if outcome.status not in _DONE:
            return outcome
        return Filled(release, release, outcome.counts, outcome.bytes_sent, outcome.state)

    def _next(self, run: UnderLock, slots: Slots, shares: Sequence[LiveShare]) -> tuple[Slots, OpenSlot]:
        """The slot that is filled next."""
        name = idle(slots, shares, self.count)
        if slots.slot(name) is None:
            # Whoever takes the site down has to know of it.
            slots = slots.with_slot(Slot(name))
            write_slots(run, slots, self._shares)
        return slots, open_slot(run.remote, name)

    def _shared(self, run: UnderLock, slots: Slots, shares: Sequence[LiveShare]) -> OpenSlot | None:
        """The slot of the share that runs, when it holds this very site."""
        there = next((slot for one in shares if (slot := slots.holding(one.release)) is not None), None)
        if there is None or run.prepared.force:
            return None
        found = open_slot(run.remote, there.name)
        return found if self._shows(run, found) else None

    @staticmethod
    def _until(run: UnderLock) -> int:
        """Unix seconds: as long as pages that are open find files in the slot that visitors leave; 0: they don't."""
        keep = run.remote.project.releases.keep_assets
        return int(run.remote.states.cloud_time) + keep if keep else 0

    @staticmethod
    def _bring_rules(run: UnderLock, slots: Slots) -> Slots:
        return bring_rules(run.remote.settings, slots, slots.live, run.prepared.wanted.website, run.lock.check)

    def _routes(self, run: UnderLock, slots: Slots) -> tuple[Route, ...]:
        base = run.prepared.base
        return routes_of(slots, site=site_of(base), website=run.prepared.wanted.website, hosts=slots.hosts,
                         count=self.count, shares=self._shares,
                         whole=[one.name for one in slots.all if one.release])

    def _point(self, run: UnderLock, before: Slots, after: Slots, *, apart: bool = True) -> Slots:
        """Move the visitors. That it is about to happen is written down first. ``apart``: the bucket's root holds
        something else than the live slot then."""
        write_slots(run, msgspec.structs.replace(before, moving=True, apart=apart), self._had or self._shares)
        missing = [host for host in after.hosts if host not in self._led]
        run.lock.check()
        if missing:
            self.pointer.ensure(after.hosts)
        routes = self._routes(run, after)
        run.lock.check()
        self.pointer.point(routes)
        self._led = {route.host: route for route in routes}
        return msgspec.structs.replace(after, moving=False, apart=apart)

    def _root(self, run: UnderLock, slot: OpenSlot, slots: Slots, release: str) -> UnderLock:
        """The bucket's root gets what visitors get."""
        if run.options.progress is not None:
            run.options.progress.part("Publishing to the bucket's root")
        prepared = run.prepared
        base = msgspec.structs.replace(prepared.base, slots=slots, shares=self._shares)
        plan = prepared.plan
        if (source := slot.source) is not None:
            plan = from_slot(plan, source)
        return replace(run, prepared=replace(prepared, base=base, plan=plan), options=replace(
            run.options, release=release))


def write_slots(run: UnderLock, slots: Slots, shares: Sequence[LiveShare]) -> None:
    """Write down what is known of the slots and shares, and nothing else of this run."""
    found = run.prepared.found
    assert found is not None
    run.lock.still_ours()
    run.remote.states.save(msgspec.structs.replace(found, slots=slots, shares=tuple(shares)))


def refuse_another_bucket(prepared: Prepared) -> None:
    """Raises Refused: the routes lead into the slots of the bucket that the site is in."""
    found = prepared.found
    if found is not None and found.bucket != prepared.base.bucket:
        raise Refused(
            f"the site has slots in {found.bucket}, and serverless.yml names the bucket {prepared.base.bucket}",
            code="SlotsElsewhere",
            hint=f"deploy once with `bucketName: {found.bucket}` and without `releases.slots`; then move to the other"
                 " bucket, and turn slots on again")


def changes(plan: Plan) -> bool:
    """Whether visitors would see another site: more than the end of files that were kept for open pages."""
    return bool(plan.moved) or any(step.reason is not Reason.EXPIRED for step in plan.steps)


def shows_another(prepared: Prepared) -> bool:
    """Whether the plan of the root shows that the site is another one; else objects of the root may be missing, say."""
    return bool(prepared.plan.moved) or any(step.reason in _ANOTHER for step in prepared.plan.steps)


def moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
