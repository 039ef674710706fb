"""Projects and folders to try things on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sitepub.config.project import Project, Source


def project(root: Path, *, source: Mapping[str, Any] | None = None, **values: Any) -> Project:
    """A project in ``root`` that publishes ``root`` itself; ``source`` and ``values`` change that."""
    where = replace(Source(folder=root), **(source or {}))
    base = Project(root=root, file=root / "serverless.yml", app="app", stage="dev", name="web", source=where)
    return replace(base, **values)


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
