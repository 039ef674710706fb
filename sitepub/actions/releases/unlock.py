"""Take the lock of a site away, after a check whether its owner is still running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sitepub.actions.connect import connect
from sitepub.config.project import Project
from sitepub.errors import CloudError, Refused
from sitepub.publish.locking.lock import read_lock
from sitepub.publish.locking.lock_record import Held
from sitepub.publish.states.remote import open_remote


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The lock that was taken away."""

    holder: Held
    was_alive: bool
    """Its owner may still be at work."""


def unlock(project: Project, approve: Callable[[Held], None], *, local: bool, profile: str | None,
           environ: Mapping[str, str]) -> Unlocked | None:
    """``None``: the site is not locked. ``approve`` is asked when the owner may live; it raises Refused to decline.

    A run that loses its lock like this stops before its next write, and the next run lists the bucket before it
    trusts what the state says. Raises Refused when the lock has changed hands in between."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=2, environ=environ) as remote:
        store, key = remote.states.store, f"{remote.states.prefix}lock"
        holder = read_lock(store, key)
        if holder is None:
            return None
        if not holder.outlived:
            approve(holder)
        again = read_lock(store, key)
        if again is None:
            return Unlocked(holder, was_alive=False)
        if again.record.token != holder.record.token:
            raise Refused(f"the lock has changed hands: {again.holder} has it now", code="Locked",
                          hint="run sitepub unlock again to check that one")
        failed = store.delete([key])
        if failed:
            raise CloudError(f"the lock could not be deleted: {failed[0].message}", code=failed[0].code, status=0)
        return Unlocked(holder, was_alive=not holder.outlived)
