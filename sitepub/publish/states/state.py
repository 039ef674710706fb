"""What sitepub remembers of a site: one document in the private state bucket.

One GET of it decides a deploy that changes nothing. It is replaced as a whole, so a reader sees the state
before or after a change, never something between. Nothing secret is in it.

While ``sitepub dev`` publishes one saved file after the other, the document stays and names an *overlay*: a
small object beside it that holds what has changed since, replaced as a whole too. Whoever reads the state
reads both; the next deploy that writes the state writes one document again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from sitepub.domains.records import HostRecord
from sitepub.errors import CloudError, NotFound, SitepubError
from sitepub.publish.plan import Action, Step
from sitepub.publish.project.mark import ProjectMark
from sitepub.publish.states import bucket_place
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.packed import Unreadable, decoded, packed, unpacked
from sitepub.tencent.cos.multipart import SINGLE_MAX
from sitepub.tencent.cos.store import ObjectStore

VERSION = 1
_NAME = "state.json.gz"
OVERLAY = "overlay-"
_RACES = 3


class JournalStep(msgspec.Struct, frozen=True, array_like=True):
    """A step that a run was about to do. Whether it happened is found out from a listing."""

    action: Action
    key: str
    md5: str = ""
    size: int = 0
    headers_hash: str = ""
    foreign_etag: str = ""
    """ETag of somebody else's object under this key when the run began: while the object still has it, it
    is theirs."""
    guarded: bool = False
    """Nobody looked whether the key was free: an object there with this content may be somebody else's, with
    other headers."""
    adopted: bool = False
    """The object had this content before, and it was not sitepub that put it there."""

    @classmethod
    def of(cls, step: Step) -> JournalStep:
        if step.file is None:
            return cls(step.action, step.key)
        file = step.file
        return cls(step.action, step.key, file.md5, file.size, file.headers_hash, step.foreign_etag,
                   step.guarded, step.adopted)


class Journal(msgspec.Struct, frozen=True):
    """Written before the first object is touched, taken away when the run is over. A run that finds one
    knows that another was killed, and looks at the bucket instead of trusting the manifest."""

    release: str
    started: str
    """UTC, ISO 8601."""
    by: str
    steps: tuple[JournalStep, ...] = ()
    ended: bool = False
    """The run came to its end, and nothing of it is under way any more: what failed is in here."""

    @classmethod
    def of(cls, release: str, started: str, by: str, steps: Iterable[Step], *, ended: bool = False) -> Journal:
        return cls(release, started, by, tuple(JournalStep.of(step) for step in steps), ended)

    @property
    def large_uploads(self) -> tuple[str, ...]:
        """Keys whose content may have been on its way in parts: a kill leaves an unfinished upload there."""
        return tuple(step.key for step in self.steps
                     if step.action in (Action.UPLOAD, Action.COPY) and step.size > SINGLE_MAX)


class Unsure(msgspec.Struct, frozen=True):
    """Left by a run that took the lock from another which may still be there (its computer sleeps, say) and have
    requests under way. Until nothing can come of them any more, every run lists the bucket instead of trusting the
    manifest."""

    until: float
    """Unix seconds by the cloud's clock."""
    steps: tuple[JournalStep, ...] = ()
    """What the other may write: found under a key that the site does not have, it is the site's own."""


class Created(msgspec.Struct, frozen=True):
    """A bucket that sitepub made. Written down just before it is made, so that a kill forgets none."""

    bucket: str
    region: str
    at: str
    """UTC, ISO 8601."""


class ReleaseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who published what and when."""

    id: str
    """Sorts by time: ``20261120T213000Z-ab12cd``."""
    at: str
    """UTC, ISO 8601."""
    by: str
    """``user@host``."""
    commit: str | None = None
    """Git commit of the source folder, 40 hex digits, with ``+`` behind it when files were changed."""
    message: str | None = None
    """First line of that commit's message."""
    files: int = 0
    bytes: int = 0


class Former(msgspec.Struct, frozen=True):
    """A bucket that this site lived in before ``bucketName`` was changed. ``remove`` takes it too."""

    bucket: str
    region: str
    manifest: dict[str, Entry]
    created: Created | None = None
    pending: Journal | None = None


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of one site in one stage."""

    version: int
    app: str
    stage: str
    name: str
    region: str
    bucket: str
    manifest: dict[str, Entry] = {}
    pending: Journal | None = None
    created: Created | None = None
    settings_hash: str = ""
    """Hash of the wanted settings that were last applied in full; "" when not known."""
    release: ReleaseInfo | None = None
    former: tuple[Former, ...] = ()
    hosts: dict[str, HostRecord] = {}
    """Custom domains by name."""
    unpurged: tuple[str, ...] = ()
    """Keys that changed and were not purged from the hosts yet; ``*`` stands for all of them."""
    unsure: Unsure | None = None
    projects: tuple[ProjectMark, ...] = ()
    """Where the project has been published from, the last one last; ``()`` in states of older versions."""
    overlay: str = ""
    """Of a document: the overlay that lies over it. "" in a state that was read or is to be saved."""


class Overlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has changed since the document that names it was written."""

    state: State
    """The state of now; its manifest holds new and changed entries only."""
    gone: tuple[str, ...] = ()
    """Keys of the document's manifest that are not in today's."""

    @classmethod
    def between(cls, base: State, state: State) -> Overlay:
        old, new = base.manifest, state.manifest
        changed = {key: entry for key, entry in new.items() if old.get(key) != entry}
        gone = tuple(key for key in old if key not in new) if len(new) - len(changed) < len(old) else ()
        return cls(state=msgspec.structs.replace(state, manifest=changed), gone=gone)

    def over(self, base: State) -> State:
        manifest = {**base.manifest, **self.state.manifest}
        for key in self.gone:
            manifest.pop(key, None)
        return msgspec.structs.replace(self.state, manifest=manifest)


