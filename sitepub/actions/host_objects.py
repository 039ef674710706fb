"""Hosts for programs: what is planned for each, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sitepub.config.project import Project
from sitepub.errors import SitepubError

if TYPE_CHECKING:
    from sitepub.actions.hosts import HostsDone, HostsPrepared
    from sitepub.domains.hosts.outcome import HostOutcome
    from sitepub.domains.purge.purging import Purged
    from sitepub.domains.records import HostRecord
    from sitepub.domains.steps import HostStep, StepResult


def planned_objects(project: Project, prepared: HostsPrepared) -> list[dict[str, Any]]:
    """Every host of a plan for programs."""
    errors = {(one.name, one.edge): one.error for one in prepared.plan.failed}
    return [{**one, "error": error_object(errors.get((one["host"], one["edge"])))}
            for one in host_objects(project, prepared.steps)]


def outcome_object(outcome: HostOutcome) -> dict[str, Any]:
    """What became of one host, for a command without a plan."""
    return {"host": outcome.host, "edge": outcome.edge, "status": outcome.status, "left": list(outcome.left),
            "error": error_object(outcome.error)}


def error_object(error: SitepubError | None) -> dict[str, Any] | None:
    return None if error is None else {"code": error.code, "message": error.message,
                                       "request_id": error.request_id}


def host_objects(project: Project, steps: Sequence[HostStep], done: HostsDone | None = None) -> list[dict[str, Any]]:
    """Every host for programs; one that moves to another edge stands there once for each."""
    by_host: dict[tuple[str, str], list[HostStep]] = {(host.host, host.edge): [] for host in project.hosts}
    for step in steps:
        by_host.setdefault((step.host, step.edge), []).append(step)
    outcomes = {(one.host, one.edge): one for one in (done.outcomes if done is not None else ())}
    purged = {one.host: one for one in (done.purged if done is not None else ())}
    records: dict[tuple[str, str], HostRecord] = {
        (one.host, one.edge): one for one in (done.records.values() if done is not None else ())}
    return [_object(name, by_host.get(name, []), outcomes.get(name), purged.get(name[0]), records.get(name),
                    done.applied if done is not None else None)
            for name in dict.fromkeys([*by_host, *outcomes])]


def _object(name: tuple[str, str], steps: Sequence[HostStep], outcome: HostOutcome | None, purged: Purged | None,
            record: HostRecord | None, applied: Sequence[StepResult] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"host": name[0], "edge": name[1], "steps": [
        {**step.as_object(), **({"result": _result(step, applied)} if applied is not None else {})} for step in steps]}
    if outcome is not None:
        found |= {"status": outcome.status, "cname": outcome.cname, "done": list(outcome.done),
                  "waiting": outcome.waiting, "left": list(outcome.left), "error": error_object(outcome.error)}
    if record is not None and record.certificate is not None:
        found["certificate"] = {"id": record.certificate.id, "until": record.certificate.not_after}
    if purged is not None:
        found["purged"] = {"what": purged.what, "tasks": list(purged.tasks), "failed": purged.failed}
    return found


def _result(step: HostStep, applied: Sequence[StepResult]) -> str:
    """"done", "not needed" or "not done": it failed, or its turn did not come."""
    found = next((one for one in applied if one.step == step), None)
    return "not done" if found is None else "done" if found.needed else "not needed"
