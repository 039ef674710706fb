"""Which preview is meant, and how its project differs from that of the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sitepub.config.previews import PREVIEW_NAME, PreviewOf
from sitepub.config.project import Host, Project, Releases
from sitepub.config.repository.branch_here import branch_here
from sitepub.config.repository.branches import branches_of
from sitepub.config.repository.ci_run import ci_run
from sitepub.config.stages import safe_stage
from sitepub.errors import UsageError


def safe_name(text: str) -> str:
    """The name of a preview for what a user or a branch is called, as a stage is named after a branch. "" for
    nothing."""
    return safe_stage(text) if any(char.isalnum() for char in text) else ""


def chosen(project: Project, name: str, environ: Mapping[str, str], expires: int | None = None) -> PreviewOf:
    """``name``: as the user gives it; "": the git branch. Raises UsageError where there is none."""
    branch = branch_here(project.root, environ)
    safe = safe_name(name or branch or "")
    if not safe:
        raise UsageError(f"a preview cannot be called {name!r}: it needs letters or digits" if name else
                         "there is no git branch that the preview could be named after",
                         hint="give it a name: sitepub deploy --preview NAME")
    return PreviewOf(safe, expires or project.previews.expires, branch, by_branch=not name,
                     shared=branch is not None and _is_shared(project, branch, environ))


def _is_shared(project: Project, branch: str, environ: Mapping[str, str]) -> bool:
    if ci_run(environ) is not None:
        return True
    branches = branches_of(project.root, environ)
    return branches is not None and branches.is_shared(branch)


def preview_of(project: Project, preview: PreviewOf) -> Project:
    """The project of a preview: the same site in a bucket of its own, or behind a router in a folder, so that links
    like ``/css/a.css`` work. Raises UsageError for a name that would take a host of the site."""
    hosts = _hosts(project, preview.name)
    taken = {host.host for host in project.hosts}
    if any(host.host in taken for host in hosts):
        raise UsageError(f"a preview {preview.name} would have the host {hosts[0].host}, which is the site's",
                         hint="give it another name: sitepub deploy --preview NAME")
    return replace(
        project, preview=preview, replace=False, accelerate=False, logs=None, hosts=hosts,
        # Its own releases are of no use: what it shows can be deployed again, or is promoted.
        releases=Releases(1, None, project.releases.keep_assets))


def known(name: str, project: Project) -> Project:
    """The project of a preview that is there, by its name."""
    return preview_of(project, PreviewOf(safe_name(name), project.previews.expires))


def _hosts(project: Project, name: str) -> tuple[Host, ...]:
    host = project.previews.host
    if host is None:
        return ()
    # What a router leads to has other keys in the cache with each release: nothing is purged.
    return (replace(host, host=host.host.replace(PREVIEW_NAME, name),
                    auto_refresh=host.auto_refresh and not project.previews.routed),)
