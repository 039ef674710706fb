"""A cheap check whether the bucket still is as sitepub left it: one HEAD, and a page of two listings.

Another tool may have emptied the bucket or replaced a page since. A deploy that changes nothing reads the state alone,
so it would say that all is well. ``plan`` checks always, ``deploy`` once a day on each computer."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.config.places import cache_dir
from sitepub.errors import AccessDenied, NotFound
from sitepub.tencent.cos.store import Listed

if TYPE_CHECKING:
    from sitepub.publish.states.remote import Remote
    from sitepub.publish.states.state import State

_PAGE = 1000
"""Keys that one request lists (COS API 436/7734)."""
DAY = 86400.0
"""Seconds."""


def differs(remote: Remote, state: State) -> str | None:
    """What is not as the state says, in words; ``None``: nothing that one page and the index document show.

    A key that may not read the bucket is no reason to fail. Raises what else the cloud answers."""
    try:
        return _older(remote, state) or _index(remote, state) or _first_page(remote, state)
    except AccessDenied:
        return None
    except NotFound as error:
        if error.code != "NoSuchBucket":
            raise
        return f"the bucket {remote.bucket} is gone"


def _older(remote: Remote, state: State) -> str | None:
    from sitepub.publish.prepare import later_release

    release = later_release(remote, state)
    return f"the state of this site is older than its release {release}" if release else None


def _index(remote: Remote, state: State) -> str | None:
    key = remote.project.key_prefix + remote.project.website.index
    entry = state.manifest.get(key)
    if entry is None:
        return None
    head = remote.store.head(key)
    if head is None:
        # A missing bucket answers HEAD like a missing object.
        return f"{key} is gone from the bucket" if _exists(remote) else f"the bucket {remote.bucket} is gone"
    return f"{key} was replaced by another program" if head.etag != entry.etag else None


def _exists(remote: Remote) -> bool:
    next(iter(remote.store.list(remote.project.key_prefix)), None)
    return True


def _first_page(remote: Remote, state: State) -> str | None:
    """The first keys of the bucket, and those that the state has among them."""
    page: dict[str, Listed] = {one.key: one for one in islice(remote.store.list(remote.project.key_prefix), _PAGE)}
    last = max(page, default="") if len(page) == _PAGE else None
    for key in _first_keys(state, last):
        entry, there = state.manifest[key], page.get(key)
        if there is None:
            return f"{key} is gone from the bucket"
        if there.etag != entry.etag:
            return f"{key} was replaced by another program"
        if 0 < entry.written < there.modified:
            return f"{key} was written again by another program"
    return None


def _first_keys(state: State, last: str | None) -> list[str]:
    found: list[str] = []
    for key in state.manifest:
        if (last is not None and key.encode() > last.encode()) or len(found) == _PAGE:
            break
        found.append(key)
    return found


def is_due(remote: Remote, environ: Mapping[str, str]) -> bool:
    """Whether this computer has not checked the bucket for a day."""
    return is_due_at(remote.states.store.bucket, remote.states.prefix, environ)


def is_due_at(state_bucket: str, state_prefix: str, environ: Mapping[str, str]) -> bool:
    """The same for the site whose state lies there."""
    try:
        age = time.time() - _mark_at(state_bucket, state_prefix, environ).stat().st_mtime
    except OSError:
        return True
    return not 0 <= age < DAY


def checked(remote: Remote, environ: Mapping[str, str]) -> None:
    """Remember on this computer that the bucket was just checked or written."""
    mark = _mark(remote, environ)
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        os.utime(mark)


def forget(remote: Remote, environ: Mapping[str, str]) -> None:
    """The next deploy checks: a plan has found something to do that it would not see by the state alone."""
    with suppress(OSError):
        _mark(remote, environ).unlink(missing_ok=True)


def _mark(remote: Remote, environ: Mapping[str, str]) -> Path:
    return _mark_at(remote.states.store.bucket, remote.states.prefix, environ)


def _mark_at(state_bucket: str, state_prefix: str, environ: Mapping[str, str]) -> Path:
    name = hashlib.sha256(f"{state_bucket}/{state_prefix}".encode()).hexdigest()[:24]
    return cache_dir(environ) / "checked" / name
