"""Permissions of a data folder: files 0600, folders 0700, also for files that were there before."""

from __future__ import annotations

import os
from pathlib import Path

_FILES = ("identity.json", "cloud.json", "lock", "server.log", "of-dev", "ca.pem", "ca.key", "ca-issuing.pem",
          "ca-issuing.key")
_DATABASES = ("cloud.sqlite3", "access-log.sqlite3", "services.sqlite3")
_OWN = {*_FILES, "content", *(name + end for name in _DATABASES for end in ("", "-wal", "-shm", "-journal"))}


def is_own(name: str) -> bool:
    """Whether the embedded cloud makes files of this name."""
    return name in _OWN or (name.endswith(".tmp") and name.partition(".")[0] in {one.partition(".")[0] for one in _OWN})


def close_folder(data: Path) -> None:
    """Create the folder, and remove all access of other users.

    A folder that holds other things too keeps its own mode: the user chose it. Raises OSError."""
    if os.name == "nt":
        # the user's own folders are closed to others there; modes mean nothing
        data.mkdir(parents=True, exist_ok=True)
        return
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.scandir(data) as entries:
        found = list(entries)
    if all(is_own(entry.name) for entry in found):
        _close(data, 0o700)
    for entry in found:
        if is_own(entry.name):
            _close_entry(entry)


def _close_entry(entry: os.DirEntry[str]) -> None:
    if entry.is_symlink():
        return
    if not entry.is_dir():
        _close(Path(entry.path), 0o600)
        return
    _close(Path(entry.path), 0o700)
    with os.scandir(entry.path) as entries:
        for inner in entries:
            _close_entry(inner)


def _close(path: Path, mode: int) -> None:
    if path.lstat().st_mode & 0o777 != mode:
        path.chmod(mode)
