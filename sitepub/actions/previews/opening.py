"""Show a preview on this computer: by the website endpoint of the embedded cloud, byte by byte as it was deployed."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from sitepub.actions.connect import connect
from sitepub.actions.releases.promote import shown_by
from sitepub.config.previews import PreviewOf
from sitepub.config.project import Project
from sitepub.embedded.data_folder import data_folder
from sitepub.embedded.dev_cloud import keep_running
from sitepub.errors import SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Status
from sitepub.publish.prepare import prepare
from sitepub.publish.previews.names import known, preview_of
from sitepub.publish.previews.robots import site_file
from sitepub.publish.publish import publish
from sitepub.publish.release.promotion import LiveFiles, LiveSite
from sitepub.publish.states.remote import open_remote
from sitepub.publish.states.state import State
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.store import ObjectStore
from sitepub.threads import side_by_side

_AT_ONCE = 16
_SHORTEST = 3600
"""Seconds that a copy on this computer lives at least."""


class Progress(Protocol):
    """Shows how a preview is fetched."""

    def planned(self, steps: int, total_bytes: int) -> None: ...

    def started(self, name: str) -> None: ...

    def sent(self, name: str, count: int) -> None: ...

    def finished(self, name: str) -> None: ...


class View(Protocol):
    def fetching(self) -> AbstractContextManager[Progress]: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a preview can be seen on this computer."""

    name: str
    cloud: Cloud
    """The embedded one."""
    bucket: str
    url: str
    fetched: int
    """Files that were fetched from the real cloud."""


def show_here(project: Project, name: str, *, local: bool, profile: str | None, environ: Mapping[str, str], view: View
              ) -> Shown:
    """A preview of the embedded cloud is there already. One of the real cloud is copied there: as a preview of the
    embedded cloud, so it is listed and removed there like one (``--local``), and what is there already is not fetched
    again. Raises SitepubError."""
    preview = known(name, project)
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with ExitStack() as opened:
        site, state = shown_by(preview, cloud, opened)
        assert preview.preview is not None and state.preview is not None
        if local:
            keep_running(data_folder(environ))
            return _shown(preview, cloud, site.bucket, 0, state)
        here = connect(project, local=True, profile=None, environ=environ)
        keep_running(data_folder(environ))
        # For as long as the other lives.
        left = max(round(state.preview.expires - time.time()), _SHORTEST)
        # In a bucket of its own, wherever it lies in the cloud: there may be no such site here.
        alone = replace(project, previews=replace(project.previews, routed=False))
        copy = preview_of(alone, PreviewOf(preview.preview.name, left, state.preview.branch))
        return _copied(copy, site, state, cloud, here, opened, environ, view)


def _copied(copy: Project, site: LiveSite, state: State, cloud: Cloud, here: Cloud, opened: ExitStack,
            environ: Mapping[str, str], view: View) -> Shown:
    store = CosObjectStore(replace(cloud, region=site.region, accelerate=False), site.bucket, connections=_AT_ONCE)
    opened.callback(store.close)
    folder = opened.enter_context(_Folder())
    own = state.preview.robots if state.preview is not None else None
    with open_remote(replace(copy, hosts=()), here, environ=environ) as remote:
        there = remote.states.load()
        files = LiveFiles(site)
        missing = [file for file in files.values() if not _has(there, file)]
        with view.fetching() as progress:
            fetched = _fetch(store, missing, folder, progress, site.folder)
        snapshot = Snapshot({key: fetched.get(key, files[key]) for key in files},
                            hidden=site_file(own) if own is not None else None, rules=site.rules)
        prepared = prepare(remote, snapshot, website=site.website)
        outcome = publish(remote, snapshot, prepared, PublishOptions(allow_delete=True))
        if outcome.status not in (Status.PUBLISHED, Status.UNCHANGED):
            raise SitepubError(f"not all files could be copied to the embedded cloud: {outcome.failures[0]}"
                               if outcome.failures else "not all files could be copied to the embedded cloud",
                               hint="run the same command again")
        return _shown(copy, here, remote.bucket, len(missing))


def _has(state: State | None, file: SiteFile) -> bool:
    entry = state.manifest.get(file.key) if state is not None and state.pending is None else None
    return not file.size or (entry is not None and (entry.md5, entry.size) == (file.md5, file.size))


class _Folder:
    """A folder for what is fetched, which goes at the end. A failure, or Ctrl-C, does not wait for requests that are
    under way (:func:`sitepub.threads.pool`): an answer that comes after the end is not written any more. Else the
    folder would not be empty when it is deleted, and that would be reported instead of what went wrong."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="sitepub-preview-", ignore_cleanup_errors=True)
        self._writing = threading.Lock()
        self._ended = False

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        with self._writing:
            self._ended = True
        self._place.cleanup()

    def path(self, file: SiteFile) -> Path:
        return Path(self._place.name, f"{file.md5}-{file.size}")

    def keep(self, file: SiteFile, data: bytes) -> None:
        with self._writing:
            if not self._ended:
                self.path(file).write_bytes(data)


def _fetch(store: ObjectStore, missing: list[SiteFile], folder: _Folder, progress: Progress, below: str
           ) -> dict[str, SiteFile]:
    """``below``: the folder of the bucket."""
    progress.planned(len(missing), sum(file.size for file in missing))
    wanted = {(file.md5, file.size): file for file in missing}
    side_by_side((partial(_get, store, file, folder, progress, below) for file in wanted.values()), _AT_ONCE)
    return {file.key: replace(file, path=folder.path(file), copies=()) for file in missing}


def _get(store: ObjectStore, file: SiteFile, folder: _Folder, progress: Progress, below: str) -> None:
    progress.started(file.key)
    data = store.get(below + file.key).data
    if (hashlib.md5(data, usedforsecurity=False).hexdigest(), len(data)) != (file.md5, file.size):
        raise SitepubError(f"{store.bucket}/{below}{file.key} is not what was deployed: another program has changed it",
                           code="ContentChanged", hint="deploy the preview once more")
    folder.keep(file, data)
    progress.sent(file.key, len(data))
    progress.finished(file.key)


def _shown(preview: Project, cloud: Cloud, bucket: str, fetched: int, state: State | None = None) -> Shown:
    """``state``: of a preview that may lie in a folder; its host at the embedded edge shows it."""
    assert preview.preview is not None
    host = state.preview.host if state is not None and state.preview is not None else ""
    url = (cloud.host_url(host, https=False) if host
           else cloud.website_url(bucket, preview.protocol, preview.key_prefix))
    return Shown(preview.preview.name, cloud, bucket, url, fetched)
