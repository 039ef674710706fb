"""The rescan: a snapshot kept up to date from the paths that have changed, without reading the whole folder.

Where the paths do not say enough (symbolic links, an ignore file, too many of them, a name that collides) the
folder is scanned as a whole: the result is always the one that :func:`sitepub.site.scan.scan` would give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path, PurePath
from typing import Protocol

from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import Problem
from sitepub.site.address_rules.rule_files import NAMES
from sitepub.site.index.indexed_files import IndexedFiles
from sitepub.site.keys import key_part
from sitepub.site.many.files import ChangedFiles
from sitepub.site.rules.defaults import IGNORE_FILE
from sitepub.site.scan import Scanner, Watcher, in_order, no_collection
from sitepub.site.snapshot import LeftOut, SiteFile, Snapshot
from sitepub.site.unused import unmatched_blocks, unused_patterns
from sitepub.site.walk import Walked, walk, walk_at

MANY = 500
"""Changed paths from which checking each is no cheaper than checking everything."""


class Memory(Protocol):
    """What this computer knows of the folder since it was last published."""

    def files(self) -> IndexedFiles | None:
        """The files as they are now, of which only those were read that have changed. ``None``: the whole folder has to
        be read."""

    def watcher(self) -> Watcher | None:
        """Is shown what the whole folder is made of, for the next time."""


class KeptSnapshot:
    """The snapshot of one folder, and which of its paths have changed since.

    What was touched stays touched until a snapshot has been made: an error loses nothing.
    """

    def __init__(self, project: Project, folder: Path, *, environ: Mapping[str, str],
                 cache_file: Path | None = None, memory: Memory | None = None) -> None:
        """``folder``: see :func:`sitepub.site.folder.publish_folder`; the rest as for ``scan``."""
        self.project = project
        self.folder = folder.absolute()
        self._environ = environ
        self._cache_file = cache_file
        self._memory = memory
        self._scanner: Scanner | None = None
        self._base: Mapping[str, SiteFile] = {}
        """As the last scan of the whole folder found it; env.js is not among them."""
        self._changes: dict[str, SiteFile | None] = {}
        """What has changed since; ``None``: it is gone."""
        self._warnings: tuple[Problem, ...] = ()
        self._shown: tuple[Problem, ...] = ()
        self._left_out: dict[str, LeftOut] = {}
        self._touched: set[str] = set()
        self._all = True
        self._links = False
        self._outside = {file for file in (project.headers_file, project.redirects_file) if file}
        """Rule files that may lie anywhere in the project."""

    def touch(self, paths: Iterable[PurePath]) -> None:
        """Something happened at these absolute paths, or below them."""
        for path in paths:
            if self._all:
                return
            if path in self._outside:
                self._all = True
                return
            try:
                below = path.relative_to(self.folder).as_posix()
            except ValueError:
                # A folder above was moved or made anew; elsewhere nothing matters but the ignore file.
                if self.folder.is_relative_to(path) or path.name == IGNORE_FILE:
                    self._all = True
                continue
            self._touched.add(below)
            if below in (".", IGNORE_FILE, *NAMES) or len(self._touched) > MANY:
                self._all = True

    def touch_all(self) -> None:
        """Nothing is certain any more."""
        self._all = True

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Those of the last snapshot."""
        return self._shown

    @property
    def touched(self) -> bool:
        return self._all or bool(self._touched)

    def snapshot(self) -> Snapshot:
        """The folder as it is now. Raises what :func:`~sitepub.site.scan.scan` raises."""
        with no_collection():
            if self._scanner is None or self._all:
                if not self._recognise():
                    self._scan()
            elif self._links or not self._update(self._scanner):
                self._scan()
        self._touched.clear()
        changes: dict[str, SiteFile | None] = dict(self._changes)
        env = self._scanner.env if self._scanner is not None else None
        if env is not None:
            changes[env.key] = env
        rules, warnings = SiteRules(), self._warnings
        if self._scanner is not None:
            applied = self._scanner.apply_rules(ChangedFiles(self._base, changes))
            changes.update(applied.files)
            rules, warnings = applied.rules, (*warnings, *applied.warnings)
        self._shown = warnings
        return Snapshot(ChangedFiles(self._base, changes), self.folder, warnings, in_order(self._left_out), rules=rules)

    @property
    def _files(self) -> ChangedFiles:
        """All that lies in the folder."""
        return ChangedFiles(self._base, self._changes)

    def _recognise(self) -> bool:
        """Read only what has changed since the folder was last published, if it is known how it was then."""
        files = self._memory.files() if self._memory is not None else None
        if files is None:
            return False
        scanner = Scanner(self.project, self.folder, self._environ)
        scanner.hashed_names = files.names
        self._scanner, self._base, self._changes, self._warnings = scanner, files, {}, files.facts.warnings
        self._left_out = {one.path: one for one in files.facts.left_out}
        self._links, self._all = False, False
        return True

    def _scan(self) -> None:
        self._all = True
        scanner = Scanner(self.project, self.folder, self._environ)
        seen = self._memory.watcher() if self._memory is not None else None
        walked = walk(self.project, self.folder, scanner.rules, seen.folder if seen is not None else None)
        scanner.hashed_names = scanner.find_hashed_names(walked.paths)
        if seen is not None:
            seen.names(scanner.hashed_names)
        files, warnings = scanner.site_files(walked, scanner.hash_cache(self._cache_file))
        warnings += unused_patterns(self.project, self.folder, scanner.rules, scanner.headers, walked)
        warnings += unmatched_blocks(scanner.headers)
        self._scanner, self._base, self._changes, self._warnings = scanner, files, {}, tuple(warnings)
        self._left_out = walked.left_out
        self._links, self._all = walked.links, False

    def _update(self, scanner: Scanner) -> bool:
        """Check the touched paths only; False when that is not enough."""
        if not self._touched:
            return True
        if _have_aliases(self._touched):
            return False
        walked = walk_at(self.project, self.folder, scanner.rules, _outermost(self._touched))
        files = self._files
        gone = self._gone(files)
        if (walked.links or self._collides(walked, files, gone) or _have_aliases(file.path for file in walked.files)
                or self._changes_hashed_names(scanner, walked, files, gone)):
            return False
        found, warnings = scanner.site_files(walked, scanner.hash_cache(None))
        for key in gone:
            self._changes[key] = None
        self._changes.update(found)
        for key in gone:
            if self._changes[key] is None and key not in self._base:
                del self._changes[key]
        stays = {path: left for path, left in self._left_out.items()
                 if self._touched.isdisjoint([path.rstrip("/"), *_parents(path.rstrip("/"))])}
        self._left_out = stays | walked.left_out
        self._warnings = tuple(dict.fromkeys((*self._warnings, *warnings)))
        return True

    def _gone(self, files: ChangedFiles) -> set[str]:
        """Keys of known files at the touched paths or below them: forgotten, and found again if they are there."""
        gone: set[str] = set()
        for path in self._touched:
            key = self.project.key_prefix + path
            if key in files:
                gone.add(key)
            else:  # a folder of now or before, or a file that was not there
                gone.update(files.below(f"{key}/"))
        return gone

    def _changes_hashed_names(self, scanner: Scanner, walked: Walked, files: ChangedFiles, gone: set[str]) -> bool:
        """Do other files of the folder get or lose a year in browsers' caches?"""
        found = {file.path for file in walked.files}
        prefix = self.project.key_prefix
        paths = {key.removeprefix(prefix) for key in gone}
        if not any(map(scanner.hashed_names.may_depend_on, (*found, *paths))):
            return False
        now = scanner.find_hashed_names(chain(
            (path for key in files if key not in gone and (path := key.removeprefix(prefix)) not in found), found))
        return now != scanner.hashed_names

    @staticmethod
    def _collides(walked: Walked, files: ChangedFiles, gone: set[str]) -> bool:
        """Does a file get the key of another one that stays?"""
        return any(found.key not in gone and found.key in files for found in walked.files)


def _have_aliases(paths: Iterable[str]) -> bool:
    """Does a file have two keys? Then more than its own path decides what is in the bucket."""
    return any(key_part(path) != path for path in paths)


def _parents(path: str) -> list[str]:
    found = []
    end = path.rfind("/")
    while end > 0:
        found.append(path[:end])
        end = path.rfind("/", 0, end)
    return found


def _outermost(paths: set[str]) -> list[str]:
    """The paths without those below another one."""
    return sorted(path for path in paths if paths.isdisjoint(_parents(path)))
