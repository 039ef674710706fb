"""Make a release live: one of this site (rollback), or of another stage (promote). Nothing is built or uploaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sitepub.actions.connect import connect
from sitepub.actions.deploying.ending import address_of, raise_if_incomplete
from sitepub.actions.deploying.plan import Planned, with_retained
from sitepub.actions.deploying.teller import Teller, ask_about
from sitepub.actions.deploying.values import Deployed
from sitepub.actions.hosts import HostsDone, raise_if_failed
from sitepub.actions.interrupt import stopping
from sitepub.actions.releases.doubt import Doubt
from sitepub.actions.releases.host_rules import prepare_rules_of_hosts
from sitepub.actions.releases.regress import Concerns, about_commit
from sitepub.actions.releases.share import Aim
from sitepub.actions.slots.back import ROOT_FOLLOWS, BackToSlot, slot_of
from sitepub.actions.slots.sharing import ShareEnd, aim_in, end_share, share_turn
from sitepub.actions.slots.slots_of import planned_steps, report_of, turn_of
from sitepub.config.project import Project
from sitepub.errors import ChangedSincePlan, SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.guards import refuse_mass_deletion
from sitepub.publish.locking.patience import Patience
from sitepub.publish.outcome import Outcome
from sitepub.publish.prepare import Prepared, later_release, prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.origin import Origin
from sitepub.publish.states.releases import Release
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.website_config import WebsiteConfig


@dataclass(frozen=True, slots=True)
class GoLiveOptions:
    local: bool = False
    profile: str | None = None
    verify: bool = False
    allow_delete: bool = False
    wait: bool = True
    """Wait until purges have reached the caches."""
    patience: Patience = field(default_factory=Patience)
    replaces: str | None = None
    """Whose release makes way while a share runs; ``None``: it is asked."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to go live."""

    release: str
    snapshot: Snapshot
    website: WebsiteConfig | None
    """The website settings that went with it; ``None``: the project's."""
    origin: Origin
    notes: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    """What is asked before anything is changed."""
    commit: str | None = None
    """The commit that it was made of, if it is to be asked about; ``None``: it is not."""
    ends: bool = False
    """A share of the visitors that runs ends: all of them get it."""
    only_ends: bool = False
    """It is live, and a share runs beside it: all there is to do is to end the share."""
    back: Release | None = None
    """A release of the site itself, which a slot may hold."""


Choose = Callable[[Cloud, Remote], Chosen]


def plan_to_go_live(project: Project, options: GoLiveOptions, teller: Teller, environ: Mapping[str, str],
                    choose: Choose) -> tuple[Planned, Chosen]:
    """What would change. Changes nothing."""
    cloud, remote, chosen = _choose(project, options, environ, choose)
    with remote:
        if (back := _without_copies(project, cloud, remote, chosen, options)) is not None:
            _note(teller, _notes_of(back, chosen))
            return Planned(project, cloud, remote.bucket, address_of(cloud, remote), with_retained(back.prepared), None,
                           None, (), slots=back.steps), chosen
        prepared = _prepare(remote, chosen, options, teller)
        refusal: SitepubError | None = None
        try:
            refuse_mass_deletion(prepared.plan, allowed=options.allow_delete, other=prepared.other)
        except SitepubError as error:
            refusal = error
        return Planned(project, cloud, remote.bucket, address_of(cloud, remote), with_retained(prepared),
                       refusal,
                       prepare_rules_of_hosts(project, cloud, remote, prepared),
                       tuple(doubt.warning() for doubt in _concerns(project, chosen, prepared, environ).doubts),
                       slots=planned_steps(project, remote, chosen.snapshot, prepared)), chosen


def go_live(project: Project, options: GoLiveOptions, teller: Teller, environ: Mapping[str, str], choose: Choose
            ) -> tuple[Deployed, Chosen]:
    """Copies on the server, in the order of a deploy; itself a release. The caches of the hosts are purged, and
    their edges get the headers and redirects of the release; nothing else of the hosts is changed. Raises what
    :func:`sitepub.actions.deploying.deploy.deploy` raises."""
    started = time.monotonic()
    cloud, remote, chosen = _choose(project, options, environ, choose)
    with remote:
        if (back := _without_copies(project, cloud, remote, chosen, options)) is not None:
            return _by_pointer(back, project, cloud, remote, chosen, teller, options, started), chosen
        prepared = _prepare(remote, chosen, options, teller)
        aim = Aim(ends=True) if chosen.ends else aim_in(project, cloud, remote, chosen.snapshot, prepared,
                                                        options.replaces, teller.choose)
        turn = (share_turn(project, cloud, aim.part, chosen.origin) if aim.part is not None
                else turn_of(project, cloud, prepared.base, ends=aim.ends))

        def approve(again: Prepared) -> None:
            if again is not prepared and again.base.release != prepared.base.release:
                ask_about(_concerns(project, chosen, again, environ), teller)
            refuse_mass_deletion(again.plan, allowed=options.allow_delete, other=again.other)
            teller.approve(again)

        ask_about(_concerns(project, chosen, prepared, environ), teller)
        approve(prepared)
        if prepared.settled:
            if aim.ends and prepared.base.shares:
                end_share(cloud, remote)
            outcome = publish(remote, chosen.snapshot, prepared)
        else:
            with stopping() as stop, teller.transfer() as progress:
                outcome = publish(remote, chosen.snapshot, prepared, PublishOptions(
                    allow_delete=options.allow_delete, approve=approve, progress=progress,
                    on_setting=teller.setting, stop=stop, origin=chosen.origin, first=turn))

        def deployed(hosts: HostsDone | None) -> Deployed:
            return Deployed(project, cloud, remote.bucket, address_of(cloud, remote), outcome,
                            time.monotonic() - started, hosts, slots=report_of(turn, outcome.state.slots),
                            share=next(iter(outcome.state.shares), None) if aim.part is not None else None)

        raise_if_incomplete(outcome, deployed(None))
        if aim.part is not None:
            return deployed(None), chosen
        hosts = _purged(project, cloud, remote, outcome, teller, options, deployed)
        return deployed(hosts), chosen


