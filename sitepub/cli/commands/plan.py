"""``sitepub plan``: what a deploy would do, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli import boundary
from sitepub.cli.options import Run, allow_delete_option, allow_empty_option, command, verify_option, yes_option
from sitepub.cli.previews.option import in_preview, preview_options
from sitepub.cli.releases.part import share_options, with_share
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.deploying.values import DeployOptions

CHANGES = 2
"""Exit code of ``--detailed-exitcode`` when there is something to do."""


@command(project=True)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there is something to do, else 0.")
@preview_options()
@share_options()
@click.option("--force", is_flag=True, help="Plan to upload every file again.")
@click.option("--no-build", is_flag=True, help="Do not run the hook: compare the build that is there.")
@verify_option()
@allow_delete_option()
@allow_empty_option()
@click.option("--explain", is_flag=True, help="Show why it is this stage, and which inputs are the stage's own.")
@click.option("--full", is_flag=True, help="List each file of a large plan, not its folders only.")
@click.option("--largest", is_flag=True, help="List the largest files of the site.")
@yes_option()
def plan(run: Run, detailed_exitcode: bool, preview: str | None, expires: int | None, traffic: float | None,
         replaces: str | None, force: bool, no_build: bool, verify: bool, allow_delete: bool, allow_empty: bool,
         explain: bool, full: bool, largest: bool,
         yes: bool) -> int:  # noqa: ARG001 - the run knows it
    """Build the site and show what deploy would do, and why. Changes nothing in the cloud."""
    from sitepub.actions.deploying.values import DeployOptions
    from sitepub.cli.projects import each_project

    options = DeployOptions(run.local, run.profile, not no_build, verify, force, allow_delete,
                      allow_empty=allow_empty, replaces=replaces)
    changes = False

    def one(project: Project) -> tuple[dict[str, object], int]:
        nonlocal changes
        if explain and not run.terminal.wants_json:
            from sitepub.cli.stage_view import stage_lines

            run.terminal.result("\n".join(stage_lines(project)))
        result, code = work(run, with_share(in_preview(run, project, preview, expires), traffic, replaces),
                            options, largest=largest, full=full)
        changes = changes or result["status"] != "unchanged"
        return result, code

    code = each_project(run, "plan", one)
    return CHANGES if code == 0 and detailed_exitcode and changes else code


def work(run: Run, project: Project, options: DeployOptions, *, largest: bool = False, full: bool = False
         ) -> tuple[dict[str, object], int]:
    """Plan one project and show it."""
    from sitepub.actions.deploying.plan import plan as action
    from sitepub.cli.plan_view import plan_lines, plan_object
    from sitepub.cli.story import Story
    from sitepub.cli.why_view import largest_lines, largest_object
    from sitepub.errors import Problem

    planned = action(project, options, Story(run.terminal), run.environ)
    answer = plan_object(planned)
    if largest:
        answer["largest"] = largest_object(planned.largest)
    if not run.terminal.wants_json:
        run.terminal.result("\n".join([*plan_lines(run.terminal, planned, full=full),
                                       *(largest_lines(planned.largest) if largest else ())]))
        refusal = planned.refusal
        if refusal is not None:
            run.terminal.warn(Problem(f"deploy would refuse this: {refusal.message}", hint=refusal.hint))
        other = planned.prepared.other
        if other is not None:
            run.terminal.warn(Problem(f"deploy would ask first: {other.words}", hint=other.hint))
        taken = planned.prepared.plan.taken_over
        if taken:
            run.terminal.warn(f"deploy would ask first: {len(taken)} of these objects were not uploaded by"
                              " sitepub")
    if planned.missing is not None:
        return boundary.partly(run.terminal, planned.missing, answer)
    return answer, 0
