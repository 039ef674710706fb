"""Where to watch: whole trees without what is skipped in them, and single folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_DEEP = 4
"""Levels below a tree that are searched for folders to leave out."""
_MANY = 200
"""Watches; with more, a tree is watched with all that is in it."""


def _nothing(_folder: Path) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute paths. They need not exist yet, nor stay."""

    trees: tuple[Path, ...] = ()
    """Folders with all below them …"""
    folders: tuple[Path, ...] = ()
    """Folders without what is in their folders."""
    skips: Callable[[Path], bool] = field(default=_nothing)
    """… but for these folders in them."""

    def inside(self, path: Path) -> bool:
        """Is this path one that is watched?"""
        if path.parent in self.folders or path in self.trees:
            return True
        for tree in self.trees:
            if path.is_relative_to(tree):
                between = [path, *path.parents]
                return not any(self.skips(one) for one in between[: between.index(tree)])
        return False

    def leads_to(self, path: Path) -> bool:
        """Is this path a tree, or a folder above one or above a single folder?"""
        return any(tree.is_relative_to(path) for tree in (*self.trees, *self.folders))


Watch = tuple[str, bool]
"""A folder, and whether all below it is meant too."""


def watches(places: Places) -> set[Watch]:
    """The fewest watches that see everything that is there now, without what is skipped.

    A tree with something to skip in it becomes several watches. The folder above each tree is watched as well,
    so that a tree that goes and comes again is noticed.
    """
    wanted: set[Watch] = {(str(folder), False) for folder in places.folders if folder.is_dir()}
    for tree in places.trees:
        if tree.is_dir():
            found = _split(str(tree), places, _DEEP)
            wanted |= found if len(found) <= _MANY else {(str(tree), True)}
        above = next((parent for parent in tree.parents if parent.is_dir()), None)
        if above is not None:
            wanted.add((str(above), False))
    whole = {path for path, recursive in wanted if recursive}
    return {(path, recursive) for path, recursive in wanted if recursive or not _in_any(path, whole)}


def _in_any(path: str, trees: set[str]) -> bool:
    return path in trees or any(str(parent) in trees for parent in Path(path).parents)


def _split(folder: str, places: Places, levels: int) -> set[Watch]:
    """Watches for one folder: itself with all below it, or itself alone and its folders one by one."""
    below: list[str] = []
    skipped = False
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if places.skips(Path(entry.path)):
                        skipped = True
                    else:
                        below.append(entry.path)
    except OSError:
        return set()
    parts = {path: _split(path, places, levels - 1) for path in below} if levels else {}
    if not skipped and all(found in ({(path, True)}, set()) for path, found in parts.items()):
        return {(folder, True)}
    return {(folder, False)}.union(*parts.values()) if levels else {(folder, False), *((path, True) for path in below)}
