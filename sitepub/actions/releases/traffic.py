"""``sitepub traffic``: which part of the visitors gets which release, with what errors; and to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sitepub.actions.connect import connect
from sitepub.actions.releases.history import site_state
from sitepub.actions.releases.share import refuse_share
from sitepub.config.project import Project
from sitepub.errors import CloudError, NetworkError, PartlyDone, Refused, SitepubError
from sitepub.logs.slot_answers import Answers, SlotAnswers
from sitepub.publish.outcome import Unchanged
from sitepub.publish.states.remote import open_remote
from sitepub.publish.states.state import LiveShare, State
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.deploying.teller import Teller
    from sitepub.actions.deploying.values import Deployed, DeployOptions
    from sitepub.actions.releases.go_live import GoLiveOptions

MOST_BYTES = 64 * 1024 * 1024
"""Of log files, packed."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The visitors who get one release."""

    release: str
    role: str
    """``stable`` or ``share``."""
    part: float
    """Of the visitors."""
    since: str
    """ISO 8601; "": not known."""
    by: str
    slot: str = ""
    """Its folder in the bucket; "": the bucket's root."""
    answers: Answers | None = None
    """``None``: not counted."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who gets what."""

    stable: Audience
    share: Audience | None = None
    counted_since: str | None = None
    """ISO 8601: from when on answers are counted; ``None``: they are not."""
    notes: tuple[str, ...] = ()
    changed: bool = False


def look(project: Project, options: GoLiveOptions, environ: Mapping[str, str], *, logs: bool) -> Traffic:
    """Changes nothing. ``logs``: count errors, where log files say which slot has answered."""
    from sitepub.actions.slots.sharing import as_led_now

    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=4, environ=environ) as remote:
        state = as_led_now(cloud, site_state(remote, local=options.local))
    found = traffic_of(state)
    return counted(found, project, cloud) if logs and found.share is not None else found


def traffic_of(state: State) -> Traffic:
    """As the state has it."""
    slots, share = state.slots, next(iter(state.shares), None)
    live = slots.slot(slots.live) if slots is not None else None
    release = live.shown if live is not None else state.release.id if state.release is not None else ""
    info = state.release
    known = info is not None and info.id == release
    since = live.live if live is not None and live.live else info.at if info is not None and known else ""
    part = share.share if share is not None and not share.paused else 0.0
    stable = Audience(release, "stable", round(1 - part, 6), since, info.by if info is not None and known else "",
                      live.folder if live is not None else "")
    notes = []
    if slots is not None and slots.moving:
        notes.append("A run has not ended: run its command again, or sitepub deploy.")
    if share is not None and share.paused:
        notes.append("The slot of the share is being filled with another release; all visitors get the stable one.")
    return Traffic(stable, _shared(state, share, part) if share is not None else None, notes=tuple(notes))


def _shared(state: State, share: LiveShare, part: float) -> Audience:
    slot = state.slots.holding(share.release) if state.slots is not None else None
    return Audience(share.release, "share", part, share.since, share.by, slot.folder if slot is not None else "")


def counted(found: Traffic, project: Project, cloud: Cloud) -> Traffic:
    """With the answers of both since the share began; with a note when the logs do not say."""
    from sitepub.logs.download import packed_lines
    from sitepub.logs.edgeone_offline import EdgeOneLogs
    from sitepub.tencent.cloud_api import CloudApi

    share = found.share
    hosts = [host.host for host in project.hosts if host.edge == "edgeone"]
    if share is None or not hosts or not share.slot:
        return found
    since = datetime.fromisoformat(share.since).astimezone(UTC)
    answers = SlotAnswers((found.stable.slot, share.slot), since)
    logs = EdgeOneLogs(CloudApi(cloud.credentials, cloud.region, cloud.embedded), hosts,
                       lambda address: packed_lines(address, direct=cloud.embedded is not None))
    first = None
    try:
        for start, lines in logs.lines(since, MOST_BYTES):
            answers.add(lines)
            first = start
    except SitepubError as error:
        return _with_note(found, f"Errors are not counted: {error.message}")
    finally:
        logs.close()
    if first is None or not answers.found:
        return _with_note(found, f"Errors are not counted yet: EdgeOne's log files, which come {logs.delay} later, have"
                          " no line that says which slot has answered.")
    both = [replace(one, answers=answers.found.get(one.slot, Answers())) for one in (found.stable, share)]
    return replace(found, stable=both[0], share=both[1],
                   counted_since=max(first, since).isoformat(timespec="seconds"))


def _with_note(found: Traffic, note: str) -> Traffic:
    return replace(found, notes=(*found.notes, note))


def change(project: Project, part: float, options: GoLiveOptions, teller: Teller, environ: Mapping[str, str]
           ) -> Traffic:
    """Another part of the visitors gets the release of the share: 1 makes it live for all, 0 ends the share. Raises
    Refused when none runs."""
    from sitepub.actions.slots.sharing import SharedRelease, as_led_now, end_share, share_of
    from sitepub.actions.slots.slots_of import count_of
    from sitepub.publish.slots.share_change import no_share

    if count_of(project) < 2:
        refuse_share(replace(project, traffic=part or None))
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=4, environ=environ, patience=options.patience) as remote:
        state = site_state(remote, local=options.local)
        now = as_led_now(cloud, state)
        if share_of(now, state.shares) is None:
            if 0 < part < 1:
                raise no_share()
            return traffic_of(now)
        if part < 1:
            state, changed = end_share(cloud, remote, part)
            return replace(traffic_of(state), changed=changed)
    from sitepub.actions.releases.go_live import go_live

    done, _ = go_live(project, options, teller, environ, SharedRelease().choose)
    assert not isinstance(done.outcome, Unchanged), "a release that goes live makes a plan"
    return replace(traffic_of(done.outcome.state), changed=True)


def publish_share(project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str]
                  ) -> Deployed | None:
    """Make the release of the share live for all, and give it the name ``stable``. ``None``: no share runs. Raises
    PartlyDone when it is live and did not get the name."""
    from sitepub.actions.releases.go_live import GoLiveOptions, go_live
    from sitepub.actions.releases.history import STABLE, mark_stable
    from sitepub.actions.slots.sharing import SharedRelease, as_led_now, share_of

    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=4, environ=environ, patience=options.patience) as remote:
        state = remote.states.load()
        share = share_of(as_led_now(cloud, state), state.shares) if state is not None else None
        if share is None:
            return None
        teller.note(f"{share.release} becomes live for all visitors, as it is: nothing is built.")
        done, _ = go_live(project, GoLiveOptions(
            options.local, options.profile, options.verify, options.allow_delete, options.wait, options.patience),
            teller, environ, SharedRelease().choose)
        assert not isinstance(done.outcome, Unchanged), "a release that goes live makes a plan"
        release = done.outcome.release
        if release is None:
            return done
        try:
            mark_stable(remote, release.id, done.outcome.state, local=options.local)
        except (Refused, CloudError, NetworkError) as error:
            raise PartlyDone(f"the release is live, and was not marked as {STABLE}: {error.message}",
                             hint=f"mark it: sitepub mark {release.id} {STABLE}", done=done) from None
        return replace(done, marked=STABLE)
