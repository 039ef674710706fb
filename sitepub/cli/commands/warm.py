"""``sitepub warm``: prefetch pages into the caches before visitors ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command
from sitepub.config.project import Project
from sitepub.errors import PartlyDone

if TYPE_CHECKING:
    from sitepub.actions.purge import PurgeOptions


@command(project=True)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
def warm(run: Run, paths: tuple[str, ...]) -> int:
    """Bring pages into the caches of the hosts.

    PATH is what visitors ask for: /about/, /css/site.css, or https://www.example.com/about/. Without PATH: what
    hosts[].pushCdn names, else the pages of the live site.
    """
    from sitepub.actions.purge import PurgeOptions
    from sitepub.cli.projects import each_project

    options = PurgeOptions(run.local, run.profile)
    return each_project(run, "warm", lambda project: _warm(run, project, paths, options))


def _warm(run: Run, project: Project, paths: tuple[str, ...], options: PurgeOptions) -> tuple[dict[str, object], int]:
    from sitepub.actions.purge import warm as action
    from sitepub.cli.commands.purge import done_before, purged_object
    from sitepub.cli.host_view import host_listener
    from sitepub.terminal.sizes import counted

    try:
        done = action(project, paths, options, run.environ, lambda: host_listener(run.terminal))
    except PartlyDone as error:
        return done_before(run, project, error)
    if not done.hosts:
        run.terminal.result("Nothing to warm: no hosts with a cache, or no pages.")
    if done.left_out:
        run.terminal.note(f"{counted(done.left_out, 'page')} left out: a day has a limited number of prefetches."
                          " Name the ones that matter.")
    return {**purged_object(project, done), "left_out": done.left_out}, 0
