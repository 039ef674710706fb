"""The releases of a site: listed, found by what users call them, and marked with a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec

from sitepub.actions.connect import connect
from sitepub.actions.interrupt import stopping
from sitepub.config.project import Project
from sitepub.errors import Interrupted, NetworkError, NotFound, SitepubError, UsageError
from sitepub.publish.locking.lock import Lock
from sitepub.publish.locking.owner import who
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.releases import Release, Releases
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.state import LiveShare, ReleaseMark, State
from sitepub.threads import side_by_side

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_LEAST = 8
"""Characters of an id that name it: its date."""
MOST_MARKS = 1000
LIVE = "live"
STABLE = "stable"
"""The name that ``publish: true`` gives."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One release in the list."""

    id: str
    release: Release | None
    """``None``: its record cannot be read."""
    problem: str
    """Why not."""
    live: bool
    marks: tuple[str, ...]
    """Names, those given last first."""
    slots: tuple[str, ...] = ()
    """Slots that hold it whole."""


@dataclass(frozen=True, slots=True)
class History:
    releases: tuple[Listed, ...]
    """Newest first."""
    total: int
    """How many there are, also those that were not read."""
    shares: tuple[LiveShare, ...] = ()
    """Releases that a share of the visitors gets; they are in no list until they are live for all."""


def history(project: Project, *, count: int, local: bool, profile: str | None, environ: Mapping[str, str]) -> History:
    """The newest releases of a site. Raises SitepubError with code NotDeployed without a state."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=8, environ=environ) as remote:
        state = site_state(remote, local=local)
        store = releases_of(remote)
        ids = store.ids(state)
        slots = slots_by_release(remote, state)
        return History(tuple(side_by_side(partial(_listed, store, state, slots, one) for one in ids[:count])), len(ids),
                       state.shares)


def slots_by_release(remote: Remote, state: State) -> Mapping[str, tuple[str, ...]]:
    """Which slots hold a release whole, by its id. One GET for each slot."""
    if state.slots is None:
        return {}
    from sitepub.publish.slots.filling import open_slot

    found: dict[str, tuple[str, ...]] = {}
    for slot in state.slots.all:
        if slot.release and open_slot(remote, slot.name).whole == slot.release:
            for release in {slot.release, slot.shown}:
                found[release] = (*found.get(release, ()), slot.name)
    return found


def live_manifest(state: State, store: Releases) -> Mapping[str, Entry]:
    """The files of the release that is live; the bucket's root may hold another one behind slots."""
    if state.slots is not None and state.slots.root and state.release is not None:
        return store.read(state.release.id, state).manifest
    return state.manifest


def _listed(store: Releases, state: State, slots: Mapping[str, tuple[str, ...]], id: str) -> Listed:
    """One damaged record does not hide the others."""
    release, problem = None, ""
    try:
        release = store.read(id, state)
    except NetworkError:
        raise
    except SitepubError as error:
        problem = error.message
    return Listed(id, release, problem, state.release is not None and state.release.id == id, marks_of(state, id),
                  slots.get(id, ()))


def site_state(remote: Remote, *, local: bool) -> State:
    """The state of the site. Raises SitepubError with code NotDeployed without one."""
    state = remote.states.load()
    if state is None:
        project = remote.project
        raise SitepubError(f"{project.name} was never deployed to stage {project.stage} in {project.region}",
                           code="NotDeployed", hint="deploy it with: sitepub deploy"
                           + (f" --stage {project.stage}" if project.stage_from == "--stage" else "")
                           + (" --local" if local else ""))
    return state


def releases_of(remote: Remote) -> Releases:
    return Releases(remote.states.store, remote.states.prefix, remote.states.shards)


def marks_of(state: State, release: str) -> tuple[str, ...]:
    """The names of a release, those given last first."""
    return tuple(dict.fromkeys(mark.name for mark in reversed(state.marks) if mark.release == release))


def is_id(name: str) -> bool:
    """Whether it is a whole id of a release."""
    return _ID.fullmatch(name) is not None


