"""The index of a folder for a run that publishes it many times (:mod:`sitepub.dev`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sitepub.config.project import Project
from sitepub.publish.states.state_store import StateStore
from sitepub.publish.unchanged.local_index import LocalIndex, open_local
from sitepub.publish.unchanged.remembered import as_published
from sitepub.site.index.draft import Draft
from sitepub.site.index.indexed_files import IndexedFiles
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud


class FolderMemory:
    """Implements :class:`sitepub.site.rescan.Memory`."""

    def __init__(self, project: Project, cloud: Cloud, folder: Path, environ: Mapping[str, str],
                 opened: LocalIndex | None = None) -> None:
        """``cloud``: the one that it is published to. ``opened``: the index of the folder, compared with it just now.
        """
        self._project = project
        self._cloud = cloud
        self._folder = folder
        self._environ = environ
        self._opened = opened
        self._local: LocalIndex | None = None
        self._draft: Draft | None = None
        self._written = False
        """Once is enough for a run: what changes while it lasts is reported to it."""

    def files(self) -> IndexedFiles | None:
        before, self._opened = self._opened, None
        self.close()
        local = open_local(self._project, self._cloud, self._folder, self._environ, before=before)
        if local is None:
            return None
        local.keep()
        snapshot = local.snapshot(self._project, self._folder, self._environ)
        self._local = local
        return snapshot.files if snapshot is not None and isinstance(snapshot.files, IndexedFiles) else None

    def watcher(self) -> Draft | None:
        if self._written or self._local is None:
            return None
        self._draft = self._local.draft()
        return self._draft

    def published(self, states: StateStore, bucket: str, snapshot: Snapshot) -> None:
        """All of the snapshot is live. After a walk over the whole folder: remember it."""
        if self._local is None or self._draft is None:
            return
        known = as_published(states, bucket=bucket, files=len(snapshot))
        if known is not None:
            self._local.write_draft(snapshot, self._project.key_prefix, known)
            self._written = True
        self._draft.discard()
        self._draft = None

    def close(self) -> None:
        for local in (self._local, self._opened):
            if local is not None:
                local.close()
        self._local = self._opened = self._draft = None
