"""``sitepub check``: what is wrong with the site, before visitors see it."""

from __future__ import annotations

import click

from sitepub.cli.options import Run, command
from sitepub.config.project import Project


@command(project=True)
@click.option("--no-build", is_flag=True, help="Do not run the hook: check the build that is there.")
@click.option("--offline", is_flag=True, help="Ask the cloud nothing: check the site alone.")
@click.option("--external", is_flag=True, help="Also ask the addresses of other sites whether they are there.")
def check(run: Run, no_build: bool, offline: bool, external: bool) -> int:
    """Build the site and look for faults: links, pictures, scripts and styles that lead nowhere, anchors, sitemap and
    feed, new 404s, sizes. Changes nothing in the cloud. Exits with 1 when something is found."""
    from sitepub.actions.checking.check import CheckOptions, check_project
    from sitepub.cli.check_view import annotate, report_lines, report_object
    from sitepub.cli.left_out import warning_list
    from sitepub.cli.projects import each_project
    from sitepub.cli.story import Story

    options = CheckOptions(run.local, run.profile, not no_build, offline, external)

    def one(project: Project) -> tuple[dict[str, object], int]:
        story = Story(run.terminal)
        done = check_project(project, options, run.environ, output=story.hook_line, warn=story.warn,
                             columns=story.hook_columns)
        report = done.report
        for remark in report.remarks:
            run.terminal.note(remark)
        if not run.terminal.wants_json:
            run.terminal.result("\n".join(report_lines(run.terminal, report)))
        annotate(run.terminal, report, project.root, run.environ)
        only_warns = project.checks is not None and project.checks.mode == "warn"
        result: dict[str, object] = {
            "status": "found" if report.findings else "ok", "app": project.app, "stage": project.stage,
            "name": project.name, "connected": done.connected, **report_object(report),
            "warnings": warning_list(done.warnings)}
        return result, 1 if report.findings and not only_warns else 0

    return each_project(run, "check", one)
