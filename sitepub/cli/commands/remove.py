"""``sitepub remove``: take the site down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from sitepub.cli import boundary
from sitepub.cli.options import Run, command, lock_option, yes_option
from sitepub.config.project import Project
from sitepub.errors import PartlyDone, Refused
from sitepub.terminal.messages import visible

if TYPE_CHECKING:
    from sitepub.actions.remove import RemoveOptions
    from sitepub.domains.steps import HostStep
    from sitepub.publish.previews.found import Preview
    from sitepub.publish.removal_plan import BucketRemoval, Removal, Removed
    from sitepub.publish.states.state import ReleaseInfo

_SHOWN = 20


@command(project=True)
@yes_option()
@click.option("--keep-bucket", is_flag=True, help="Delete the objects, keep the bucket.")
@lock_option()
@click.option("--adopted", is_flag=True,
              help="Also delete objects that were there before sitepub and have the same content as the site's.")
def remove(run: Run, yes: bool, keep_bucket: bool, lock_timeout: float, adopted: bool) -> int:
    """Take the site down: delete what sitepub uploaded and created, and nothing else. Its previews go with it.

    Shows first what will be deleted, what will stay, and why.
    """
    from sitepub.actions.remove import RemoveOptions
    from sitepub.cli.projects import each_project
    from sitepub.publish.locking.patience import Patience

    options = RemoveOptions(run.local, run.profile, keep_bucket, adopted, Patience(lock_timeout, run.terminal.note))
    return each_project(run, "remove", lambda project: remove_site(run, project, options, yes=yes))


def remove_site(run: Run, project: Project, options: RemoveOptions, *, yes: bool, release: ReleaseInfo | None = None
                ) -> tuple[dict[str, object], int]:
    """Show what goes, ask, remove it. ``release``: what must still be live, else it stays."""
    from contextlib import contextmanager

    from sitepub.actions.host_objects import outcome_object
    from sitepub.actions.remove import remove as action
    from sitepub.cli.host_view import host_listener, step_lines
    from sitepub.cli.story import Transfer
    from sitepub.publish.progress import Progress
    from sitepub.terminal.progress import TransferProgress
    from sitepub.terminal.sizes import counted

    terminal = run.terminal
    previews = _Previews.of(run, project, options)

    def approve(removal: Removal, hosts: Sequence[HostStep]) -> None:
        if release is not None and removal.found.release != release:
            raise Refused(f"{project.stage} was deployed again meanwhile, and stays", code="DeployedAgain",
                          hint="run the same command again")
        terminal.note("\n".join([*_removal_lines(project, removal), *previews.lines, *step_lines(terminal, hosts)]))
        if removal.other is not None:
            terminal.warn(visible(removal.other.origin))
        terminal.confirm_or_refuse("Delete this?", yes=yes)
        previews.take_down()

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
                                                 "previews": [], "hosts": [outcome_object(one) for one in error.done]})
    if down is None and previews.left:
        terminal.note("\n".join(previews.lines))
        terminal.confirm_or_refuse("Delete this?", yes=yes)
        previews.take_down()
        return {**report, "deleted": 0, "bytes": 0, "buckets": [], "left": [], "hosts": [],
                "previews": previews.removed}, 0
    if down is None:
        terminal.result(f"There is nothing to remove: sitepub knows of no {project.name} in stage"
                        f" {project.stage} in {project.region}.")
        return {**report, "status": "unchanged", "deleted": 0, "bytes": 0, "buckets": [], "left": [],
                "previews": [], "hosts": []}, 0
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
            "left": _left(removed), "previews": previews.removed,
            "hosts": [outcome_object(one) for one in down.hosts]}, 0


@dataclass(slots=True)
class _Previews:
    """The previews of a site go before it."""

    run: Run
    project: Project
    options: RemoveOptions
    left: tuple[Preview, ...]
    removed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, run: Run, project: Project, options: RemoveOptions) -> _Previews:
        from sitepub.actions.previews.removing import list_previews
        from sitepub.errors import AccessDenied

        try:
            found = list_previews(project, local=run.local, profile=run.profile, environ=run.environ)
        except AccessDenied:  # a key may be allowed no listing there
            found = ()
        return cls(run, project, options, found)

    @property
    def lines(self) -> list[str]:
        return [f"  - the preview {visible(one.name)}" for one in self.left]

    def take_down(self) -> None:
        """Raises PartlyDone when one of them stays; nothing was done about the site then."""
        from sitepub.actions.previews.removing import take_down_all
        from sitepub.cli.previews.view import RemovalView, removed_lines

        gone = take_down_all(self.project, self.left, self.options, self.run.environ, RemovalView(self.run.terminal))
        self.left = tuple(one.preview for one in gone if one.error is not None)
        for one in gone:
            if one.down is not None:
                self.removed.append(one.preview.name)
                self.run.terminal.result("\n".join(removed_lines(one.preview.name, one.down)))
        if self.left:
            raise PartlyDone("the site stays, because not all of its previews could be removed:\n" + "\n".join(
                f"  {one.preview.name}: {one.error}" for one in gone if one.error is not None),
                hint="what was done is recorded: run the same command again to do the rest")


def _left(removed: Removed) -> list[dict[str, object]]:
    return [{"bucket": one.bucket, "why": one.bucket_stays,
             "objects": [{"key": left.key, "why": left.why} for left in one.left]} for one in removed.left]


def _removal_lines(project: Project, removal: Removal) -> Iterator[str]:
    yield f"Removing {project.name}, stage {project.stage}:"
    for bucket in removal.buckets:
        yield from bucket_lines(bucket)
    if removal.slots:
        hosts = removal.found.slots.hosts if removal.found.slots is not None else ()
        names = f"slot{'s' if len(removal.slots) > 1 else ''} {', '.join(removal.slots)}"
        yield f"  - {names}" + (f", and the routes of {', '.join(hosts)}" if hosts else "")
    yield "  - sitepub's records of this site: state, releases, lock"


def bucket_lines(removal: BucketRemoval) -> Iterator[str]:
    """What goes from one bucket, and what stays."""
    from sitepub.terminal.sizes import counted, human_bytes

    if not removal.exists:
        yield f"  the bucket {removal.bucket} does not exist any more"
        return
    deletions = removal.plan.deletions
    whose = (f"of the site in {removal.place}, {removal.adopted:,} of them there before it (--adopted)"
             if removal.adopted else f"that sitepub uploaded to {removal.place}")
    size = f" ({human_bytes(removal.bytes)})" if removal.bytes else ""
    yield f"  - {counted(len(deletions), 'object')}{size} {whose}"
    yield from (f"      {visible(step.key)}" for step in deletions[:_SHOWN])
    if len(deletions) > _SHOWN:
        yield f"      … and {len(deletions) - _SHOWN:,} more"
    if removal.bucket_stays is None:
        yield f"  - the bucket {removal.bucket}, which sitepub created"
    elif not removal.folder:
        yield f"  = the bucket {removal.bucket} stays: {removal.bucket_stays}"
    yield from (f"  = {visible(left.key)} stays: {left.why}" for left in removal.left[:_SHOWN])
    if len(removal.left) > _SHOWN:
        yield f"  = … and {len(removal.left) - _SHOWN:,} more objects stay"
