"""The slots' part of a deploy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from sitepub.actions.slots.report import SlotsReport, Switched
from sitepub.config.project import Project
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.slot_state import Slots
from sitepub.publish.states.state import LiveShare, State
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.hosts import HostsDone
    from sitepub.publish.deploying.options import PublishOptions
    from sitepub.publish.slots.planned import SlotStep
    from sitepub.publish.slots.turn import SlotsDone, Turn
    from sitepub.site.snapshot import Snapshot


def count_of(project: Project) -> int:
    """How many slots serverless.yml asks for; 1: none. A preview has none of its own."""
    return project.releases.slots if project.preview is None else 1


def turn_of(project: Project, cloud: Cloud, base: State | None, *, ends: bool = False) -> Turn | None:
    """What a run does with the slots before the bucket's root; ``None``: the site has no slots yet, or none any more.
    ``ends``: a share that runs ends."""
    if count_of(project) < 2 or base is None or base.slots is None or not base.slots.hosts:
        return None
    from sitepub.actions.slots.zone_pointer import ZonePointer
    from sitepub.publish.slots.turn import Turn

    return Turn(ZonePointer(cloud), count_of(project), ends=ends)


class HasDone(Protocol):
    @property
    def done(self) -> SlotsDone | None: ...


def due(project: Project, slots: Slots | None, hosts: tuple[str, ...], now: float,
        shares: tuple[LiveShare, ...], *, verify: bool = False) -> bool:
    """Whether hosts are to be led to slots that are not, or the other way round, or a slot is left over. ``hosts``:
    those that are online at EdgeOne. ``now``: Unix seconds."""
    if count_of(project) < 2:
        return slots is not None and project.preview is None
    if slots is None:
        return bool(hosts)
    from sitepub.publish.slots.switching import surplus

    return (verify or not slots.live or set(slots.hosts) != set(hosts)
            or bool(surplus(slots, count_of(project), now, shares)))


def at_rest(project: Project, slots: Slots | None, shares: tuple[LiveShare, ...]) -> bool:
    """Whether there is nothing to do for slots, today or later, as long as the state, serverless.yml and the folder
    stay the same, and all hosts are done. Then every slot that visitors get holds what the bucket's root holds."""
    hosts = wanted_hosts(project)
    if count_of(project) < 2 or slots is None:
        return slots is None and (count_of(project) < 2 or not hosts)
    from sitepub.publish.slots.switching import surplus

    return (bool(slots.live) and not slots.moving and not slots.apart and not shares
            and set(slots.hosts) == set(hosts) and not surplus(slots, count_of(project), math.inf, ()))


def wanted_hosts(project: Project) -> tuple[str, ...]:
    """Hosts of EdgeOne in serverless.yml."""
    from sitepub.domains.host_names import ascii_name

    return tuple(sorted(ascii_name(host.host) for host in project.hosts if host.edge == "edgeone"))


def routable(project: Project, done: HostsDone | None) -> tuple[str, ...]:
    """Those of them that visitors reach."""
    from sitepub.domains.host_names import ascii_name

    online = {one.host for one in done.outcomes if one.status in ("online", "unchanged") and one.edge == "edgeone"} if (
        done is not None) else set()
    names = {ascii_name(name) for name in online}
    return tuple(host for host in wanted_hosts(project) if host in names)


def switch(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared, hosts: tuple[str, ...],
           options: PublishOptions) -> Switched:
    """Lead hosts to slots, or lead them back to the bucket's root. Raises what the cloud answers, and Refused."""
    from sitepub.actions.slots.zone_pointer import ZonePointer
    from sitepub.publish.slots.switching import empty, held, lead, off, surplus

    pointer = ZonePointer(cloud)
    with held(remote) as site:
        if site is None:
            return Switched()
        before = site.state.slots or Slots()
        if count_of(project) < 2 or not hosts:
            return Switched(gone=before.hosts, deleted=off(site, pointer))
        filled = lead(site, pointer, hosts, count_of(project), prepared.wanted, options)
        deleted = 0
        if site.state.slots is not None and (over := surplus(site.state.slots, count_of(project),
                                                             remote.states.cloud_time, site.state.shares)):
            deleted = empty(site, over)
            site.save()
        return Switched(tuple(host for host in hosts if host not in before.hosts),
                        tuple(host for host in before.hosts if host not in hosts), filled, deleted)


def report_of(turn: HasDone | None, slots: Slots | None) -> SlotsReport | None:
    """Of a run that turned nothing on or off."""
    if turn is None or turn.done is None:
        return None
    return SlotsReport(turn.done, Switched(), slots.hosts if slots is not None else ())


def planned_steps(project: Project, remote: Remote, snapshot: Snapshot, prepared: Prepared, *, ends: bool = False
                  ) -> tuple[SlotStep, ...]:
    """For the plan. Reads the states of slots, and changes nothing. ``ends``: a share that runs ends."""
    slots = prepared.base.slots
    if project.preview is not None or (slots is None and count_of(project) < 2):
        return ()
    from sitepub.publish.slots.planned import slot_steps

    return slot_steps(remote, snapshot, prepared, count_of(project), wanted_hosts(project), ends=ends)


def take_away(cloud: Cloud, remote: Remote) -> int:
    """For a site that is removed: its routes, and all that lies in its slots. How many objects were deleted."""
    from sitepub.actions.slots.zone_pointer import ZonePointer
    from sitepub.publish.slots.switching import held, off

    with held(remote) as site:
        return off(site, ZonePointer(cloud)) if site is not None else 0
