"""``sitepub releases``: what was published, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.releases.history import Listed
    from sitepub.publish.states.state import LiveShare

_SHOWN = 20


@command(project=True)
@click.option("--all", "all_", is_flag=True, help="Show all releases, not the newest 20.")
def releases(run: Run, all_: bool) -> int:
    """List what was published: release, age, who, commit, message, changes, names, and which one is live.

    A release that is no longer kept with its content is shown in brackets: it cannot go live again.
    """
    from sitepub.cli.projects import each_project

    return each_project(run, "releases", lambda project: _releases(run, project, all_=all_))


def _releases(run: Run, project: Project, *, all_: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.history import history
    from sitepub.terminal.sizes import counted
    from sitepub.terminal.tables import table

    found = history(project, count=10**6 if all_ else _SHOWN, local=run.local, profile=run.profile,
                    environ=run.environ)
    if found.releases:
        rows = [*map(_share_row, found.shares), *map(_row, found.releases)]
        run.terminal.result(table(run.terminal, ("release", "age", "by", "commit", "changes", "", "message"), rows))
    if found.total > len(found.releases):
        run.terminal.note(f"{counted(found.total - len(found.releases), 'older release')}: sitepub releases --all")
    return {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name, "total": found.total,
            "releases": [_object(one) for one in found.releases],
            **({"shares": [_share(one) for one in found.shares]} if found.shares else {})}, 0


def _share(one: LiveShare) -> dict[str, object]:
    return {"release": one.release, "part": one.share, "since": one.since, "by": one.by, "commit": one.commit,
            "branch": one.branch, "message": one.message}


def _share_row(one: LiveShare) -> tuple[str, ...]:
    from sitepub.cli.releases.part import percent
    from sitepub.terminal.moments import age_of

    return (one.release, age_of(one.since), one.by, (one.commit or "")[:8], "", f"share of {percent(one.share)}",
            (one.message or "").splitlines()[0] if one.message else "")


def _row(one: Listed) -> tuple[str, ...]:
    from sitepub.terminal.moments import age_of

    release = one.release
    names = ", ".join([*(["live"] if one.live else []), *(f"slot {slot}" for slot in one.slots), *one.marks])
    if release is not None and release.info.of:
        names = ", ".join(filter(None, [names, f"as {release.info.of.partition('-')[0]}"]))
    if release is None:
        return (f"({one.id})", "", "", "", "", names, one.problem)
    info, record = release.info, release.record
    changed = "+" if (info.commit or "").endswith("+") else ""
    commit = f"{info.commit[:8]}{changed}" if info.commit else ""
    changes = f"{record.uploaded + record.copied + record.headers} written"
    changes += f", {record.deleted} deleted" if record.deleted else ""
    return (one.id if release.kept else f"({one.id})", age_of(info.at), info.actor or info.by, commit, changes, names,
            (info.message or "").splitlines()[0] if info.message else "")


def _object(one: Listed) -> dict[str, object]:
    base: dict[str, object] = {"id": one.id, "live": one.live, "marks": list(one.marks),
                               **({"slots": list(one.slots)} if one.slots else {})}
    if one.release is None:
        return {**base, "problem": one.problem}
    info, record = one.release.info, one.release.record
    return {**base, "at": info.at, "by": info.by, "commit": info.commit, "branch": info.branch,
            "message": info.message, "where": info.where, "actor": info.actor, "request": info.request,
            "of": info.of or None, "seconds": info.seconds,
            "files": info.files, "bytes": info.bytes, "uploaded": record.uploaded, "copied": record.copied,
            "headers": record.headers, "deleted": record.deleted, "unchanged": record.unchanged,
            "bucket": record.bucket, "region": record.region, "kept": one.release.kept}
