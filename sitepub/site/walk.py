"""The walk: every file below a folder that is to be published, with its key and its stat."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.site.ignore import TOOL_FILES, IgnoreRules, is_never_published
from sitepub.site.keys import is_plain, key_part, key_problem, name_problem, printable

_MANY_LINKS = 40
"""Symbolic links to folders within each other; more is taken for a maze, as systems do (ELOOP)."""
_ONE_FILE_MANY_NAMES = sys.platform in ("win32", "darwin")
"""File systems there may find a file under other spellings of its name (case, accents)."""
_CANT_RESOLVE = 1921
"""Windows: ERROR_CANT_RESOLVE_FILENAME."""


class Found(NamedTuple):
    """A file to publish."""

    path: str
    """Below the web root, ``/`` as separator, as the file system spells it."""
    name: str
    key: str
    full_path: str
    stat: os.stat_result
    real_name: str
    """Last part of the path; of what a symbolic link leads to, when it is one."""


@dataclass(slots=True)
class Walked:
    files: list[Found] = field(default_factory=list)
    """In the order of their keys."""
    warnings: list[Problem] = field(default_factory=list)
    names: list[Problem] = field(default_factory=list)
    """Names that cannot become a key."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Path → reason."""
    left_out: set[str] = field(default_factory=set)
    """Paths of files directly in the web root that a pattern left out."""
    links: bool = False
    """There are symbolic links: what happens to one path may show under another one too."""


class _Folder(NamedTuple):
    path: str
    """Below the web root with ``/`` at its end; "" for the root."""
    full_path: str
    key: str
    tool: bool
    links: int


class _At:
    """A path that is not read from its folder: what the walk asks of an ``os.DirEntry``."""

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        self.name = name

    def exists(self) -> bool:
        return os.path.lexists(self.path)

    def is_symlink(self) -> bool:
        return stat.S_ISLNK(os.lstat(self.path).st_mode)

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return stat.S_ISDIR(self.stat(follow_symlinks=follow_symlinks).st_mode)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return Path(self.path).stat(follow_symlinks=follow_symlinks)


