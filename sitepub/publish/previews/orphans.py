"""What a first deploy of a preview has left that was killed before it had written any state: nothing names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from sitepub.config.previews import PREVIEWS
from sitepub.errors import NotFound, Refused
from sitepub.publish.locking.lock import Lock
from sitepub.publish.previews.found import site_prefix
from sitepub.publish.previews.names import safe_name
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state_store import NAME


def clear_orphans(remote: Remote) -> int:
    """Delete it, under the lock of each preview, so that a deploy of it that has just begun keeps what it needs. How
    many objects it was. Raises what the cloud answers."""
    prefix = site_prefix(remote.project) + PREVIEWS
    count = 0
    try:
        for name in sorted(_without_state(remote, prefix)):
            with suppress(Refused):  # another run has the lock
                count += _clear(remote, f"{prefix}{name}/")
    except NotFound:  # no state bucket
        pass
    return count


def _without_state(remote: Remote, prefix: str) -> set[str]:
    names: set[str] = set()
    whole: set[str] = set()
    for listed in remote.states.store.list(prefix):
        name, _, file = listed.key.removeprefix(prefix).partition("/")
        if file and name == safe_name(name):
            names.add(name)
            if file == NAME:
                whole.add(name)
    return names - whole


def _clear(remote: Remote, prefix: str) -> int:
    store = remote.states.store
    with Lock(store, prefix) as lock:
        keys = list(_keys(remote, prefix))
        if f"{prefix}{NAME}" in keys:
            return 0
        lock.still_ours()
        keys = [key for key in keys if key != lock.key]
        if keys:
            store.delete(keys)
        return len(keys)


def _keys(remote: Remote, prefix: str) -> Iterator[str]:
    return (listed.key for listed in remote.states.store.list(prefix))
