"""``sitepub info``: where the site is and what is live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitepub.cli.options import Run, command
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.actions.info import Info


@command(project=True)
def info(run: Run) -> int:
    """Show where the site is, what is live, and what differs from the project."""
    from sitepub.cli.projects import each_project

    return each_project(run, "info", lambda project: _info(run, project))


def _info(run: Run, project: Project) -> tuple[dict[str, object], int]:
    from sitepub.actions.info import info as action
    from sitepub.cli.left_out import retained_objects
    from sitepub.terminal.moments import dated
    from sitepub.terminal.sizes import counted, human_bytes
    from sitepub.terminal.tables import pairs

    found = action(project, local=run.local, profile=run.profile, environ=run.environ)
    release = found.release
    rows = [("app", project.app), ("stage", project.stage), ("name", project.name), ("bucket", found.bucket),
            ("region", found.region), ("website", found.url),
            ("files", f"{counted(found.files, 'file')}, {human_bytes(found.bytes)}")]
    if release is not None:
        changed = "+" if (release.commit or "").endswith("+") else ""
        commit = f", commit {release.commit[:12]}{changed}" if release.commit else ""
        rows.append(("last deploy", f"{dated(release.at)} by {release.by}{commit}\nrelease {release.id}"))
    else:
        rows.append(("last deploy", "none was finished"))
    if found.unfinished is not None:
        rows.append(("unfinished", f"the deploy that {found.unfinished.by} began {dated(found.unfinished.started)}"
                                   + (" is still running" if found.running else " did not end")))
    if found.retained:
        from sitepub.cli.left_out import moment

        last = max(entry.until for entry in found.retained.values())
        rows.append(("kept", f"{counted(len(found.retained), 'file')} that the site has dropped, for tabs that are"
                             f" open, until {moment(last)} at the latest"))
    if found.slots is not None:
        from sitepub.cli.slot_view import slot_lines

        rows.append(("slots", "\n".join(slot_lines(found.slots, found.whole))))
    for share in found.shares:
        from sitepub.cli.releases.part import percent

        rows.append(("share", f"{percent(share.share)} of the visitors get {share.release}, since"
                              f" {dated(share.since)} by {share.by}"))
    rows.append(("drift", "\n".join(found.drift) or "none"))
    if found.former:
        rows.append(("former", "\n".join(found.former)))
    if found.hosts:
        from sitepub.cli.host_view import report_lines

        rows += [("host", "\n".join([*report_lines(one), *_here(found, one.host)])) for one in found.hosts]
    if found.addresses:
        rows.append(("authority", f"{found.authority} (let your browser trust it, or use curl --cacert)"))
    run.terminal.result(pairs(run.terminal, rows))
    return {
        "status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
        "bucket": found.bucket, "region": found.region, "url": found.url, "files": found.files,
        "bytes": found.bytes,
        "last_deploy": None if release is None else {
            "release": release.id, "at": release.at, "by": release.by, "commit": release.commit,
            "message": release.message},
        "unfinished": None if found.unfinished is None else {
            "since": found.unfinished.started, "by": found.unfinished.by, "running": found.running},
        "retained": retained_objects(found.retained), "drift": list(found.drift), "former_buckets": list(found.former),
        "hosts": [{**one.as_object(), "url": found.addresses.get(one.host)} if found.addresses else one.as_object()
                  for one in found.hosts],
        **({"authority": found.authority} if found.authority else {}), **_slots(found), **_share(found),
    }, 0


def _here(found: Info, host: str) -> list[str]:
    return [f"  on this computer: {found.addresses[host]}"] if host in found.addresses else []


def _slots(found: Info) -> dict[str, object]:
    if found.slots is None:
        return {}
    from sitepub.cli.slot_view import slots_object

    return {"slots": slots_object(found.slots, found.whole)}


def _share(found: Info) -> dict[str, object]:
    share = next(iter(found.shares), None)
    return {} if share is None else {"share": {"release": share.release, "part": share.share, "since": share.since,
                                               "by": share.by}}