class Walk:
    """Walks once; see :func:`walk`."""

    def __init__(self, project: Project, folder: Path, rules: IgnoreRules) -> None:
        self.rules = rules
        self.root = str(folder)
        self.real_root = os.path.realpath(folder)
        project_below = _below(os.path.realpath(project.root), self.real_root)
        self.roots = {"", f"{project_below}/"} if project_below else {""}
        """Folders that count as root for what is not published there: the site's, and the project's in it."""
        self.prefix = project.key_prefix
        self.result = Walked()
        self.folders: list[_Folder] = []

    def run(self) -> Walked:
        self.folders.append(self._root_folder())
        return self._to_the_end()

    def run_at(self, paths: Iterable[str]) -> Walked:
        for path in paths:
            self._seek(path)
        return self._to_the_end()

    def _root_folder(self) -> _Folder:
        return _Folder("", self.root, self.prefix, False, 0)

    def _seek(self, path: str) -> None:
        """Take what is at a path, in the way that leads to it from the root."""
        folder = self._root_folder()
        parts = path.split("/")
        for part in parts:
            at_root = folder.path in self.roots
            entry = _At(f"{folder.full_path}{os.sep}{part}", part)
            if not entry.exists():
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
        while self.folders:
            folder = self.folders.pop()
            try:
                with os.scandir(folder.full_path) as entries:
                    found = list(entries)
            except OSError as error:
                self.result.unreadable[folder.path.rstrip("/") or "."] = error.strerror or str(error)
                continue
            at_root = folder.path in self.roots
            for entry in found:
                self._entry(entry, folder, at_root)
        self.result.files.sort(key=lambda file: file.key)
        return self.result

    def _entry(self, entry: os.DirEntry[str] | _At, folder: _Folder, at_root: bool) -> None:
        name = entry.name
        if is_never_published(name, at_root=at_root):
            return
        path = folder.path + name
        tool = folder.tool or (name[0] == "." and name.lower() in TOOL_FILES)
        try:
            if _is_link(entry):
                self._link(entry, folder, path, tool)
            elif entry.is_dir(follow_symlinks=False):
                self._descend(path, entry.path, folder, name, tool, folder.links)
            else:
                # On Windows a DirEntry knows no inode, and its times may be old.
                status = Path(entry.path).stat() if os.name == "nt" else entry.stat(follow_symlinks=False)
                self._file(path, name, name, entry.path, folder, tool, status)
        except OSError as error:
            self.result.unreadable[path] = error.strerror or str(error)

    def _descend(self, path: str, full_path: str, folder: _Folder, name: str, tool: bool, links: int) -> None:
        rules = self.rules
        if rules.can_prune and (tool or rules.active) and rules.excludes(path + "/", tool_file=tool):
            return
        self.folders.append(_Folder(path + "/", full_path, f"{folder.key}{key_part(name)}/", tool, links))

    def _file(self, path: str, name: str, real_name: str, full_path: str, folder: _Folder, tool: bool,
              status: os.stat_result) -> None:
        if (tool or self.rules.active) and self.rules.excludes(path, tool_file=tool):
            if not folder.path:
                self.result.left_out.add(name)
            return
        if not stat.S_ISREG(status.st_mode):
            self._warn(path, "is neither a file nor a folder: not published")
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
        self.result.files.append(Found(path, name, key, full_path, status, real_name))

    def _link(self, entry: os.DirEntry[str] | _At, folder: _Folder, path: str, tool: bool) -> None:
        """Follow a symbolic link (or a junction of Windows) that stays within the published folder."""
        self.result.links = True
        if self.rules.active and self.rules.excludes(path, tool_file=tool):
            return
        try:
            status = Path(entry.path).stat()
        except OSError as error:
            itself = error.errno == errno.ELOOP or getattr(error, "winerror", None) == _CANT_RESOLVE
            self._warn(path, f"is a symbolic link that leads {'to itself' if itself else 'nowhere'}: "
                             "not published")
            return
        real = os.path.realpath(entry.path)
        inside = _below(real, self.real_root)
        if inside is None:
            self._warn(path, f"is a symbolic link to {printable(real)}, outside of the published folder: "
                             "not published")
            return
        parts = inside.split("/") if inside else []
        if any(is_never_published(part, at_root=not number) for number, part in enumerate(parts)):
            self._warn(path, f"is a symbolic link to {printable(inside)}, which is never published")
            return
        if not stat.S_ISDIR(status.st_mode):
            self._file(path, entry.name, parts[-1], entry.path, folder, tool, status)
        elif self._leads_back(folder, status) or folder.links >= _MANY_LINKS:
            self._warn(path, f"is a symbolic link that leads back to {printable(inside) or 'the root'}: "
                             "not followed")
        else:
            self._descend(path, entry.path, folder, entry.name, tool, folder.links + 1)

    def _leads_back(self, folder: _Folder, target: os.stat_result) -> bool:
        """Is the target one of the folders that led here?"""
        here = Path(folder.full_path)
        on_the_way = [here, *here.parents][:folder.path.count("/") + 1]
        return any(os.path.samestat(parent.stat(), target) for parent in on_the_way)

    def _warn(self, path: str, what: str) -> None:
        self.result.warnings.append(Problem(f"{printable(path)} {what}"))


def walk(project: Project, folder: Path, rules: IgnoreRules) -> Walked:
    """All files below ``folder`` that are published (see ``ignore``).

    Symbolic links within the folder are followed, under the name of the link; links that lead out of it, to
    something that is never published, back to a folder on the way, or nowhere, are left out with a warning,
    and so are sockets, pipes and devices. Nothing is raised: what is wrong is in the result.
    """
    return Walk(project, folder, rules).run()


def walk_at(project: Project, folder: Path, rules: IgnoreRules, paths: Iterable[str]) -> Walked:
    """Like :func:`walk`, but only what is at these paths and below them (from the web root, ``/`` as
    separator). When ``links`` is set in the result, it is not complete: the whole folder has to be walked."""
    return Walk(project, folder, rules).run_at(paths)


def _is_link(entry: os.DirEntry[str] | _At) -> bool:
    if entry.is_symlink():
        return True
    if sys.platform == "win32":
        return entry.stat(follow_symlinks=False).st_reparse_tag == stat.IO_REPARSE_TAG_MOUNT_POINT
    return False


def _below(real: str, root: str) -> str | None:
    """The path of ``real`` below ``root`` with slashes, "" for the root itself, ``None`` when outside."""
    if os.path.normcase(real) == os.path.normcase(root):
        return ""
    start = root if root.endswith(os.sep) else root + os.sep
    if not os.path.normcase(real).startswith(os.path.normcase(start)):
        return None
    return real[len(start):].replace(os.sep, "/")
