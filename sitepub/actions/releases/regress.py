"""What is asked about the commit that is going to be live: whether it is older than the live one, and whether files
were changed that are not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sitepub.actions.releases.doubt import Doubt
from sitepub.config.project import Project
from sitepub.config.repository.git import Commit, commit_of, is_ancestor
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.state import ReleaseInfo

_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Concerns:
    """What has to be asked, and what can only be said."""

    doubts: tuple[Doubt, ...] = ()
    notes: tuple[str, ...] = ()


def concerns_of(project: Project, prepared: Prepared, environ: Mapping[str, str], commit: Commit | None) -> Concerns:
    """About the folder, when its deploy changes something; of a preview nothing is asked. ``commit``: what was checked
    out before the build, if that was looked up."""
    live = prepared.base.release
    if project.preview is not None or prepared.empty or not (project.protected or (live is not None and live.commit)):
        return Concerns()
    commit = commit or commit_of(project.root, environ)
    return about_commit(project, commit.id if commit is not None else None, live, environ)


def commit_before_build(project: Project, environ: Mapping[str, str]) -> Commit | None:
    """For a protected stage: a build may write files that git knows, and those are no changes of the user."""
    return commit_of(project.root, environ) if project.protected else None


def about_commit(project: Project, commit: str | None, live: ReleaseInfo | None, environ: Mapping[str, str]
                 ) -> Concerns:
    """``commit``: 40 hex digits, with ``+`` behind it when files were changed; ``None``: there is none. ``live``: what
    it is going to replace."""
    doubts: list[Doubt] = []
    notes: list[str] = []
    if commit is not None and live is not None and live.commit is not None:
        _about_age(project, commit.removesuffix("+"), live, environ, doubts, notes)
    if project.protected and commit is None:
        notes.append(f"{project.stage} is protected, but there is no commit here, so it is not known whether files were"
                     " changed")
    elif project.protected and commit is not None and commit.endswith("+"):
        doubts.append(Doubt(
            f"{project.stage} is protected (`protect`), and what is to go live holds changes that are not in commit"
            f" {commit[:_DIGITS]}", "Publish it all the same?", "NotCommitted",
            f"commit the changes first; or --yes, if {project.stage} may have them"))
    return Concerns(tuple(doubts), tuple(notes))


def _about_age(project: Project, commit: str, live: ReleaseInfo, environ: Mapping[str, str], doubts: list[Doubt],
               notes: list[str]) -> None:
    assert live.commit is not None
    there = live.commit.removesuffix("+")
    if there == commit:
        return
    older = is_ancestor(project.root, commit, there, environ)
    if older:
        doubts.append(Doubt(
            f"commit {commit[:_DIGITS]} is older than {there[:_DIGITS]}, which is live in {project.stage} (published by"
            f" {live.by} at {live.at})", "Publish the older one?", "OlderCommit",
            "git pull first; to go back on purpose: sitepub rollback, or --yes"))
    elif older is None:
        notes.append(f"git does not know whether commit {commit[:_DIGITS]} is older than {there[:_DIGITS]}, which is"
                     " live: that commit is not in this repository, or the history is cut off (a shallow clone)")
