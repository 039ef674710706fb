"""Other sites in the same bucket: two stages that share a ``bucketName``, say. Each would overwrite the other's
files, and must not delete them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sitepub.errors import NotFound, SitepubError
from sitepub.publish.plan import Action
from sitepub.publish.remote import Remote
from sitepub.publish.state import Former, State, StateStore

_THREADS = 8
_UNREADABLE = ("StateDamaged", "StateTooNew")


@dataclass(frozen=True, slots=True)
class Mate:
    """Another site of this state bucket that has objects in the bucket."""

    site: str
    """``app/stage/name``."""
    keys: frozenset[str]
    """What it has there, or was about to write when it was killed."""


def mates_in(remote: Remote, bucket: str) -> tuple[Mate, ...]:
    """The other sites in a bucket, as their states tell: one listing of the state bucket and one GET for each site.

    A state that cannot be understood is passed over. Raises what the cloud answers otherwise."""
    store, own = remote.states.store, remote.states.key
    name = own.removeprefix(remote.states.prefix)
    try:
        others = [there.key for there in store.list() if there.key.endswith(f"/{name}") and there.key != own]
    except NotFound:
        return ()

    def look(key: str) -> Mate | None:
        prefix = key.removesuffix(name)
        try:
            state = StateStore(store, prefix).load()
        except SitepubError as error:
            if error.code in _UNREADABLE:
                return None
            raise
        keys = frozenset(_keys(state, bucket)) if state is not None else frozenset()
        return Mate(prefix.rstrip("/"), keys) if keys else None

    if not others:
        return ()
    with ThreadPoolExecutor(min(_THREADS, len(others))) as threads:
        return tuple(mate for mate in threads.map(look, others) if mate is not None)


def _keys(state: State, bucket: str) -> Iterator[str]:
    here = Former(state.bucket, state.region, state.manifest, state.created, state.pending)
    for one in (here, *state.former):
        if one.bucket == bucket:
            yield from one.manifest
            if one.pending is not None:
                yield from (step.key for step in one.pending.steps if step.action is not Action.DELETE)
