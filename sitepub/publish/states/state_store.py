"""Reads and writes the state of one site, below its prefix in the private state bucket.

One GET of the root decides a deploy that changes nothing. The root is replaced as a whole after the shards that it
names, so a reader sees the state before or after a change, never something between. While a run goes on, and during
``sitepub dev``, a few changes lie in the root itself, over the shards.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from itertools import islice

import msgspec

from sitepub.errors import NotFound, SitepubError
from sitepub.publish.states.packed import Unreadable, decoded, packed_list, unpacked
from sitepub.publish.states.root import Root, damaged, decode, decode_overlay, encode, root_of, state_of
from sitepub.publish.states.shard_store import ShardStore
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.shards import Shard, ShardRef, split
from sitepub.publish.states.state import FEW_STEPS, VERSION, Former, Journal, JournalStep, State
from sitepub.site.many.files import ChangedFiles, ManyFiles
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.store import Fetched, ObjectStore

NAME = "state.json.gz"
OVERLAY = "overlay-"
"""Of version 1."""
JOURNAL = "journal-"
_PLACE = "buckets.json"
"""Of version 1: said which buckets the site is in."""
FEW = 1000
"""Changes that a root holds at most beside its shards."""
_RACES = 3
_AT_ONCE = 16
"""Shards that are written together."""
HEADERS = {"Content-Type": "application/gzip", "Cache-Control": "no-store"}
_STEPS = msgspec.msgpack.Decoder(tuple[JournalStep, ...])


class StateStore:
    """The state of one site, below ``prefix`` in the state bucket."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        self.prefix = prefix
        self.shards = ShardStore(store, prefix)
        self.etag = ""
        """Of the root, as it was last read or written."""
        self.document = b""
        """The root, as it was last read or written."""
        self._given: Fetched | None = None
        self._there: set[str] = set()
        """Shards that this root names."""
        self._beside: set[str] = set()
        """Keys of what this root names, and what version 1 left: to be deleted once no root names it any more."""
        self.cloud_time = time.time()
        """What time it was in the cloud when the state was read last, in Unix seconds."""

    @property
    def key(self) -> str:
        return self.prefix + NAME

    # -- reading ---------------------------------------------------------------------------------------

    def load(self) -> State | None:
        """The state; ``None`` when there is none yet (neither when there is no state bucket). The shards of its
        manifest are read when they are asked for.

        Raises :class:`~sitepub.errors.SitepubError` when the root cannot be read: a damaged one or one of a newer
        sitepub is never taken for an empty one."""
        missing = ""
        for _ in range(_RACES):
            try:
                fetched, self._given = self._given or self.store.get(self.key), None
            except NotFound:
                return None
            root = decode(fetched.data, self._where(self.key))
            self._hear(fetched.headers)
            missing = root.journal or f"{OVERLAY}{root.overlay}"
            try:
                pending = self._journal(root)
                root = self._whole(root)
            except NotFound:
                continue  # somebody wrote another root in between
            self.etag, self.document = fetched.etag, fetched.data
            self._remember(root)
            return state_of(root, self.shards, pending)
        raise damaged(self._where(self.prefix + missing), "it is missing")

    def give(self, fetched: Fetched) -> None:
        """The root was asked for just now: the next :meth:`load` takes this one."""
        self._given = fetched

    def ask_again(self) -> None:
        """Ask for the root that was read or written last: the next :meth:`load` takes the answer of now. One that has
        not changed is not sent again."""
        self._given = None
        if not self.etag:
            return
        with suppress(NotFound):
            fetched, headers = self.store.get_unless(self.key, self.etag)
            self._given = fetched or Fetched(self.document, self.etag, headers)

    def _journal(self, root: Root) -> Journal | None:
        if not root.journal or root.pending is None:
            return None
        key = self.prefix + root.journal
        try:
            steps = decoded(unpacked(self.store.get(key).data, self._where(key)), _STEPS)
        except Unreadable as error:
            raise damaged(self._where(key), error) from error
        return msgspec.structs.replace(root.pending, steps=steps)

    def _whole(self, root: Root) -> Root:
        """With the overlay of version 1."""
        if not root.overlay:
            return root
        key = f"{self.prefix}{OVERLAY}{root.overlay}"
        overlay = decode_overlay(self.store.get(key).data, self._where(key))
        return msgspec.structs.replace(overlay.over(root), overlay=root.overlay)

    def _remember(self, root: Root) -> None:
        self._there = {ref.name for refs in (root.shards, root.retained, *(one.shards for one in root.former))
                       for ref in refs}
        self._beside = set()
        if root.journal:
            self._beside.add(self.prefix + root.journal)
        if root.version < VERSION:
            self._beside.add(self.prefix + _PLACE)
        if root.overlay:
            self._beside.add(f"{self.prefix}{OVERLAY}{root.overlay}")
        self.shards.learn(root.headers.items())

    def _hear(self, headers: Mapping[str, str]) -> None:
        try:
            self.cloud_time = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            self.cloud_time = time.time()

    # -- writing ---------------------------------------------------------------------------------------

    def learn(self, snapshot: Snapshot) -> None:
        """The response headers of a site that is going to be written down."""
        files = snapshot.files
        base = files.base if isinstance(files, ChangedFiles) else files
        over = [file for file in files.changes.values() if file is not None] if isinstance(files, ChangedFiles) else []
        if isinstance(base, ManyFiles):
            self.shards.learn((name, headers) for headers, name in base.headers)
        else:
            over += base.values()
        self.shards.learn((file.headers_hash, file.headers) for file in over)

    def save(self, state: State) -> State:
        """Write the state down; answers it with its manifest in shards."""
        return self._put(state if state.pending is not None and few_changes(state) else self.settled(state))

    def settled(self, state: State, beside: Callable[[State], Iterable[Callable[[], None]]] = lambda _state: ()
                ) -> State:
        """The state with nothing over its shards; writes those that are new. ``beside``: what is done at the same time,
        for the state as it is going to be."""
        fresh: dict[str, Shard] = {}

        def settle(entries: Mapping[str, object]) -> ShardedManifest:
            manifest = ShardedManifest.of(entries)  # type: ignore[arg-type]
            if manifest.is_new:
                return ShardedManifest(self._write_new(manifest), self.shards)
            merged = manifest.settled(self.shards.headers)
            fresh.update(merged.fresh)
            return ShardedManifest(merged.refs, self.shards)

        state = msgspec.structs.replace(
            state, manifest=settle(state.manifest), retained=settle(state.retained),
            former=tuple(Former(one.bucket, one.region, settle(one.manifest), one.created, one.pending)
                         for one in state.former))
        self.shards.write({name: shard for name, shard in fresh.items() if name not in self._there},
                          beside=beside(state))
        self._there.update(fresh)
        return state

    def _write_new(self, manifest: ShardedManifest) -> tuple[ShardRef, ...]:
        """The shards of a manifest none of which is there yet, some at a time."""
        refs: list[ShardRef] = []
        shards = split(manifest.stream(), self.shards.headers)
        while some := list(islice(shards, _AT_ONCE)):
            named = [(shard.ref(), shard) for shard in some]
            self.shards.write({ref.name: shard for ref, shard in named if ref.name not in self._there}, keep=False)
            refs += [ref for ref, _ in named]
        self._there.update(ref.name for ref in refs)
        return tuple(refs)

    def _put(self, state: State) -> State:
        state = msgspec.structs.replace(state, version=VERSION)
        journal = ""
        if state.pending is not None and len(state.pending.steps) > FEW_STEPS:
            data = packed_list(state.pending.steps)
            journal = f"{JOURNAL}{hashlib.blake2b(data, digest_size=16).hexdigest()}"
            if self.prefix + journal not in self._beside:
                self.store.put(self.prefix + journal, data, HEADERS)
        before = self._beside
        root = root_of(state, self.shards.headers, journal)
        document = encode(root)
        self.etag, self.document = self.store.put(self.key, document, HEADERS).etag, document
        self._remember(root)
        old = sorted(before - self._beside)
        if old:
            with suppress(SitepubError):  # what stays is in nobody's way
                self.store.delete(old)
        return state

    def _where(self, key: str) -> str:
        return f"{self.store.bucket}/{key}"

    def delete(self) -> None:
        failed = self.store.delete([self.key])
        if failed:
            raise SitepubError(f"the state {self.key} could not be deleted: {failed[0].message}",
                               code="StateNotDeleted")
        self._there, self._beside = set(), set()
        self.document = b""


def few_changes(state: State) -> bool:
    """Whether what has changed over the shards can lie in the root."""
    entries = (state.manifest, state.retained, *(one.manifest for one in state.former))
    manifests = [ShardedManifest.of(one) for one in entries]
    return sum(len(one.changes) for one in manifests) <= FEW
