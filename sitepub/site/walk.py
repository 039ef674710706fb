"""The walk: every file below a folder that is to be published, with its key and its stat."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.leaks.names import CREDENTIAL_FOLDERS
from sitepub.site.entries import At, below, is_link, why_broken
from sitepub.site.ignore import IgnoreRules
from sitepub.site.keys import is_plain, key_part, key_problem, name_problem, printable
from sitepub.site.many.packed import Packed, Packing, Row, packed
from sitepub.site.many.stamp import Stamp
from sitepub.site.rules.defaults import CONFIGURATION, FOLLOW_LINKS, Rule, default_rule
from sitepub.site.snapshot import LeftOut

_MANY_LINKS = 40
"""Symbolic links to folders within each other; more is taken for a maze, as systems do (ELOOP)."""
_ONE_FILE_MANY_NAMES = sys.platform in ("win32", "darwin")
"""File systems there may find a file under other spellings of its name (case, accents)."""
_TOLD = 20
"""Warnings of one kind that are shown one by one."""


Seen = Callable[[str, list[os.DirEntry[str]], int], None]
"""Called with each folder that is looked into (its path with ``/`` at its end), what is in it, and when it was about to
be listed (ns)."""


class FoundFile:
    """A file to publish, of which nothing is made before it is asked for."""

    __slots__ = ("_row", "_walk")

    def __init__(self, walk: Walk, row: Row) -> None:
        self._walk = walk
        self._row = row

    @property
    def path(self) -> str:
        """Below the web root, ``/`` as separator, as the file system spells it."""
        return self._row[0]  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def key(self) -> str:
        return self._walk.key_of(self._row)

    @property
    def full_path(self) -> str:
        return self._walk.below(self.path)

    @property
    def real_name(self) -> str:
        """Last part of the path; of what a symbolic link leads to, when it is one."""
        return self.name if self._row[2] is None else self._row[2]

    @property
    def size(self) -> int:
        """Bytes."""
        return self._row[3]  # type: ignore[no-any-return]

    @property
    def stamp(self) -> Stamp:
        return Stamp(*self._row[3:])


@dataclass(slots=True)
class Walked:
    files: Packed[FoundFile]
    """In the order of their keys."""
    warnings: list[Problem] = field(default_factory=list)
    names: list[Problem] = field(default_factory=list)
    """Names that cannot become a key."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Path → reason."""
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    """What is there and not published, although no pattern of the user says so, by path."""
    excluded: set[str] = field(default_factory=set)
    """What patterns left out; a folder ends with ``/``, and what lies in it is not named."""
    composed: bool = False
    """There are keys that are spelled otherwise than their paths."""
    links: bool = False
    """There are symbolic links: what happens to one path may show under another one too."""

    @property
    def paths(self) -> Iterator[str]:
        """Of the files, in the order of their keys."""
        return (row[0] for row in self.files.rows())

    @property
    def newest(self) -> int | None:
        """When the file that was written last was written (ns). The time of the inode counts, too: what a hook copies
        or unpacks may keep the time that its content was written."""
        return max((row[4] if row[4] > row[5] else row[5] for row in self.files.rows()), default=None)


class _Folder(NamedTuple):
    path: str
    """Below the web root with ``/`` at its end; "" for the root."""
    full_path: str
    key: str
    rule: Rule | None
    """The default rule that leaves out what lies in it, unless a pattern brings it back."""
    links: int


