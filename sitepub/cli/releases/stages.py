"""``sitepub stages``: where else the app is live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitepub.cli.options import Run, command
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.releases.stages import Stage


@command(project=True)
def stages(run: Run) -> int:
    """List all stages of the app: address, live release, who published it and when, commit."""
    from sitepub.cli.projects import each_project

    return each_project(run, "stages", lambda project: _stages(run, project))


def _stages(run: Run, project: Project) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.stages import stages as action
    from sitepub.terminal.tables import table

    found = action(project, local=run.local, profile=run.profile, environ=run.environ)
    if found:
        several = len({one.name for one in found}) > 1
        run.terminal.result(table(run.terminal, ("stage", "release", "age", "by", "commit", "address"), [
            _row(one, several=several) for one in found]))
    else:
        run.terminal.result(f"{project.app} is live in no stage.")
    return {"status": "ok", "app": project.app, "stages": [_object(one) for one in found]}, 0


def _row(one: Stage, *, several: bool) -> tuple[str, ...]:
    from sitepub.terminal.moments import age_of

    stage = f"{one.stage} ({one.name})" if several else one.stage
    if one.problem:
        return (stage, "", "", "", "", one.problem)
    info = one.release
    unfinished = " (a deploy has not ended)" if one.unfinished else ""
    if info is None:
        return (stage, "none was finished", "", "", "", one.url + unfinished)
    changed = "+" if (info.commit or "").endswith("+") else ""
    return (stage, info.id, age_of(info.at), info.by, f"{info.commit[:8]}{changed}" if info.commit else "",
            one.url + unfinished)


def _object(one: Stage) -> dict[str, object]:
    info = one.release
    return {"stage": one.stage, "name": one.name, "region": one.region, "bucket": one.bucket, "url": one.url,
            "hosts": list(one.hosts), "unfinished": one.unfinished, **({"problem": one.problem} if one.problem else {}),
            "release": None if info is None else {
                "id": info.id, "at": info.at, "by": info.by, "commit": info.commit, "message": info.message}}
