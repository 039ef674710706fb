"""What is really in the bucket, and what of it is ours (pure).

A manifest says what sitepub wrote, a journal says what a killed run was about to write, a listing says
which content is there. Together they show for every object whose it is, which content it has, and whether
its headers are known. A listing shows no headers, so after a kill these are believed only when exactly one
of the possible writes explains the ETag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from sitepub.publish.plan import Action
from sitepub.publish.states.manifest import Entry, Manifest
from sitepub.publish.states.state import JournalStep
from sitepub.tencent.cos.store import Listed


@dataclass(frozen=True, slots=True)
class Known:
    """The bucket as far as it is known."""

    owned: Mapping[str, Entry]
    """Ours: what the object is now; ``md5`` or ``headers_hash`` "" where that is not known."""
    missing: frozenset[str] = frozenset()
    """Ours by the manifest, but not in the bucket."""
    drifted: frozenset[str] = frozenset()
    """Keys among ``owned`` whose object was overwritten since by others."""
    foreign: Mapping[str, Listed] = field(default_factory=dict)
    """Objects of others."""
    listed: bool = False


def reconcile(manifest: Manifest, journal: Iterable[JournalStep] = (),
              listing: Mapping[str, Listed] | None = None) -> Known:
    """Explain every object. Without a listing the manifest is trusted (there must be no journal then)."""
    pending: dict[str, list[JournalStep]] = {}
    for step in journal:
        if step.action is not Action.DELETE:
            pending.setdefault(step.key, []).append(step)
    if listing is None:
        if pending:
            raise ValueError("a journal can only be settled with a listing")
        return Known(manifest)
    owned: dict[str, Entry] = {}
    drifted: set[str] = set()
    foreign: dict[str, Listed] = {}
    for key, there in listing.items():
        entry, steps = manifest.get(key), pending.get(key, ())
        if entry is not None and not steps and _same_object(entry, there):
            owned[key] = entry
            continue
        if entry is None and not steps:
            foreign[key] = there
            continue
        explained = _explain(entry, steps, there)
        if explained is not None:
            owned[key] = explained
        elif entry is not None and not entry.adopted:
            # Keeps the ETag that we wrote: should this run be killed, the next one sees the drift again.
            owned[key] = replace(entry, md5="", headers_hash="")
            drifted.add(key)
        else:
            # Also what was adopted and has changed: its owner changed it.
            foreign[key] = there
    missing = frozenset(key for key in manifest if key not in listing)
    return Known(owned, missing, frozenset(drifted), foreign, listed=True)


def _same_object(entry: Entry, there: Listed) -> bool:
    return entry.etag == there.etag and entry.size == there.size


def _explain(entry: Entry | None, steps: Iterable[JournalStep], there: Listed) -> Entry | None:
    """The object as the manifest's write or one of the journal's writes left it; ``None``: none of them can have."""
    written = [step for step in steps if may_have_written(step, there)]
    if entry is not None and _same_object(entry, there):
        # Same content before and after the step: only its headers say whether it happened.
        known = all(step.headers_hash == entry.headers_hash for step in written)
        return entry if known else replace(entry, headers_hash="")
    if not written:
        return None
    step = written[-1]
    # New headers are a copy of the object onto itself that names the ETag of before, so the content is the same.
    same = entry is not None and all(one.action is Action.HEADERS and one.md5 == entry.md5 for one in written)
    md5 = step.md5 if there.etag == step.md5 or same else ""
    known = bool(md5) and not step.guarded and all(one.headers_hash == step.headers_hash for one in written)
    # In doubt whose it is, it is not ours.
    return Entry(md5, there.size, step.headers_hash if known else "", there.etag,
                 any(one.adopted or one.guarded for one in written))


def may_have_written(step: JournalStep, there: Listed) -> bool:
    """Whether the object may be what a step of a journal left."""
    if there.size != step.size or (step.foreign_etag and there.etag == step.foreign_etag):
        return False
    # The ETag of a multipart upload is opaque (COS API 436/7746): the size is all there is to compare.
    return there.etag == step.md5 or "-" in there.etag
