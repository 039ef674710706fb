"""What a run leaves behind that took the lock from another which may still be there: the manifest is not trusted, but
compared with the bucket, until the other can write no more."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from sitepub.publish.locking.lock import Lock
from sitepub.publish.plan import Action
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.state import Journal, JournalStep, State, Unsure
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.signature import WINDOW_SECONDS
from sitepub.tencent.cos.store import Listed, ObjectStore

_FENCED = 300.0
"""Seconds. The cloud refuses what was signed for the lease once that is over; this is for what it was about to do then,
for an upload whose end is still to come, and for the settings."""
_UNFENCED = float(WINDOW_SECONDS)
"""A holder that is not known to be of such a version may have signed for so long."""
_SHOWN = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires")
"""Headers that the cloud keeps with an object, beside ``x-cos-meta-…`` (COS API 436/7749)."""


def unsure_after(lock: Lock, base: State) -> Unsure | None:
    """What a run that holds the lock has to leave in the state."""
    journal = base.pending
    old = base.unsure.steps if base.unsure is not None else ()
    # A journal without a lock: somebody deleted the lock object of a run that may still be there.
    alone = lock.found_free and journal is not None and not journal.ended
    if not lock.taken_over and not alone:
        return base.unsure
    until = (lock.cloud_time or time.time()) + (_FENCED if lock.taken_from_fenced else _UNFENCED)
    if base.unsure is not None:
        until = max(until, base.unsure.until)
    begun = journal.steps if journal is not None else ()
    steps = (*old, *(step for step in begun if step.action is not Action.DELETE))
    return Unsure(until, tuple(dict.fromkeys(steps)))


def is_over(unsure: Unsure, cloud_time: float) -> bool:
    """Whether a bucket that is listed now shows all that the other can ever have written."""
    return cloud_time > unsure.until


def writes_in_doubt(base: State) -> tuple[JournalStep, ...]:
    """What may have been written beside what the manifest says: by a run that did not end, and by one that lost its
    lock. Under the keys of the manifest an ETag shows the latter."""
    pending = base.pending.steps if base.pending is not None else ()
    unsure = base.unsure.steps if base.unsure is not None else ()
    return (*pending, *(step for step in unsure if step.key not in base.owned))


def with_headers_looked_at(base: State, snapshot: Snapshot, listing: Mapping[str, Listed],
                           store: ObjectStore) -> State:
    """A listing shows no headers. Where the other may have set other ones on the same content, the object is looked
    at; those that are not the site's count as not known."""
    if base.unsure is None:
        return base
    wrong: dict[str, Entry] = {}
    for step in base.unsure.steps:
        entry, file, there = base.owned.get(step.key), snapshot.files.get(step.key), listing.get(step.key)
        if entry is None or file is None or there is None or there.etag != entry.etag or step.key in wrong:
            continue
        if step.headers_hash == entry.headers_hash or entry.headers_hash != file.headers_hash:
            continue
        head = store.head(step.key)
        if head is not None and shown_headers(head.headers) != shown_headers(file.headers):
            wrong[step.key] = msgspec.structs.replace(entry, headers_hash="")
    if not wrong:
        return base
    owned = base.owned.changed(wrong)
    return msgspec.structs.replace(base, manifest=owned.site, retained=owned.retained)


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of an answer, or of a file, that sitepub sets; names in lower case."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    return {name: value for name, value in lower.items() if name in _SHOWN or name.startswith("x-cos-meta-")}


def journal_of_before(state: State) -> Journal | None:
    """For a bucket that the site leaves: what may still be found in it."""
    steps = state.unsure.steps if state.unsure is not None else ()
    if not steps:
        return state.pending
    old = state.pending or Journal("", "", "")
    return msgspec.structs.replace(old, steps=(*old.steps, *steps))
