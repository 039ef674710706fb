"""What a deploy is asked for and what it answers. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.publish.locking.patience import Patience
from sitepub.site.snapshot import LeftOut
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.actions.deploying.teller import Teller
    from sitepub.actions.hosts import HostsDone
    from sitepub.actions.slots.report import SlotsReport
    from sitepub.notify.services import Notified
    from sitepub.publish.outcome import Outcome, Unchanged
    from sitepub.publish.states.state import LiveShare, PreviewInfo
    from sitepub.publish.unchanged.local_index import LocalIndex


@dataclass(frozen=True, slots=True)
class DeployOptions:
    local: bool = False
    profile: str | None = None
    build: bool = True
    verify: bool = False
    force: bool = False
    allow_delete: bool = False
    wait: bool = True
    """Wait until the hosts are online."""
    allow_empty: bool = False
    message: str | None = None
    """What is said of the release."""
    patience: Patience = field(default_factory=Patience)
    """How long to wait while another run has the lock."""
    opened: LocalIndex | None = None
    """What is known of the folder, when it was compared already."""
    replaces: str | None = None
    """Whose release makes way while a share runs: ``share``, ``stable`` or ``both``; ``None``: it is asked."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deploy did."""

    project: Project
    cloud: Cloud
    bucket: str
    url: str
    outcome: Outcome | Unchanged
    seconds: float
    hosts: HostsDone | None = None
    warnings: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notified: tuple[Notified, ...] = ()
    """Services that got the addresses of changed pages."""
    expired: tuple[str, ...] = ()
    """Previews that had expired and were removed."""
    marked: str | None = None
    """The name that the release was given."""
    report: Report | None = None
    """What the checks found; ``None``: nothing was checked."""
    slots: SlotsReport | None = None
    """``None``: the site has no slots."""
    share: LiveShare | None = None
    """The share that this deploy has begun, or given another release."""

    @property
    def preview(self) -> PreviewInfo | None:
        """``None``: it was the site itself."""
        return self.outcome.preview


@dataclass(slots=True)
class Warnings:
    """Shows every warning at once and keeps it for the report."""

    teller: Teller
    kept: list[Problem] = field(default_factory=list)

    def add(self, *problems: Problem) -> None:
        for problem in problems:
            self.kept.append(problem)
            self.teller.warn(problem)
