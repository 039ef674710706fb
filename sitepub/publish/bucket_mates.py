"""Other sites in the same bucket: two stages that share a ``bucketName``, say. Each would overwrite the other's
files, and must not delete them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from sitepub.errors import NotFound, Refused, SitepubError
from sitepub.publish.plan import Action
from sitepub.publish.states import root, state_store
from sitepub.publish.states.all_roots import find_roots
from sitepub.publish.states.known_roots import KnownRoot, KnownRoots, known_roots, remember_roots
from sitepub.publish.states.packed import Unreadable, decoded, unpacked
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.shards import ShardRef
from sitepub.publish.states.slot_state import STATES
from sitepub.tencent.cos.store import ObjectStore
from sitepub.threads import side_by_side

_THREADS = 8
_UNREADABLE = ("StateDamaged", "StateTooNew")
_RACES = 3
_SLOT_PARTS = 6
"""Of the place of a slot's state, between slashes."""


@dataclass(frozen=True, slots=True)
class Mate:
    """Another site of this state bucket that has objects in the bucket."""

    site: str
    """``app/stage/name``."""
    keys: frozenset[str]
    """What it has there, or was about to write when it was killed."""


def mates_in(remote: Remote, bucket: str, *, each: bool = False) -> tuple[Mate, ...]:
    """The other sites in a bucket: a listing of the roots in the state bucket, each root that this computer does not
    know yet, and the shards of those that are in the bucket.

    A state that cannot be understood is passed over; with ``each``, for a run that may delete what is not its own, that
    raises Refused. Raises what the cloud answers otherwise."""
    if remote.folder:
        return ()  # it is sitepub's, and of this site alone
    store = remote.states.store
    before = known_roots(remote)
    try:
        there = find_roots(store, before.starts)
    except NotFound:
        return ()
    others = [one for one in there.found if one.key != remote.states.key
              and not _is_of_a_slot(one.key.removesuffix(state_store.NAME))]
    known = {one.key: root for one in others
             if (root := before.roots.get(one.key)) is not None and one.etag and root.etag == one.etag}
    asked = [one.key for one in others if one.key not in known or bucket in known[one.key].buckets]
    prefixes = [key.removesuffix(state_store.NAME) for key in asked]
    found = side_by_side((partial(_look, store, prefix, bucket, each=each) for prefix in prefixes), _THREADS)
    known.update({key: one.known for key, one in zip(asked, found, strict=True) if one.known is not None})
    after = KnownRoots(there.starts, known)
    if after != before:
        remember_roots(remote, after)
    return tuple(one.mate for one in found if one.mate is not None)


def _is_of_a_slot(prefix: str) -> bool:
    """``app/stage/name/slots/a/``. What lies in a slot has a folder of its own in the bucket, where no site looks for
    files of its own."""
    parts = prefix.split("/")
    return len(parts) == _SLOT_PARTS and f"{parts[3]}/" == STATES


@dataclass(frozen=True, slots=True)
class _Looked:
    mate: Mate | None = None
    known: KnownRoot | None = None


def _look(store: ObjectStore, prefix: str, bucket: str, *, each: bool) -> _Looked:
    try:
        keys, known = _keys(store, prefix, bucket)
    except SitepubError as error:
        if error.code not in _UNREADABLE:
            raise
        if each:
            raise Refused(f"it is not known which objects of {bucket} belong to {prefix.rstrip('/')} (app/stage/name),"
                          f" and they might be deleted: {error.message}", code=error.code, hint=error.hint) from error
        return _Looked()
    return _Looked(Mate(prefix.rstrip("/"), keys) if keys else None, known)


# -- what must be known of a state: keys. A whole one takes several times the memory. --------------------------


class _Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    pass


class _Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    action: Action
    key: str


class _Journal(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...] = ()


class _Shard(msgspec.Struct, frozen=True, array_like=True):
    entries: dict[str, _Entry]


class _There(msgspec.Struct, frozen=True):
    bucket: str
    folder: str = ""
    shards: tuple[ShardRef, ...] = ()
    changes: dict[str, _Entry | None] = {}
    retained: tuple[ShardRef, ...] = ()
    retained_changes: dict[str, _Entry | None] = {}
    manifest: dict[str, _Entry] = {}
    """Of version 1."""
    journal: str = ""
    pending: _Journal | None = None
    former: tuple[_There, ...] = ()
    unsure: _Journal | None = None
    """What a run that lost its lock may still write."""
    overlay: str = ""
    """Of version 1."""


class _Overlay(msgspec.Struct, frozen=True):
    state: _There
    gone: tuple[str, ...] = ()


_STATE = msgspec.json.Decoder(_There)
_OVERLAY = msgspec.json.Decoder(_Overlay)
_SHARD = msgspec.msgpack.Decoder(_Shard)
_STEPS = msgspec.msgpack.Decoder(tuple[_Step, ...])


def _keys(store: ObjectStore, prefix: str, bucket: str) -> tuple[frozenset[str], KnownRoot | None]:
    """Its keys in the bucket, and what can be remembered of it. Raises what the cloud answers, and SitepubError for a
    state that makes no sense."""
    for _ in range(_RACES):
        try:
            fetched = store.get(prefix + state_store.NAME)
        except NotFound:
            return frozenset(), None
        document = root.decode_as(fetched.data, _STATE, f"{store.bucket}/{prefix}{state_store.NAME}")
        # The overlay of version 1 may be in another bucket.
        known = KnownRoot(fetched.etag, tuple(sorted({one.bucket for one in (document, *document.former)}))
                          ) if not document.overlay else None
        try:
            return frozenset(_Neighbour(store, prefix, bucket).keys(document)), known
        except NotFound:
            continue  # somebody wrote another root in between, and what this one names is gone
    raise root.damaged(f"{store.bucket}/{prefix}", "something that it names is missing")


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """Reads one state. Raises NotFound when something is missing that its root names."""

    store: ObjectStore
    prefix: str
    bucket: str

    def keys(self, document: _There) -> Iterator[str]:
        if document.overlay:
            overlay = root.decode_as(self._get(f"{state_store.OVERLAY}{document.overlay}"), _OVERLAY, self.prefix)
            if document.bucket == self.bucket == overlay.state.bucket:
                gone = set(overlay.gone)
                yield from (one for one in document.manifest if one not in gone)
            document = overlay.state
        for one in (document, *document.former):
            if one.bucket == self.bucket and not one.folder:
                yield from self._of(one)

    def _of(self, there: _There) -> Iterator[str]:
        yield from there.manifest
        for refs, changes in ((there.shards, there.changes), (there.retained, there.retained_changes)):
            for ref in refs:
                shard = self._decoded(f"shards/{ref.name}", _SHARD)
                yield from (key for key in shard.entries if key not in changes)
            yield from (key for key, entry in changes.items() if entry is not None)
        steps = [*self._decoded(there.journal, _STEPS)] if there.journal else []
        for journal in (there.pending, there.unsure):
            steps += journal.steps if journal is not None else ()
        yield from (step.key for step in steps if step.action is not Action.DELETE)

    def _get(self, name: str) -> bytes:
        return self.store.get(self.prefix + name).data

    def _decoded(self, name: str, decoder: msgspec.msgpack.Decoder[root.Document]) -> root.Document:
        try:
            return decoded(unpacked(self._get(name), name), decoder)
        except Unreadable as error:
            raise root.damaged(f"{self.store.bucket}/{self.prefix}{name}", error) from error
