"""Tasks of purging and prefetching."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sitepub.local.base.pace import Change
from sitepub.local.services.state import Collection

KEPT = 2_000
"""Tasks that are kept; older ones go."""


@dataclass(frozen=True, slots=True)
class EdgeTask:
    """One call: its targets share an id."""

    id: str
    owner: str
    product: str
    """`cdn` or `edgeone`."""
    kind: str
    """`url`, `path`, `push` of the CDN; EdgeOne's `purge_url`, `purge_prefix` …, `prefetch`."""
    targets: tuple[str, ...]
    method: str
    """`flush`, `delete`, `invalidate`; empty for a prefetch."""
    areas: dict[str, int]
    """How many targets count in which area (`mainland`, `overseas`)."""
    area: str
    """`mainland`, `overseas`, `global`."""
    zone: str
    """EdgeOne's zone id."""
    change: Change
    day: str
    """Of the quota: 2026-11-20, in GMT+8."""


def used(tasks: Iterable[EdgeTask], *, owner: str, kind: str, area: str, day: str) -> int:
    """Targets that count against a day's quota."""
    return sum(task.areas.get(area, 0) for task in tasks
               if (task.owner, task.kind, task.day) == (owner, kind, day))


def keep(tasks: Collection[EdgeTask], task: EdgeTask) -> None:
    """Store a task and remove the oldest ones, but none of the same day: they count against the quota."""
    tasks.put(task.id, task)
    for old in list(tasks)[: max(0, len(tasks) - KEPT)]:
        if old.day != task.day:
            tasks.remove(old.id)
