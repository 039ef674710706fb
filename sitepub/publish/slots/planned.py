"""What a deploy would do with the slots of a site, in steps. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sitepub.publish.plan import Action, Plan
from sitepub.publish.prepare import Prepared
from sitepub.publish.slots.copies import Source
from sitepub.publish.slots.filling import OpenSlot, open_slot, prepare_slot
from sitepub.publish.slots.routes import idle
from sitepub.publish.slots.shares import has_idle
from sitepub.publish.slots.slot_site import shared_slot
from sitepub.publish.slots.switching import surplus
from sitepub.publish.slots.turn import changes, shows_another
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.slot_state import Slots
from sitepub.site.snapshot import Snapshot
from sitepub.terminal.sizes import counted


class SlotStepKind(StrEnum):
    """In the order of doing them."""

    FILL = "fill slot"
    ROUTER = "edge function"
    POINT = "lead visitors"
    ROOT = "root follows"
    UNROUTE = "lead visitors to the root"
    CLEAR = "delete slot"


@dataclass(frozen=True, slots=True)
class SlotStep:
    kind: SlotStepKind
    slot: str
    """A letter; "": the bucket's root, or all of them."""
    summary: str
    reason: str
    uploads: int = 0
    copies: int = 0
    deletions: int = 0
    bytes: int = 0
    """To send."""


def slot_steps(remote: Remote, snapshot: Snapshot, prepared: Prepared, count: int, hosts: Collection[str], *,
               ends: bool = False) -> tuple[SlotStep, ...]:
    """``count``: slots that the site is to have. ``hosts``: those that are to be led to them. ``ends``: a share that
    runs ends."""
    slots = prepared.base.slots
    if slots is None and (count < 2 or not hosts):
        return ()
    slots = slots or Slots()
    if count < 2 or not hosts:
        return tuple(_off(slots))
    return tuple(_on(remote, snapshot, prepared, slots, count, tuple(sorted(hosts)), ends=ends))


def share_steps(remote: Remote, snapshot: Snapshot, prepared: Prepared, count: int, hosts: Collection[str], part: float
                ) -> tuple[SlotStep, ...]:
    """For a deploy to a share of the visitors."""
    slots, shares = prepared.base.slots, prepared.base.shares
    if slots is None or not _is_another(remote, snapshot, prepared, slots):
        return ()
    names, steps = _names(sorted(hosts)), []
    there = shared_slot(remote, prepared.base, shares[0]) if shares else None
    if there is None or changes(prepare_slot(there, snapshot, prepared.wanted, ()).plan):
        free = has_idle(slots, shares, count)
        if not free:
            steps.append(SlotStep(SlotStepKind.POINT, slots.live, f"lead all visitors of {names} to slot {slots.live}",
                                  "the slot of the share is the one that is filled"))
        there = open_slot(remote, idle(slots, shares if free else (), count))
        steps.append(_fill(there, prepare_slot(there, snapshot, prepared.wanted, _sources(remote, prepared, slots),
                                               force=prepared.force).plan))
    steps.append(SlotStep(SlotStepKind.POINT, there.name, f"lead {part * 100:.4g} % of the visitors of {names} to slot"
                          f" {there.name}", "a share; the bucket's root and all others keep the stable release"))
    return tuple(steps)


