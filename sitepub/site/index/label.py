"""The label of an index: a hash of all that decides, beside the folder itself, what is published and how."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

import sitepub
from sitepub.config.project import Project
from sitepub.config.small_file import RULE_FILE_LIMIT, read_small
from sitepub.errors import Position
from sitepub.leaks.cloud_secrets import secret_values
from sitepub.site.index.file_system import same_file_system, shows_every_change
from sitepub.terminal import secrets as held_secrets

_CODE = ("site", "leaks", "config", "config/checks", "config/models", "settings")
"""Rooms whose code decides what becomes of a file."""


def label(project: Project, folder: Path, environ: Mapping[str, str], beside: Iterable[str] = (),
          settings: bytes | None = None) -> bytes | None:
    """``beside``: what else decides, for the room above. ``settings``: the :func:`settings_hash` of the project, when
    it is known, and of the project nothing but its places. ``None``: it cannot be said now, or nothing can be
    recognised in this folder. Call it after the hook, which may write ignore files and .env files."""
    from sitepub.site.rules.defaults import ignore_files

    settings = settings or settings_hash(project)
    parts: list[object] = [*code(), *beside]
    try:
        if _read_only(folder) or not shows_every_change(folder):
            return None
        parts += [_from_the_project(folder, project.root), os.path.realpath(folder), os.path.realpath(project.file),
                  same_file_system(folder),
                  os.getuid() if hasattr(os, "getuid") else 0]
        named = (file for file in (project.headers_file, project.redirects_file) if isinstance(file, Path))
        for file in (*ignore_files(project.root, folder), *named):
            try:
                parts.append(read_small(file))
            except FileNotFoundError:
                if file.is_symlink():
                    return None
                parts.append(None)
        # What lies in the folder is a part of it.
        parts += [read_small(file, RULE_FILE_LIMIT) for file in (project.headers_file, project.redirects_file) if file]
    except OSError:
        return None  # the scan reports it
    # What .env sets has gone into the rest; secrets count as what files are searched for.
    parts += [settings, sorted(secret_values(environ, project.dotenv) | held_secrets.held())]
    return digest(parts) if settings is not None else None


def settings_hash(project: Project) -> bytes | None:
    """Of all that serverless.yml says, but for hosts: they do not touch the files. It is the same from whatever folder
    sitepub runs, and by whatever links the project is reached. ``None``: it cannot be said."""
    return digest([_placed(replace(project, dotenv={}, hosts=(), warnings=(), read_from=None, stage_from="",
                                   stage_by_branch=False, overrides=()), project.root)])


def _placed(value: object, root: Path) -> object:
    """Settings with their paths as they are seen from the project."""
    if isinstance(value, Position):
        return _placed_file(value.file, root), value.line, value.column, value.text
    if isinstance(value, Path):
        return _from_the_project(value, root)
    if dataclasses.is_dataclass(value):
        return {each.name: _placed(getattr(value, each.name), root) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _placed(each, root) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_placed(each, root) for each in value]
    return value


def _placed_file(name: str, root: Path) -> str:
    """Positions name a file as messages do, from the current folder; or an option, which is no file."""
    return _from_the_project(Path(name), root) if os.path.lexists(name) else name


def _from_the_project(path: Path, root: Path) -> str:
    """What lies in the project: from its folder. Anything else: where it really is."""
    there = os.path.normpath(path.absolute())
    for base in (os.path.normpath(root.absolute()), os.path.realpath(root)):
        if there == base or there.startswith(base.rstrip(os.sep) + os.sep):
            return os.path.relpath(there, base)
    return os.path.realpath(there)


def digest(parts: Iterable[object]) -> bytes | None:
    """Stable over runs; ``None`` for what has no such form."""
    try:
        text = msgspec.json.encode([part if not isinstance(part, bytes) else part.hex() for part in parts],
                                   enc_hook=str, order="deterministic")
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return hashlib.blake2b(text, digest_size=32).digest()


def code() -> list[str]:
    """The version of all that decides what becomes of a file. That of sitepub is the same while it is worked on, so its
    files count, too."""
    found = [sitepub.__version__, sys.version]
    waiting = [str(Path(sitepub.__file__).parent / room) for room in _CODE]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            # What Python compiles comes and goes.
            if entry.name.endswith(".py"):
                status = entry.stat()
                found.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
            elif entry.name != "__pycache__" and entry.is_dir():
                waiting.append(entry.path)
    return sorted(found)


def _read_only(folder: Path) -> bool:
    """Images of file systems are made with times and inodes that say nothing of the content."""
    if sys.platform == "win32":
        return False
    else:  # noqa: RET505 - so that the type checker sees each system's own
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
