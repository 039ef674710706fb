"""What a preview shares with the live site is copied from there on the server, and not uploaded."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sitepub.errors import Interrupted, SitepubError
from sitepub.publish.flip import content_of
from sitepub.publish.looking import look_at
from sitepub.publish.plan import Action, Plan, Reason, Step
from sitepub.publish.previews.found import site_prefix
from sitepub.publish.release.content import Content, KeptContent, keepable
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import Row, place_of
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.site.snapshot import StoredCopy

_READING = 100
"""Bytes of a packed shard for each of its keys: what reading it costs."""
_AT_ONCE = 64
"""Shards that are read together."""


def with_copies(plan: Plan, remote: Remote) -> Plan:
    """The plan of a preview: what the live site or its kept content has is copied. It may be gone by the time of the
    copy; then the file is uploaded. Where the state of the site cannot be read, everything is uploaded."""
    if remote.project.preview is None:
        return plan
    wanted = {content_of(step): step.key for step in plan.steps if _may_be_copied(step)}
    if not wanted:
        return plan
    try:
        found = dict(_copies(wanted, plan, remote))
    except Interrupted:
        raise
    except SitepubError:
        return plan

    def copied(step: Step) -> Step:
        if not _may_be_copied(step) or (there := found.get(content_of(step))) is None:
            return step
        assert step.file is not None
        return replace(step, action=Action.COPY, file=replace(step.file, copies=(there,)))

    return replace(plan, steps=tuple(copied(step) for step in plan.steps))


def _may_be_copied(step: Step) -> bool:
    return (step.action is Action.UPLOAD and step.reason is not Reason.FORCED and not step.adopted
            and keepable(content_of(step)))


def _copies(wanted: dict[Content, str], plan: Plan, remote: Remote) -> Iterator[tuple[Content, StoredCopy]]:
    """``wanted``: content and one of its keys."""
    states = StateStore(remote.states.store, site_prefix(remote.project))
    state = states.load()
    left = set(wanted)
    if state is None:
        return
    for content, there in _live(wanted, plan, state):
        if content in left:
            left.discard(content)
            yield content, there
    kept = KeptContent(states.store, states.prefix)
    names = {kept.key(content): content for content in left}
    for key in look_at(kept.store, names, threading.Event()).there:
        yield names[key], StoredCopy(kept.bucket, state.region, key)


def _live(wanted: dict[Content, str], plan: Plan, state: State) -> Iterator[tuple[Content, StoredCopy]]:
    """Under the same keys; under all of them where that costs less than to send what is wanted."""
    manifest = ShardedManifest.of(state.manifest)
    left = set(wanted)

    def copies(rows: Iterable[Row]) -> Iterator[tuple[Content, StoredCopy]]:
        for key, entry in rows:
            content = (entry.md5, entry.size)
            if content in left and entry.etag:
                left.discard(content)
                yield content, StoredCopy(state.bucket, state.region, key, entry.etag)

    yield from copies(rows_of(manifest, set(wanted.values())))
    if left and plan.bytes_to_send > _READING * sum(ref.count for ref in manifest.refs):
        yield from copies(manifest.stream())


def rows_of(manifest: ShardedManifest, keys: set[str]) -> Iterator[Row]:
    """The entries of these keys, many shards at a time."""
    over = manifest.changes
    yield from ((key, entry) for key in keys if (entry := over.get(key)) is not None)
    places = sorted({place_of(manifest.refs, key) for key in keys - over.keys()}) if manifest.refs else []
    for start in range(0, len(places), _AT_ONCE):
        for shard in manifest.reader.read([manifest.refs[place] for place in places[start:start + _AT_ONCE]],
                                          keep=False):
            yield from ((key, entry) for key, entry in shard.entries.items() if key in keys and key not in over)
