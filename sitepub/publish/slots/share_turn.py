"""A deploy for a share of the visitors: the idle slot gets the release, some visitors are led to it. The bucket's root,
the records of releases and all other visitors stay with the one that is live."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from sitepub.errors import Refused
from sitepub.publish.deploying.options import UnderLock
from sitepub.publish.locking.owner import who
from sitepub.publish.outcome import Counts, Outcome, Status
from sitepub.publish.release.origin import Origin
from sitepub.publish.slots.filling import OpenSlot, open_slot
from sitepub.publish.slots.shares import ended, has_idle
from sitepub.publish.slots.turn import SlotsDone, Turn, moment, refuse_another_bucket, write_slots
from sitepub.publish.slots.website_rules import bring_rules
from sitepub.publish.states.slot_state import Slot, Slots
from sitepub.publish.states.state import LiveShare


@dataclass(slots=True)
class ShareTurn(Turn):
    """To be passed to :func:`~sitepub.publish.publish.publish` as ``first``. The outcome's state has the share;
    UNCHANGED, and no share: what would be shared is what is live for all."""

    part: float = 0.0
    origin: Origin | None = None

    def __call__(self, run: UnderLock) -> Outcome:
        found = run.prepared.found
        if found is None or found.slots is None or not found.slots.live:
            raise no_slots()
        refuse_another_bucket(run.prepared)
        slots = self._look(run, found.slots)
        if not slots.live:
            raise no_slots()
        live = open_slot(run.remote, slots.live)
        if self._shows(run, live):
            return Outcome(Status.UNCHANGED, run.prepared, Counts(unchanged=run.prepared.plan.unchanged), found,
                           release=found.release)
        return self._gives(run, live, slots)

    def _gives(self, run: UnderLock, live: OpenSlot, slots: Slots) -> Outcome:
        had = self._shares
        old = next(iter(had), None)
        slot = self._shared(run, slots, [one for one in had if not one.paused])
        if slot is None:
            if old is not None and not old.paused and not has_idle(slots, had, self.count):
                # Its slot is the one that is filled. Those who had it get the stable release meanwhile.
                self._shares = (msgspec.structs.replace(old, share=self.part, paused=True),)
                slots = self._point(run, slots, slots, apart=slots.apart)
            slots, slot = self._next(run, slots, self._shares)
        filled = self._filled(run, slot, live)
        if isinstance(filled, Outcome):
            return replace(filled, prepared=run.prepared, state=run.prepared.base, release=run.prepared.base.release)
        there = slots.slot(slot.name)
        slots = slots.with_slot(Slot(slot.name, filled.holds, live=there.live if there is not None else ""))
        if slots.before == slot.name:
            slots = msgspec.structs.replace(slots, before="", until=0)
        if old is not None and old.release != filled.holds and not old.paused:
            slots = ended(slots, had, self._until(run))
        slots = bring_rules(run.remote.settings, slots, slot.name, run.prepared.wanted.website, run.lock.check)
        same = old is not None and not old.paused and old.release == filled.holds
        self._shares = ((msgspec.structs.replace(old, share=self.part),) if same and old is not None
                        else (self._share(filled.holds),))
        slots = self._point(run, slots, slots, apart=slots.apart)
        write_slots(run, slots, self._shares)
        self.done = SlotsDone(slot.name, filled.holds, filled.counts, filled.bytes_sent)
        self.on_moved(self.done)
        found = run.prepared.found
        assert found is not None
        state = msgspec.structs.replace(found, slots=slots, shares=self._shares)
        return Outcome(Status.PUBLISHED, run.prepared, filled.counts, state, filled.bytes_sent, release=found.release)

    def _share(self, release: str) -> LiveShare:
        origin = self.origin
        return LiveShare(release, self.part, moment(), who(), *(
            (origin.commit, origin.branch, origin.message) if origin is not None else ()))


def no_slots() -> Refused:
    return Refused("the hosts of the site do not lead to slots yet: all visitors get the bucket's root", code="NoSlots",
                   hint="deploy once without traffic: that fills a slot and leads them there")
