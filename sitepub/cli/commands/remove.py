"""``sitepub remove``: take the site down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from sitepub.cli import boundary
from sitepub.cli.options import Run, command, lock_option, yes_option
from sitepub.config.project import Project
from sitepub.errors import PartlyDone

if TYPE_CHECKING:
    from sitepub.actions.remove import RemoveOptions
    from sitepub.domains.steps import HostStep
    from sitepub.publish.removal import BucketRemoval, Removal, Removed

_SHOWN = 20


@command(project=True)
@yes_option()
@click.option("--keep-bucket", is_flag=True, help="Delete the objects, keep the bucket.")
@lock_option()
@click.option("--adopted", is_flag=True,
              help="Delete also what was in the bucket before, with the same content as the site.")
def remove(run: Run, yes: bool, keep_bucket: bool, lock_timeout: float, adopted: bool) -> int:
    """Take the site down: delete what sitepub uploaded and created, and nothing else.

    Shows first what will be deleted, what will stay, and why.
    """
    from sitepub.actions.remove import RemoveOptions
    from sitepub.cli.projects import each_project
    from sitepub.publish.locking.patience import Patience

    options = RemoveOptions(run.local, run.profile, keep_bucket, adopted, Patience(lock_timeout, run.terminal.note))
    return each_project(run, "remove", lambda project: _remove(run, project, options, yes=yes))


def _remove(run: Run, project: Project, options: RemoveOptions, *, yes: bool) -> tuple[dict[str, object], int]:
    from contextlib import contextmanager

    from sitepub.actions.host_objects import outcome_object
    from sitepub.actions.remove import remove as action
    from sitepub.cli.host_view import host_listener, step_lines
    from sitepub.cli.story import Transfer
    from sitepub.publish.progress import Progress
    from sitepub.terminal.messages import visible
    from sitepub.terminal.progress import TransferProgress
    from sitepub.terminal.sizes import counted

    terminal = run.terminal

    def approve(removal: Removal, hosts: Sequence[HostStep]) -> None:
        terminal.note("\n".join([*_removal_lines(project, removal), *step_lines(terminal, hosts)]))
        if removal.other is not None:
            terminal.warn(visible(removal.other.origin))
        terminal.confirm_or_refuse("Delete this?", yes=yes)

    @contextmanager
    def transfer() -> Iterator[Progress]:
        with TransferProgress(terminal, verb="Deleting", noun="object") as display:
            yield Transfer(display)

    report: dict[str, object] = {"status": "ok", "app": project.app, "stage": project.stage, "name": project.name,
                            "region": project.region}
    try:
        down = action(project, options, run.environ, approve=approve, transfer=transfer,
                      listener=lambda: host_listener(terminal))
    except PartlyDone as error:
        if not isinstance(error.done, tuple):
            raise
        return boundary.partly(terminal, error, {**report, "deleted": 0, "bytes": 0, "buckets": [], "left": [],
                                                 "hosts": [outcome_object(one) for one in error.done]})
    if down is None:
        terminal.result(f"There is nothing to remove: sitepub knows of no {project.name} in stage"
                        f" {project.stage} in {project.region}.")
        return {**report, "status": "unchanged", "deleted": 0, "bytes": 0, "buckets": [], "left": [],
                "hosts": []}, 0
    removed = down.removed
    for host in down.hosts:
        terminal.result(f"Took {host.host} down.")
        for words in host.left:
            terminal.result(f"  {visible(words)}")
    buckets = "".join(f", bucket {name}" for name in removed.buckets)
    terminal.result(f"Deleted {counted(removed.objects, 'object')}{buckets}.")
    for stays in removed.left:
        terminal.result(f"The bucket {stays.bucket} stays: {stays.bucket_stays}.")
    if removed.state_bucket_stays is not None:
        terminal.note(f"The state bucket stays: {removed.state_bucket_stays}.")
    return {**report, "deleted": removed.objects, "bytes": removed.bytes, "buckets": list(removed.buckets),
            "left": _left(removed),
            "hosts": [outcome_object(one) for one in down.hosts]}, 0


def _left(removed: Removed) -> list[dict[str, object]]:
    return [{"bucket": one.bucket, "why": one.bucket_stays,
             "objects": [{"key": left.key, "why": left.why} for left in one.left]} for one in removed.left]


def _removal_lines(project: Project, removal: Removal) -> Iterator[str]:
    yield f"Removing {project.name}, stage {project.stage}:"
    for bucket in removal.buckets:
        yield from _bucket_lines(bucket)
    yield "  - sitepub's records of this site: state, releases, lock"


def _bucket_lines(removal: BucketRemoval) -> Iterator[str]:
    from sitepub.terminal.messages import visible
    from sitepub.terminal.sizes import counted, human_bytes

    if not removal.exists:
        yield f"  the bucket {removal.bucket} does not exist any more"
        return
    deletions = removal.plan.deletions
    whose = (f"of the site in {removal.bucket}, {removal.adopted:,} of them there before it (--adopted)"
             if removal.adopted else f"that sitepub uploaded to {removal.bucket}")
    yield f"  - {counted(len(deletions), 'object')} ({human_bytes(removal.bytes)}) {whose}"
    yield from (f"      {visible(step.key)}" for step in deletions[:_SHOWN])
    if len(deletions) > _SHOWN:
        yield f"      … and {len(deletions) - _SHOWN:,} more"
    if removal.bucket_stays is None:
        yield f"  - the bucket {removal.bucket}, which sitepub created"
    else:
        yield f"  = the bucket {removal.bucket} stays: {removal.bucket_stays}"
    yield from (f"  = {visible(left.key)} stays: {left.why}" for left in removal.left[:_SHOWN])
    if len(removal.left) > _SHOWN:
        yield f"  = … and {len(removal.left) - _SHOWN:,} more objects stay"
