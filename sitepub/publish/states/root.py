"""The root of a state: the small document that names the shards of its manifest and holds the rest.

States of version 1 were one document with the whole manifest in it, and with an overlay beside it while ``sitepub dev``
ran. They are read as a root whose manifest consists of changes; the next run that writes the state writes shards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from sitepub.config.site_rules import SiteRules
from sitepub.domains.records import HostRecord
from sitepub.errors import SitepubError
from sitepub.publish.project.mark import ProjectMark
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.packed import Unreadable, decoded, packed, unpacked
from sitepub.publish.states.sharded import Reader, ShardedManifest
from sitepub.publish.states.shards import ShardRef
from sitepub.publish.states.slot_state import Slots
from sitepub.publish.states.state import (
    VERSION,
    Created,
    Former,
    Journal,
    LiveShare,
    PreviewInfo,
    ReleaseInfo,
    ReleaseMark,
    State,
    Unsure,
)

READER = "0.1.0"
"""The first sitepub that reads this form."""


class FormerRoot(msgspec.Struct, frozen=True, omit_defaults=True):
    bucket: str
    region: str
    manifest: dict[str, Entry] = {}
    """Of version 1."""
    created: Created | None = None
    pending: Journal | None = None
    shards: tuple[ShardRef, ...] = ()
    changes: dict[str, Entry | None] = {}


class Root(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What lies in the bucket. See :class:`~sitepub.publish.states.state.State` for what the fields mean."""

    version: int
    reader: str = ""
    """The first version of sitepub that can read it."""
    app: str
    stage: str
    name: str
    region: str
    bucket: str
    shards: tuple[ShardRef, ...] = ()
    changes: dict[str, Entry | None] = {}
    """What lies over the shards, while a run of dev or a deploy goes on."""
    headers: dict[str, dict[str, str]] = {}
    """Response headers of the changes, by their hash."""
    retained: tuple[ShardRef, ...] = ()
    retained_changes: dict[str, Entry | None] = {}
    due: int = 0
    journal: str = ""
    """Name of the object with the steps of ``pending``, when they are many."""
    pending: Journal | None = None
    created: Created | None = None
    settings_hash: str = ""
    rules: SiteRules | None = None
    said: tuple[str, ...] | None = None
    release: ReleaseInfo | None = None
    former: tuple[FormerRoot, ...] = ()
    hosts: dict[str, HostRecord] = {}
    unpurged: tuple[str, ...] = ()
    unsure: Unsure | None = None
    projects: tuple[ProjectMark, ...] = ()
    marks: tuple[ReleaseMark, ...] = ()
    shares: tuple[LiveShare, ...] = ()
    slots: Slots | None = None
    folder: str = ""
    oldest: str = ""
    kept: int = 0
    litter: bool = False
    preview: PreviewInfo | None = None
    manifest: dict[str, Entry] = {}
    """Of version 1."""
    overlay: str = ""
    """Of version 1: the overlay that lies over the document."""


class Overlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of version 1: what had changed since the document that names it was written."""

    state: Root
    """The state of now; its manifest holds new and changed entries only."""
    gone: tuple[str, ...] = ()
    """Keys of the document's manifest that are not in today's."""

    def over(self, base: Root) -> Root:
        manifest = {**base.manifest, **self.state.manifest}
        for key in self.gone:
            manifest.pop(key, None)
        return msgspec.structs.replace(self.state, manifest=manifest, version=base.version)


def root_of(state: State, headers: Mapping[str, Mapping[str, str]] | None = None, journal: str = "") -> Root:
    """``headers``: of the changes over the shards. ``journal``: where the steps of ``pending`` lie."""
    site, retained = ShardedManifest.of(state.manifest), ShardedManifest.of(state.retained)
    pending = state.pending
    if journal and pending is not None:
        pending = msgspec.structs.replace(pending, steps=())
    wanted = {entry.headers_hash for changes in (site.changes, retained.changes)
              for entry in changes.values() if entry is not None}
    return Root(
        version=VERSION, reader=READER, app=state.app, stage=state.stage, name=state.name, region=state.region,
        bucket=state.bucket, shards=site.refs, changes=dict(site.changes), retained=retained.refs,
        headers={name: dict(those) for name, those in sorted((headers or {}).items()) if name in wanted},
        retained_changes=dict(retained.changes), due=state.due, journal=journal, pending=pending,
        created=state.created, settings_hash=state.settings_hash, rules=state.rules, said=state.said,
        release=state.release,
        former=tuple(_former_root(one) for one in state.former), hosts=state.hosts, unpurged=state.unpurged,
        unsure=state.unsure, projects=state.projects, marks=state.marks, shares=state.shares,
        slots=state.slots, folder=state.folder, oldest=state.oldest, kept=state.kept, litter=state.litter,
        preview=state.preview)


def _former_root(one: Former) -> FormerRoot:
    manifest = ShardedManifest.of(one.manifest)
    return FormerRoot(one.bucket, one.region, created=one.created, pending=one.pending, shards=manifest.refs,
                      changes=dict(manifest.changes))


def state_of(root: Root, reader: Reader, pending: Journal | None = None) -> State:
    """``pending``: the whole journal, when its steps lie in an object of their own."""
    return State(
        version=root.version, app=root.app, stage=root.stage, name=root.name, region=root.region, bucket=root.bucket,
        manifest=ShardedManifest(root.shards, reader, {**root.manifest, **root.changes}),
        retained=ShardedManifest(root.retained, reader, root.retained_changes), due=root.due,
        pending=pending or root.pending, created=root.created, settings_hash=root.settings_hash, rules=root.rules,
        said=root.said,
        release=root.release, hosts=root.hosts, unpurged=root.unpurged, unsure=root.unsure, projects=root.projects,
        former=tuple(Former(one.bucket, one.region,
                            ShardedManifest(one.shards, reader, {**one.manifest, **one.changes}), one.created,
                            one.pending) for one in root.former),
        marks=root.marks, shares=root.shares, slots=root.slots, folder=root.folder,
        oldest=root.oldest, kept=root.kept, litter=root.litter,
        preview=root.preview)


Document = TypeVar("Document")


class _Versioned(msgspec.Struct):
    version: int = 0
    reader: str = ""


# Made before any thread decodes.
_ROOT = msgspec.json.Decoder(Root)
_OVERLAY = msgspec.json.Decoder(Overlay)
_VERSION = msgspec.json.Decoder(_Versioned)


def encode(document: Root | Overlay) -> bytes:
    return packed(document)


def decode(data: bytes, where: str) -> Root:
    return decode_as(data, _ROOT, where)


def decode_overlay(data: bytes, where: str) -> Overlay:
    return decode_as(data, _OVERLAY, where)


def decode_as(data: bytes, decoder: msgspec.json.Decoder[Document], where: str) -> Document:
    """A versioned document. Raises SitepubError when it is damaged or a newer sitepub wrote it."""
    try:
        text = unpacked(data, where)
        found = decoded(text, _VERSION)
        if found.version > VERSION:
            needed = f": sitepub {found.reader[:40]} or newer reads it" if found.reader else ""
            raise SitepubError(
                f"the state of this site was written by a newer sitepub (version {found.version} of the document,"
                f" this one knows {VERSION}){needed}",
                code="StateTooNew", hint="update sitepub: pip install --upgrade sitepub")
        return decoded(text, decoder)
    except Unreadable as error:
        raise damaged(where, error) from error


def damaged(where: str, why: object) -> SitepubError:
    return SitepubError(
        f"the state of this site is damaged ({where}): {why}", code="StateDamaged",
        hint="nothing was changed; delete the site's state.json.gz in the state bucket, and the next deploy reads"
             " the website bucket itself and takes over what is identical. The releases lie beside it under releases/")
