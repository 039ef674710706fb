"""Other sites in the same bucket: two stages that share a ``bucketName``, say."""

from __future__ import annotations

from collections.abc import Collection

from sitepub.errors import SitepubError
from sitepub.publish.remote import Remote
from sitepub.publish.state import StateStore

_MOST = 100
"""States looked at; each costs a request."""


def sites_with(remote: Remote, keys: Collection[str]) -> dict[str, int]:
    """``app/stage/name`` → how many of these keys that site has in this very bucket.

    Asked before a first deploy into a bucket that is there already. Nothing when the state bucket cannot be
    listed: it is there to warn, no more.
    """
    wanted, found = frozenset(keys), dict[str, int]()
    store, own = remote.states.store, remote.states.key
    name = own.removeprefix(remote.states.prefix)
    try:
        others = [there.key for there in store.list() if there.key.endswith(f"/{name}") and there.key != own]
        for key in others[:_MOST]:
            prefix = key.removesuffix(name)
            state = StateStore(store, prefix).load()
            if state is not None and state.bucket == remote.bucket:
                shared = len(wanted & state.manifest.keys())
                if shared:
                    found[prefix.rstrip("/")] = shared
    except SitepubError:
        return found
    return found
