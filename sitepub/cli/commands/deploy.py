"""``sitepub deploy``: build the site and publish what changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from sitepub.cli import boundary
from sitepub.cli.options import (
    Run,
    allow_delete_option,
    allow_empty_option,
    command,
    lock_option,
    verify_option,
    yes_option,
)
from sitepub.cli.previews.option import in_preview, preview_options
from sitepub.cli.releases.part import share_options, with_share
from sitepub.config.project import Project
from sitepub.errors import PartlyDone

if TYPE_CHECKING:
    from sitepub.actions.deploying.values import Deployed, DeployOptions
    from sitepub.actions.hosts import HostsDone
    from sitepub.publish.states.state import PreviewInfo
    from sitepub.publish.unchanged.local_index import LocalIndex


@command(project=True)
@click.option("--dry-run", is_flag=True, help="Build and show the plan; change nothing.")
@click.option("--full", is_flag=True, help="With --dry-run: list each file of a large plan, not its folders only.")
@click.option("--open", "opens", is_flag=True, help="Open the site in the browser when it is live.")
@yes_option()
@click.option("-m", "--message", metavar="TEXT",
              help="Note to keep with this release; without it, the first line of the commit message.")
@preview_options()
@share_options()
@click.option("--force", is_flag=True, help="Upload every file again, changed or not.")
@click.option("--no-build", is_flag=True, help="Do not run the hook: publish the build that is there.")
@verify_option()
@allow_delete_option()
@allow_empty_option()
@lock_option()
@click.option("--no-wait", is_flag=True, help="Do not wait until the hosts are online.")
def deploy(run: Run, dry_run: bool, full: bool, opens: bool, yes: bool, message: str | None,
           preview: str | None, expires: int | None,
           traffic: float | None, replaces: str | None, force: bool, no_build: bool, verify: bool, allow_delete: bool,
           allow_empty: bool, lock_timeout: float, no_wait: bool) -> int:
    """Build the site and publish what changed.

    In a folder without a serverless.yml the projects in its child folders are deployed, one after another, after a
    question (--yes answers it).
    """
    from sitepub.actions.deploying.values import DeployOptions
    from sitepub.publish.locking.patience import Patience

    options = DeployOptions(run.local, run.profile, not no_build, verify, force, allow_delete,
                      not no_wait, allow_empty, message, Patience(lock_timeout, run.terminal.note), replaces=replaces)
    quick = not (dry_run or verify or force) and preview is None and expires is None and (
        traffic is None and replaces is None)
    if quick:
        done, opened = _quick(run, yes=yes, opens=opens)
        if done is not None:
            return done
        options = replace(options, opened=opened)
    from sitepub.cli.projects import each_project

    if dry_run:
        from sitepub.cli.commands.plan import work

        return each_project(run, "plan", lambda project: work(
            run, with_share(in_preview(run, project, preview, expires), traffic, replaces), options, full=full))
    return each_project(run, "deploy", lambda project: _deploy(
        run, with_share(in_preview(run, project, preview, expires), traffic, replaces), options, yes=yes, opens=opens),
        yes=yes)


def _quick(run: Run, *, yes: bool, opens: bool) -> tuple[int | None, LocalIndex | None]:
    """The exit code of a deploy that has nothing to do and needs not read serverless.yml to know that; else what is
    known of the folder."""
    from sitepub.actions.deploying.known_project import Given, is_known
    from sitepub.cli.story import Story

    given = Given(run.folder, run.stage, run.inputs, yes, run.local, run.profile)
    if not is_known(given, run.environ):
        return None, None
    from sitepub.actions.deploying.quick import deploy_unchanged

    done, opened = deploy_unchanged(given, Story(run.terminal, yes=yes), run.environ, partial(_begins, run))
    if done is None:
        return None, opened
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "deploy", **deployed_object(done)})
    else:
        show_deployed(run, done)
    if opens:
        _browse(run, done)
    return 0, None


def _begins(run: Run, project: Project) -> None:
    run.terminal.note(f'Action: "deploy" - Stage: "{project.stage}" - App: "{project.app}" - '
                      f'Name: "{project.name}"' + (f' - Preview: "{project.preview.name}"' if project.preview else ""))


def _deploy(run: Run, project: Project, options: DeployOptions, *, yes: bool, opens: bool
            ) -> tuple[dict[str, object], int]:
    from sitepub.actions.deploying.deploy import deploy as action
    from sitepub.actions.deploying.values import Deployed
    from sitepub.cli.story import Story

    terminal = run.terminal
    _begins(run, project)
    try:
        done: Deployed = action(project, options, Story(terminal, yes=yes), run.environ)
    except PartlyDone as error:
        if not isinstance(error.done, Deployed):
            raise
        if not terminal.wants_json:
            show_deployed(run, error.done, whole=False)
        return boundary.partly(terminal, error, deployed_object(error.done))
    from sitepub.actions.deploying.known_project import Given, remember

    remember(Given(run.folder, run.stage, run.inputs, yes, run.local, run.profile), project, run.environ)
    if not terminal.wants_json:
        show_deployed(run, done)
    if opens:
        _browse(run, done)
    return deployed_object(done), 0


def _browse(run: Run, done: Deployed) -> None:
    """Show the site at its first host, else at its own address."""
    from sitepub.cli.browse import browse

    hosts = {} if done.preview is not None else done.cloud.host_urls(done.project)
    browse(run, next(iter(hosts.values()), done.url))


def show_deployed(run: Run, done: Deployed, *, whole: bool = True) -> None:
    from sitepub.cli.left_out import left_out_lines
    from sitepub.publish.outcome import Status
    from sitepub.terminal.qr import qr_code
    from sitepub.terminal.sizes import counted, human_seconds

    terminal, counts = run.terminal, done.outcome.counts
    parts = [(counts.uploaded, "uploaded"), (counts.copied, "copied on the server"),
             (counts.headers, "given new headers"), (counts.deleted, "deleted"),
             (len(done.outcome.retained), "kept for tabs that are open")]
    words = [f"{number:,} {what}" for number, what in parts if number]
    if done.outcome.status is Status.UNCHANGED:
        terminal.note(f"Nothing to do: {counted(counts.unchanged, 'file')} {'is' if counts.unchanged == 1 else 'are'}"
                      " up to date.")
    else:
        terminal.note(", ".join([*words, f"{counts.unchanged:,} unchanged"]))
    for line in left_out_lines(done.left_out):
        terminal.note(line)
    if done.marked is not None and done.outcome.release_id is not None:
        terminal.note(f"Marked {done.outcome.release_id} as {done.marked}.")
    terminal.note()
    terminal.result(f"region:  {done.project.region}\nwebsite: {terminal.style(done.url, 'bold')}")
    if done.preview is not None:
        from sitepub.cli.left_out import moment

        terminal.result(f"preview: {done.preview.name}, until {moment(done.preview.expires)}")
    if done.hosts is not None:
        from sitepub.cli.host_view import done_lines

        lines = list(done_lines(terminal, done.project, done.cloud, done.hosts))
        if lines:
            terminal.result("\n".join(lines))
    if done.share is not None:
        from sitepub.cli.releases.part import percent

        terminal.result(f"share:   {percent(done.share.share)} of the visitors get {done.share.release}")
    if done.slots is not None:
        from sitepub.cli.slot_view import report_lines

        for line in report_lines(done.slots):
            terminal.note(line)
    if not whole:
        return
    if not terminal.quiet and not terminal.wants_json:
        code = qr_code(terminal, done.url)
        if code is not None:
            terminal.result(f"\n{code}")
    terminal.note(f"\n{human_seconds(done.seconds)} > {done.project.name} > Success")


def deployed_object(done: Deployed) -> dict[str, object]:
    """What programs get."""
    from sitepub.cli.left_out import checks_object, left_out_objects, retained_objects, warning_list

    project, outcome = done.project, done.outcome
    counts = outcome.counts
    return {
        "status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
        "region": project.region, "bucket": done.bucket, "url": done.url,
        "changes": {"uploaded": counts.uploaded, "copied": counts.copied, "headers": counts.headers,
                    "deleted": counts.deleted, "unchanged": counts.unchanged},
        "bytes": outcome.bytes_sent, "seconds": round(done.seconds, 3),
        "release": outcome.release_id,
        "marked": done.marked,
        "retained": retained_objects(outcome.retained),
        "hosts": _host_objects(done, done.hosts) if done.hosts is not None else [],
        **_slots_object(done),
        **({"share": {"release": done.share.release, "part": done.share.share}} if done.share is not None else {}),
        **({"preview": _preview_object(done.preview)} if done.preview is not None else {}),
        "previews_removed": list(done.expired),
        "left_out": left_out_objects(done.left_out),
        **checks_object(done.report),
        "notified": [{"service": one.service, "host": one.host, "sent": one.sent, "total": one.total,
                      "failed": one.failed or None} for one in done.notified],
        "warnings": warning_list(done.warnings),
    }


def _slots_object(done: Deployed) -> dict[str, object]:
    if done.slots is None:
        return {}
    from sitepub.cli.slot_view import report_object

    return {"slots": report_object(done.slots)}


def _preview_object(info: PreviewInfo) -> dict[str, object]:
    from datetime import UTC, datetime

    return {"name": info.name, "branch": info.branch, "expires": datetime.fromtimestamp(info.expires, UTC).isoformat()}


def _host_objects(done: Deployed, hosts: HostsDone) -> list[dict[str, object]]:
    from sitepub.actions.host_objects import host_objects

    urls = done.cloud.host_urls(done.project)
    return [{**one, "url": urls.get(one["host"])} for one in host_objects(done.project, hosts.steps, hosts)]
