"""A preview asks search engines to stay away: by a robots.txt of its own, in the place of the site's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from sitepub.errors import SiteError
from sitepub.publish.release.promotion import LiveSite
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.state import OwnFile
from sitepub.site.snapshot import SiteFile, Snapshot, headers_hash

KEY = "robots.txt"
"""Search engines ask for it at the root of a host, whatever the prefix of the site."""
_TEXT = b"User-agent: *\nDisallow: /\n"
_HEADERS: Mapping[str, str] = {"Cache-Control": "no-cache", "Content-Type": "text/plain; charset=utf-8"}
_LARGEST = 512 * 1024
"""Bytes. Search engines read no more of it (RFC 9309 2.5: at least 500 KiB)."""


def with_own_robots(snapshot: Snapshot) -> Snapshot:
    """The site as its preview shows it. Raises SiteError for a robots.txt that no search engine would read."""
    own = snapshot.files.get(KEY)
    ours = SiteFile(KEY, len(_TEXT), hashlib.md5(_TEXT, usedforsecurity=False).hexdigest(), _HEADERS,
                    headers_hash(_HEADERS), data=_TEXT)
    files = dict(snapshot.files)
    files[KEY] = ours
    return replace(snapshot, files=dict(sorted(files.items())), hidden=_held(own) if own is not None else None)


def _held(file: SiteFile) -> SiteFile:
    """With its content at hand."""
    if file.size > _LARGEST:
        raise SiteError(f"{KEY} has {file.size:,} bytes, and a preview keeps the site's own up to {_LARGEST:,}",
                        hint="search engines read 500 KiB of it: make it shorter")
    data = file.data
    if data is None:
        assert file.path is not None
        try:
            data = file.path.read_bytes()
        except OSError as error:
            raise SiteError(f"{file.path} cannot be read: {error.strerror or error}") from error
    return replace(file, size=len(data), md5=hashlib.md5(data, usedforsecurity=False).hexdigest(), data=data, path=None)


def own_file(snapshot: Snapshot) -> OwnFile | None:
    """What the state keeps of the site's own robots.txt."""
    file = snapshot.hidden
    return None if file is None or file.data is None else OwnFile(dict(file.headers), file.data)


def site_file(own: OwnFile) -> SiteFile:
    """The site's own robots.txt, to be published."""
    return SiteFile(KEY, len(own.data), hashlib.md5(own.data, usedforsecurity=False).hexdigest(), own.headers,
                    headers_hash(own.headers), data=own.data)


def with_the_sites_own(site: LiveSite, own: OwnFile | None) -> LiveSite:
    """What a preview shows, as the site has it: with its own robots.txt, or none."""
    if own is None:
        return replace(site, manifest=site.manifest.changed({KEY: None}))
    file = site_file(own)
    return replace(site, manifest=site.manifest.changed({KEY: Entry.of(file, "")}), own={KEY: file})
