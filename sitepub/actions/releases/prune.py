"""Which stages of a site are not needed any more: those of a git branch that was merged or deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sitepub.actions.connect import connect
from sitepub.actions.releases.stages import Stage, stages
from sitepub.config.project import Project
from sitepub.config.repository.branches import Branches, branches_of
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.project.mark import ProjectMark, project_here
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import open_remote
from sitepub.threads import side_by_side

_READ = 100
"""Releases whose branches are read."""
Load = Callable[[str], Project]
"""The project as it is in a stage."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One stage, and what is known of its branch."""

    stage: Stage
    goes: bool
    why: str
    """Why it goes, or why it stays."""
    project: Project | None = None
    """To remove it; ``None`` when it stays."""


def judge(project: Project, load: Load, *, local: bool, profile: str | None, environ: Mapping[str, str]
          ) -> tuple[Judged, ...]:
    """Every stage of this site, sorted by name. Raises what the cloud answers."""
    found = [one for one in stages(project, local=local, profile=profile, environ=environ) if one.name == project.name]
    branches = branches_of(project.root, environ)
    here = project_here(project.root, environ).mark

    def of_one(stage: Stage) -> Judged:
        stays = next(_reasons_to_stay(project, stage), "")
        if stays:
            return Judged(stage, False, stays)
        if branches is None:
            return Judged(stage, False, "this is not a git repository that sitepub can read")
        gone, why = _fate(stage, branches, here)
        if not gone:
            return Judged(stage, False, why)
        return _unless_kept(stage, why, load, partial(_branches_in, local=local, profile=profile, environ=environ))

    return tuple(of_one(one) for one in found)


def _reasons_to_stay(project: Project, stage: Stage) -> Iterator[str]:
    if stage.stage == project.stage:
        yield "it is the stage of this folder"
    if stage.problem:
        yield stage.problem
    if stage.release is None:
        yield "no deploy to it was finished"
    elif not stage.release.branch:
        yield "the branch that it was published from is not known"


def _fate(stage: Stage, branches: Branches, here: ProjectMark) -> tuple[bool, str]:
    info = stage.release
    assert info is not None and info.branch
    mark = stage.project
    made_here = (mark is not None and bool(mark.computer)
                 and (mark.computer, mark.folder) == (here.computer, here.folder))
    # What a CI system has built was at the remote.
    fate = branches.fate(info.branch, commit=info.commit, since=_seconds(info.at), made_here=made_here,
                         shared=info.where is not None)
    if fate:
        return True, f"its branch {info.branch} was {fate}"
    if branches.tips(info.branch):
        return False, f"its branch {info.branch} is not merged"
    return False, (f"whether its branch {info.branch} is gone is not known here: it was published elsewhere, or the"
                   " branches were not fetched since (git fetch --prune)")


def _unless_kept(stage: Stage, why: str, load: Load, branches_in: Callable[[Project], set[str]]) -> Judged:
    """A stage that is protected stays, and so does one that was published from several branches: it belongs to none."""
    try:
        there = load(stage.stage)
    except SitepubError as error:
        return Judged(stage, False, f"{why}, but it cannot be read as a stage of serverless.yml: {error.message}")
    if there.protected:
        return Judged(stage, False, f"{why}, but the stage is protected (`protect`)")
    there = replace(there, region=stage.region)
    several = branches_in(there)
    if len(several) > 1:
        return Judged(stage, False, f"{why}, but it was published from {len(several)} branches")
    return Judged(stage, True, why, there)


def _branches_in(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str]) -> set[str]:
    """The branches that the releases of a stage were made of."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=8, environ=environ) as remote:
        state = remote.states.load()
        releases = Releases(remote.states.store, remote.states.prefix, remote.states.shards)

        def branch(release: str) -> str:
            try:
                info = releases.read(release, state).info
            except NotFound:
                return ""
            return info.branch or ""

        return {one for one in side_by_side(partial(branch, one) for one in releases.ids()[:_READ]) if one}


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return float("inf")
