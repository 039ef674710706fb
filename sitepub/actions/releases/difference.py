"""Which files differ between two releases, or between the project's folder and what is live."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sitepub.actions.build import build
from sitepub.actions.connect import connect
from sitepub.actions.releases.history import live_manifest, releases_of, site_state
from sitepub.actions.releases.rollback import named
from sitepub.config.project import Project
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.release.content import KeptContent
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.tencent.cos.integrity import md5_of

PATCH_LIMIT = 1_000_000
"""Bytes of a file above which no text differences are shown."""
Kind = Literal["added", "removed", "content", "headers"]


@dataclass(frozen=True, slots=True)
class Changed:
    """One key that differs between A and B."""

    key: str
    kind: Kind
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs, and how to read the contents."""

    a: str
    b: str
    changes: tuple[Changed, ...]
    patches: Mapping[str, str]
    """Key → text differences, when they were asked for; the reason in brackets where there can be none."""


def compare(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Iterator[Changed]:
    """Every key that differs, in the order of the keys. Of two manifests in shards, only shards that are not in both
    are read."""
    old, new = _rows(before, after)
    for key in sorted(old.keys() | new.keys()):
        a, b = old.get(key), new.get(key)
        if a is None or b is None:
            yield Changed(key, "added" if a is None else "removed", a, b)
        elif (a.md5, a.size) != (b.md5, b.size) or not a.md5:
            yield Changed(key, "content", a, b)
        elif a.headers_hash != b.headers_hash:
            yield Changed(key, "headers", a, b)


def _rows(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    if not (isinstance(before, ShardedManifest) and isinstance(after, ShardedManifest)) or (
            before.changes or after.changes):
        return dict(before.items()), dict(after.items())
    shared = set(before.refs) & set(after.refs)

    def rest(manifest: ShardedManifest) -> dict[str, Entry]:
        own = ShardedManifest(tuple(ref for ref in manifest.refs if ref not in shared), manifest.reader)
        return dict(own.stream())

    return rest(before), rest(after)


def differences(project: Project, a: str | None, b: str | None, *, patch: bool, local: bool, profile: str | None,
                environ: Mapping[str, str]) -> Compared:
    """Without ``a``: what is live against the folder as it is (nothing is built). Without ``b``: the release against
    what is live."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=8, environ=environ) as remote:
        state, store = site_state(remote, local=local), releases_of(remote)
        if a is None:
            snapshot = build(project, run_the_hook=False, environ=environ, output=lambda _line: None)
            entries = {key: Entry.of(file) for key, file in snapshot.files.items()}
            changes = tuple(compare(live_manifest(state, store), entries))
            sides, names = (Contents(remote, state), _Folder(snapshot)), ("live", "folder")
            return Compared(*names, changes, _patches(changes, *sides, names) if patch else {})
        ids = [named(one, state, store) for one in (a, b) if one is not None]
        first = store.read(ids[0], state)
        if b is None:
            after, name = live_manifest(state, store), "live"
        else:
            second = store.read(ids[1], state)
            after, name = second.manifest, ids[1]
        changes = tuple(compare(first.manifest, after))
        side = Contents(remote, state)
        return Compared(ids[0], name, changes, _patches(changes, side, side, (ids[0], name)) if patch else {})


class Contents:
    """Contents of releases: kept, or live in the bucket."""

    def __init__(self, remote: Remote, state: State) -> None:
        self._remote = remote
        self._state = state
        self._kept = KeptContent(remote.states.store, remote.states.prefix)

    def content(self, key: str, entry: Entry) -> bytes | None:
        """``None``: it is not kept."""
        if entry.size == 0:
            return b""
        for store, place in ((self._kept.store, self._kept.key((entry.md5, entry.size))), (self._remote.store, key)):
            try:
                data = store.get(place).data
            except NotFound:
                continue
            if md5_of(data) == entry.md5:
                return data
        return None


class _Folder:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def content(self, key: str, _entry: Entry) -> bytes | None:
        file: SiteFile = self._snapshot.files[key]
        if file.data is not None:
            return file.data
        try:
            return file.path.read_bytes() if file.path is not None else None
        except OSError as error:
            raise SitepubError(f"{file.path} cannot be read: {error.strerror or error}", code="Unreadable") from error


def _patches(changes: tuple[Changed, ...], before: Contents | _Folder, after: Contents | _Folder, names: tuple[str, str]
             ) -> dict[str, str]:
    return {one.key: _patch(one, before, after, names) for one in changes if one.kind != "headers"}


def _patch(one: Changed, before: Contents | _Folder, after: Contents | _Folder, names: tuple[str, str]) -> str:
    texts: list[list[str]] = []
    for side, entry in ((before, one.before), (after, one.after)):
        if entry is None:
            texts.append([])
            continue
        if entry.size > PATCH_LIMIT:
            return f"({entry.size:,} bytes: too large to compare line by line)"
        data = side.content(one.key, entry)
        if data is None:
            return "(its content is not kept)"
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return "(no text)"
        if "\0" in text:
            return "(no text)"
        texts.append(text.splitlines())
    return "\n".join(difflib.unified_diff(texts[0], texts[1], f"{names[0]}/{one.key}", f"{names[1]}/{one.key}",
                                           lineterm=""))
