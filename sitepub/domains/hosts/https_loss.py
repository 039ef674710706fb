"""Visitors who have HTTPS now keep it, or it is agreed that they do not: a new domain on EdgeOne has no certificate
unless `https` asks for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sitepub.domains.hosts.plan import HostPlan
from sitepub.domains.hosts.served import Served
from sitepub.domains.steps import AgreedRecord, HostStep, HostStepKind


def keeping_https(plan: HostPlan, served: Callable[[str, str], Served | None]) -> HostPlan:
    """The same plan, with a question at the DNS step that would take HTTPS away from visitors who come from elsewhere.
    ``served``: what a host shows."""
    host = plan.host
    if host is None or host.edge != "edgeone" or host.https is not None:
        return plan
    if not any(step.kind is HostStepKind.CREATE for step in plan.steps) or not any(map(_leads_here, plan.steps)):
        return plan
    shown = served(host.host, host.host)
    if shown is None or not shown.covers or shown.not_after <= datetime.now(UTC).isoformat(timespec="seconds"):
        return plan
    return replace(plan, steps=tuple(_asked(step) if _leads_here(step) else step for step in plan.steps))


def _leads_here(step: HostStep) -> bool:
    """It changes where an existing name leads."""
    return (step.kind is HostStepKind.DNS and isinstance(step.agreed, AgreedRecord)
            and step.agreed.action == "modify")


def _asked(step: HostStep) -> HostStep:
    return replace(step, destructive=True, reason=f"{step.reason}; visitors have HTTPS now and would lose it: write"
                                                  " `https: auto`, or `https: off` if that is meant")
