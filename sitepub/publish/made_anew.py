"""Whether a bucket still is the one that sitepub filled: another program may have deleted it and made one of the same
name, or an old copy of the state was put back after ``sitepub remove``. What is in it then belongs to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sitepub.errors import AccessDenied
from sitepub.publish.reconcile import may_have_written
from sitepub.publish.states.manifest import Entry, Manifest
from sitepub.publish.states.state import JournalStep
from sitepub.tencent.cos.store import Listed

_SAME_TIME = 2
"""Seconds. The cloud's times are whole seconds, and its servers do not all have the same time."""


def was_rewritten(entry: Entry, there: Listed) -> bool:
    """Whether another program has written the object again since sitepub did; False where the times are not known."""
    return 0 < entry.written < there.modified - _SAME_TIME


def is_as_left(entry: Entry, there: Listed) -> bool:
    """Whether the object is the one that sitepub wrote."""
    return entry.etag == there.etag and entry.size == there.size and not was_rewritten(entry, there)


def made_anew(owned: Manifest, journal: Iterable[JournalStep], listing: Mapping[str, Listed],
              is_website: Callable[[], bool]) -> bool:
    """Whether nothing in the bucket is as sitepub left it. ``journal``: what may have been written beside.

    One file that was changed by hand is a file of the site still, and so is what was written again with the same
    content. So where no more than one has other content, a bucket counts as made anew only if it is no website either.
    ``is_website`` is asked only then."""
    steps: dict[str, list[JournalStep]] = {}
    for step in journal:
        steps.setdefault(step.key, []).append(step)
    changed = 0
    for key, there in listing.items():
        entry = owned.get(key)
        if any(may_have_written(step, there) for step in steps.get(key, ())):
            return False
        if entry is not None:
            if is_as_left(entry, there):
                return False
            # The same content, written again: also by another site of sitepub, which has set its headers.
            changed += (entry.etag, entry.size) != (there.etag, there.size)
    if changed > 1:
        return True
    if not owned:
        return False
    try:
        return not is_website()
    except AccessDenied:
        return False


def about(bucket: str) -> str:
    """In words, for a run that found it."""
    return (f"nothing in the bucket {bucket} is as sitepub left it (was it deleted and made again?): what is in it now"
            " counts as another program's")
