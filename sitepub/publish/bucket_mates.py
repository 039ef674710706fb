"""Other sites in the same bucket: two stages that share a ``bucketName``, say. Each would overwrite the other's
files, and must not delete them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from sitepub.errors import NotFound, SitepubError
from sitepub.publish.plan import Action
from sitepub.publish.states import bucket_place, state
from sitepub.publish.states.remote import Remote
from sitepub.tencent.cos.store import ObjectStore
from sitepub.threads import pool

_THREADS = 8
_UNREADABLE = ("StateDamaged", "StateTooNew")
_RACES = 3


@dataclass(frozen=True, slots=True)
class Mate:
    """Another site of this state bucket that has objects in the bucket."""

    site: str
    """``app/stage/name``."""
    keys: frozenset[str]
    """What it has there, or was about to write when it was killed."""


def mates_in(remote: Remote, bucket: str) -> tuple[Mate, ...]:
    """The other sites in a bucket: one listing of the state bucket, one GET of a small object for each other site,
    and the state of those that are in the bucket or do not say (:mod:`bucket_place`).

    A state that cannot be understood is passed over. Raises what the cloud answers otherwise."""
    store, own = remote.states.store, remote.states.prefix
    name = remote.states.key.removeprefix(own)
    states: dict[str, str] = {}
    places = set[str]()
    try:
        for there in store.list():
            if there.key.endswith(f"/{name}"):
                states[there.key.removesuffix(name)] = there.etag
            elif there.key.endswith(f"/{bucket_place.NAME}"):
                places.add(there.key.removesuffix(bucket_place.NAME))
    except NotFound:
        return ()
    states.pop(own, None)

    def is_elsewhere(prefix: str) -> bool:
        buckets = bucket_place.read(store, prefix, states[prefix]) if prefix in places else None
        return buckets is not None and bucket not in buckets

    if not states:
        return ()
    with pool(min(_THREADS, len(states)), "mates") as threads:
        elsewhere = list(threads.map(is_elsewhere, states))
    # One after the other: a state may be large.
    looked = (_look(store, prefix, prefix + name, bucket)
              for prefix, away in zip(states, elsewhere, strict=True) if not away)
    return tuple(mate for mate in looked if mate is not None)


def _look(store: ObjectStore, prefix: str, key: str, bucket: str) -> Mate | None:
    try:
        keys = frozenset(_keys(store, prefix, key, bucket))
    except SitepubError as error:
        if error.code in _UNREADABLE:
            return None
        raise
    return Mate(prefix.rstrip("/"), keys) if keys else None


# -- what must be known of a state: keys. A whole one takes several times the memory. --------------------------


class _Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    pass


class _Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    action: Action
    key: str


class _Journal(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...] = ()


class _There(msgspec.Struct, frozen=True):
    bucket: str
    manifest: dict[str, _Entry] = {}
    pending: _Journal | None = None
    former: tuple[_There, ...] = ()
    unsure: _Journal | None = None
    """What a run that lost its lock may still write."""
    overlay: str = ""


class _Overlay(msgspec.Struct, frozen=True):
    state: _There
    gone: tuple[str, ...] = ()


_STATE = msgspec.json.Decoder(_There)
_OVERLAY = msgspec.json.Decoder(_Overlay)


def _keys(store: ObjectStore, prefix: str, key: str, bucket: str) -> Iterator[str]:
    """Its keys in the bucket. Raises what the cloud answers, and SitepubError for a state that makes no sense."""
    for _ in range(_RACES):
        try:
            document = state.decode_as(store.get(key).data, _STATE, f"{store.bucket}/{key}")
        except NotFound:
            return
        if not document.overlay:
            yield from _of(document, bucket)
            return
        place = f"{prefix}{state.OVERLAY}{document.overlay}"
        try:
            overlay = state.decode_as(store.get(place).data, _OVERLAY, f"{store.bucket}/{place}")
        except NotFound:
            continue  # somebody wrote the state as one document in between
        if document.bucket == bucket == overlay.state.bucket:
            gone = set(overlay.gone)
            yield from (one for one in document.manifest if one not in gone)
        yield from _of(overlay.state, bucket)
        return
    raise state.damaged(f"{store.bucket}/{key}", "its overlay is missing")


def _of(there: _There, bucket: str) -> Iterator[str]:
    for one in (there, *there.former):
        if one.bucket == bucket:
            yield from one.manifest
            for journal in (one.pending, one.unsure):
                if journal is not None:
                    yield from (step.key for step in journal.steps if step.action is not Action.DELETE)
