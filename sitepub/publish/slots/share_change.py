"""Changes which part of the visitors gets the release of a share, or ends the share: the pointer alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from sitepub.domains.router.route import Route, Share
from sitepub.domains.router.route import Slot as RouteSlot
from sitepub.errors import Refused
from sitepub.publish.locking.owner import who
from sitepub.publish.slots.pointer import Pointer
from sitepub.publish.slots.routes import as_led, before_of
from sitepub.publish.slots.shares import ended, shares_as_led, slots_as_led
from sitepub.publish.slots.switching import Held
from sitepub.publish.states.slot_state import Slots
from sitepub.publish.states.state import LiveShare


def change_share(site: Held, pointer: Pointer, part: float) -> bool:
    """``part``: of the visitors, below 1; 0 ends the share, and all visitors get the stable release. Whether anything
    was changed. Raises Refused when no share runs that could be changed."""
    slots, shares = site.state.slots, site.state.shares
    if slots is None or not slots.hosts:
        raise no_share()
    led = pointer.read(slots.hosts)
    slots = slots_as_led(as_led(slots, led.values()), led.values())
    shares = shares_as_led(shares, slots, led.values(), at=datetime.now(UTC).isoformat(timespec="seconds"), by=who())
    if not shares and part:
        raise no_share()
    if shares and shares[0].paused and part:
        raise Refused("the slot of the share is being filled with another release", code="Unfinished",
                      hint="run that deploy again; sitepub traffic 0 ends the share")
    wanted = tuple(msgspec.structs.replace(one, share=part) for one in shares) if part else ()
    keep = site.remote.project.releases.keep_assets
    after = slots if wanted else ended(slots, shares, int(site.remote.states.cloud_time) + keep if keep else 0)
    routes = _routes(led, after, wanted)
    changed = routes != dict(led)
    if changed:
        site.save(slots=msgspec.structs.replace(after, moving=True), shares=wanted)
        site.lock.check()
        pointer.point(list(routes.values()))
    done = msgspec.structs.replace(after, moving=False)
    if changed or (site.state.slots, site.state.shares) != (done, wanted):
        site.save(slots=done, shares=wanted)
    return changed


def no_share() -> Refused:
    return Refused("no share runs: all visitors get the same release", code="NoShare",
                   hint="begin one: sitepub deploy --traffic 0.1")


def _routes(led: Mapping[str, Route], slots: Slots, shares: tuple[LiveShare, ...]) -> dict[str, Route]:
    """All else in the routes stays as it is."""
    share = next((Share(RouteSlot(slot.folder, slot.release), one.share) for one in shares
                  if (slot := slots.holding(one.release)) is not None), None)
    return {host: msgspec.structs.replace(route, share=share, before=before_of(slots, share))
            for host, route in led.items()}
