"""The key that proves to IndexNow whose host it is: a file of the site with its own name in it."""

from __future__ import annotations

import hashlib

from sitepub.config.project import Project
from sitepub.site.snapshot import SiteFile, headers_hash

_HEADERS = {"Cache-Control": "no-cache", "Content-Type": "text/plain; charset=utf-8"}


def key_of(project: Project) -> str:
    """The key that the project names, else one that stays the same for this site and stage. It is no secret: every
    visitor can read the file."""
    named = project.notify.indexnow_key if project.notify is not None else None
    return named or hashlib.sha256(f"indexnow {project.state_prefix}".encode()).hexdigest()[:32]


def key_file(project: Project) -> SiteFile | None:
    """``None``: IndexNow is not to be notified, or there is no host that it could be of."""
    if project.notify is None or not project.notify.indexnow or not project.hosts:
        return None
    data = key_of(project).encode()
    return SiteFile(f"{project.key_prefix}{key_of(project)}.txt", len(data),
                    hashlib.md5(data, usedforsecurity=False).hexdigest(), _HEADERS, headers_hash(_HEADERS), data=data)
