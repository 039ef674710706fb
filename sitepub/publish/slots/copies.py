"""What is in the bucket already is copied on the server: from the root or another slot into a slot, and from the slot
to the root."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from sitepub.publish.flip import content_of
from sitepub.publish.looking import look_at
from sitepub.publish.many.steps import PackedSteps
from sitepub.publish.plan import Action, Plan, Reason, Step
from sitepub.publish.previews.borrowing import rows_of
from sitepub.publish.release.content import Content, KeptContent, keepable
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import Row
from sitepub.publish.states.state import State
from sitepub.site.snapshot import SiteFile, StoredCopy

Places = Callable[[Step], tuple[StoredCopy, ...]]
"""Where the content of a step can be copied from; empty: it stays as it is."""
_READING = 100
"""Bytes of a packed shard for each of its keys: what reading it costs."""


@dataclass(frozen=True, slots=True)
class Source:
    """Objects that are live somewhere in the bucket, or lie in a slot."""

    manifest: ShardedManifest
    retained: ShardedManifest
    """What is there for open pages only."""
    bucket: str
    region: str
    folder: str = ""

    @classmethod
    def of(cls, state: State, folder: str = "") -> Source:
        return cls(ShardedManifest.of(state.manifest), ShardedManifest.of(state.retained), state.bucket, state.region,
                   folder)

    def copy_of(self, key: str, etag: str) -> StoredCopy:
        return StoredCopy(self.bucket, self.region, self.folder + key, etag)

    def anywhere(self, wanted: Collection[Content]) -> Iterator[tuple[Content, StoredCopy]]:
        """Under whatever keys; reads all of the manifest."""
        for key, entry in chain(self.manifest.stream(), self.retained.stream()):
            if (entry.md5, entry.size) in wanted and entry.etag:
                yield (entry.md5, entry.size), self.copy_of(key, entry.etag)


def with_sources(plan: Plan, sources: Collection[Source], kept: KeptContent | None = None) -> Plan:
    """The plan with copies in place of uploads where one of the sources, or the kept content, has what is wanted. It
    may be gone by the time of the copy: then the next place is tried, and at last the file is uploaded."""
    wanted = {content_of(step): step.key for step in plan.steps if _is_wanted(step)}
    if not wanted:
        return plan
    found: dict[Content, list[StoredCopy]] = {}
    left = set(wanted)
    for source in sources:
        for content, there in _in(source, wanted, left, plan):
            if content in left:
                left.discard(content)
                found.setdefault(content, []).append(there)
    released = {content_of(step) for step in plan.steps if step.from_kept}
    if kept is not None and released:
        for content, there in _kept(released, kept, _region(sources)):
            left.discard(content)
            found.setdefault(content, []).append(there)
        # What lies under another key now was not kept when it went there.
        for source in sources if left & released else ():
            for content, there in source.anywhere(left & released):
                left.discard(content)
                found.setdefault(content, []).append(there)

    def places(step: Step) -> tuple[StoredCopy, ...]:
        return tuple(found.get(content_of(step), ()))

    return _changed(plan, lambda step: places(step) if _is_wanted(step) else ())


def _kept(wanted: Collection[Content], kept: KeptContent, region: str) -> Iterator[tuple[Content, StoredCopy]]:
    names = {kept.key(content): content for content in wanted}
    for key in look_at(kept.store, names, threading.Event()).there:
        yield names[key], StoredCopy(kept.bucket, region, key)


def _region(sources: Collection[Source]) -> str:
    return next(iter(sources)).region


def _is_wanted(step: Step) -> bool:
    if step.action is Action.DELETE or step.file is None or step.source_key is not None or step.adopted:
        return False
    brings = step.action is Action.UPLOAD or step.from_kept or step.from_elsewhere
    return brings and step.reason is not Reason.FORCED and keepable(content_of(step))


def _in(source: Source, wanted: Mapping[Content, str], left: Collection[Content], plan: Plan
        ) -> Iterator[tuple[Content, StoredCopy]]:
    """Under the same keys; under all of them where that costs less than to send what is still wanted."""

    def copies(rows: Iterable[Row]) -> Iterator[tuple[Content, StoredCopy]]:
        for key, entry in rows:
            if (entry.md5, entry.size) in left and entry.etag:
                yield (entry.md5, entry.size), source.copy_of(key, entry.etag)

    yield from copies(rows_of(source.manifest, {wanted[content] for content in left}))
    if left and (source.retained.refs or source.retained.changes):
        yield from copies(rows_of(source.retained, {wanted[content] for content in left}))
    if left and plan.bytes_to_send > _READING * sum(ref.count for ref in source.manifest.refs):
        yield from source.anywhere(left)


def from_slot(plan: Plan, slot: Source) -> Plan:
    """The plan of the root, whose new content a slot has, under the same keys."""
    keys = {step.key for step in plan.steps if _from_slot(step)}
    if not keys:
        return plan
    there = dict(rows_of(slot.manifest, keys))

    def place(step: Step) -> tuple[StoredCopy, ...]:
        entry = there.get(step.key) if _from_slot(step) else None
        if entry is None or (entry.md5, entry.size) != content_of(step):
            return ()
        return (slot.copy_of(step.key, entry.etag),)

    return _changed(plan, place)


def _from_slot(step: Step) -> bool:
    return (step.file is not None and (step.action is Action.UPLOAD or step.from_elsewhere) and not step.adopted
            and keepable(content_of(step)))


class _WithCopies(Mapping[str, SiteFile]):
    """The files of a site, some of them with places that they can be copied from."""

    def __init__(self, files: Mapping[str, SiteFile], places: Mapping[str, tuple[StoredCopy, ...]]) -> None:
        self._files = files
        self._places = places

    def __getitem__(self, key: str) -> SiteFile:
        file = self._files[key]
        there = self._places.get(key)
        return file if there is None else replace(file, copies=(*there, *file.copies))

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _changed(plan: Plan, places: Places) -> Plan:
    if isinstance(plan.steps, PackedSteps):
        there = {step.key: found for step in plan.steps if (found := places(step))}
        files = _WithCopies(plan.steps.files, there)

        def change(step: Step) -> Step:
            return _copied(step, files[step.key]) if step.key in there and step.action is not Action.DELETE else step

        return replace(plan, steps=plan.steps.with_files(files).changed(change))
    return replace(plan, steps=tuple(
        _copied(step, replace(step.file, copies=(*found, *step.file.copies)))
        if step.file is not None and (found := places(step)) else step for step in plan.steps))


def _copied(step: Step, file: SiteFile) -> Step:
    return Step(Action.COPY, step.key, step.phase, step.reason, file, guarded=step.guarded,
                foreign_etag=step.foreign_etag, adopted=step.adopted)
