"""``sitepub prune``: remove the stages of branches that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sitepub.cli import boundary
from sitepub.cli.options import Run, command, lock_option
from sitepub.config.project import Project
from sitepub.terminal.messages import visible

if TYPE_CHECKING:
    from sitepub.actions.releases.prune import Judged
    from sitepub.actions.remove import RemoveOptions


@command(project=True)
@click.option("--merged", is_flag=True, help="Stages whose git branch was merged or deleted.")
@click.option("--yes", "-y", is_flag=True, help="Remove them; without it they are only listed.")
@lock_option()
def prune(run: Run, merged: bool, yes: bool, lock_timeout: float) -> int:
    """List the stages of this site whose git branch was merged or deleted; with --yes, remove them.

    The branch is the one that the live release of a stage was made of. The stage of this folder and those that
    serverless.yml protects always stay, and so does one that was published from several branches. What cannot be known
    here is said, and stays.
    """
    from sitepub.actions.remove import RemoveOptions
    from sitepub.cli.projects import each_project
    from sitepub.errors import UsageError
    from sitepub.publish.locking.patience import Patience

    if not merged:
        raise UsageError("say what to prune: --merged", hint="previews: sitepub previews prune")
    options = RemoveOptions(run.local, run.profile, patience=Patience(lock_timeout, run.terminal.note))
    return each_project(run, "prune", lambda project: _prune(run, project, options, yes=yes))


def _prune(run: Run, project: Project, options: RemoveOptions, *, yes: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.prune import judge
    from sitepub.cli.commands.remove import remove_site
    from sitepub.config.load import load_project
    from sitepub.errors import Interrupted, PartlyDone, SitepubError

    terminal = run.terminal

    def load(stage: str) -> Project:
        return load_project(project.file, stage=stage, inputs=run.inputs, environ=run.environ, new_region=True)

    found = judge(project, load, local=run.local, profile=run.profile, environ=run.environ)
    going = [one for one in found if one.goes]
    for one in going:
        terminal.result(f"{one.stage.stage}: {visible(one.why)}")
    for one in found:
        if not one.goes:
            terminal.note(f"{one.stage.stage} stays: {visible(one.why)}")
    if not going:
        terminal.result("There is no stage to remove.")
    elif not yes:
        terminal.note("To remove them: sitepub prune --merged --yes")
    removed: list[dict[str, object]] = []
    failed: list[str] = []
    for one in going if yes else ():
        assert one.project is not None
        try:
            done, code = remove_site(run, one.project, options, yes=True, release=one.stage.release)
        except Interrupted:
            raise
        except SitepubError as error:
            failed.append(f"{one.stage.stage}: {error.message}")
            continue
        removed.append(done)
        if code:
            failed.append(f"{one.stage.stage}: a part of it is still there")
    report: dict[str, Any] = {"status": "ok", "app": project.app, "name": project.name,
                              "stages": [_object(one) for one in found], "removed": removed}
    if failed:
        return boundary.partly(terminal, PartlyDone("not removed:\n" + "\n".join(f"  {words}" for words in failed),
                                                    hint="run the same command again to do the rest"), report)
    return report, 0


def _object(one: Judged) -> dict[str, object]:
    release = one.stage.release
    return {"stage": one.stage.stage, "region": one.stage.region, "goes": one.goes, "why": one.why,
            "branch": release.branch if release is not None else None}
