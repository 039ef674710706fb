"""One path of a folder: what a walk asks about it, and where a symbolic link leads."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

_CANT_RESOLVE = 1921
"""Windows: ERROR_CANT_RESOLVE_FILENAME."""


class At:
    """A path that is not read from its folder: what the walk asks of an ``os.DirEntry``."""

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        self.name = name

    def exists(self) -> bool:
        """Raises OSError when it cannot be found out (a folder above may not be read): that is no "no"."""
        try:
            os.lstat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def is_symlink(self) -> bool:
        return stat.S_ISLNK(os.lstat(self.path).st_mode)

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return stat.S_ISDIR(self.stat(follow_symlinks=follow_symlinks).st_mode)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return Path(self.path).stat(follow_symlinks=follow_symlinks)


def is_link(entry: os.DirEntry[str] | At) -> bool:
    if entry.is_symlink():
        return True
    if sys.platform == "win32":
        return entry.stat(follow_symlinks=False).st_reparse_tag == stat.IO_REPARSE_TAG_MOUNT_POINT
    return False


def why_broken(error: OSError) -> str:
    """Why a link cannot be followed, in words that follow "a symbolic link that"."""
    if error.errno == errno.ELOOP or getattr(error, "winerror", None) == _CANT_RESOLVE:
        return "leads to itself"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "leads nowhere"
    return f"cannot be followed ({error.strerror or error})"


def below(real: str, root: str) -> str | None:
    """The path of ``real`` below ``root`` with slashes, "" for the root itself, ``None`` when outside."""
    if os.path.normcase(real) == os.path.normcase(root):
        return ""
    start = root if root.endswith(os.sep) else root + os.sep
    if not os.path.normcase(real).startswith(os.path.normcase(start)):
        return None
    return real[len(start):].replace(os.sep, "/")
