"""What this computer knows of a site since its last deploy: the index of the folder, and the state that belongs to it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sitepub.config.places import cache_dir
from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.publish.unchanged.remembered import Remembered, decoded
from sitepub.site.index.compare import Compared, Visit, compare
from sitepub.site.index.file import IndexFile, Unusable
from sitepub.site.index.label import label
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.publish.states.remote import Remote
    from sitepub.publish.states.root import Root
    from sitepub.publish.unchanged.settled_hosts import SettledHosts
    from sitepub.site.index.draft import Draft
    from sitepub.site.index.indexed_files import IndexedFiles
    from sitepub.site.snapshot import Snapshot


@dataclass(slots=True)
class LocalIndex:
    """Of one folder and one place that it is published to."""

    file: Path
    label: bytes
    index: IndexFile | None
    remembered: Remembered | None
    compared: Compared | None
    """``None``: the whole folder has to be read."""
    _drafts: list[Draft] = field(default_factory=list)
    _files: IndexedFiles | None = None

    def compare(self, folder: Path, before: Visit | None = None, other: Visit | None = None) -> bool:
        """Compare the folder with the index, for the first time or once more; see
        :func:`~sitepub.site.index.compare.compare`. ``False``: the whole folder has to be read."""
        self.compared = None
        if self.index is not None and self.remembered is not None:
            self.compared = compare(self.index, folder, before, other)
        return self.compared is not None

    def keep(self) -> None:
        """From now on it is used for a long time: it is not brought to another state, and other runs may do that with
        the file. Where that cannot be, it is as if there were no index."""
        if self.index is None:
            return
        # As long as it is open, no other run writes to the file; one that was put in its place is another one.
        copy = IndexFile.open_copy(self.file, self.label)
        if copy is not None and copy.facts != self.index.facts:
            copy.close()
            copy = None
        self.index.close()
        self.index = copy
        if copy is None:
            self.remembered = self.compared = None

    @property
    def same(self) -> bool:
        """The folder is as it was when the state was the one that is remembered."""
        return self.remembered is not None and self.compared is not None and self.compared.same

    def snapshot(self, project: Project, folder: Path, environ: Mapping[str, str]) -> Snapshot | None:
        """The site, of which only what has changed is read; for a deploy that starts from the state that is remembered.
        ``None``: the whole folder has to be read."""
        if self.index is None or self.compared is None or self.remembered is None:
            return None
        from sitepub.publish.states.root import decode
        from sitepub.site.index.changes import find_changes
        from sitepub.site.index.indexed_files import IndexedFiles
        from sitepub.site.snapshot import Snapshot

        found = find_changes(project, folder, environ, self.index, self.compared)
        if found is None:
            return None
        base = decode(self.remembered.root, "the index").shards
        self._files = IndexedFiles(self.index, found, folder.absolute(), project.key_prefix, base)
        facts = self.index.facts
        return Snapshot(self._files, folder.absolute(), facts.warnings, facts.left_out,
                        max(found.newest, self.compared.newest) or None, rules=found.rules)

    def draft(self) -> Draft:
        """For a walk over the whole folder."""
        from sitepub.site.index.draft import Draft

        self._drafts = [Draft(self.file)]
        return self._drafts[0]

    def publish(self, remote: Remote, snapshot: Snapshot, settings_hash: str, notes: Sequence[Problem],
                hosts: Callable[[Root], SettledHosts | None]) -> None:
        """The deploy has settled everything: remember it. ``notes``: what is said in each deploy of this folder.
        ``hosts``: what the root says of them comes to."""
        from sitepub.publish.unchanged.remembered import encoded, remembered_of

        known = remembered_of(remote.states, bucket=remote.bucket, settings_hash=settings_hash, files=len(snapshot),
                              hosts=hosts)
        if known is not None and self._files is not None and self._files is snapshot.files:
            assert self.index is not None
            with suppress(Unusable):
                self._files.write(msgspec.structs.replace(self.index.facts, notes=tuple(notes), beside=encoded(known)))
        if known is not None:
            self.write_draft(snapshot, remote.project.key_prefix, known, notes)
        self.close()

    def write_draft(self, snapshot: Snapshot, prefix: str, known: Remembered, notes: Sequence[Problem] = ()) -> None:
        """What the walk over the whole folder has seen is the index from now on."""
        from sitepub.publish.unchanged.remembered import encoded

        for draft in self._drafts:
            draft.publish(snapshot, prefix, self.label, tuple(notes), encoded(known))

    def close(self) -> None:
        if self.index is not None:
            self.index.close()
        for draft in self._drafts:
            draft.discard()
        self._drafts = []


def open_local(project: Project, cloud: Cloud, folder: Path, environ: Mapping[str, str], *, use: bool = True,
               settings: bytes | None = None, before: LocalIndex | None = None, compares: bool = True
               ) -> LocalIndex | None:
    """Compare the folder with its index; no file is read. ``use``: else the index is only written anew. ``settings``:
    see :func:`~sitepub.site.index.label.label`. ``before``: was opened just now; it is taken if it is the same, else
    closed. ``compares``: else :meth:`LocalIndex.compare` is called later. ``None``: the folder can have no index."""
    bucket, states = project.bucket(cloud.app_id), project.state_bucket_for(cloud.app_id)
    end = cloud.embedded.endpoint if cloud.embedded is not None else ""
    place = (bucket, states, project.state_prefix, cloud.app_id, end)
    found = label(project, folder, environ, place, settings)
    if before is not None:
        if before.label == found:
            return before
        before.close()
    if found is None:
        return None
    name = hashlib.sha256("\0".join([os.path.realpath(folder), *place[:4]]).encode("utf-8", "surrogateescape"))
    file = cache_dir(environ) / "index" / f"{name.hexdigest()[:24]}.sqlite"
    index = IndexFile.open(file, found) if use else None
    remembered = decoded(index.facts.beside) if index is not None else None
    local = LocalIndex(file, found, index, remembered, None)
    if compares:
        local.compare(folder)
    return local

