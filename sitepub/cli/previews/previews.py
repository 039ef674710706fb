"""``sitepub previews``: list the previews of the site, remove them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sitepub.cli.options import Run, command, lock_option, yes_option
from sitepub.cli.previews.group import ProjectGroup
from sitepub.cli.previews.open import open_
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.remove import RemoveOptions
    from sitepub.domains.steps import HostStep
    from sitepub.publish.removal_plan import Removal

_LIST = """List the previews of the site: name, branch, age, who, commit, until when, address.

A preview is made by `sitepub deploy --preview`.
"""


@command(project=True)
def list_(run: Run) -> int:
    """List the previews of the site: name, branch, age, who, commit, until when, address."""
    from sitepub.cli.projects import each_project

    return each_project(run, "previews", lambda project: _list(run, project))


def _list(run: Run, project: Project) -> tuple[dict[str, object], int]:
    from sitepub.actions.previews.removing import list_previews
    from sitepub.cli.previews.view import as_object, row
    from sitepub.terminal.tables import table

    found = list_previews(project, local=run.local, profile=run.profile, environ=run.environ)
    if found:
        run.terminal.result(table(run.terminal, ("preview", "branch", "age", "by", "commit", "until", "address"),
                                  [row(one) for one in found]))
    else:
        run.terminal.result(f"{project.name} has no preview in stage {project.stage}."
                            " Make one: sitepub deploy --preview")
    return {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
            "previews": [as_object(one) for one in found]}, 0


@command(project=True)
@click.argument("name", metavar="NAME")
@yes_option()
@lock_option()
def remove(run: Run, name: str, yes: bool, lock_timeout: float) -> int:
    """Remove a preview: its bucket, its host and what was made for it."""
    from sitepub.actions.remove import RemoveOptions
    from sitepub.cli.projects import each_project
    from sitepub.publish.locking.patience import Patience

    options = RemoveOptions(run.local, run.profile, patience=Patience(lock_timeout, run.terminal.note))
    return each_project(run, "previews remove", lambda project: _remove(run, project, name, options, yes=yes))


def _remove(run: Run, project: Project, name: str, options: RemoveOptions, *, yes: bool
            ) -> tuple[dict[str, object], int]:
    from sitepub.actions.previews.removing import take_down
    from sitepub.cli.host_view import step_lines
    from sitepub.cli.previews.view import RemovalView, removed_lines, removed_object, route_lines
    from sitepub.errors import NotFound
    from sitepub.publish.previews.names import safe_name

    terminal, shown = run.terminal, safe_name(name)

    def approve(removal: Removal, hosts: Sequence[HostStep]) -> None:
        from sitepub.cli.commands.remove import bucket_lines

        terminal.note(f"Removing the preview {shown} of {project.name}, stage {project.stage}:")
        terminal.note("\n".join([line for one in removal.buckets for line in bucket_lines(one)]
                                + list(route_lines(removal)) + list(step_lines(terminal, hosts))))
        terminal.confirm_or_refuse("Delete this?", yes=yes)

    down = take_down(project, name, options, run.environ, RemovalView(terminal), approve)
    if down is None:
        raise NotFound(f"there is no preview {shown or name} of {project.name} in stage {project.stage}",
                       code="NoSuchPreview", status=404, hint="sitepub previews lists them")
    for line in removed_lines(shown, down):
        terminal.result(line)
    return {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
            "removed": [removed_object(shown, down)]}, 0


@command(project=True)
@click.option("--dry-run", is_flag=True, help="Show which would go, and why; change nothing.")
@yes_option()
@lock_option()
def prune(run: Run, dry_run: bool, yes: bool, lock_timeout: float) -> int:
    """Remove the previews that have expired, and those whose git branch was merged or deleted.

    The latter after a question. A branch counts as deleted only where this repository must know of it: it was
    deployed from here, or all branches were fetched since.
    """
    from sitepub.actions.remove import RemoveOptions
    from sitepub.cli.projects import each_project
    from sitepub.publish.locking.patience import Patience

    options = RemoveOptions(run.local, run.profile, patience=Patience(lock_timeout, run.terminal.note))
    return each_project(run, "previews prune", lambda project: _prune(run, project, options, dry_run=dry_run, yes=yes))


def _prune(run: Run, project: Project, options: RemoveOptions, *, dry_run: bool, yes: bool
           ) -> tuple[dict[str, object], int]:
    from sitepub.actions.previews.pruning import to_prune
    from sitepub.actions.previews.removing import clear_leftovers, list_previews, take_down_all
    from sitepub.cli.previews.view import RemovalView, removed_lines, removed_object
    from sitepub.errors import PartlyDone
    from sitepub.terminal.messages import visible

    terminal = run.terminal
    found = list_previews(project, local=run.local, profile=run.profile, environ=run.environ)
    going = to_prune(project, found, run.environ)
    report: dict[str, Any] = {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
                              "previews": [{"name": one.preview.name, "why": one.why} for one in going.previews],
                              "removed": []}
    for words in going.notes:
        terminal.note(visible(words))
    for one in going.previews:
        terminal.result(f"{one.preview.name}: {visible(one.why)}")
    if not going.previews:
        terminal.result("There is no preview to remove.")
    if not dry_run:
        clear_leftovers(project, local=run.local, profile=run.profile, environ=run.environ)
    if dry_run or not going.previews:
        return report, 0
    expired = [one.preview for one in going.previews if one.preview.expired]
    others = [one.preview for one in going.previews if not one.preview.expired]
    view = RemovalView(terminal)
    gone = take_down_all(project, expired, options, run.environ, view)
    if others:
        terminal.confirm_or_refuse("Remove those whose branch is merged or deleted?", yes=yes)
        gone += take_down_all(project, others, options, run.environ, view)
    for each in gone:
        if each.down is not None:
            report["removed"].append(removed_object(each.preview.name, each.down))
            for line in removed_lines(each.preview.name, each.down):
                terminal.result(line)
    failed = [each for each in gone if each.error is not None]
    if failed:
        raise PartlyDone("\n".join(f"{each.preview.name}: {each.error}" for each in failed),
                         hint="run the same command again to do the rest")
    return report, 0


previews = ProjectGroup("previews", _LIST, list_, [list_, open_, prune, remove])
"""Without a subcommand: the list."""
