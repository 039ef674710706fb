"""Is the project that publishes a site the one that published it last? Two that have the same name would replace one
another's pages.

A project is known again by its repository and folder in it, by its folder on the same computer, or by the commit of
the last release. Where that does not decide, what would happen to the pages decides: teammates, build servers and
moved folders change a few of them, another project replaces most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sitepub.config.read_from import FILE_NAMES
from sitepub.publish.phases import deletion_rank
from sitepub.publish.plan import Plan
from sitepub.publish.project.mark import ProjectHere, ProjectMark
from sitepub.publish.states.state import ReleaseInfo, State

_KEPT = 20
"""Marks that a state holds: computers and build servers that one project is published from."""
_PAGE_RANK = 1


class Kin(Enum):
    SAME = "same"
    UNKNOWN = "unknown"
    """It is not known."""
    OTHER = "other"
    """The project of the last release is somewhere else, and still there."""


@dataclass(frozen=True, slots=True)
class OtherProject:
    """The last release came from another project, and this one would take its place."""

    site: str
    kin: Kin
    lost: int
    """How many of what counts would be replaced or deleted."""
    live: int
    counted: str
    """What counts, in the plural: pages, or files where there are none."""
    last: ProjectMark
    release: ReleaseInfo | None
    leaves: str = ""
    """The bucket that the site would leave: this project names another one."""

    @property
    def origin(self) -> str:
        """Where the last release came from, as a sentence without its end."""
        last, release = self.last, self.release
        known = [release.by, release.at] if release is not None else []
        made = ", ".join(([f"from the folder {last.folder}"] if last.folder else []) + known)
        whose = ("was made from another project" if self.kin is Kin.OTHER
                 else "may come from another project: this is neither its folder nor its repository")
        return f"the last release of {self.site} {whose} ({made or 'it is not known where'})"

    @property
    def words(self) -> str:
        if self.leaves:
            return f"{self.origin}; the site would move out of the bucket {self.leaves} and leave its files there"
        return f"{self.origin}; {self.lost:,} of its {self.live:,} {self.counted} would be replaced or deleted"

    @property
    def hint(self) -> str:
        return ("if this is the same project, or is to take its place: --yes; if it is another one: give it a `name`"
                " of its own in serverless.yml")


def kin_of(here: ProjectHere, state: State, has_commit: Callable[[str], bool]) -> Kin:
    """What is known of the project that made the last release. A state that is older than marks says nothing and is
    taken over."""
    known, mark = state.projects, here.mark
    if not known or any(_is_same(one, mark) for one in known):
        return Kin.SAME
    commit = state.release.commit if state.release is not None else None
    if (here.root is not None and commit is not None and any(one.inside == mark.inside for one in known)
            and has_commit(commit.rstrip("+"))):
        return Kin.SAME
    last = known[-1]
    if mark.repository and last.repository == mark.repository and here.root is not None:
        # Moved within its repository, or another project in it?
        return Kin.OTHER if _is_project(here.root / last.inside) else Kin.SAME
    if mark.computer and last.computer == mark.computer and last.folder != mark.folder and (
            _is_project(Path(last.folder))):
        return Kin.OTHER
    return Kin.UNKNOWN


def _is_same(one: ProjectMark, other: ProjectMark) -> bool:
    if one.repository and other.repository:
        return (one.repository, one.inside) == (other.repository, other.inside)
    return bool(one.computer) and (one.computer, one.folder) == (other.computer, other.folder)


def _is_project(folder: Path) -> bool:
    try:
        return any((folder / name).is_file() for name in FILE_NAMES)
    except (OSError, ValueError):
        return False


def other_project(kin: Kin, found: State, state: State, plan: Plan) -> OtherProject | None:
    """Whether to ask before ``plan`` is carried out: when another project would lose anything, and when one that
    nothing is known of would lose most of its pages. ``found``: the state as it was read, about another bucket maybe.
    """
    if kin is Kin.SAME:
        return None
    site = f"{state.name} (stage {state.stage})"
    if kin is Kin.OTHER and found.bucket != state.bucket and found.manifest:
        return OtherProject(site, kin, 0, len(found.manifest), "files", found.projects[-1], found.release, found.bucket)
    replaced = {step.key for step in plan.steps if step.file is not None and step.key in plan.known
                and plan.known[step.key].md5 != step.file.md5}
    lost = {*plan.dropped} | replaced
    pages = [key for key in plan.known if deletion_rank(key) == _PAGE_RANK]
    counting = pages or list(plan.known)
    count = sum(key in lost for key in counting)
    if not lost or (kin is Kin.UNKNOWN and 2 * count <= len(counting)):
        return None
    if not count:
        counting, pages, count = list(plan.known), [], len(lost)
    return OtherProject(site, kin, count, len(counting),
                        "pages" if pages else "files", state.projects[-1], state.release)


def marks_after(known: Sequence[ProjectMark], here: ProjectMark, kin: Kin, *, asked: bool) -> tuple[ProjectMark, ...]:
    """The marks to keep once this project has published. With a yes it has taken the other's place; another one that
    has changed nothing is no reason to forget whose the site is."""
    if asked:
        return (here,)
    if kin is Kin.OTHER:
        return tuple(known)
    return (*[one for one in known if one != here], here)[-_KEPT:]
