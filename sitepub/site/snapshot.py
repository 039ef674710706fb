"""The snapshot: every file of a site as it should stand in the bucket. Values only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.config.site_rules import SiteRules
from sitepub.errors import Problem


def headers_hash(headers: Mapping[str, str]) -> str:
    """A short stable hash (16 hex digits) of response headers, whatever their order and name case."""
    lines = "\n".join(f"{name.lower()}:{value}" for name, value in
                      sorted(headers.items(), key=lambda item: item[0].lower()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


LARGE = 32 * 1024 * 1024
"""Bytes. Files of more have a :attr:`SiteFile.stamp`, so that they need not be read once more when they are sent."""


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """An object in a bucket of the account that has the content of a file."""

    bucket: str
    """With its ``-APPID``."""
    region: str
    key: str
    etag: str = ""
    """What it must have as long as the content is this; "": its key says so."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One file to publish."""

    key: str
    """Object key: NFC, ``/`` as separator, prefix included; 1–850 bytes in UTF-8."""
    size: int
    """Bytes."""
    md5: str
    """MD5 of the content, 32 lowercase hex digits."""
    headers: Mapping[str, str]
    """Response headers to store with the object, names in canonical case; always has Content-Type."""
    headers_hash: str
    path: Path | None = None
    """Where the content lies; ``None`` when ``data`` holds it (env.js)."""
    data: bytes | None = None
    copies: tuple[StoredCopy, ...] = ()
    """Where the content lies in the cloud, the first choice first, when neither ``path`` nor ``data`` has it."""
    stamp: tuple[int, int, int, int] | None = field(default=None, compare=False)
    """Of a large file: as long as the file system says this of it (size, mtime and ctime in ns, inode), ``md5`` is that
    of its content. ``None``: that is not certain."""
    crc: int | None = field(default=None, compare=False)
    """CRC-64/XZ of a large file that was read for its ``md5``: what is sent later is the same content if it has the
    same. ``None``: it was not read."""

    @property
    def has_body(self) -> bool:
        """Whether the content is at hand; that of a release is not."""
        return self.data is not None or self.path is not None

    @property
    def content(self) -> bytes | os.PathLike[str] | None:
        """Itself, or where it lies."""
        return self.path if self.data is None else self.data

    @property
    def filled(self) -> bool:
        """Whether it is known, since it was read just now, that there is more than white space in it."""
        return False

    @property
    def place(self) -> str | None:
        """The path as text."""
        return os.fspath(self.path) if self.path is not None else None

    @property
    def is_page(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is there and not published, although no pattern of the user says so."""

    path: str
    """Below the web root; ``/`` at the end of a folder."""
    key: str
    """The object key that it would have; below it those of what lies in a folder."""
    what: str
    """What it is, in words that follow "is"."""
    option: str | None = None
    """The setting that publishes it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole site: object key → file."""

    files: Mapping[str, SiteFile]
    root: Path | None = None
    """The folder that was scanned."""
    warnings: tuple[Problem, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = ()
    """What sitepub's own rules left out, in the order of the paths."""
    newest_ns: int | None = field(default=None, compare=False)
    """When the file that was written last was written (ns since the epoch), if the whole folder was read."""
    hidden: SiteFile | None = None
    """A file of the site that its preview replaces by another of the same key."""
    rules: SiteRules = field(default_factory=SiteRules)
    """Of `_headers` and `_redirects`: what is not in the files themselves."""

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[SiteFile]:
        return iter(self.files.values())

    @property
    def total_bytes(self) -> int:
        return sum(f.size for f in self.files.values())
