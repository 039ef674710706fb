"""Projects and folders to try things on."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
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


@contextlib.contextmanager
def nobody() -> Iterator[Path]:
    """A folder seen by a user who is not root: root can read everything."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
