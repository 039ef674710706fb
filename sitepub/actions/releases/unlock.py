"""Take the lock of a site away from its holder, after a check whether the holder still lives."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from sitepub.actions.connect import connect
from sitepub.config.project import Project
from sitepub.errors import CloudError, Refused
from sitepub.publish.locking.lock import LockRecord, read_lock
from sitepub.publish.locking.lock_record import Held
from sitepub.publish.locking.owner import who
from sitepub.publish.states.remote import open_remote

_MARGIN = 2.0
"""Seconds: the cloud's times are in whole seconds."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What became of the lock."""

    holder: Held
    was_alive: bool
    """The holder may still be at work."""
    free_in: float
    """Seconds until another run can have the lock; 0: at once."""


def unlock(project: Project, approve: Callable[[Held], None], *, local: bool, profile: str | None,
           environ: Mapping[str, str]) -> Unlocked | None:
    """``None``: the site is not locked. ``approve`` is asked when the holder may live; it raises Refused to decline.

    A holder that is dead loses the lock at once. One that has not renewed it in time is left to the next run, which
    takes it over with all the care that it needs. From one that may live it is taken by a lock of another token that
    lasts as long as the holder's own lease would have: what the holder has begun, the cloud takes until then and no
    longer, and the holder can renew nothing. Raises Refused when the lock has changed hands in between."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=2, environ=environ) as remote:
        store, key = remote.states.store, f"{remote.states.prefix}lock"
        holder = read_lock(store, key)
        if holder is None:
            return None
        if holder.outlived and not holder.gone:
            return Unlocked(holder, was_alive=True, free_in=0)
        if not holder.gone:
            approve(holder)
        again = read_lock(store, key)
        if again is None:
            return Unlocked(holder, was_alive=False, free_in=0)
        if again.record.token != holder.record.token:
            raise Refused(f"the lock has changed hands: {again.holder} has it now", code="Locked",
                          hint="run sitepub unlock again to see that one")
        if again.gone:
            failed = store.delete([key])
            if failed:
                raise CloudError(f"the lock could not be deleted: {failed[0].message}", code=failed[0].code, status=0)
            return Unlocked(again, was_alive=False, free_in=0)
        left = max(again.lease - again.age, 0.0) + _MARGIN
        store.put(key, msgspec.json.encode(_successor(again.record, left)),
                  {"Content-Type": "application/json", "Cache-Control": "no-store"})
        return Unlocked(again, was_alive=True, free_in=left)


def _successor(record: LockRecord, lease: float) -> LockRecord:
    """A lock that ends by itself and that no run has. It names the process of the former holder, so that the next run
    knows whether something of it may still arrive."""
    return msgspec.structs.replace(record, token=secrets.token_hex(8), who=f"{who()} (sitepub unlock)",
                                   renewed=time.time(), since=time.time(), lease=lease)
