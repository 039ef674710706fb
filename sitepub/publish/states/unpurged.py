"""Which keys the edges may hold an old answer for: written down before they change, taken away by the purge, so
that a kill in between forgets none (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sitepub.config.project import Host, Project
from sitepub.publish.plan import Action, Plan, Reason
from sitepub.publish.states.slot_state import Slots

_MOST = 10_000
"""More keys than a day's purges of single addresses: all of them then."""
_NEW = frozenset({Reason.NEW, Reason.RENAMED})


def purged_hosts(project: Project) -> tuple[Host, ...]:
    """The hosts whose cache is purged after a deploy."""
    if project.purge == "none":
        return ()
    return tuple(host for host in project.hosts if host.edge != "cos" and (host.auto_refresh or host.only_refresh))


def unrouted(project: Project, slots: Slots | None) -> Project:
    """The project without the hosts whose visitors get slots: answers of another release have other keys in the cache
    there, so nothing has to be purged."""
    if slots is None or not slots.live:
        return project
    return replace(project, hosts=tuple(host for host in project.hosts if host.host not in slots.hosts))


def unpurged_after(before: Sequence[str], plan: Plan, project: Project) -> tuple[str, ...]:
    """The keys to purge once this plan is carried out, with those that still were to be purged."""
    if not purged_hosts(project):
        return ()
    if not plan.steps:
        return tuple(before)
    from sitepub.domains.purge.plan import EVERYTHING, keys_to_purge

    if project.purge == "all":
        return (EVERYTHING,)
    new: list[str] = []
    changed: list[str] = []
    deleted: list[str] = []
    for step in plan.steps:
        (deleted if step.action is Action.DELETE else new if step.reason in _NEW else changed).append(step.key)
    keys = sorted({*before, *keys_to_purge(new, changed, deleted)})
    return (EVERYTHING,) if EVERYTHING in keys or len(keys) > _MOST else tuple(keys)
