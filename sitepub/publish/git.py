"""The git commit that a site was built from, for the release record."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    """40 (or 64) hex digits, with ``+`` behind it when files below the folder differ from the commit."""
    subject: str


def commit_of(folder: Path) -> Commit | None:
    """The commit checked out in ``folder``; ``None`` without git, outside a repository or before its first
    commit."""
    head = _git(folder, "log", "-1", "--format=%H%n%s")
    if not head:
        return None
    commit, _, subject = head.partition("\n")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return Commit(commit + ("+" if changed else ""), subject.strip())


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=10,
                                check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", errors="replace").strip() if answer.returncode == 0 else ""
