"""``sitepub traffic``: who sees which release, and how many visitors get the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command, lock_option, yes_option
from sitepub.cli.releases.part import part_of
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.releases.go_live import GoLiveOptions
    from sitepub.actions.releases.traffic import Audience, Traffic
    from sitepub.logs.slot_answers import Answers


@command(project=True)
@yes_option()
@click.option("--no-logs", is_flag=True, help="Do not read EdgeOne's log files to count errors.")
@lock_option()
@click.option("--no-wait", is_flag=True, help="Do not wait for purges.")
@click.argument("part", metavar="[PART]", required=False, callback=part_of)
def traffic(run: Run, yes: bool, no_logs: bool, lock_timeout: float, no_wait: bool, part: float | None) -> int:
    """Show which part of the visitors sees which release, or change it: sitepub traffic 0.5.

    A release gets a part of the visitors with sitepub deploy --traffic 0.1. PART is from 0 to 1, or 50%. 1 makes that
    release live for all; 0 gives all visitors the one that was live, as sitepub rollback does. What moves is the
    pointer of the edge function: nothing is uploaded.
    """
    from sitepub.actions.releases.go_live import GoLiveOptions
    from sitepub.cli.projects import each_project
    from sitepub.publish.locking.patience import Patience

    options = GoLiveOptions(run.local, run.profile, wait=not no_wait,
                            patience=Patience(lock_timeout, run.terminal.note))
    return each_project(run, "traffic", lambda project: _traffic(run, project, options, part, yes=yes,
                                                                 logs=not no_logs), yes=yes or part is None)


def _traffic(run: Run, project: Project, options: GoLiveOptions, part: float | None, *, yes: bool, logs: bool
             ) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.traffic import change, look
    from sitepub.cli.story import Story

    if part is None:
        found = look(project, options, run.environ, logs=logs)
    else:
        found = change(project, part, options, Story(run.terminal, yes=yes), run.environ)
    _show(run, found, changes=part is not None)
    return _object(found, project), 0


def _show(run: Run, found: Traffic, *, changes: bool) -> None:
    from sitepub.cli.releases.part import percent
    from sitepub.terminal.moments import age_of
    from sitepub.terminal.tables import table

    rows = [(percent(one.part), one.release, one.role, age_of(one.since) if one.since else "", one.by,
             _words(one.answers)) for one in (found.stable, found.share) if one is not None]
    run.terminal.result(table(run.terminal, ("visitors", "release", "", "since", "by", "errors"), rows, right=[0]))
    for sentence in found.notes:
        run.terminal.note(sentence)
    if changes and not found.changed:
        run.terminal.note("Nothing to do: it is so already.")


def _words(answers: Answers | None) -> str:
    from sitepub.cli.releases.part import percent

    if answers is None:
        return ""
    if answers.part is None:
        return "no visits yet"
    kinds = [f"{number:,} × {what}" for number, what in (
        (answers.missing, "404"), (answers.refused, "other 4xx"), (answers.failed, "5xx")) if number]
    return f"{percent(answers.part)} of {answers.total:,}" + (f" ({', '.join(kinds)})" if kinds else "")


def _object(found: Traffic, project: Project) -> dict[str, object]:
    return {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name, "changed": found.changed,
            "stable": _audience(found.stable), "share": _audience(found.share) if found.share is not None else None,
            "errors_since": found.counted_since, "notes": list(found.notes)}


def _audience(one: Audience) -> dict[str, object]:
    answers = one.answers
    return {"release": one.release, "part": one.part, "since": one.since or None, "by": one.by or None,
            "errors": None if answers is None else {
                "answers": answers.total, "missing": answers.missing, "refused": answers.refused,
                "failed": answers.failed, "part": answers.part}}
