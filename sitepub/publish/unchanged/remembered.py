"""The state of the bucket as the last deploy left it, kept on this computer beside the index of the folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from sitepub.publish.unchanged.settled_hosts import SettledHosts
from sitepub.tencent.cos.store import Fetched

if TYPE_CHECKING:
    from sitepub.publish.states.root import Root
    from sitepub.publish.states.state_store import StateStore


class Remembered(msgspec.Struct, frozen=True, array_like=True):
    """A root that says that the bucket is as the site of the index. As long as the cloud has the root with this ETag,
    no other run has published anything, and none has begun to."""

    etag: str
    root: bytes
    """As it lies in the bucket."""
    release: str
    due: int
    """Unix seconds: when something is to go that the site has dropped; 0: nothing is."""
    hosts: SettledHosts | None = None
    """``None``: something may be to do for its hosts."""

    def fetched(self, headers: Mapping[str, str]) -> Fetched:
        """As if it had been read. ``headers``: of the answer which says that it has not changed."""
        return Fetched(self.root, self.etag, headers)


_DECODE = msgspec.msgpack.Decoder(Remembered).decode


def encoded(what: Remembered) -> bytes:
    return msgspec.msgpack.encode(what)


def decoded(data: bytes) -> Remembered | None:
    try:
        return _DECODE(data)
    except msgspec.MsgspecError:
        return None


def remembered_of(states: StateStore, *, bucket: str, settings_hash: str, files: int,
                  hosts: Callable[[Root], SettledHosts | None]) -> Remembered | None:
    """What to remember of the root that was read or written last; ``None`` when a deploy would have something to do
    although the folder is the same. ``hosts``: what it says of the hosts and slots comes to."""
    from sitepub.publish.states.root import decode
    from sitepub.publish.states.state import VERSION

    if not states.document or not states.etag:
        return None
    root = decode(states.document, states.key)
    if (root.version != VERSION or root.bucket != bucket or root.settings_hash != settings_hash
            or root.pending is not None or root.unsure is not None or root.litter or root.changes
            or root.retained_changes or root.overlay or root.manifest or root.release is None
            or sum(ref.count for ref in root.shards) != files):
        return None
    return Remembered(states.etag, states.document, root.release.id, root.due,
                      hosts(root) if not root.unpurged else None)


def as_published(states: StateStore, *, bucket: str, files: int) -> Remembered | None:
    """What to remember of the root where it is only known that the site is in it: its ETag is no cloud's, so the next
    run reads the root and compares. ``None``: the site is not all in its shards."""
    from sitepub.publish.states.root import decode
    from sitepub.publish.states.state import VERSION

    if not states.document:
        return None
    root = decode(states.document, states.key)
    if (root.version != VERSION or root.bucket != bucket or root.pending is not None or root.changes or root.overlay
            or root.manifest or sum(ref.count for ref in root.shards) != files):
        return None
    return Remembered("", states.document, "", 0)
