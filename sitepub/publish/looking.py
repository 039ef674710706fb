"""A last check of the keys of a plan, under the lock and just before they are written or deleted.

A plan that trusts the manifest has not seen what others put into the bucket, and one made from a listing may have
waited for an answer of the user. What the check finds is written into the journal, so that a later run can
distinguish what this one uploaded from what was there before, also when both have the same content."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from sitepub.errors import AccessDenied, Interrupted
from sitepub.publish.diff import CHANGED
from sitepub.publish.many.steps import PackedSteps
from sitepub.publish.plan import Action, Plan, Reason, Step
from sitepub.publish.states.manifest import Entry
from sitepub.publish.workers import Workers
from sitepub.tencent.cos.store import Listed, ObjectStore

_THREADS = 64
_KEYS_PER_PAGE = 300
"""So many single requests, many at a time, cost about what one page of a listing costs, which come one by one."""
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """What lies under some keys."""

    there: Mapping[str, Listed]
    unknown: frozenset[str] = frozenset()
    """Keys that these credentials may not read."""


def look_at(store: ObjectStore, keys: Iterable[str], size: int, stop: threading.Event) -> Look:
    """Check single keys, or list the bucket when that is cheaper. ``size``: about how many objects there are.

    Raises what the cloud answers, and :class:`~sitepub.errors.Interrupted` once ``stop`` is set."""
    wanted = sorted(set(keys))
    if len(wanted) > _KEYS_PER_PAGE * (1 + size // _PAGE):
        names = frozenset(wanted)
        with suppress(AccessDenied):  # one by one, then
            return Look({there.key: there for there in store.list(common_prefix(wanted)) if there.key in names})
    there: dict[str, Listed] = {}
    unknown: set[str] = set()

    def head(key: str) -> None:
        try:
            found = store.head(key)
        except AccessDenied:
            unknown.add(key)
            return
        if found is not None:
            there[key] = Listed(key, found.size, found.etag)

    if len(wanted) == 1:
        head(wanted[0])
    elif wanted:
        with closing(Workers(min(_THREADS, len(wanted)), head, stop)) as workers:
            workers.run(wanted)
    if stop.is_set():
        raise Interrupted("Interrupted before anything was written.", hint="run the same command again")
    return Look(there, frozenset(unknown))


def common_prefix(keys: Collection[str]) -> str:
    """The longest prefix of all keys, so that a listing reads no more than it must."""
    first, last = min(keys), max(keys)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
                min(len(first), len(last)))
    return first[:same]


def with_what_is_there(plan: Plan, look: Callable[[Iterable[str]], Look]) -> Plan:
    """The plan, its new keys marked where something is under them already. What is there stays, or is adopted."""
    new = [step.key for step in plan.because(Reason.NEW, Reason.RENAMED)]
    if not new:
        return plan
    found = look(new)
    if not found.there and not found.unknown and isinstance(plan.steps, PackedSteps) and plan.listed:
        return plan  # all of them are free, and none is marked

    def marked(step: Step) -> Step:
        if not step.new:
            return step
        there = found.there.get(step.key)
        unseen = step.key in found.unknown
        return replace(step, guarded=unseen or there is not None, foreign_etag=there.etag if there is not None else "")

    if isinstance(plan.steps, PackedSteps):
        return replace(plan, steps=plan.steps.changed(marked))
    return replace(plan, steps=tuple(marked(step) for step in plan.steps))


def without_changed(plan: Plan, look: Callable[[Iterable[str]], Look]) -> Plan:
    """The plan without the deletions of what was changed since: it is not ours any more."""
    deletions = {step.key: step for step in plan.deletions}
    if not deletions:
        return plan
    there = look(deletions).there
    changed = {key for key, step in deletions.items()
               if key in there and _changed(step, plan.known.get(key), there[key])}
    if not changed:
        return plan
    return replace(
        plan, steps=_without(plan.steps, changed),
        given_up={**plan.given_up, **dict.fromkeys(sorted(changed), CHANGED)},
        known={key: entry for key, entry in plan.known.items() if key not in changed})


def _without(steps: Sequence[Step], deletions: Container[str]) -> Sequence[Step]:
    def stays(step: Step) -> bool:
        return step.action is not Action.DELETE or step.key not in deletions

    return steps.only(stays) if isinstance(steps, PackedSteps) else tuple(step for step in steps if stays(step))


def _changed(step: Step, entry: Entry | None, there: Listed) -> bool:
    if step.foreign_etag:
        return there.etag != step.foreign_etag
    return entry is not None and bool(entry.etag) and (entry.etag, entry.size) != (there.etag, there.size)
