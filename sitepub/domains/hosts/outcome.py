"""What became of a host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sitepub.errors import SitepubError

if TYPE_CHECKING:
    from sitepub.domains.hosts.plan import HostPlan
    from sitepub.domains.steps import StepResult


@dataclass(frozen=True, slots=True)
class HostOutcome:
    """What became of one host."""

    host: str
    edge: str
    status: str
    """"unchanged", "online", "waiting" (the rest comes with a later run), "removed", "left", "failed"."""
    cname: str = ""
    done: tuple[str, ...] = ()
    waiting: str = ""
    """What is still to come, in words."""
    error: SitepubError | None = None
    left: tuple[str, ...] = ()
    """What stays, and why."""
    fresh: bool = False
    """The domain was created in this run: there is nothing in its cache."""
    steps: tuple[StepResult, ...] = ()
    """The steps of the plan that were applied, in this order."""


def failed(plan: HostPlan, error: SitepubError, steps: tuple[StepResult, ...] = ()) -> HostOutcome:
    return HostOutcome(plan.name, plan.edge, "failed", plan.record.cname, error=error, steps=steps)
