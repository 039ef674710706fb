"""Take the site down: delete what sitepub made, report what it leaves and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sitepub.actions.connect import connect
from sitepub.actions.hosts import host_removal_steps, take_down_hosts
from sitepub.actions.interrupt import stopping
from sitepub.actions.previews.routes import forget_wildcards, preview_route, wildcards_of
from sitepub.config.project import Project
from sitepub.errors import Interrupted, PartlyDone
from sitepub.publish import removal
from sitepub.publish.locking.patience import Patience
from sitepub.publish.previews.prefix import site_prefix
from sitepub.publish.progress import Progress
from sitepub.publish.removal_plan import Removal, RemovalOptions, Removed
from sitepub.publish.states.remote import open_remote
from sitepub.terminal.sizes import counted

if TYPE_CHECKING:
    from sitepub.domains.hosts.outcome import HostOutcome
    from sitepub.domains.job import Listener
    from sitepub.domains.steps import HostStep

_FAILURES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RemoveOptions:
    local: bool = False
    profile: str | None = None
    keep_bucket: bool = False
    adopted: bool = False
    """Delete also what was in the bucket before sitepub, with the content of the site."""
    patience: Patience = field(default_factory=Patience)
    """How long to wait while another run has the lock."""


@dataclass(frozen=True, slots=True)
class Down:
    """What ``remove`` did."""

    removed: Removed
    hosts: tuple[HostOutcome, ...] = ()


def remove(project: Project, options: RemoveOptions, environ: Mapping[str, str], *,
           approve: Callable[[Removal, Sequence[HostStep]], None],
           transfer: Callable[[], AbstractContextManager[Progress]],
           listener: Callable[[], AbstractContextManager[Listener]]) -> Down | None:
    """``None``: sitepub knows of no such site. ``approve`` is shown what will happen and raises
    :class:`~sitepub.errors.Refused` to decline.

    The hosts go first: no visitor should be led to a site that is not there. Raises
    :class:`~sitepub.errors.PartlyDone` when something could not be deleted.
    """
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=8, environ=environ, patience=options.patience) as remote:
        wanted = RemovalOptions(options.keep_bucket, options.adopted)
        prepared = removal.prepare_removal(remote, wanted)
        if prepared is None:
            return None
        shown = host_removal_steps(project, cloud, remote, prepared.found.hosts)
        approve(prepared, shown)
        hosts: tuple[HostOutcome, ...] = ()
        if prepared.found.slots is not None:
            from sitepub.actions.slots.slots_of import take_away

            take_away(cloud, remote)
            prepared = removal.prepare_removal(remote, wanted)
            if prepared is None:
                return Down(Removed(0, 0, (), ()), hosts)
        route = preview_route(project, cloud, remote, prepared.found)
        if route is not None:
            route.close()
        # Before the hosts: a zone that has a function is not deleted with the last of them.
        forget_wildcards(cloud, wildcards_of(prepared.found.hosts), site_prefix(project).rstrip("/"))
        if prepared.found.hosts:
            with stopping() as stop, listener() as hears:
                removal_of_bucket = prepared
                hosts = take_down_hosts(project, cloud, remote, hears, stop, shown=shown,
                                        approve=lambda added: approve(removal_of_bucket, added))
            prepared = removal.prepare_removal(remote, wanted)
            if prepared is None:
                return Down(Removed(0, 0, (), ()), hosts)
        if route is not None:
            route.forget()
        with stopping() as stop, transfer() as progress:
            removed = removal.remove(remote, prepared, progress=progress, stop=stop,
                                     approve=lambda again: approve(again, ()))
    if removed.failures:
        lines = "\n".join(f"  {failure}" for failure in removed.failures[:_FAILURES_SHOWN])
        raise PartlyDone(f"{counted(len(removed.failures), 'object')} could not be deleted:\n{lines}",
                         hint="run the same command again to do the rest")
    if removed.interrupted:
        raise Interrupted(f"Interrupted: {counted(removed.objects, 'object')} deleted.",
                          hint="run sitepub remove again to do the rest")
    return Down(removed, hosts)
