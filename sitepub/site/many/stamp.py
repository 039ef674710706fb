"""What shows without reading it whether the content of a file is still the same."""

from __future__ import annotations

import os
from typing import NamedTuple


class Stamp(NamedTuple):
    """What the file system says of a file's content without reading it.

    ``ctime_ns`` (POSIX: last change of the inode) also sees an edit after which size and mtime were restored;
    the inode sees a file that was replaced by another one. On Windows ``ctime_ns`` is the time of creation.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Stamp:
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
