"""The folder against its index: which folders are not as they were when they were last published."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.site.index import listing
from sitepub.site.index.file import Check, IndexFile, Record, Unusable

MOST = 10_000
"""Changed folders from which on reading everything is no slower."""


Visit = Callable[[str], object]
"""Is called with the path of a folder."""


@dataclass(slots=True)
class Compared:
    """Folders by their paths, in order."""

    changed: list[Record] = field(default_factory=list)
    """Those that are there and are not as they were."""
    gone: list[Record] = field(default_factory=list)
    newest: int = 0
    """When the file that was written last was written (ns), of those that are published and have not changed."""

    @property
    def same(self) -> bool:
        return not self.changed and not self.gone


def compare(index: IndexFile, folder: Path, before: Visit | None = None, other: Visit | None = None
            ) -> Compared | None:
    """Every folder of the index is listed, and no file is read. What differs may be none of what is published, and new
    folders show in the one that they lie in. ``before``: is called before a folder is listed. ``other``: is called for
    a folder that is not listed, with all below it, since the index does not know it.

    ``None``: too much has changed, something cannot be read, or the index turned out to be damaged."""
    collecting = gc.isenabled()
    gc.disable()  # rows come and go by the million, and none refers to another
    try:
        return _compare(index, os.fsencode(folder.absolute()) + os.fsencode(os.sep), before, other)
    except (Unusable, OSError):
        return None
    finally:
        if collecting:
            gc.enable()


def _compare(index: IndexFile, root: bytes, before: Visit | None, other: Visit | None) -> Compared | None:
    def leave_out(path: bytes) -> None:
        if other is not None:
            other(os.fsdecode(root + path[:-1]))

    found = Compared()
    check = Check()
    records = index.records()
    waiting = [b""]
    device = 0
    for record in records:
        check.add(record)
        # What is waiting before it and has no record was not looked into then: the folder that it lies in says whether
        # it is new.
        while waiting and waiting[-1] < record.path:
            leave_out(waiting.pop())
        if not waiting or waiting[-1] != record.path:
            found.gone.append(record)
            if len(found.gone) > MOST:
                return None
            continue
        path = waiting.pop()
        if before is not None:
            before(os.fsdecode((root + path)[:-1]))
        there = listing.read(root + path)
        device = device or there.device
        if not there.plain or there.device not in (0, device):
            return None  # links, or another file system, whose times and inodes may be the same by chance
        if there.digest != record.digest:
            found.changed.append(record)
            if len(found.changed) > MOST:
                return None
        elif record.newest > found.newest:
            found.newest = record.newest
        waiting += [path + name + b"/" for name in reversed(there.folders)]
    while waiting:
        leave_out(waiting.pop())
    return found if check.digest() == index.facts.check else None