def _without_copies(project: Project, cloud: Cloud, remote: Remote, chosen: Chosen, options: GoLiveOptions
                    ) -> BackToSlot | ShareEnd | None:
    """What moves the pointer alone."""
    if chosen.only_ends:
        return ShareEnd(project, cloud, remote)
    return slot_of(project, cloud, remote, chosen, verify=options.verify)


def _notes_of(back: BackToSlot | ShareEnd, chosen: Chosen) -> tuple[str, ...]:
    """Nothing is purged where a slot holds the release, and no rule of a host changes."""
    return () if isinstance(back, BackToSlot) and not back.other_rules else chosen.notes


def _by_pointer(back: BackToSlot | ShareEnd, project: Project, cloud: Cloud, remote: Remote, chosen: Chosen,
                teller: Teller, options: GoLiveOptions, started: float) -> Deployed:
    """A slot holds the release: its visitors are moved, and the root follows later."""
    _note(teller, _notes_of(back, chosen))
    with stopping():
        outcome = back.go(chosen.origin)

    def deployed(hosts: HostsDone | None) -> Deployed:
        return Deployed(project, cloud, remote.bucket, address_of(cloud, remote), outcome, time.monotonic() - started,
                        hosts, slots=report_of(back, outcome.state.slots))

    if not isinstance(back, ShareEnd):
        _note(teller, [ROOT_FOLLOWS])
    return deployed(_purged(project, cloud, remote, outcome, teller, options, deployed))


def _choose(project: Project, options: GoLiveOptions, environ: Mapping[str, str], choose: Choose
            ) -> tuple[Cloud, Remote, Chosen]:
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    remote = open_remote(project, cloud, environ=environ, patience=options.patience)
    try:
        return cloud, remote, choose(cloud, remote)
    except BaseException:
        remote.close()
        raise


def _prepare(remote: Remote, chosen: Chosen, options: GoLiveOptions, teller: Teller) -> Prepared:
    prepared = prepare(remote, chosen.snapshot, verify=options.verify, website=chosen.website)
    if prepared.settled and (later := later_release(remote, prepared.base)):
        prepared = prepare(remote, chosen.snapshot, verify=True, website=chosen.website, later=later)
    _note(teller, (*chosen.notes, *prepared.notes))
    return prepared


def _note(teller: Teller, sentences: Iterable[str]) -> None:
    for sentence in sentences:
        teller.note(sentence)


def _concerns(project: Project, chosen: Chosen, prepared: Prepared, environ: Mapping[str, str]) -> Concerns:
    """What is to be asked when something changes."""
    if prepared.empty:
        return Concerns()
    if chosen.commit is None:
        return Concerns(chosen.doubts)
    found = about_commit(project, chosen.commit, prepared.base.release, environ)
    return Concerns((*chosen.doubts, *found.doubts), found.notes)


def _purged(project: Project, cloud: Cloud, remote: Remote, outcome: Outcome, teller: Teller, options: GoLiveOptions,
            deployed: Callable[[HostsDone | None], Deployed]) -> HostsDone | None:
    from sitepub.actions.host_run import apply_hosts

    hosts = prepare_rules_of_hosts(project, cloud, remote, outcome.prepared)
    if hosts is None or hosts.settled:
        return None
    with stopping() as stop, teller.listener() as listener:
        try:
            done = apply_hosts(with_rules(project, outcome.prepared.rules), remote, hosts, listener, stop,
                               wait=options.wait, approve=teller.approve_changed_hosts)
        except ChangedSincePlan as error:
            raise ChangedSincePlan(f"the release is live, and its hosts were not changed: {error.message}",
                                   hint=error.hint, done=deployed(None)) from None
    raise_if_failed(done, deployed(done))
    return done
