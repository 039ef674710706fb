"""What ``tests/run --quick`` runs without the name of a room: the tests of what a change touches.

A change is what differs from the branch that it will go to, committed or not. Run as a program, this prints the folders
and files for pytest, one a line. It needs nothing but Python and git.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

REPO = Path(__file__).parents[1]
ALWAYS = ("tests/test_walls.py", "tests/docs")
_BRANCHES = ("origin/HEAD", "origin/main", "main", "origin/master", "master")


def touched_by(changed: Iterable[str], repo: Path = REPO) -> list[str]:
    """Tests for changed files, given by their paths in the repository."""
    found = dict.fromkeys(ALWAYS)
    for name in changed:
        path = PurePosixPath(name)
        top, *below = path.parts
        if top == "tests" and path.name.startswith("test_"):
            where: PurePosixPath | None = path
        elif top in ("tests", "sitepub") and len(below) > 1:
            where = PurePosixPath("tests", *below[:-1])
        else:
            where = PurePosixPath("tests", _ROOMS[top]) if top in _ROOMS else None
        # A room inside a room may have its tests with those of the outer one.
        while where is not None and len(where.parts) > 2 and not (repo / where).exists():
            where = where.parent
        if where is not None and (repo / where).exists():
            found[where.as_posix()] = None
    folders = [one for one in found if not one.endswith(".py")]
    return [one for one in found if not any(one.startswith(f"{folder}/") for folder in folders)]


_ROOMS = {"starters": "starters", "pyproject.toml": "packaging", "README.md": "packaging",
          "README.zh-CN.md": "packaging"}


def changed_files(repo: Path = REPO) -> list[str]:
    """Files that differ from the branch that this one left, and new ones; on that branch itself, of the last commit."""
    def git(*words: str) -> list[str]:
        ended = subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=False)
        return [name for name in ended.stdout.split("\0" if "-z" in words else "\n") if name]

    bases = [base for branch in _BRANCHES for base in git("merge-base", "HEAD", branch)]
    base = bases[0] if bases else "HEAD"
    names = git("diff", "--name-only", "-z", base) + git("ls-files", "-z", "--others", "--exclude-standard")
    return names or git("diff", "--name-only", "-z", "HEAD~1", "HEAD")


if __name__ == "__main__":
    print(*touched_by(changed_files()), sep="\n")