def _on(remote: Remote, snapshot: Snapshot, prepared: Prepared, slots: Slots, count: int, hosts: tuple[str, ...],
        *, ends: bool) -> Iterator[SlotStep]:
    new = [host for host in hosts if host not in slots.hosts]
    gone = [host for host in slots.hosts if host not in hosts]
    to, whole, shares = slots.live, False, prepared.base.shares
    if ends and not has_idle(slots, shares, count):
        shares = ()
    if not slots.hosts:
        to = idle(slots, shares, count)
        files = counted(len(snapshot), "file")
        yield SlotStep(SlotStepKind.FILL, to, f"fill slot {to}: {files}, copied from the bucket's root",
                       "the first one", copies=len(snapshot))
    elif _is_another(remote, snapshot, prepared, slots):
        held = shared_slot(remote, prepared.base, shares[0]) if shares else None
        if held is None or changes(prepare_slot(held, snapshot, prepared.wanted, ()).plan):
            held = open_slot(remote, idle(slots, shares, count))
        slot, to = held, held.name
        plan = prepare_slot(slot, snapshot, prepared.wanted, _sources(remote, prepared, slots),
                            force=prepared.force).plan
        whole = bool(slot.whole) and not changes(plan)
        if not whole:
            yield _fill(slot, plan)
    if new:
        yield SlotStep(SlotStepKind.ROUTER, "", f"start sitepub's edge function for {_names(new)}: a rule for each"
                       " host, and the function itself where the zone has none", "it leads visitors to slots")
    if to != slots.live:
        led = [host for host in hosts if host in slots.hosts] or new
        yield SlotStep(SlotStepKind.POINT, to, f"lead {_names(led)} to slot {to}"
                       + (f" (was slot {slots.live})" if slots.live else " (was the bucket's root)"),
                       "it holds this site already" if whole else "the new release, whole")
    if new and slots.hosts:
        yield SlotStep(SlotStepKind.POINT, to, f"lead {_names(new)} to slot {to}", "not led to a slot yet")
    if slots.hosts and (to != slots.live or slots.apart):
        yield SlotStep(SlotStepKind.ROOT, "", "bring the bucket's root to the same release, by copies from the slot",
                       "it answers at the bucket's own address, and where the edge function fails")
    if gone:
        yield SlotStep(SlotStepKind.UNROUTE, "", f"lead {_names(gone)} to the bucket's root",
                       "not a host of EdgeOne any more")
    yield from (_clear(name, "releases.slots is smaller now")
                for name in sorted(surplus(slots, count, remote.states.cloud_time, prepared.base.shares) - {to}))


def _is_another(remote: Remote, snapshot: Snapshot, prepared: Prepared, slots: Slots) -> bool:
    if not slots.live or prepared.force:
        return True
    if not (slots.apart or slots.moving) and (shows_another(prepared) or prepared.settled):
        return not prepared.settled
    live = open_slot(remote, slots.live)
    return not live.whole or changes(prepare_slot(live, snapshot, prepared.wanted, ()).plan)


def _sources(remote: Remote, prepared: Prepared, slots: Slots) -> list[Source]:
    base = prepared.base
    root = Source.of(base)
    live = open_slot(remote, slots.live).source if slots.apart and slots.live else None
    return [root] if live is None else [live, root]


def _fill(slot: OpenSlot, plan: Plan) -> SlotStep:
    counts = {action: plan.count(action) for action in Action}
    words = [f"{number:,} {what}" for number, what in (
        (counts[Action.UPLOAD], "to upload"), (counts[Action.COPY], "to copy on the server"),
        (counts[Action.HEADERS], "to get new headers"), (counts[Action.DELETE], "to delete")) if number]
    return SlotStep(SlotStepKind.FILL, slot.name, f"fill slot {slot.name}: "
                    + ", ".join([*words, f"{plan.unchanged:,} unchanged"]),
                    "no visitor sees it yet", counts[Action.UPLOAD], counts[Action.COPY] + counts[Action.HEADERS],
                    counts[Action.DELETE], plan.bytes_to_send)


def _off(slots: Slots) -> Iterator[SlotStep]:
    if slots.hosts:
        yield SlotStep(SlotStepKind.UNROUTE, "", f"lead {_names(slots.hosts)} to the bucket's root",
                       "releases.slots is off")
    yield from (_clear(one.name, "releases.slots is off") for one in slots.all)


def _clear(name: str, reason: str) -> SlotStep:
    return SlotStep(SlotStepKind.CLEAR, name, f"delete slot {name}", reason)


def _names(hosts: Collection[str]) -> str:
    return ", ".join(hosts)
