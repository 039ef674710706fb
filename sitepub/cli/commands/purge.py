"""``sitepub purge``: take old answers out of the caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli import boundary
from sitepub.cli.options import Run, command
from sitepub.config.project import Project
from sitepub.errors import PartlyDone, UsageError

if TYPE_CHECKING:
    from sitepub.actions.purge import Done, PurgeOptions


@command(project=True)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Purge everything, of every host.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the edge has finished.")
def purge(run: Run, paths: tuple[str, ...], everything: bool, no_wait: bool) -> int:
    """Purge the caches of the hosts.

    PATH is a page as visitors ask for it (/about/), a file (/css/site.css), a folder with all below it
    (/posts/*), or an address of one host (https://www.example.com/about/). A query (/about/?page=2) is
    purged as it is written. Without PATH: what deploys have changed and not purged yet.
    """
    from sitepub.actions.purge import PurgeOptions
    from sitepub.cli.projects import each_project

    if everything and paths:
        raise UsageError("--all purges everything: leave the paths out, or --all")
    options = PurgeOptions(run.local, run.profile, everything, not no_wait)
    return each_project(run, "purge", lambda project: _purge(run, project, paths, options))


def _purge(run: Run, project: Project, paths: tuple[str, ...], options: PurgeOptions) -> tuple[dict[str, object], int]:
    from sitepub.actions.purge import purge as action
    from sitepub.cli.host_view import host_listener

    try:
        done = action(project, paths, options, run.environ, lambda: host_listener(run.terminal))
    except PartlyDone as error:
        return done_before(run, project, error)
    if not done.hosts:
        run.terminal.result(_nothing(project))
    return purged_object(project, done), 0


def done_before(run: Run, project: Project, error: PartlyDone) -> tuple[dict[str, object], int]:
    """What was done although some of it failed. Raises the error itself when that is nothing."""
    from sitepub.actions.purge import Done

    if not isinstance(error.done, Done):
        raise error
    return boundary.partly(run.terminal, error, purged_object(project, error.done))


def _nothing(project: Project) -> str:
    if any(host.edge != "cos" for host in project.hosts):
        return "Nothing is waiting to be purged. Name paths, or --all."
    return "The project has no hosts with a cache (inputs.hosts)."


def purged_object(project: Project, done: Done) -> dict[str, object]:
    """For programs."""
    return {"status": "ok" if done.hosts else "unchanged", "app": project.app, "stage": project.stage,
            "name": project.name, "hosts": [
                {"host": one.host, "addresses": one.addresses, "folders": one.folders,
                 "everything": one.everything, "tasks": list(one.tasks), "done": one.done, "failed": one.failed}
                for one in done.hosts]}
