"""What became of a deploy, in numbers and one word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sitepub.publish.states.manifest import Entry


class Status(StrEnum):
    UNCHANGED = "unchanged"
    """The bucket was as the project says."""
    PUBLISHED = "published"
    PARTIAL = "partial"
    """Some steps failed: exit code 4, and the next run does the rest."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Counts:
    uploaded: int = 0
    copied: int = 0
    headers: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        return self.uploaded + self.copied + self.headers + self.deleted


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The outcome of a deploy that found nothing to do without making a plan. It reads like an
    :class:`~sitepub.publish.publish.Outcome`."""

    counts: Counts
    release_id: str | None
    """Of the release that is live."""
    status: Status = Status.UNCHANGED
    bytes_sent: int = 0
    retained: Mapping[str, Entry] = field(default_factory=dict)
    preview: None = None