def discard_leftovers(store: ObjectStore, journal: Journal | None) -> None:
    """Throw away what uploads in parts of a killed run have left in the bucket. A key pair that may not do
    that is no reason to fail: they cost a little, and nobody sees them."""
    keys = journal.large_uploads if journal is not None else ()
    if keys:
        with suppress(CloudError):
            store.discard_uploads(keys)


class _Versioned(msgspec.Struct):
    version: int = 0
    """An overlay is as new as the document that names it."""


Document = TypeVar("Document")
HEADERS = {"Content-Type": "application/gzip", "Cache-Control": "no-store"}


class StateStore:
    """Reads and writes the state document of one site, below ``prefix`` in the state bucket."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        self.prefix = prefix
        self._etag = ""
        """Of the document, as it was last read or written."""
        self._overlay = ""
        """Name of the overlay that the document named then."""
        self.cloud_time = time.time()
        """What time it was in the cloud when the state was read last, in Unix seconds."""

    @property
    def key(self) -> str:
        return self.prefix + _NAME

    def load(self) -> State | None:
        """The state; ``None`` when there is none yet (neither when there is no state bucket).

        Raises :class:`~sitepub.errors.SitepubError` when the document cannot be read: a damaged document or
        one of a newer sitepub is never taken for an empty one."""
        for _ in range(_RACES):
            try:
                fetched = self.store.get(self.key)
            except NotFound:
                return None
            document = decode(fetched.data, self._where(self.key))
            self._hear(fetched.headers)
            self._etag, self._overlay = fetched.etag, document.overlay
            if not document.overlay:
                return document
            try:
                data = self.store.get(self._overlay_key(document.overlay)).data
            except NotFound:
                continue  # somebody wrote the state as one document in between
            return decode_overlay(data, self._where(document.overlay)).over(document)
        raise damaged(self._where(self._overlay_key(self._overlay)), "it is missing")

    def _hear(self, headers: Mapping[str, str]) -> None:
        try:
            self.cloud_time = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            self.cloud_time = time.time()

    def save(self, state: State) -> None:
        """Write the state as one document, and for other sites where it is."""
        self._put(state)
        self._drop_overlay()
        if state.pending is None:  # a run that goes on writes it once more
            bucket_place.write(self.store, self.prefix, self._etag,
                               [state.bucket, *(former.bucket for former in state.former)])

    def _put(self, document: State) -> None:
        self._etag = self.store.put(self.key, encode(document), HEADERS).etag

    def _drop_overlay(self) -> None:
        """The overlay that no document names any more. If it stays, it is in nobody's way."""
        old, self._overlay = self._overlay, ""
        if old:
            with suppress(SitepubError):
                self.store.delete([self._overlay_key(old)])

    def _overlay_key(self, name: str) -> str:
        return f"{self.prefix}{OVERLAY}{name}"

    def _where(self, key: str) -> str:
        return f"{self.store.bucket}/{key}"

    def delete(self) -> None:
        failed = self.store.delete([self.key])
        if failed:
            raise SitepubError(f"the state {self.key} could not be deleted: {failed[0].message}",
                               code="StateNotDeleted")
        bucket_place.remove(self.store, self.prefix)


def encode(document: State | Overlay) -> bytes:
    return packed(document)


def decode(data: bytes, where: str) -> State:
    return decode_as(data, _STATE, where)


def decode_overlay(data: bytes, where: str) -> Overlay:
    return decode_as(data, _OVERLAY, where)


# Made before any thread decodes.
_STATE = msgspec.json.Decoder(State)
_OVERLAY = msgspec.json.Decoder(Overlay)
_VERSION = msgspec.json.Decoder(_Versioned)


def decode_as(data: bytes, decoder: msgspec.json.Decoder[Document], where: str) -> Document:
    try:
        text = unpacked(data, where)
        version = decoded(text, _VERSION).version
        if version > VERSION:
            raise SitepubError(
                f"the state of this site was written by a newer sitepub (version {version} of the document,"
                f" this one knows {VERSION})",
                code="StateTooNew", hint="update sitepub: pip install --upgrade sitepub")
        return decoded(text, decoder)
    except Unreadable as error:
        raise damaged(where, error) from error


def damaged(where: str, why: object) -> SitepubError:
    return SitepubError(
        f"the state of this site is damaged ({where}): {why}", code="StateDamaged",
        hint="nothing was changed; delete that object, and the next deploy looks at the bucket itself and"
             " takes over what is identical. Every release's manifest lies beside it under releases/")
