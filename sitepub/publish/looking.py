"""A last check of the keys of a plan, under the lock and just before they are written or deleted.

A plan that trusts the manifest has not seen what others put into the bucket, and one made from a listing may have
waited for an answer of the user. What the check finds is written into the journal, so that a later run can
distinguish what this one uploaded from what was there before, also when both have the same content."""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

from sitepub.errors import AccessDenied, Interrupted
from sitepub.publish.diff import CHANGED
from sitepub.publish.made_anew import is_as_left
from sitepub.publish.many.steps import PackedSteps
from sitepub.publish.plan import Action, Plan, Reason, Step
from sitepub.publish.states.manifest import Entry
from sitepub.publish.workers import Workers
from sitepub.tencent.cos.store import LIST_PAGE, Listed, ObjectStore
from sitepub.tencent.cos.times import of_header

_THREADS = 64
_FEW = 20
"""Keys that are asked for one by one."""
_WORTH = 30
"""A page of a listing costs about as much as so many single requests."""
_BATCH = 600
"""Keys that are asked for one by one before a page is tried once more."""
_LONG = 800
"""Bytes: keys have 850 at most."""
_HIGH = "\uff5e"
"""An ordinary letter that comes after nearly all that names are made of."""
_FRESH = 1.0
"""Seconds for which a page says what is free."""


@dataclass(frozen=True, slots=True)
class Look:
    """What lies under some keys."""

    there: Mapping[str, Listed]
    unknown: frozenset[str] = frozenset()
    """Keys that these credentials may not read."""


def look_at(store: ObjectStore, keys: Iterable[str], stop: threading.Event) -> Look:
    """Check single keys, or read the pages of a listing that hold many of them.

    Raises what the cloud answers, and :class:`~sitepub.errors.Interrupted` once ``stop`` is set."""
    wanted = sorted(set(keys))
    prefix = common_prefix(wanted) if wanted else ""
    there: dict[str, Listed] = {}
    unknown: set[str] = set()
    at, lists = 0, True
    while at < len(wanted):
        if lists and len(wanted) - at > _FEW:
            try:
                page = page_from(store, wanted[at], prefix)
            except AccessDenied:  # one by one, then
                lists = False
                continue
            end = len(wanted) if page.last is None else bisect_right(wanted, page.last, at)
            there.update((key, found) for key in wanted[at:end] if (found := page.there.get(key)) is not None)
            worth, at = end - at >= _WORTH, end
            if worth and not stop.is_set():
                continue
        batch = wanted[at:at + _BATCH] if lists else wanted[at:]
        _look_at_each(store, batch, there, unknown, stop)
        at += len(batch)
    return Look(there, frozenset(unknown))


def _look_at_each(store: ObjectStore, keys: Sequence[str], there: dict[str, Listed], unknown: set[str],
                  stop: threading.Event) -> None:
    def head(key: str) -> None:
        try:
            found = store.head(key)
        except AccessDenied:
            unknown.add(key)
            return
        if found is not None:
            there[key] = Listed(key, found.size, found.etag, of_header(found.headers.get("last-modified", "")))

    if len(keys) == 1:
        head(keys[0])
    elif keys:
        with closing(Workers(min(_THREADS, len(keys)), head, stop)) as workers:
            workers.run(keys)
    if stop.is_set():
        raise Interrupted("Interrupted before anything was written.", hint="run the same command again")


@dataclass(frozen=True, slots=True)
class Page:
    """What lies under the keys of a range."""

    there: Mapping[str, Listed]
    last: str | None
    """The last key of the range; ``None``: it has no end."""


def page_from(store: ObjectStore, key: str, prefix: str = "") -> Page:
    """One page of the listing, from this key on. ``prefix``: of the key, and of all that matter."""
    found = list(islice(store.list(prefix, after=_before(key)), LIST_PAGE))
    return Page({one.key: one for one in found}, found[-1].key if len(found) == LIST_PAGE else None)


def _before(key: str) -> str:
    """A key that comes before this one, with hardly any in between: a listing begins after a key."""
    last = ord(key[-1]) - 1
    if last <= ord(" ") or 0xD7FF < last < 0xE000 or len(key.encode()) > _LONG:
        return key[:-1]
    return f"{key[:-1]}{chr(last)}{_HIGH}"


class FreeKeys:
    """Which keys nothing lies under, asked just before something is copied to them: a copy has no option that leaves
    alone what is there (PUT Object - Copy, 436/10881). Where many are asked for, one after the other in their order, a
    page of a listing answers for all of them that are asked for within a moment."""

    def __init__(self, store: ObjectStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._singly = _FEW
        """So many more are asked for one by one."""
        self._first = ""
        self._page = Page({}, "")
        self._read_at = -_FRESH
        self._served = _WORTH

    def is_free(self, key: str) -> bool:
        """From any thread. Raises what the cloud answers."""
        with self._lock:
            found = self._look(key)
        return self._store.head(key) is None if found is None else found

    def _look(self, key: str) -> bool | None:
        """``None``: it has to be asked for by itself."""
        now = self._clock()
        fresh = now - self._read_at < _FRESH
        if self._singly or (fresh and key < self._first):
            self._singly = max(0, self._singly - 1)
            return None
        if not fresh or (self._page.last is not None and key > self._page.last):
            if self._served < _WORTH:
                self._served, self._singly = _WORTH, _BATCH
                return None
            try:
                self._page = page_from(self._store, key)
            except AccessDenied:  # a key may be allowed no listing
                self._singly = sys.maxsize
                return None
            self._first, self._read_at, self._served = key, now, 0
        self._served += 1
        return key not in self._page.there


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

    def guard(key: str) -> tuple[bool, str]:
        there = found.there.get(key)
        return key in found.unknown or there is not None, there.etag if there is not None else ""

    def marked(step: Step) -> Step:
        if not step.new:
            return step
        guarded, etag = guard(step.key)
        return replace(step, guarded=guarded, foreign_etag=etag)

    if isinstance(plan.steps, PackedSteps):
        return replace(plan, steps=plan.steps.guarded(guard))
    return replace(plan, steps=tuple(marked(step) for step in plan.steps))


def without_changed(plan: Plan, look: Callable[[Iterable[str]], Look]) -> Plan:
    """The plan without the deletions of what was changed since: it is not ours any more."""
    deletions = plan.deletions
    if not deletions:
        return plan
    there = look(step.key for step in deletions).there
    changed = {step.key for step in deletions if (found := there.get(step.key)) is not None
               and _changed(step, plan.known.get(step.key), found)}
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
    return entry is not None and bool(entry.etag) and not is_as_left(entry, there)
