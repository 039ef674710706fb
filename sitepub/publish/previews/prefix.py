"""Where the state of a site lies that has previews."""

from __future__ import annotations

from sitepub.config.project import Project


def site_prefix(project: Project) -> str:
    """Where the state of the site lies, also if the project is one of its previews."""
    return f"{project.app}/{project.stage}/{project.name}/"
