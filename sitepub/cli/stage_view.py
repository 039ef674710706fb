"""Why a project has the stage that it has, and what it has in this stage alone."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.config.project import Project
from sitepub.terminal.messages import visible


def stage_lines(project: Project) -> Iterator[str]:
    yield visible(f"Stage {project.stage}: {project.stage_from}")
    for one in project.overrides:
        yield visible(f"  {one.path}: {one.after}, instead of {one.before or 'nothing'} ({one.position})")


def stage_object(project: Project) -> dict[str, object]:
    return {"stage_from": project.stage_from, "overrides": [
        {"path": one.path, "before": one.before, "after": one.after, "file": one.position.file,
         "line": one.position.line, "column": one.position.column} for one in project.overrides]}
