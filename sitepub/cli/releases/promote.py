"""``sitepub promote``: make live in one stage what is live in another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, allow_delete_option, command, lock_option, verify_option, yes_option
from sitepub.cli.releases.part import share_options, with_share
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.releases.go_live import GoLiveOptions

_DEFAULT = "prod"


@command(project=True)
@click.option("--to", metavar="STAGE", help="Where it goes live; prod by default.")
@click.option("--preview", metavar="NAME", help="Make a preview live in its own stage, or in that of --to.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@yes_option()
@click.option("-m", "--message", metavar="TEXT", help="Note to keep with the new release.")
@verify_option()
@allow_delete_option()
@share_options()
@lock_option()
@click.option("--no-wait", is_flag=True, help="Do not wait for purges.")
@click.argument("stage_", metavar="[STAGE]", required=False)
def promote(run: Run, to: str | None, preview: str | None, dry_run: bool, yes: bool, message: str | None, verify: bool,
            allow_delete: bool, traffic: float | None, replaces: str | None, lock_timeout: float, no_wait: bool,
            stage_: str | None) -> int:
    """Make live in another stage exactly what is live in STAGE: its files, their headers and the website settings.

    Nothing is built or uploaded: the cloud copies, also from bucket to bucket and from region to region. It is a
    release of the other stage, so it can be undone with rollback. Hosts are left as they are, and what changed is
    purged from their caches. What serverless.yml says of the two stages in a different way is shown first, because a
    build may hold it. Of a preview (--preview) everything goes live but its robots.txt: the site has its own.
    """
    from sitepub.actions.releases.go_live import GoLiveOptions
    from sitepub.cli.projects import each_project
    from sitepub.errors import UsageError
    from sitepub.publish.locking.patience import Patience

    if (stage_ is None) is (preview is None):
        raise UsageError("name a stage or a preview, one of them" if stage_ is None else
                         "a stage and a preview cannot be promoted together",
                         hint="sitepub promote STAGE, or sitepub promote --preview NAME")
    options = GoLiveOptions(run.local, run.profile, verify, allow_delete, not no_wait,
                            Patience(lock_timeout, run.terminal.note), replaces)
    if preview is not None:
        return each_project(run, "promote", lambda project: _promote_preview(
            run, with_share(project, traffic, replaces), preview, to, options, message, dry_run=dry_run, yes=yes),
                            yes=yes or dry_run)
    assert stage_ is not None
    if to is not None and run.stage is not None and to != run.stage:
        raise UsageError(f"--to {to} and --stage {run.stage} name two stages", hint="--to says where it goes live")
    target = to or run.stage or _DEFAULT
    if target == stage_:
        raise UsageError(f"{target} is the same stage", hint="sitepub promote STAGE --to ANOTHER")
    return each_project(replace(run, stage=target), "promote", lambda project: _promote(
        run, with_share(project, traffic, replaces), stage_, options, message, dry_run=dry_run, yes=yes),
                        yes=yes or dry_run)


def _promote(run: Run, target: Project, stage: str, options: GoLiveOptions, message: str | None, *, dry_run: bool,
             yes: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.promote import promotion
    from sitepub.cli.releases.rollback import show_going_live
    from sitepub.config.load import load_project

    # Regions may differ: what looks at a site goes where it may be.
    source = load_project(target.file, stage=stage, inputs=run.inputs, environ=run.environ, new_region=True)
    with promotion(source, target, message, run.environ) as chosen:
        return show_going_live(run, target, options, chosen.choose, dry_run=dry_run, yes=yes)


def _promote_preview(run: Run, project: Project, name: str, to: str | None, options: GoLiveOptions, message: str | None,
                     *, dry_run: bool, yes: bool) -> tuple[dict[str, object], int]:
    """``project``: the stage that the preview belongs to."""
    from sitepub.actions.releases.promote import promotion
    from sitepub.cli.releases.rollback import show_going_live
    from sitepub.config.load import load_project
    from sitepub.publish.previews.names import known

    target = project if to is None else replace(
        load_project(project.file, stage=to, inputs=run.inputs, environ=run.environ), traffic=project.traffic)
    with promotion(known(name, project), target, message, run.environ) as chosen:
        return show_going_live(run, target, options, chosen.choose, dry_run=dry_run, yes=yes)
