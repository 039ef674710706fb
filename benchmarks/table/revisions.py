"""Which sitepub is measured: the one of this environment, and an older revision in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Revision:
    who: str
    """"now" or "before": the column or line of its figures."""
    label: str
    python: str
    """The interpreter of its environment."""


def current() -> Revision:
    """The revision of the repository; with a "+" when files of the package differ from it."""
    changed = _git("status", "--porcelain", "--", "sitepub", "pyproject.toml")
    return Revision("now", (short("HEAD") or "?") + ("+" if changed else ""), sys.executable)


def content() -> str:
    """What tells two revisions of the package apart, so that a commit to the docs is not another one."""
    return _git("rev-parse", "HEAD:sitepub") + _git("diff", "HEAD", "--stat", "--", "sitepub")


def short(revision: str) -> str:
    """"" when git does not know it."""
    return _git("rev-parse", "--short", "--verify", "--quiet", f"{revision}^{{commit}}")


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(REPO), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@contextmanager
def installed(revision: str, folder: Path) -> Iterator[Revision]:
    """``revision`` with its own dependencies, from a worktree that is removed at the end, also after Ctrl-C."""
    tree, environment = folder / "before", folder / "before-venv"
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    try:
        _run(["git", "-C", str(REPO), "worktree", "add", "--quiet", "--detach", str(tree), revision], environ)
        _run([sys.executable, "-m", "venv", str(environment)], environ)
        python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
        constraints = tree / "tests/constraints.txt"
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              *(["-c", str(constraints)] if constraints.exists() else []), str(tree)], environ)
        yield Revision("before", short(revision), str(python))
    finally:
        removed = subprocess.run(["git", "-C", str(REPO), "worktree", "remove", "--force", str(tree)], check=False,
                                 capture_output=True)
        if removed.returncode:  # it was interrupted while git made it
            shutil.rmtree(tree, ignore_errors=True)
            _git("worktree", "prune")


def _run(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stderr[-1000:]}")
