"""Take previews down: one by its name, those that have expired, those whose branch is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sitepub.actions.connect import connect
from sitepub.actions.previews.routes import forget_orphans
from sitepub.actions.remove import Down, RemoveOptions, remove
from sitepub.config.project import Project
from sitepub.errors import AccessDenied, Interrupted, NotFound, Problem, Refused, SitepubError
from sitepub.publish.previews.due import note_expiries
from sitepub.publish.previews.found import Preview, names_of_previews, previews_in
from sitepub.publish.previews.names import known
from sitepub.publish.previews.orphans import clear_orphans
from sitepub.publish.progress import Progress, Silent
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.job import Listener
    from sitepub.domains.steps import HostStep
    from sitepub.publish.removal_plan import Removal

Approve = Callable[["Removal", Sequence["HostStep"]], None]


class View(Protocol):
    """Shows how previews go."""

    def transfer(self) -> AbstractContextManager[Progress]: ...

    def listener(self) -> AbstractContextManager[Listener]: ...


class Teller(Protocol):
    """Shows a deploy while it runs."""

    def note(self, text: str) -> None: ...

    def listener(self) -> AbstractContextManager[Listener]: ...


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of one preview."""

    preview: Preview
    down: Down | None = None
    """``None``: it was not there any more, or it stays."""
    error: SitepubError | None = None


class _Renewed(Refused):
    """It was deployed again since it was listed."""

    code = "PreviewRenewed"


def list_previews(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str]
                  ) -> tuple[Preview, ...]:
    """All previews of the site, sorted by name. Raises what the cloud answers."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=8, environ=environ) as remote:
        found = previews_in(remote, cloud)
        note_expiries(remote, environ, found)
    return found


def take_down(project: Project, name: str, options: RemoveOptions, environ: Mapping[str, str], view: View,
              approve: Approve) -> Down | None:
    """One preview, with all that was made for it. ``None``: there is no such preview. Raises what
    :func:`sitepub.actions.remove.remove` raises."""
    return remove(known(name, project), options, environ, approve=approve, transfer=view.transfer,
                  listener=view.listener)


def take_down_all(project: Project, previews: Sequence[Preview], options: RemoveOptions, environ: Mapping[str, str],
                  view: View) -> list[Gone]:
    """Each of them, unless it was deployed again since it was listed. One that fails leaves the others alone. Raises
    :class:`~sitepub.errors.Interrupted` alone."""
    gone: list[Gone] = []
    for preview in previews:
        try:
            down = take_down(project, preview.name, options, environ, view, _unless_renewed(preview))
            gone.append(Gone(preview, down))
        except Interrupted:
            raise
        except SitepubError as error:
            gone.append(Gone(preview, error=error))
    return gone


def clear_leftovers(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str]) -> int:
    """Of deploys that were killed before there was a preview; how many objects it was."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=8, environ=environ) as remote:
        count = clear_orphans(remote)
        try:
            names = tuple(names_of_previews(remote))
        except NotFound:  # no state bucket
            names = ()
        forget_orphans(project, cloud, names)
        return count


def _unless_renewed(preview: Preview) -> Approve:
    def approve(removal: Removal, _hosts: Sequence[HostStep]) -> None:
        info = removal.found.preview
        if info is None or info.expires != preview.expires:
            raise _Renewed(f"the preview {preview.name} was deployed again meanwhile and stays")

    return approve


def clear_expired(remote: Remote, cloud: Cloud, options: RemoveOptions, environ: Mapping[str, str], site: Project,
                  teller: Teller, warn: Callable[[Problem], None]) -> list[Gone]:
    """After a deploy: the previews of the site that have expired. What cannot be done is a warning."""
    try:
        found = previews_in(remote, cloud)
    except (AccessDenied, Refused):
        return []  # a key may be allowed no listing there
    except Interrupted:
        raise
    except SitepubError as error:
        warn(Problem(f"previews that have expired were not looked for: {error.message}"))
        return []
    mine = remote.project.preview.name if remote.project.preview is not None else None
    gone = take_down_all(site, [one for one in found if one.expired and one.name != mine], options, environ,
                         _Quiet(teller))
    for one in gone:
        if one.error is None:
            teller.note(f"The preview {one.preview.name} had expired and was removed.")
        elif not isinstance(one.error, Refused):  # deployed again, or another run is at it
            warn(Problem(f"the preview {one.preview.name} has expired and could not be removed:"
                                f" {one.error.message}", hint=f"sitepub previews remove {one.preview.name}"))
    left = {one.preview.name for one in gone if one.error is None}
    note_expiries(remote, environ, [one for one in found if one.name not in left])
    return [one for one in gone if one.error is None]


@dataclass(frozen=True, slots=True)
class _Quiet:
    teller: Teller

    def transfer(self) -> AbstractContextManager[Progress]:
        return nullcontext(Silent())

    def listener(self) -> AbstractContextManager[Listener]:
        return self.teller.listener()
