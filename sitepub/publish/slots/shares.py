"""Shares: which slot some of the visitors get, as the routes and the state say (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from sitepub.domains.router.route import Route
from sitepub.errors import SitepubError
from sitepub.publish.slots.routes import idle
from sitepub.publish.states.slot_state import FOLDER, Slot, Slots
from sitepub.publish.states.state import LiveShare


def shares_as_led(shares: Sequence[LiveShare], slots: Slots, led: Iterable[Route], *, at: str, by: str
                  ) -> tuple[LiveShare, ...]:
    """The shares as the routes have them: a run that did not end has written down what it was about to do. ``at`` and
    ``by``: for a share of which nothing is known."""
    found = next((route.share for route in led if route.share is not None), None)
    if found is None:
        return tuple(one for one in shares if one.paused)
    release = found.slot.release
    known = next((one for one in shares if _same(slots, one.release, release)), None)
    if known is None:
        return (LiveShare(release, found.part, at, by),)
    return (msgspec.structs.replace(known, share=found.part, paused=False),)


def _same(slots: Slots, one: str, other: str) -> bool:
    there = slots.holding(one)
    return one == other or (there is not None and there == slots.holding(other))


def slots_as_led(slots: Slots, led: Iterable[Route]) -> Slots:
    """With what the routes say of the slots of shares."""
    for route in led:
        if route.share is None or not route.share.slot.path.startswith(FOLDER):
            continue
        name = route.share.slot.path.removeprefix(FOLDER).rstrip("/")
        slot = slots.slot(name) or Slot(name)
        if slot.release != route.share.slot.release:
            slots = slots.with_slot(Slot(name, route.share.slot.release, live=slot.live))
    return slots


def has_idle(slots: Slots, shares: Iterable[LiveShare], count: int) -> bool:
    """Whether a slot can be filled while the share goes on."""
    try:
        idle(slots, shares, count)
    except SitepubError:
        return False
    return True


def ended(slots: Slots, shares: Iterable[LiveShare], until: int) -> Slots:
    """After a share: pages of it that are open find their files in its slot, ``until`` then."""
    there = next((slot for one in shares if (slot := slots.holding(one.release)) is not None), None)
    if there is None or not until or there.name == slots.live:
        return slots
    return msgspec.structs.replace(slots, before=there.name, until=until)
