"""Which previews are not needed any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sitepub.config.project import Project
from sitepub.config.repository.branches import Branches, branches_of
from sitepub.publish.previews.found import Preview
from sitepub.publish.project.mark import ProjectMark, project_here


@dataclass(frozen=True, slots=True)
class Unneeded:
    preview: Preview
    why: str


@dataclass(frozen=True, slots=True)
class ToPrune:
    previews: tuple[Unneeded, ...]
    notes: tuple[str, ...] = ()


def to_prune(project: Project, previews: Sequence[Preview], environ: Mapping[str, str]) -> ToPrune:
    """Those that have expired, and those whose branch was merged or deleted."""
    going = [Unneeded(one, "it has expired") for one in previews if one.expired]
    left = [one for one in previews if not one.expired and one.branch and not one.problem]
    if not left:
        return ToPrune(tuple(going))
    branches = branches_of(project.root, environ)
    if branches is None:
        return ToPrune(tuple(going), ("Which branches are merged or deleted is not known here: this is not a git"
                                      " repository that sitepub can read.",))
    here = project_here(project.root, environ).mark
    for one in left:
        fate = _fate(one, branches, here)
        if fate:
            going.append(Unneeded(one, f"its branch {one.branch} was {fate}"))
    return ToPrune(tuple(sorted(going, key=lambda one: one.preview.name)))


def _fate(preview: Preview, branches: Branches, here: ProjectMark) -> str:
    assert preview.branch is not None
    mark, info = preview.project, preview.release
    made_here = (mark is not None and bool(mark.computer)
                 and (mark.computer, mark.folder) == (here.computer, here.folder))
    return branches.fate(preview.branch, commit=info.commit if info is not None else None,
                         since=_seconds(info.at) if info is not None else float("inf"), made_here=made_here,
                         shared=preview.shared)


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return float("inf")