class Walk:
    """Walks once; see :func:`walk`."""

    def __init__(self, project: Project, folder: Path, rules: IgnoreRules) -> None:
        self.rules = rules
        self.root = str(folder)
        self.real_root = os.path.realpath(folder)
        self.configuration = os.path.realpath(project.file)
        self.follow_links = project.source.follow_links
        project_below = below(os.path.realpath(project.root), self.real_root)
        self.roots = {"", f"{project_below}/"} if project_below else {""}
        """Folders that count as root for what is not published there: the site's, and the project's in it."""
        self.prefix = project.key_prefix
        self.result = Walked(Packed((), 0, self._made))
        self.folders: list[_Folder] = []
        self.seen: Seen | None = None
        self._found = Packing(self._made)
        self._last = ""
        self._sorted = True

    def run(self) -> Walked:
        self.folders.append(self._root_folder())
        return self._to_the_end()

    def run_at(self, paths: Iterable[str]) -> Walked:
        for path in paths:
            self._seek(path)
        return self._to_the_end()

    def _root_folder(self) -> _Folder:
        return _Folder("", self.root, self.prefix, None, 0)

    def _seek(self, path: str) -> None:
        """Take what is at a path, in the way that leads to it from the root."""
        folder = self._root_folder()
        parts = path.split("/")
        for part in parts:
            at_root = folder.path in self.roots
            entry = At(f"{folder.full_path}{os.sep}{part}", part)
            try:
                if not entry.exists():
                    return
            except OSError as error:
                self.result.unreadable[folder.path + part] = error.strerror or str(error)
                return
            if _ONE_FILE_MANY_NAMES and part not in {one.name for one in os.scandir(folder.full_path)}:
                self.result.links = True  # the same file under another spelling
                return
            before = len(self.folders)
            self._entry(entry, folder, at_root)
            if self.result.links or len(self.folders) == before:
                return  # a file, or left out
            folder = self.folders.pop()
        self.folders.append(folder)

    def _to_the_end(self) -> Walked:
        below = [self._entries(folder) for folder in reversed(self.folders)]
        self.folders.clear()
        while below:
            found = next(below[-1], None)
            if found is None:
                below.pop()
                continue
            entry, folder, at_root = found
            self._entry(entry, folder, at_root)
            while self.folders:  # at most one
                below.append(self._entries(self.folders.pop()))
        files = self._found.done()
        # What was composed (NFC) may stand elsewhere than its folder says.
        self.result.files = files if self._sorted else packed(
            sorted(files.rows(), key=self.key_of), self._made)
        self._warn_of_links()
        return self.result

    def _entries(self, folder: _Folder) -> Iterator[tuple[os.DirEntry[str], _Folder, bool]]:
        """What lies in a folder, in the order in which the keys of all files below it are."""
        at = time.time_ns()
        try:
            with os.scandir(folder.full_path) as entries:
                found = list(entries)
        except OSError as error:
            self.result.unreadable[folder.path.rstrip("/") or "."] = error.strerror or str(error)
            return
        if self.seen is not None:
            self.seen(folder.path, found, at)
        at_root = folder.path in self.roots
        found.sort(key=_as_in_keys)
        for entry in found:
            yield entry, folder, at_root

    def _entry(self, entry: os.DirEntry[str] | At, folder: _Folder, at_root: bool) -> None:
        name = entry.name
        path = folder.path + name
        try:
            if is_link(entry):
                self._link(entry, folder, path, at_root)
            elif entry.is_dir(follow_symlinks=False):
                self._descend(path, entry.path, folder, default_rule(name, folder=True, at_root=at_root))
            elif not self._is_out(path, folder, default_rule(name, folder=False, at_root=at_root)):
                # On Windows a DirEntry knows no inode, and its times may be old.
                status = Path(entry.path).stat() if os.name == "nt" else entry.stat(follow_symlinks=False)
                self._file(path, name, name, folder, status)
        except OSError as error:
            self.result.unreadable[path] = error.strerror or str(error)

    def _descend(self, path: str, full_path: str, folder: _Folder, own: Rule | None) -> None:
        enters, rule = self._enters(path, folder, own)
        if enters:
            self._push(path, full_path, folder, rule, folder.links)

    def _enters(self, path: str, folder: _Folder, own: Rule | None) -> tuple[bool, Rule | None]:
        """Is a folder looked into, and which default rule leaves out what lies in it? ``own``: the one about its
        name."""
        rules = self.rules
        rule = folder.rule or own
        if rule is None and not rules.active:
            return True, None
        path += "/"
        excluded = rules.said(path) is True
        if excluded and rules.can_prune:
            self.result.excluded.add(path)
            return False, None
        if rule is None or (not excluded and rules.brings_back(path, rule)):
            return True, None
        if folder.rule is None and not excluded:
            self._leave(path, folder, rule.what, rule.option)
        return rules.reaches_into(path, rule, on_the_way=folder.rule is not None), rule

    def _push(self, path: str, full_path: str, folder: _Folder, rule: Rule | None, links: int) -> None:
        key = f"{folder.key}{key_part(path[len(folder.path):])}/"
        self.folders.append(_Folder(path + "/", full_path, key, rule, links))

    def _is_out(self, path: str, folder: _Folder, own: Rule | None) -> bool:
        """Is a file left out, by a pattern or by a default rule?"""
        rule = folder.rule or own
        if rule is None and not self.rules.active:
            return False
        if self.rules.said(path) is True:
            self.result.excluded.add(path)
            return True
        if rule is None or self.rules.brings_back(path, rule):
            return False
        if folder.rule is None:  # else the folder as a whole was told
            self._leave(path, folder, rule.what, rule.option)
        return True

    def _file(self, path: str, name: str, real_name: str, folder: _Folder, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._skip(path, folder, "neither a file nor a folder")
            return
        key = folder.key + key_part(name)
        if not (is_plain(path) and len(key) <= 200):
            wrong = name_problem(path)
            wrong = f"its name {wrong}" if wrong else key_problem(key)
            if wrong:
                shown = printable(path)
                self.result.names.append(Problem(
                    f"{shown}: {wrong if wrong.startswith('its name') else 'its key ' + wrong}"))
                return
        if key < self._last:
            self._sorted = False
        self._last = key
        spelled = key == self.prefix + path
        self.result.composed = self.result.composed or not spelled
        self._found.add((path, None if spelled else key, None if real_name == name else
                         real_name.encode("utf-8", "replace").decode(), *Stamp.of(status)))

    def _made(self, row: Row) -> FoundFile:
        return FoundFile(self, row)

    def key_of(self, row: Row) -> str:
        """The key of what was found."""
        key: str = self.prefix + row[0] if row[1] is None else row[1]
        return key

    def below(self, path: str) -> str:
        """Where this path below the web root lies."""
        return f"{self.root}{os.sep}{path if os.sep == '/' else path.replace('/', os.sep)}"

    def _link(self, entry: os.DirEntry[str] | At, folder: _Folder, path: str, at_root: bool) -> None:
        """Follow a symbolic link (or a junction of Windows). One that stays within the published folder is part of
        the site; one that leads out of it only with ``src.followLinks``."""
        try:
            status = Path(entry.path).stat()
        except OSError as error:
            if not self._is_out(path, folder, default_rule(entry.name, folder=False, at_root=at_root)):
                self.result.links = True
                self._skip(path, folder, f"a symbolic link that {why_broken(error)}")
            return
        is_folder = stat.S_ISDIR(status.st_mode)
        own = default_rule(entry.name, folder=is_folder, at_root=at_root)
        enters, rule = self._enters(path, folder, own) if is_folder else (not self._is_out(path, folder, own), None)
        if not enters:
            return
        self.result.links = True
        if self.rules.active and self.rules.said(path) is True:
            self.result.excluded.add(path)
            return
        real = os.path.realpath(entry.path)
        inside = below(real, self.real_root)
        shown = printable(real if inside is None else inside)
        if inside is None and not self.follow_links:
            self._skip(path, folder, f"a symbolic link to {shown}, outside of the published folder", FOLLOW_LINKS)
        elif self._is_secret(path, real, inside, is_folder=is_folder):
            self._skip(path, folder, f"a symbolic link to {shown}, which is never published")
        elif not is_folder:
            self._file(path, entry.name, Path(real).name, folder, status)
        elif inside is None and below(self.real_root, real) is not None:
            self._skip(path, folder, f"a symbolic link to {shown}, in which the published folder lies")
        elif self._leads_back(folder, status) or folder.links >= _MANY_LINKS:
            self._skip(path, folder, f"a symbolic link that leads back to {shown or 'the root'}")
        else:
            self._push(path, entry.path, folder, rule, folder.links + 1)

    def _is_secret(self, path: str, real: str, inside: str | None, *, is_folder: bool) -> bool:
        """Does a link lead to what only ``src.allowSecrets`` publishes?"""
        if real == self.configuration:
            return not self.rules.brings_back(path, CONFIGURATION)
        parts = (Path(real).parts[1:] if inside is None else inside.split("/")) if inside != "" else ()
        for number, part in enumerate(parts):
            rule = default_rule(part, folder=is_folder or number < len(parts) - 1,
                                at_root=inside is not None and not number)
            if rule is not None and rule.secret:
                return not (self.rules.brings_back(path, rule) or self.rules.brings_back(inside or path, rule))
        return inside is None and any(part.lower() in CREDENTIAL_FOLDERS for part in parts)

    def _leads_back(self, folder: _Folder, target: os.stat_result) -> bool:
        """Is the target one of the folders that led here?"""
        here = Path(folder.full_path)
        on_the_way = [here, *here.parents][:folder.path.count("/") + 1]
        return any(os.path.samestat(parent.stat(), target) for parent in on_the_way)

    def _leave(self, path: str, folder: _Folder, what: str, option: str | None) -> None:
        name = path[len(folder.path):].rstrip("/")
        self.result.left_out[path] = LeftOut(path, folder.key + key_part(name), what, option)

    def _skip(self, path: str, folder: _Folder, what: str, option: str | None = None) -> None:
        """Something that was not left out on purpose cannot be published."""
        if self.rules.active and self.rules.said(path + "/") is True:
            self.result.excluded.add(path + "/")
            return  # `exclude: blog/`, and now it is a link
        if folder.rule is None:
            self._leave(path, folder, what, option)
        if option is None:
            self.result.warnings.append(Problem(f"{printable(path)} is {what}: not published"))

    def _warn_of_links(self) -> None:
        """Links out of the folder come in hundreds: the first are shown one by one."""
        links = [one for one in self.result.left_out.values() if one.option == FOLLOW_LINKS]
        hint = f"`{FOLLOW_LINKS}: true` publishes what such links lead to"
        for number, one in enumerate(links[:_TOLD]):
            self.result.warnings.append(Problem(f"{printable(one.path)} is {one.what}: not published",
                                                hint=None if number else hint))
        if len(links) > _TOLD:
            self.result.warnings.append(Problem(f"{len(links) - _TOLD:,} more symbolic links lead out of the published"
                                                " folder: not published"))


def _as_in_keys(entry: os.DirEntry[str]) -> str:
    try:
        return f"{entry.name}/" if entry.is_dir() else entry.name
    except OSError:  # a link that leads to itself
        return entry.name


def walk(project: Project, folder: Path, rules: IgnoreRules, seen: Seen | None = None) -> Walked:
    """All files below ``folder`` that are published (see ``ignore``).

    Symbolic links within the folder are followed, under the name of the link, and with ``src.followLinks`` those
    that lead out of it; links to something secret, back to a folder on the way, or nowhere, are left out with a
    warning, and so are sockets, pipes and devices. Nothing is raised: what is wrong is in the result.
    """
    steps = Walk(project, folder, rules)
    steps.seen = seen
    return steps.run()


def walk_at(project: Project, folder: Path, rules: IgnoreRules, paths: Iterable[str]) -> Walked:
    """Like :func:`walk`, but only what is at these paths and below them (from the web root, ``/`` as
    separator). When ``links`` is set in the result, it is not complete: the whole folder has to be walked."""
    return Walk(project, folder, rules).run_at(paths)