def find(name: str, state: State, ids: list[str]) -> str:
    """The release that a user means: an id, its beginning (the date at least), ``live``, or a name that was given
    (the release that got it last). Raises NotFound and UsageError."""
    if name in ids:
        return name
    if name == LIVE and state.release is not None:
        return state.release.id
    for mark in reversed(state.marks):
        if mark.name == name and mark.release in ids:
            return mark.release
    beginning = [one for one in ids if one.startswith(name)] if len(name) >= _LEAST else []
    if len(beginning) > 1:
        raise UsageError(f"{name} is the beginning of {len(beginning)} releases: {', '.join(beginning[:3])}"
                         + (" …" if len(beginning) > 3 else ""), hint="write more of the id: sitepub releases")
    if not beginning:
        given = ", ".join(dict.fromkeys(mark.name for mark in reversed(state.marks)))
        raise NotFound(f"there is no release {name}", code="NoSuchRelease", status=404, hint=(
            f"sitepub releases lists them{f'; names: {given}' if given else ''}"))
    return beginning[0]


def mark(project: Project, release: str, name: str, *, remove: bool, local: bool, profile: str | None,
         environ: Mapping[str, str]) -> tuple[str, bool]:
    """Give a release a name, or take it away; the id of the release, and whether that changed anything."""
    if not remove:
        check_name(name)
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=4, environ=environ) as remote:
        site_state(remote, local=local)
        return mark_in(remote, release, name, remove=remove, local=local)


def mark_in(remote: Remote, release: str, name: str, *, remove: bool = False, local: bool) -> tuple[str, bool]:
    """Like :func:`mark`, of a site that is open."""
    with stopping() as stop, Lock(remote.states.store, remote.states.prefix, patience=remote.patience) as lock:
        state = site_state(remote, local=local)
        id = release if is_id(release) and state.keeps(release) else find(
            release, state, releases_of(remote).ids(state))
        if not remove and any(one.release == id for one in state.shares) and id not in releases_of(remote).ids(state):
            raise SitepubError(f"{id} is the release of a share, and not live for all yet", code="OnlyShared",
                               hint="make it live first: sitepub traffic 1")
        if not remove and not state.keeps(id):
            raise SitepubError(f"the content of release {id} is not kept any more", code="ContentNotKept",
                               hint="a name keeps what is there: give it to a newer release, as long as that is kept")
        marks = marked(state.marks, id, name, remove=remove, at=datetime.now(UTC))
        if marks == state.marks:
            return id, False
        if stop.is_set():
            raise Interrupted("Interrupted before anything was changed.")
        lock.still_ours()
        remote.states.save(msgspec.structs.replace(state, marks=marks))
        return id, True


def mark_stable(remote: Remote, release: str, state: State, *, local: bool) -> None:
    """Give a release of a site that is open the name ``stable``, if it is not the last one that got it."""
    if next((mark.release for mark in reversed(state.marks) if mark.name == STABLE), None) != release:
        mark_in(remote, release, STABLE, local=local)


def check_name(name: str) -> None:
    """Raises UsageError for what cannot be a name of a release."""
    if _NAME.fullmatch(name) is None or name == LIVE:
        raise UsageError(f"{name!r} cannot be the name of a release.",
                         hint="A name is a letter, then letters, digits, dots, hyphens or underscores: stable")


def marked(marks: tuple[ReleaseMark, ...], release: str, name: str, *, remove: bool, at: datetime
           ) -> tuple[ReleaseMark, ...]:
    """The marks with one more, or one less. A name that the release has had becomes the latest of its kind."""
    there = any(one.release == release and one.name == name for one in marks)
    last = next((one.release for one in reversed(marks) if one.name == name), None)
    if not remove and last == release:
        return marks
    if remove and not there:
        return marks
    rest = tuple(one for one in marks if not (one.release == release and one.name == name))
    if remove:
        return rest
    if len(rest) >= MOST_MARKS:
        raise UsageError(f"there are {len(rest)} marks already", hint="take some away: sitepub mark --remove ID NAME")
    return (*rest, ReleaseMark(release, name, at.isoformat(timespec="seconds"), who()))
