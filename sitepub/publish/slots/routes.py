"""Which slot is next, and the routes of a site's hosts (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from sitepub.domains.router.route import Before, Route, Share
from sitepub.domains.router.route import Slot as RouteSlot
from sitepub.errors import SitepubError
from sitepub.publish.states.slot_state import FOLDER, NAMES, Slot, Slots
from sitepub.publish.states.state import LiveShare, State
from sitepub.tencent.cos.website_config import WebsiteConfig


def names_of(count: int) -> tuple[str, ...]:
    """Of so many slots."""
    return tuple(NAMES[:count])


def idle(slots: Slots, shares: Iterable[LiveShare], count: int) -> str:
    """The slot that is filled next: not the live one, none that is shared, and of the others the one that was live
    longest ago. Raises SitepubError when all are in use."""
    shared = {slot.name for one in shares
              if not one.paused and (slot := slots.holding(one.release)) is not None}
    free = [name for name in names_of(count) if name != slots.live and name not in shared]
    if not free:
        raise SitepubError("no slot is idle: one is live, and the others are shared with some of the visitors",
                           code="NoIdleSlot",
                           hint="end the share first (sitepub traffic 1, or sitepub rollback), or raise releases.slots")

    def since(name: str) -> tuple[str, bool, str]:
        """One that a run has begun to fill comes before one that holds nothing."""
        slot = slots.slot(name)
        return slot.live if slot is not None else "", slot is None, name

    return min(free, key=since)


def routes_of(slots: Slots, *, site: str, website: WebsiteConfig, hosts: Collection[str], count: int,
              shares: Iterable[LiveShare] = (), whole: Collection[str] = ()) -> tuple[Route, ...]:
    """Where the hosts lead. ``website``: the settings of the live release. ``whole``: names of slots that are known to
    hold their release; testers may ask for it, but not in the slot that is filled next."""
    live = slots.slot(slots.live)
    if live is None:
        return ()
    shares = tuple(shares)
    share = next((Share(_of(slot), one.share) for one in shares
                  if not one.paused and (slot := slots.holding(one.release)) is not None and slot != live), None)
    taken = {slots.live, share.slot.path.removeprefix(FOLDER).rstrip("/") if share is not None else ""}
    try:
        taken.add(idle(slots, shares, count))
    except SitepubError:
        pass
    others = tuple(_of(one) for one in slots.all if one.name in whole and one.name not in taken and one.release)
    return tuple(Route(
        host=host, site=site, live=_of(live), share=share, before=before_of(slots, share),
        others=others, index=website.index, error=website.error or "",
        error_status=404 if website.original_status_enabled else 200) for host in sorted(hosts))


def before_of(slots: Slots, share: Share | None) -> Before | None:
    """Where open pages find what the slots of today lack: in the slot before, and in all others, latest first."""
    first = slots.slot(slots.before)
    if first is None or first.name == slots.live or not slots.until:
        return None
    shared = share.slot.path if share is not None else ""
    more = sorted((one for one in slots.all if one.release and one.name not in (slots.live, first.name)
                   and one.folder != shared), key=lambda one: one.live, reverse=True)
    return Before(_of(first), slots.until, tuple(map(_of, more)))


def _of(slot: Slot) -> RouteSlot:
    return RouteSlot(slot.folder, slot.release)


def moved(slots: Slots, name: str, *, at: str, until: int, shows: str) -> Slots:
    """Visitors get another slot, at ``at`` (UTC, ISO 8601). Open pages find the files of the one before ``until`` then;
    ``shows``: the release that it stands for from now on."""
    slot = slots.slot(name)
    assert slot is not None
    shows = "" if shows == slot.release else shows
    if name == slots.live:
        return slots.with_slot(msgspec.structs.replace(slot, shows=shows))
    left = slots.slot(slots.live)
    if left is not None:
        slots = slots.with_slot(msgspec.structs.replace(left, live=at))
    slots = slots.with_slot(msgspec.structs.replace(slot, live=at, shows=shows))
    return msgspec.structs.replace(slots, live=name, before=left.name if left is not None and until else "",
                                   until=until if left is not None else 0)


def as_led(slots: Slots, led: Iterable[Route]) -> Slots:
    """What the routes say is so, whatever a run that did not end has written down."""
    for route in led:
        if route.live is None or not route.live.path.startswith(FOLDER):
            continue
        name = route.live.path.removeprefix(FOLDER).rstrip("/")
        slot = slots.slot(name) or Slot(name)
        if slot.release != route.live.release:
            slot = Slot(name, route.live.release, live=slot.live)
        slots = msgspec.structs.replace(slots.with_slot(slot), live=name)
    return slots


def site_of(state: State) -> str:
    """Whose the routes are."""
    return f"{state.app}/{state.stage}/{state.name}"
