"""Objects that another tool wrote again with the same content: a listing shows no headers, but a later time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing

import msgspec

from sitepub.errors import AccessDenied
from sitepub.publish.locking.takeover import shown_headers
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.state import State
from sitepub.publish.workers import Workers
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.store import Listed, ObjectStore

_THREADS = 16


def with_rewritten(base: State, snapshot: Snapshot, listing: Mapping[str, Listed], store: ObjectStore) -> State:
    """The state without the headers of objects that have others now. What is later than sitepub's own write is asked
    for its headers, once: what has the right ones gets its new time. LastModified has whole seconds, so what sitepub
    wrote in the last second of its run is asked as well.

    Objects that were written before their times were kept count as sitepub's own."""
    owned = base.owned
    last = max((entry.written for entry in owned.values()), default=0)
    late = [key for key, there in listing.items()
            if (entry := owned.get(key)) is not None and key in snapshot.files and there.etag == entry.etag
            and 0 < entry.written <= there.modified and (entry.written < there.modified or entry.written == last)
            and entry.headers_hash == snapshot.files[key].headers_hash]
    if not late:
        return base
    changed: dict[str, Entry] = {}

    def check(key: str) -> None:
        entry = owned[key]
        try:
            head = store.head(key)
        except AccessDenied:
            return
        if head is None or head.etag != entry.etag:
            return
        same = shown_headers(head.headers) == shown_headers(snapshot.files[key].headers)
        changed[key] = (msgspec.structs.replace(entry, written=listing[key].modified + 1) if same
                        else msgspec.structs.replace(entry, headers_hash=""))

    if len(late) == 1:
        check(late[0])
    else:
        with closing(Workers(min(_THREADS, len(late)), check, threading.Event())) as workers:
            workers.run(late)
    now = owned.changed(changed)
    return msgspec.structs.replace(base, manifest=now.site, retained=now.retained)
