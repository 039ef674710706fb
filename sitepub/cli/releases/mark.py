"""``sitepub mark``: give a release a name, such as stable."""

from __future__ import annotations

import click

from sitepub.cli.options import Run, command
from sitepub.config.project import Project


@command(project=True)
@click.option("--remove", is_flag=True, help="Remove the name.")
@click.argument("release", metavar="RELEASE")
@click.argument("name", metavar="NAME")
def mark(run: Run, release: str, name: str, remove: bool) -> int:
    """Give a release a name: sitepub mark live stable.

    RELEASE is an id of sitepub releases, its beginning, live, or a name. A release with a name is kept with its content
    for as long as it has one. The same name may be given again: it then means the release that got it last.
    """
    from sitepub.cli.projects import each_project

    return each_project(run, "mark", lambda project: _mark(run, project, release, name, remove=remove))


def _mark(run: Run, project: Project, release: str, name: str, *, remove: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.history import mark as action

    id, changed = action(project, release, name, remove=remove, local=run.local, profile=run.profile,
                         environ=run.environ)
    if not changed:
        words = f"Release {id} does not have the name {name}." if remove else f"Release {id} is {name} already."
    else:
        words = f"Release {id} is no longer {name}." if remove else f"Release {id} is {name} now."
    run.terminal.result(words)
    return {"status": "ok", "release": id, "name": name, "removed": remove, "changed": changed}, 0
