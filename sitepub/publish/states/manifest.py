"""The manifest: what sitepub put into the bucket. Values only; see ``state`` for where it is kept."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sitepub.site.snapshot import SiteFile


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One object as sitepub last wrote it."""

    md5: str
    """MD5 of the content, 32 hex digits; "" when it is not known (a multipart object that was adopted)."""
    size: int
    headers_hash: str
    """:func:`sitepub.site.snapshot.headers_hash` of its headers; "" when they are not known."""
    etag: str = ""
    """ETag the bucket answered, without quotes. Equals ``md5`` but for multipart objects, where it is
    opaque (never computed, only compared with itself)."""
    adopted: bool = False
    """The object was in the bucket before sitepub, with this very content; sitepub has only set its headers.
    It is deleted only on request."""
    kept: bool = False
    """Its content lies in the kept content, too."""
    until: int = 0
    """Unix seconds. The site has dropped the file, and the object stays until then for pages that are open; 0: it is
    a file of the site."""
    written: int = 0
    """Unix seconds by the cloud's clock: when sitepub wrote it, or after what it found to be right; 0: not known."""

    @classmethod
    def of(cls, file: SiteFile, etag: str = "", *, adopted: bool = False, kept: bool = False,
           written: int = 0) -> Entry:
        return cls(file.md5, file.size, file.headers_hash, etag or file.md5, adopted, kept, written=written)


Manifest = Mapping[str, Entry]
"""Object key → entry. Only what sitepub itself uploaded, took over or adopted is in it."""
