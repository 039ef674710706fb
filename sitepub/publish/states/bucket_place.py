"""Which buckets a site has objects in: a small object beside its state, so that other sites need not read that.

It counts only together with the state that it was written for, whose ETag it names and every listing shows. So
none of these makes it wrong: a kill between the two writes, a site of an older sitepub that writes no such object,
somebody who deletes it. Without one that counts, the state itself is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from sitepub.errors import CloudError, NetworkError, NotFound
from sitepub.tencent.cos.store import ObjectStore

NAME = "buckets.json"
_LIMIT = 64 * 1024
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    version: int = 1
    state: str
    """ETag of the state that says so."""
    buckets: tuple[str, ...]
    """Where the site has objects or was about to write some; former buckets too."""


_decode = msgspec.json.Decoder(Place).decode


def write(store: ObjectStore, prefix: str, state: str, buckets: Iterable[str]) -> None:
    """After the state. Without it others read more, so that it cannot be written is no failure."""
    data = msgspec.json.encode(Place(state=state, buckets=tuple(sorted(set(buckets)))))
    with suppress(CloudError, NetworkError):
        store.put(prefix + NAME, data, _HEADERS)


def remove(store: ObjectStore, prefix: str) -> None:
    with suppress(CloudError, NetworkError):
        store.delete([prefix + NAME])


def read(store: ObjectStore, prefix: str, state: str) -> tuple[str, ...] | None:
    """The buckets, if the object counts for the state with this ETag. Raises what the cloud answers but NotFound."""
    try:
        data = store.get(prefix + NAME).data
        place = _decode(data) if len(data) <= _LIMIT else None
    except (NotFound, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return place.buckets if place is not None and place.version == 1 and place.state == state else None
