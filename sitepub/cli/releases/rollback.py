"""``sitepub rollback``: make an earlier release live again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, allow_delete_option, command, lock_option, verify_option, yes_option
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.releases.go_live import Choose, GoLiveOptions


@command(project=True)
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@yes_option()
@click.option("-m", "--message", metavar="TEXT", help="Note to keep with the new release.")
@verify_option()
@allow_delete_option()
@lock_option()
@click.option("--no-wait", is_flag=True, help="Do not wait for purges.")
@click.argument("release", metavar="[RELEASE]", required=False)
def rollback(run: Run, dry_run: bool, yes: bool, message: str | None, verify: bool, allow_delete: bool,
             lock_timeout: float, no_wait: bool, release: str | None) -> int:
    """Make an earlier release live again: its files, their headers and the website settings.

    RELEASE is an id of sitepub releases, its beginning, or a name (sitepub mark). Without it, the release before the
    live one; after a rollback, the one before that. Nothing is built or uploaded: the cloud copies. It makes a release
    of its own, so it can be undone in the same way. Hosts are left as they are, and what changed is purged from their
    caches.
    """
    from sitepub.actions.releases.go_live import GoLiveOptions
    from sitepub.actions.releases.rollback import released
    from sitepub.cli.projects import each_project
    from sitepub.publish.locking.patience import Patience

    options = GoLiveOptions(run.local, run.profile, verify, allow_delete, not no_wait,
                            Patience(lock_timeout, run.terminal.note))
    choose = released(release, message, local=run.local)
    return each_project(run, "rollback", lambda project: show_going_live(
        run, project, options, choose, dry_run=dry_run, yes=yes), yes=yes or dry_run)


def show_going_live(run: Run, project: Project, options: GoLiveOptions, choose: Choose, *, dry_run: bool, yes: bool
                    ) -> tuple[dict[str, object], int]:
    """Plan it or do it, and show it."""
    from sitepub.actions.deploying.values import Deployed
    from sitepub.actions.releases.go_live import go_live, plan_to_go_live
    from sitepub.cli import boundary
    from sitepub.cli.commands.deploy import deployed_object, show_deployed
    from sitepub.cli.plan_view import plan_lines, plan_object
    from sitepub.cli.story import Story
    from sitepub.errors import PartlyDone, Problem

    terminal = run.terminal
    story = Story(terminal, yes=yes)
    if dry_run:
        planned, chosen = plan_to_go_live(project, options, story, run.environ, choose)
        if not terminal.wants_json:
            terminal.result(f"Release {chosen.release}")
            terminal.result("\n".join(plan_lines(terminal, planned)))
            for warning in planned.warnings:
                terminal.warn(warning)
            if planned.refusal is not None:
                terminal.warn(Problem(f"this would be refused: {planned.refusal.message}", hint=planned.refusal.hint))
        return {**plan_object(planned), "of": chosen.release}, 0
    try:
        done, chosen = go_live(project, options, story, run.environ, choose)
    except PartlyDone as error:
        if not isinstance(error.done, Deployed):
            raise
        if not terminal.wants_json:
            show_deployed(run, error.done, whole=False)
        return boundary.partly(terminal, error, deployed_object(error.done))
    if not terminal.wants_json:
        show_deployed(run, done)
        terminal.note(f"Live: {chosen.release}")
    return {**deployed_object(done), "of": chosen.release}, 0
