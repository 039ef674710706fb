"""What a ``.git`` folder says, read without running git: its settings may name programs, and git runs them.

gitrepository-layout(5), git-worktree(1), gitformat-pack(5). Everything is bounded; what is not understood is
left to :mod:`sitepub.config.repository.git`.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.small_file import read_small

_POINTER_LIMIT = 4096 * 4
"""Bytes of HEAD, of a reference, and of the files that say where the rest lies."""
_PACKED_LIMIT = 64_000_000
OBJECT_LIMIT = 256 * 1024
"""Bytes of a commit's text: a longer one is not shown."""
_MOST_TAGS = 20_000
_MOST_REFERENCES = 5
"""References that name one another; git follows as many."""

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFERENCE = re.compile(r"refs/[^\x00-\x20\x7f~^:?*\[\\]{1,1000}")


@dataclass(frozen=True, slots=True)
class GitFolder:
    """Where a repository lies."""

    root: Path
    """The folder with the files."""
    own: Path
    """HEAD and the index lie here: ``.git``, or the folder that a ``.git`` file names."""
    common: Path
    """Objects and branches lie here: that of the repository, also for another worktree."""

    def read(self, name: str, limit: int = _POINTER_LIMIT) -> str:
        """A file of one line. Raises OSError."""
        return read_small(self.own / name, limit).decode("utf-8", "replace").strip()

    def head(self) -> str | None:
        """The id of the commit that is checked out; ``None`` before the first one, and where references are not
        kept in files."""
        try:
            word = self.read("HEAD")
        except OSError:
            return None
        for _ in range(_MOST_REFERENCES):
            if _ID.fullmatch(word):
                return word
            name = word.removeprefix("ref:").strip()
            if name == word or not _is_reference(name):
                return None
            found = self._reference(name)
            if found is None:
                return None
            word = found
        return None

    def branch(self) -> str | None:
        """The branch that is checked out; ``None`` where a commit itself is."""
        try:
            word = self.read("HEAD")
        except OSError:
            return None
        name = word.removeprefix("ref:").strip()
        if name == word or not _is_reference(name) or not name.startswith("refs/heads/"):
            return None
        return name.removeprefix("refs/heads/")

    def tags(self) -> dict[str, str]:
        """Tag → id of the commit or of the annotated tag, of at most 20,000."""
        found: dict[str, str] = {}
        try:
            packed = read_small(self.common / "packed-refs", _PACKED_LIMIT)
        except OSError:
            packed = b""
        for line in packed.decode("utf-8", "replace").splitlines():
            id, _, name = line.partition(" ")
            if name.startswith("refs/tags/") and _ID.fullmatch(id) and _is_reference(name) and len(found) < _MOST_TAGS:
                found[name.removeprefix("refs/tags/")] = id
        top = self.common / "refs" / "tags"
        for folder, _below, files in os.walk(top):
            for file in files[:_MOST_TAGS]:
                name = Path(folder, file).relative_to(top).as_posix()
                try:
                    id = read_small(Path(folder, file), _POINTER_LIMIT).decode("ascii", "replace").strip()
                except OSError:
                    continue
                if _ID.fullmatch(id) and _is_reference(f"refs/tags/{name}"):
                    found[name] = id
            if len(found) > _MOST_TAGS:
                break
        return found

    def _reference(self, name: str) -> str | None:
        for folder in dict.fromkeys((self.own, self.common)):
            try:
                return read_small(folder / name, _POINTER_LIMIT).decode("ascii", "replace").strip()
            except OSError:
                continue
        try:
            packed = read_small(self.common / "packed-refs", _PACKED_LIMIT)
        except OSError:
            return None
        wanted = b" " + name.encode()
        for line in packed.splitlines():
            if line.endswith(wanted):
                return line[:-len(wanted)].decode("ascii", "replace")
        return None

    def loose_commit(self, commit: str) -> bytes | None:
        """The text of a commit that is not in a pack; ``None`` when it is, or when it is too long."""
        try:
            packed = read_small(self.common / "objects" / commit[:2] / commit[2:], OBJECT_LIMIT)
            content = zlib.decompressobj().decompress(packed, OBJECT_LIMIT)
        except (OSError, zlib.error):
            return None
        kind, _, text = content.partition(b"\0")
        return text if re.fullmatch(rb"commit [0-9]{1,8}", kind) and len(text) == int(kind[7:]) else None


def find_git_folder(folder: Path, is_trusted: Callable[[tuple[Path, ...]], bool]) -> GitFolder | None:
    """The repository that a folder lies in, on the same file system. ``is_trusted`` is asked about the folder with
    the files and the one with git's own before anything else of them is read: git, too, uses no repository that
    another user made."""
    try:
        folder = folder.resolve()
        device = folder.stat().st_dev
        for root in (folder, *folder.parents):
            if root.stat().st_dev != device:
                return None
            found = _at(root, is_trusted)
            if found is not None:
                return found
    except (OSError, RuntimeError, _ForeignError):
        return None
    return None


class _ForeignError(Exception):
    """A repository is there, and not to be used."""


def _at(root: Path, is_trusted: Callable[[tuple[Path, ...]], bool]) -> GitFolder | None:
    own = root / ".git"
    if own.is_file():
        if not is_trusted((root, own)):
            raise _ForeignError
        line = read_small(own, _POINTER_LIMIT).decode("utf-8", "replace").rstrip("\r\n")
        if not line.startswith("gitdir: "):
            return None
        own = root / line.removeprefix("gitdir: ")
    if not own.is_dir() or not (own / "HEAD").is_file():
        return None
    if not is_trusted((root, own)):
        raise _ForeignError
    common = own
    if (own / "commondir").is_file():
        word = read_small(own / "commondir", _POINTER_LIMIT).decode("utf-8", "replace").rstrip("\r\n")
        common = own / word
        if not is_trusted((root, common)):
            raise _ForeignError
    common = Path(os.path.normpath(common))
    return GitFolder(root, own, common) if (common / "objects").is_dir() else None


def _is_reference(name: str) -> bool:
    """git-check-ref-format(1), as far as paths are concerned."""
    return _REFERENCE.fullmatch(name) is not None and not any(
        part in {"", ".", ".."} or part.startswith(".") for part in name.split("/"))
