"""What shows without reading it whether the content of a file is still the same."""

from __future__ import annotations

import os
from typing import NamedTuple

EARLIEST = -2**63
"""What 64 bits hold: the year 1677. Such a time, and those that are as far in the future, say nothing."""


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
        changed, inode_changed = stat.st_mtime_ns, stat.st_ctime_ns
        if not (EARLIEST < changed < -EARLIEST and EARLIEST < inode_changed < -EARLIEST):
            changed, inode_changed = _within(changed), _within(inode_changed)
        return cls(stat.st_size, changed, inode_changed, stat.st_ino)


def _within(time: int) -> int:
    return min(max(time, EARLIEST), -EARLIEST)
