"""The checks as a part of a deploy: run when `checks:` is in serverless.yml and something is to be published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.actions.checking.why import Why

_MUCH = 3
"""Steps; of fewer nothing is asked."""


class Listener(Protocol):
    """Shows what the checks found."""

    def checked(self, report: Report, project: Project) -> None: ...


def before_publishing(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared, snapshot: Snapshot,
                      listener: Listener, *, always: bool = False) -> Report | None:
    """``None``: nothing is checked. ``always``: also a site of which nothing has changed."""
    if project.checks is None or (not prepared.plan and not always):
        return None
    from sitepub.actions.checking.check import checked
    from sitepub.actions.checking.there import there_of

    report = checked(project, snapshot, there_of(project, cloud, remote, prepared, snapshot))
    listener.checked(report, project)
    return report


def why_so_much(project: Project, remote: Remote, prepared: Prepared, snapshot: Snapshot) -> Why | None:
    """Why over half of the pages differ; ``None``: fewer do."""
    if len(prepared.plan.steps) < _MUCH:
        return None
    from sitepub.actions.checking.why import why

    return why(project, remote, prepared, snapshot)


def refusal_of(report: Report | None, project: Project) -> SitepubError | None:
    """Why nothing is published; only with `mode: fail`."""
    if report is None or project.checks is None or project.checks.mode != "fail":
        return None
    return report.failure()


def refuse(report: Report | None, project: Project) -> None:
    """Raises what :func:`refusal_of` answers."""
    error = refusal_of(report, project)
    if error is not None:
        raise error
