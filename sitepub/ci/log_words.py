"""What the logs of a CI system understand: groups, masked values, annotations at a line of a file.

GitHub Actions: workflow commands (docs.github.com, "Workflow commands for GitHub Actions"), which Gitea and Forgejo
read too. GitLab: collapsible sections (docs.gitlab.com/ci/jobs/job_logs). Others have none of them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.errors import Problem

COLORED = ("github", "gitlab", "cnb")
"""Systems whose logs show colours without any plugin."""


@dataclass(frozen=True, slots=True)
class LogWords:
    """For one system."""

    system: str
    workspace: Path | None = None
    """Folder that paths of annotations are seen from."""
    here: Path = Path()
    """Folder that paths in messages are seen from."""

    def group(self, title: str) -> str:
        if self.system == "github":
            return f"::group::{_data(title)}"
        if self.system == "gitlab":
            return f"\x1b[0Ksection_start:{int(time.time())}:{_section(title)}\r\x1b[0K{title}"
        return f"--- {title}"

    def end_of_group(self, title: str) -> str | None:
        if self.system == "github":
            return "::endgroup::"
        if self.system == "gitlab":
            return f"\x1b[0Ksection_end:{int(time.time())}:{_section(title)}\r\x1b[0K"
        return None

    def mask(self, secret: str) -> list[str]:
        """Lines after which the system hides the value wherever it is printed."""
        if self.system != "github":
            return []
        return [f"::add-mask::{_data(line)}" for line in secret.splitlines() if line.strip()]

    def annotation(self, kind: str, problem: Problem) -> str | None:
        """``kind``: ``error`` or ``warning``."""
        if self.system != "github":
            return None
        position = problem.position
        places: list[str] = []
        if position is not None and (file := self._below(position.file)) is not None:
            places = [f"file={_property(file)}"]
            if position.line is not None:
                places += [f"line={position.line}", *([f"col={position.column}"] if position.column else [])]
        hint = f"\n{problem.hint}" if problem.hint else ""
        where = f" {','.join(places)}" if places else ""
        return f"::{kind}{where}::{_data(problem.message + hint)}"

    def _below(self, file: str) -> str | None:
        """A file as the system knows it; ``None`` for what is none of the repository (``--inputs``)."""
        path = Path(os.path.normpath(self.here / file))
        root = self.workspace or self.here
        return path.relative_to(root).as_posix() if path.is_relative_to(root) and path.exists() else None


def words_for(system: str, environ: Mapping[str, str], here: Path) -> LogWords:
    workspace = environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR")
    return LogWords(system, Path(workspace) if workspace else None, here)


def _section(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "section"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
