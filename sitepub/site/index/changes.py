"""What has changed in a folder since its index was written: only that is read.

Wherever what has changed does not say enough (links, names that decide about other names, patterns of which it is not
known whether they still match), the answer is that the whole folder has to be read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import SitepubError
from sitepub.site.index import listing
from sitepub.site.index.compare import Compared
from sitepub.site.index.file import IndexFile, Known, KnownNames, Record, Unusable
from sitepub.site.index.known_names import known_of, names_after, names_of
from sitepub.site.index.listing import Row
from sitepub.site.index.moved import MovedFiles
from sitepub.site.keys import key_part
from sitepub.site.scan import Scanner, no_collection
from sitepub.site.snapshot import SiteFile
from sitepub.site.walk import Walk, Walked

FEW = 2000
"""Files that may have changed whatever the site has."""
MOST = 25_000
"""Changed files that are held at once; with more, the whole folder is read, which holds none."""

_encode = msgspec.msgpack.Encoder().encode
_ROWS = msgspec.msgpack.Decoder(list[Row])


@dataclass(slots=True)
class Folder:
    """A folder that is not as it was, and is there."""

    path: bytes
    digest: bytes
    at: int
    """When it was about to be listed (ns)."""
    packed: bytes
    before: dict[bytes, Known]
    """Empty for a new one."""

    @property
    def rows(self) -> list[Row]:
        """There may be very many, and they are seldom asked for."""
        return _ROWS.decode(self.packed)


@dataclass(slots=True)
class Changes:
    """What is not as it was."""

    names: KnownNames
    files: dict[str, SiteFile] = field(default_factory=dict)
    """New ones, and those with other content or headers, by key."""
    gone: set[str] = field(default_factory=set)
    """Keys."""
    same: dict[str, SiteFile] = field(default_factory=dict)
    """What was read and is as it was, by path."""
    folders: list[Folder] = field(default_factory=list)
    folders_gone: list[bytes] = field(default_factory=list)
    new: int = 0
    """How many of the files were not there before."""
    newest: int = 0
    """When the file that was written last was written (ns), of those in the folders."""
    made: dict[str, SiteFile] = field(default_factory=dict)
    """Files of the site that do not lie in the folder (env.js), by key."""
    rules: SiteRules = field(default_factory=SiteRules)


def find_changes(project: Project, folder: Path, environ: Mapping[str, str], index: IndexFile, compared: Compared
                 ) -> Changes | None:
    """``None``: the whole folder has to be read, perhaps to find out what is wrong in it."""
    if not index.facts.simple or (index.facts.warnings and not compared.same):
        return None
    try:
        with no_collection():
            return _Finding(project, folder.absolute(), environ, index, compared).run()
    except (Unusable, OSError, SitepubError):
        return None


class _Finding:
    def __init__(self, project: Project, folder: Path, environ: Mapping[str, str], index: IndexFile,
                 compared: Compared) -> None:
        self.project = project
        self.folder = folder
        self.environ = environ
        self.index = index
        self.compared = compared
        self.found = Changes(index.facts.names)
        self.headers = [digest for digest, _ in index.facts.headers]
        self.known: dict[str, Known] = {}
        """What was there at the touched paths, if it was published."""
        self.paths: list[str] = []
        """Where something is to be read."""
        # From half of the files on, reading everything is no slower.
        self.most = min(MOST, max(FEW, index.facts.files // 2))

    def run(self) -> Changes | None:
        scanner = Scanner(self.project, self.folder, self.environ)
        if scanner.rule_files.blocks or scanner.rule_files.redirects:
            return None  # what they add depends on all files
        if scanner.env is not None:
            self.found.made[scanner.env.key] = scanner.env
        applied = scanner.apply_rules(dict(self.found.made))
        self.found.made.update(applied.files)
        self.found.rules = applied.rules
        if self.compared.same:
            return self.found
        root = os.fsencode(self.folder) + os.fsencode(os.sep)
        for record in self.compared.changed:
            if not self._folder(record, root) or len(self.paths) > self.most:
                return None
        for record in self.compared.gone:
            self.found.folders_gone.append(record.path)
            self._take_before(record.path, self.index.known(record))
        if len(self.known) > self.most:
            return None
        walked = self._walk(scanner)
        if not self._is_simple(scanner, walked) or not self._same_names(scanner, walked):
            return None
        cache = MovedFiles(self.folder, scanner.search.marks, self.known.values(), self.index.facts.headers,
                           scanner.headers)
        files, warnings = scanner.site_files(walked, cache)
        if warnings:
            return None
        for found in walked.files:
            self._take(found.path, files[found.key])
        self.found.gone = {self._key(path) for path in self.known}
        return self.found

    def _folder(self, record: Record, root: bytes) -> bool:
        at = time.time_ns()
        there = listing.read(root + record.path, keep=True)
        if not there.plain:
            return False
        known = {one.name: one for one in self.index.known(record)}
        self.found.folders.append(Folder(record.path, there.digest, at, _encode(there.rows), known))
        self.found.newest = max(self.found.newest, listing.newest(there.rows))
        folder = os.fsdecode(record.path)
        gone = dict(known)
        for row in there.rows:
            before = known.get(row[0])
            if before is not None and before.row == row:
                gone.pop(row[0])
            else:
                self.paths.append(folder + os.fsdecode(row[0]))
        self._take_before(record.path, list(gone.values()))
        self.paths += [folder + os.fsdecode(name) for name in there.folders
                       if not self.index.has(record.path + name + b"/")]
        return True

    def _take_before(self, folder: bytes, known: list[Known]) -> None:
        self.known.update((os.fsdecode(folder + one.name), one) for one in known if one.md5)

    def _walk(self, scanner: Scanner) -> Walked:
        walk = Walk(self.project, self.folder, scanner.rules)
        walk.seen = self._seen
        return walk.run_at(self.paths)

    def _seen(self, path: str, entries: list[os.DirEntry[str]], at: int) -> None:
        """A folder that is new."""
        there = listing.of_entries(entries)
        if not there.plain:
            raise Unusable
        self.found.folders.append(Folder(os.fsencode(path), there.digest, at, _encode(there.rows), {}))
        self.found.newest = max(self.found.newest, listing.newest(there.rows))

    def _is_simple(self, scanner: Scanner, walked: Walked) -> bool:
        """Whether what was found says nothing of other files."""
        if (walked.links or walked.warnings or walked.names or walked.unreadable or walked.left_out
                or len(walked.files) > self.most):
            return False
        there = {found.path for found in walked.files}
        gone = self.known.keys() - there
        left = {one.path for one in self.index.facts.left_out}
        if any(path in left or path in scanner.rule_files.paths for path in (*self._all_gone(), *self.paths)):
            return False  # what is said of it is not to be said any more, or it decides about all files
        # Also one that left out what is gone now.
        went = bool(gone or self.found.folders_gone or next(self._all_gone(), None))
        if went and (scanner.rules.patterns or scanner.rules.secrets or self.project.headers):
            return False  # a pattern may match nothing any more
        if any(self._key(path) in self.found.made for path in (*there, *gone)):
            return False
        return all(path.isascii() or key_part(path) == path for path in (*there, *gone))

    def _all_gone(self) -> Iterator[str]:
        """Whatever was in the folders and is not, published or not."""
        for folder in self.found.folders:
            names = {row[0] for row in folder.rows} if folder.before else set()
            yield from (os.fsdecode(folder.path + name) for name in folder.before if name not in names)

    def _same_names(self, scanner: Scanner, walked: Walked) -> bool:
        """Whether the same names are taken for ones with a hash."""
        there = {found.path for found in walked.files}
        known = self.index.facts.names
        now = names_after(known, there | self.known.keys(), there, scanner.names_in)
        if now is None:
            names = scanner.find_hashed_names(self._all_paths(there))
            if names != names_of(known):
                return False
            now = known_of(names)
        self.found.names = now
        scanner.hashed_names = names_of(now)
        return True

    def _all_paths(self, there: set[str]) -> Iterator[str]:
        yield from there
        for record in self.index.records():
            folder = os.fsdecode(record.path)
            for one in self.index.known(record):
                if one.md5 and (path := folder + os.fsdecode(one.name)) not in there and path not in self.known:
                    yield path

    def _take(self, path: str, file: SiteFile) -> None:
        before = self.known.pop(path, None)
        if before is None:
            self.found.new += 1
        elif before.md5.hex() == file.md5 and self.headers[before.headers] == file.headers_hash:
            self.found.same[path] = file
            return
        self.found.files[file.key] = file

    def _key(self, path: str) -> str:
        return self.project.key_prefix + path
