"""The object store's verbs, as the rooms above use them. ``object_store`` speaks them to COS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer to a write."""

    etag: str
    """Without quotes."""
    request_id: str = ""
    written: int = field(default=0, compare=False)
    """When the cloud wrote it, Unix seconds by its clock; 0: it did not say."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object with its content."""

    data: bytes
    etag: str
    headers: Mapping[str, str]
    """Response headers, names lowercased."""


@dataclass(frozen=True, slots=True)
class ObjectHead:
    size: int
    etag: str
    headers: Mapping[str, str]
    """Response headers, names lowercased."""


@dataclass(frozen=True, slots=True)
class Listed:
    key: str
    size: int
    etag: str
    modified: int = field(default=0, compare=False)
    """LastModified, Unix seconds; 0: not known."""


@dataclass(frozen=True, slots=True)
class DeleteFailure:
    key: str
    code: str
    message: str


Sent = Callable[[int], None]
"""Called with the size of every block that went out; a negative count takes back what a failed try had sent."""
Retry = Callable[[Exception, float], None]
"""Called before every retry: the error, and the seconds waited before the next try."""


SINGLE_MAX = 32 * 1024 * 1024
"""Files of more bytes than this go up in parts."""
FileStamp = tuple[int, int, int, int]
"""What the file system says of a file's content: size, mtime and ctime (ns), inode."""


def stamp_of(status: os.stat_result) -> FileStamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


@dataclass(frozen=True, slots=True)
class LargeFile:
    """How a file goes up that is sent in parts."""

    stamp: FileStamp | None = None
    """As long as the file has it, its MD5 is the one that is given. ``None``: that is not certain."""
    crc: int | None = None
    """CRC-64/XZ of the content whose MD5 is given: anything else is not put together. ``None``: it is not known; where
    ``stamp`` is not either, the MD5 is computed once more."""
    resume: bool = False
    """A run that did not end may have sent parts of this very content, for the same headers: they are not sent again.
    """
    keep: bool = False
    """The caller remembers the upload: what was sent stays there for the next run when this one is interrupted or the
    network fails."""


LIST_PAGE = 1000
"""Objects of a listing that are asked for at a time, the most that the service gives."""


class ObjectStore(Protocol):
    """One bucket. Safe to use from many threads. Retries what is worth retrying; raises ``errors``."""

    bucket: str

    def put(self, key: str, body: bytes | os.PathLike[str], headers: Mapping[str, str], *, md5: str | None = None,
            forbid_overwrite: bool = False, sent: Sent | None = None, retry: Retry | None = None,
            large: LargeFile | None = None) -> Stored:
        """Write an object. ``md5`` is 32 hex digits (sent as Content-MD5; computed when left out); the
        answer's ETag and CRC64 are checked. A path of more than 32 MB goes up in parallel parts, as ``large`` says.

        With ``forbid_overwrite`` raises :class:`~sitepub.errors.PreconditionFailed` if the key exists.
        A file that changed while it was read raises :class:`~sitepub.errors.SiteError`."""

    def copy(self, key: str, source_key: str, headers: Mapping[str, str], *, source_bucket: str | None = None,
             source_region: str | None = None, if_match: str | None = None, retry: Retry | None = None) -> Stored:
        """Copy on the server with new headers (directive Replaced). ``source_region``: of ``source_bucket``, if it is
        another than this bucket's. ``if_match``: ETag the source must have, else
        :class:`~sitepub.errors.PreconditionFailed`. :class:`~sitepub.errors.NotFound` if it is gone."""

    def get(self, key: str) -> Fetched:
        """Raises :class:`~sitepub.errors.NotFound`, with code NoSuchBucket when the bucket is missing."""

    def get_unless(self, key: str, etag: str) -> tuple[Fetched | None, Mapping[str, str]]:
        """``None`` when the object still has this ETag; and the headers of the answer. Raises like :meth:`get`."""

    def head(self, key: str) -> ObjectHead | None: ...

    def list(self, prefix: str = "", *, after: str = "", page: int = 1000) -> Iterator[Listed]:
        """Every object below the prefix in key order; ``after``: those that come after this key. ``page``: so many are
        asked for at a time, 1000 at most. A page that fails raises: never a partial listing."""

    def delete(self, keys: Sequence[str]) -> Sequence[DeleteFailure]:
        """Delete objects, 1000 a request. A missing key counts as deleted. Answers what failed."""

    def discard_uploads(self, keys: Sequence[str]) -> int:
        """Throw away the unfinished multipart uploads of exactly these keys, which a killed run may have left.
        Answers how many there were."""

    def discard_uploads_below(self, prefix: str) -> int:
        """The same for every key that begins with ``prefix``."""

    def close(self) -> None: ...
