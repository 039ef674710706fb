"""Topics of the log service that the edge's visits go to."""

from __future__ import annotations

from dataclasses import dataclass

REGION = "ap-shanghai"
"""Region of the logset that the CDN writes to (CDN 228/35380)."""


@dataclass(frozen=True, slots=True)
class LogTopic:
    """One topic. It holds the visits of its hosts since they were bound to it."""

    id: str
    owner: str
    """App id."""
    name: str
    created: float
    enabled: bool = True
    hosts: dict[str, float] | None = None
    """Host → Unix seconds from when on its visits are there."""
    areas: dict[str, list[str]] | None = None
    """Host → areas, as they were given."""
