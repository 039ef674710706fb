"""What distinguishes one project from another: the repository it lies in, or its folder on this computer."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sitepub.config.places import cache_dir
from sitepub.config.repository.git_folder import find_git_folder
from sitepub.config.small_file import read_small
from sitepub.publish.project.git_remote import remote_of, remote_of_ci

_COMPUTER = "computer-id"
_ID = re.compile(r"[0-9a-f]{16}")


class ProjectMark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A project as one computer sees it. It is kept in the state, so nothing secret is in it: of a remote's address
    only a hash, made without user and password."""

    repository: str = ""
    """Hash of the remote's address; "" without a remote."""
    inside: str = ""
    """The project's folder in the repository, with ``/``; "" for the repository itself, and without one."""
    computer: str = ""
    """A random number that sitepub keeps in the cache of this computer; "" where it cannot be kept."""
    folder: str = ""
    """Absolute path of the project's folder there."""


@dataclass(frozen=True, slots=True)
class ProjectHere:
    """The project that this run publishes."""

    mark: ProjectMark
    root: Path | None = None
    """Folder of the repository or checkout that it lies in."""


def project_here(folder: Path, environ: Mapping[str, str] | None = None) -> ProjectHere:
    """The project in ``folder``. Runs nothing, and reads a few small files."""
    environ = os.environ if environ is None else environ
    try:
        place = folder.resolve()
    except (OSError, RuntimeError):
        place = folder.absolute()
    repository, remote, root = find_git_folder(place, _anybodys), "", None
    if repository is not None:
        remote, root = remote_of(repository), repository.root
    if not remote and (remote_by_ci := remote_of_ci(place, environ)) is not None:
        remote, root = remote_by_ci
    inside = "" if root is None or root == place else _written(place.relative_to(root).as_posix())
    computer = computer_id(environ)
    return ProjectHere(ProjectMark(repository=_hash(remote), inside=inside, computer=computer,
                                   folder=_written(str(place)) if computer else ""), root)


def _anybodys(_places: tuple[Path, ...]) -> bool:
    """Whose repository it is does not matter: only the address of its remote is read, and nothing is run."""
    return True



def _hash(remote: str) -> str:
    if not remote:
        return ""
    return hashlib.sha256(b"sitepub remote\0" + remote.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _written(path: str) -> str:
    """As JSON can hold it: names on Linux may be no valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def computer_id(environ: Mapping[str, str] | None = None) -> str:
    """The number of this computer, made when it is needed first. A system's own number would not do: containers
    share those of their image."""
    place = cache_dir(environ) / _COMPUTER
    try:
        if (found := _read(place)) is None:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                with place.open("x", encoding="ascii") as stream:
                    stream.write(secrets.token_hex(8))
            except FileExistsError:
                pass
            found = _read(place)
    except OSError:
        return ""
    return found or ""


def _read(place: Path) -> str | None:
    """``None`` when it is missing, "" when it is something else."""
    try:
        text = read_small(place, 1024).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    return text if _ID.fullmatch(text) else ""
