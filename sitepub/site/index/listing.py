"""One folder as the index sees it: what the file system says of each entry, and a digest of it all.

Two listings with the same digest hold the same files with the same content, as far as a file system can say so:
name, mode, size, time of the content, time of the inode, and the inode itself are the same.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from sitepub.site.entries import is_link

Row = tuple[bytes, int, int, int, int, int]
"""Name, mode, size, mtime, ctime (both ns) and inode of an entry that is no folder."""
DIGEST = 16
"""Bytes."""
_MANY = 4096
"""Entries from which on a folder is digested in pieces, in the order of the file system, to hold no more at once."""
_WINDOWS = os.name == "nt"
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Listing:
    digest: bytes
    folders: list[bytes]
    """Names, sorted as the paths of what lies in them are."""
    rows: list[Row] = field(default_factory=list)
    """Only when they were asked for."""
    plain: bool = True
    """Nothing but files and folders: no links, pipes or devices, about which more decides than what stands here, and no
    files of two file systems, or with times that no index can hold."""
    device: int = 0
    """The file system of its files; 0: it has none."""


def read(path: bytes, *, keep: bool = False) -> Listing:
    """List a folder. ``keep``: with its rows. Raises OSError."""
    with os.scandir(path or b".") as entries:
        return _listing(entries, keep=keep)


def of_entries(entries: Iterable[os.DirEntry[str]]) -> Listing:
    """A folder that was listed before, with its rows. Raises OSError."""
    return _listing(entries, keep=True)


def _listing(entries: Iterable[os.DirEntry[str]] | Iterable[os.DirEntry[bytes]], *, keep: bool) -> Listing:
    rows: list[Row] = []
    kept: list[Row] = []
    folders: list[bytes] = []
    hasher = None
    plain = True
    device = 0
    for entry in entries:
        name = entry.name if isinstance(entry.name, bytes) else os.fsencode(entry.name)
        if entry.is_dir(follow_symlinks=False) and not (_WINDOWS and _is_link(entry)):
            folders.append(name)
            continue
        # On Windows a DirEntry knows no inode, and its times may be old.
        status = os.lstat(entry.path) if _WINDOWS else entry.stat(follow_symlinks=False)
        mode = status.st_mode
        plain = plain and stat.S_ISREG(mode)
        if status.st_dev != device:
            plain = plain and not device
            device = status.st_dev
        rows.append((name, mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
        if len(rows) == _MANY:
            data, held = _held(rows)
            hasher = hasher or hashlib.blake2b(digest_size=DIGEST)
            hasher.update(data)
            plain = plain and held
            if keep:
                kept += rows
            rows = []
    folders.sort(key=_as_in_paths)
    if hasher is None:
        rows.sort()
    data, held = _held((rows, folders))
    hasher = hasher or hashlib.blake2b(digest_size=DIGEST)
    hasher.update(data)
    return Listing(hasher.digest(), folders, kept + rows if keep else [], plain and held, device)


def _held(what: object) -> tuple[bytes, bool]:
    """The form that is digested, and whether an index can hold it: a time of the year 9999 takes more than 64 bits."""
    try:
        return _encode(what), True
    except OverflowError:
        return repr(what).encode(), False


def _as_in_paths(name: bytes) -> bytes:
    return name + b"/"


def _is_link(entry: os.DirEntry[str] | os.DirEntry[bytes]) -> bool:
    return is_link(entry)  # type: ignore[arg-type]


def newest(rows: Iterable[Row]) -> int:
    """The latest time (ns) in rows; 0 when there are none."""
    return max((max(row[3], row[4]) for row in rows), default=0)
