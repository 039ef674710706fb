"""What became of a deploy: one word, numbers, and what it left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sitepub.publish.apply import Failure
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.states.manifest import Entry
    from sitepub.publish.states.state import PreviewInfo, ReleaseInfo, State
    from sitepub.settings.steps import SettingStep


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
class Outcome:
    """What a deploy did."""

    status: Status
    prepared: Prepared
    """What was carried out: another plan than the one shown when another run deployed in between."""
    counts: Counts
    state: State
    bytes_sent: int = 0
    failures: tuple[Failure, ...] = ()
    release: ReleaseInfo | None = None
    """The release that is live; of an earlier run when this one did not finish one."""
    settings: tuple[SettingStep, ...] = ()
    """Settings that were written."""

    @property
    def release_id(self) -> str | None:
        return self.release.id if self.release is not None else None

    @property
    def preview(self) -> PreviewInfo | None:
        return self.state.preview

    @property
    def retained(self) -> Mapping[str, Entry]:
        """What the site has dropped and what stays for a while."""
        return self.prepared.plan.retained


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The outcome of a deploy that found nothing to do without making a plan. It reads like an
    :class:`Outcome`."""

    counts: Counts
    release_id: str | None
    """Of the release that is live."""
    status: Status = Status.UNCHANGED
    bytes_sent: int = 0
    retained: Mapping[str, Entry] = field(default_factory=dict)
    preview: None = None
