"""What has become of a git branch: whether it was merged or deleted, as far as this repository can know.

Nothing of the repository is run, and no remote is asked: its settings name programs. So a branch that is not here
counts as deleted only where it would be here otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.repository.git import is_ancestor, trusted_folder
from sitepub.config.repository.git_folder import GitFolder
from sitepub.config.small_file import read_small

_PACKED_LIMIT = 64_000_000
_LOG_LIMIT = 64_000
_HEADS, _REMOTES = "refs/heads/", "refs/remotes/"
_MAIN = ("main", "master", "trunk")
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CLONED = re.compile(r"> (\d{9,12}) [+-]\d{4}\tclone: ")
_FETCHES_ALL = re.compile(r"\s{0,30}fetch\s{0,30}=\s{0,30}\+?refs/heads/\*:refs/remotes/.{0,1000}")


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of a repository and of its remotes, as they were when it was read."""

    folder: Path
    environ: Mapping[str, str]
    heads: Mapping[str, str]
    """Branch → commit."""
    remotes: Mapping[str, str]
    """``origin/branch`` → commit, as last fetched."""
    default: str
    """Commit of the branch that others are merged into; "": not known."""
    default_name: str
    current: str
    """The branch that is checked out; ""."""
    fetched: float
    """Unix seconds when all branches were fetched last; 0: not known, or never all of them."""
    partial: bool
    """A clone that has a part of the history or of the branches, as CI systems make them."""

    def tips(self, branch: str) -> list[str]:
        """The commits that it stands at, here and at remotes."""
        found = [commit for name, commit in self.remotes.items() if name.partition("/")[2] == branch]
        return [*([self.heads[branch]] if branch in self.heads else []), *found]

    def is_shared(self, branch: str) -> bool:
        """Whether a remote is known to have it."""
        return any(name.partition("/")[2] == branch for name in self.remotes)

    def fate(self, branch: str, *, commit: str | None, since: float, made_here: bool, shared: bool) -> str:
        """"merged into main", "deleted", or "" while it lives or is not known.

        ``commit``: what was deployed of it, with ``+`` behind it when files were changed; ``since``: when. A branch of
        another computer that no remote had then (``shared``) may be anywhere."""
        if branch in (self.current, self.default_name):
            return ""
        tips = self.tips(branch)
        if tips:
            if commit is not None and commit.endswith("+") and set(tips) <= {commit.rstrip("+")}:
                return ""  # what was changed is in no commit yet
            return f"merged into {self.default_name}" if self._are_merged(tips) else ""
        of_a_fork = ":" in branch  # owner:branch, which is nowhere here
        if not of_a_fork and not self.partial and (made_here or (shared and self.fetched > since)):
            return "deleted"
        if commit is not None and _ID.fullmatch(commit) and self._are_merged([commit]):
            return f"merged into {self.default_name}"
        return ""

    def _are_merged(self, commits: list[str]) -> bool:
        if not self.default:
            return False
        return all(is_ancestor(self.folder, commit, self.default, self.environ) is True for commit in commits)


def branches_of(folder: Path, environ: Mapping[str, str] | None = None) -> Branches | None:
    """``None`` outside a repository, in one of another user, and where references are not kept in files."""
    environ = os.environ if environ is None else environ
    found = trusted_folder(folder, environ)
    if found is None or (found.common / "reftable").is_dir():
        return None
    references = {**_packed(found), **_loose(found, _HEADS), **_loose(found, _REMOTES)}
    heads = {name.removeprefix(_HEADS): commit for name, commit in references.items() if name.startswith(_HEADS)}
    remotes = {name.removeprefix(_REMOTES): commit for name, commit in references.items()
               if name.startswith(_REMOTES) and not name.endswith("/HEAD")}
    name = _default_name(found, heads, remotes)
    default = next((commit for one, commit in remotes.items() if one.partition("/")[2] == name), heads.get(name, ""))
    partial = _is_partial(found)
    return Branches(folder, environ, heads, remotes, default, name, found.branch() or "",
                    0 if partial else _fetched(found), partial)


def _default_name(found: GitFolder, heads: Mapping[str, str], remotes: Mapping[str, str]) -> str:
    try:
        word = read_small(found.common / _REMOTES / "origin" / "HEAD").decode("utf-8", "replace").strip()
    except OSError:
        word = ""
    named = word.removeprefix("ref:").strip().removeprefix(f"{_REMOTES}origin/")
    if named and word.startswith("ref:"):
        return named
    there = {*heads, *(name.partition("/")[2] for name in remotes)}
    return next((one for one in _MAIN if one in there), "")


def _packed(found: GitFolder) -> dict[str, str]:
    try:
        data = read_small(found.common / "packed-refs", _PACKED_LIMIT)
    except OSError:
        return {}
    parts = (line.decode("utf-8", "replace").split(" ", 1) for line in data.splitlines())
    return {part[1]: part[0] for part in parts if len(part) == 2 and _ID.fullmatch(part[0])}


def _loose(found: GitFolder, below: str) -> dict[str, str]:
    references: dict[str, str] = {}
    for place, _folders, files in os.walk(found.common / below):
        for file in files:
            path = Path(place) / file
            try:
                word = read_small(path).decode("ascii", "replace").strip()
            except OSError:
                continue
            if _ID.fullmatch(word):
                references[path.relative_to(found.common).as_posix()] = word
    return references


def _is_partial(found: GitFolder) -> bool:
    if (found.common / "shallow").exists():
        return True
    try:
        lines = read_small(found.common / "config").decode("utf-8", "replace").splitlines()
    except OSError:
        return True
    has_remote = any(line.strip().startswith("[remote ") for line in lines)
    return has_remote and not any(_FETCHES_ALL.fullmatch(line) for line in lines)


def _fetched(found: GitFolder) -> float:
    """When the remotes' branches were fetched last."""
    times = [0.0]
    try:
        times.append((found.own / "FETCH_HEAD").stat().st_mtime)
    except OSError:
        pass
    try:
        log = read_small(found.common / "logs" / "HEAD", _LOG_LIMIT).decode("utf-8", "replace")
        times += [float(one) for one in _CLONED.findall(log)]
    except OSError:
        pass
    return max(times)
