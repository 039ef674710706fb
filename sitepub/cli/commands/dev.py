"""``sitepub dev``: publish whenever something is saved, and show who visits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, allow_delete_option, allow_empty_option, command, yes_option
from sitepub.config.project import Project
from sitepub.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sitepub.cli.dev_view import DevView
    from sitepub.dev.options import DevOptions


@command(project=True)
@click.option("--serve", is_flag=True, help="Also publish to the embedded cloud, where pages reload by themselves.")
@click.option("--poll", is_flag=True, help="Check the files at intervals instead of waiting for the system's events.")
@click.option("--purge", is_flag=True, help="Purge changed files from the caches of the custom domains.")
@click.option("--logs/--no-logs", default=None, help="Show visits from the start (default with --local).")
@click.option("--status", metavar="CODES", multiple=True, help="Show visits of these statuses: 404 or 4xx,5xx.")
@click.option("--path", metavar="GLOB", multiple=True, help="Show visits of these paths: /blog/** or *.html.")
@click.option("--open", "open_browser", is_flag=True, help="Open the site in the browser when it is live.")
@allow_delete_option()
@allow_empty_option()
@yes_option()
def dev(run: Run, serve: bool, poll: bool, purge: bool, logs: bool | None, status: tuple[str, ...],
        path: tuple[str, ...], open_browser: bool, allow_delete: bool, allow_empty: bool, yes: bool) -> int:
    """Publish once, then whenever something is saved.

    With --local the pages are served by the embedded cloud and reload by themselves. With --json, one object
    is printed for each publish and each failure.
    """
    from sitepub.actions import dev as action
    from sitepub.actions.deploying.known_project import Given
    from sitepub.cli.dev_view import DevView
    from sitepub.dev.options import DevOptions

    wanted = None
    if status or path:
        from sitepub.logs.filters import parse_filter

        wanted = parse_filter(status=status, path=path)
    options = DevOptions(
        run.folder / "serverless.yml", run.stage, run.inputs, run.profile, local=run.local, serve=serve, poll=poll,
        purge=purge, allow_delete=allow_delete, allow_empty=allow_empty, new_region=yes, opens_browser=open_browser,
        shows_visits=run.local if logs is None else logs, visits=wanted)
    view = DevView(run.terminal, yes=yes)
    ended_by_user = action.dev(Given(run.folder, run.stage, run.inputs, yes, run.local, run.profile), options,
                               lambda: _read(run, options, view, yes=yes), view, run.environ, view.purge_listener)
    return ExitCode.OK if ended_by_user else ExitCode.INTERRUPTED


def _read(run: Run, options: DevOptions, view: DevView, *, yes: bool) -> tuple[Project, DevOptions]:
    from sitepub.config.finding import look_for_projects
    from sitepub.config.load import load_project
    from sitepub.terminal.messages import visible

    found = look_for_projects(run.folder)
    if len(found.files) != 1:
        raise UsageError(f"sitepub dev is for one site, and there are {len(found.files)}",
                         hint="name one: --cwd " + found.files[0].parent.name)
    options = replace(options, config_file=found.files[0])
    project = load_project(options.config_file, stage=run.stage, inputs=run.inputs, environ=run.environ, new_region=yes)
    if project.stage_by_branch:
        if not run.local:
            run.terminal.note(f"{visible(project.stage_from)}: each save would be published to the stage"
                              f" {visible(project.stage)}.")
            run.terminal.confirm_or_refuse(f"Publish each save to the stage {visible(project.stage)}?", yes=yes)
        # Another branch that is checked out meanwhile does not turn the rest of this run to another stage.
        options = replace(options, stage=project.stage)
    for problem in project.warnings:
        view.warn(problem)
    return project, options
