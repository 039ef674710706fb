"""Purges and prefetches that were asked for, one value per target."""

from __future__ import annotations

from dataclasses import dataclass

from sitepub.local.pace import Change


@dataclass(frozen=True, slots=True)
class EdgeTask:
    """One URL, directory or host of a task."""

    id: str
    """Of the task; several targets share it."""
    number: int
    owner: str
    product: str
    """`cdn` or `edgeone`."""
    kind: str
    """`url`, `path`, `push` of the CDN; EdgeOne's `purge_url`, `purge_prefix` …, `prefetch`."""
    target: str
    method: str
    """`flush`, `delete`, `invalidate`; empty for a prefetch."""
    area: str
    """`mainland`, `overseas` or `global`."""
    zone: str
    """EdgeOne's zone id."""
    change: Change
    day: str
    """Of the quota: 2026-11-20, in GMT+8."""

    @property
    def name(self) -> str:
        return f"{self.id}/{self.number}"
