"""Deploy, and its first half, plan: build the site, compare it with the bucket, apply the difference."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from sitepub.actions.build import read
from sitepub.actions.checking.before import before_publishing, refusal_of, refuse, why_so_much
from sitepub.actions.deploying.begin import Begun, begin
from sitepub.actions.deploying.notified import notified_of
from sitepub.actions.deploying.remarks import about_other_regions, about_the_address_of, not_accelerated
from sitepub.actions.deploying.settled import settled_hosts
from sitepub.actions.deploying.values import Deployed, DeployOptions, Warnings
from sitepub.actions.host_run import apply_hosts
from sitepub.actions.hosts import HostsDone, HostsPrepared, prepare_hosts, raise_if_failed, unplanned
from sitepub.actions.interrupt import stopping
from sitepub.actions.previews.led import about_redirects, lead, open_led
from sitepub.actions.previews.routes import forget_dropped, lead_wildcards, with_failed_routes
from sitepub.actions.releases.doubt import Doubt
from sitepub.actions.releases.history import STABLE, mark_stable
from sitepub.actions.releases.regress import Concerns, concerns_of
from sitepub.actions.releases.share import refuse_share
from sitepub.actions.shared_bucket import about_lifecycle, about_other_sites, about_the_error_page
from sitepub.actions.slots.around_hosts import SlotsAround
from sitepub.actions.slots.sharing import aim_in, end_share, planned_with_share
from sitepub.actions.slots.slots_of import turn_of
from sitepub.check.sizes import largest
from sitepub.config.project import Project
from sitepub.errors import (
    ChangedSincePlan,
    CloudError,
    Interrupted,
    NetworkError,
    PartlyDone,
    Problem,
    Refused,
    SitepubError,
)
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.empty_pages import EmptyPages, empty_pages
from sitepub.publish.glance import checked, differs, forget, is_due
from sitepub.publish.guards import refuse_mass_deletion
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.previews.due import is_due as a_preview_is_due
from sitepub.publish.previews.due import note_expiry
from sitepub.publish.previews.prefix import site_prefix
from sitepub.publish.previews.robots import with_own_robots
from sitepub.publish.progress import Progress
from sitepub.publish.publish import publish
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.settings.steps import SettingStep
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.error_page import error_page_problem
from sitepub.site.snapshot import LeftOut, SiteFile, Snapshot
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.actions.checking.why import Why
    from sitepub.domains.job import Listener
    from sitepub.domains.steps import HostStep
    from sitepub.publish.slots.planned import SlotStep

_FAILURES_SHOWN = 10


class Teller(Protocol):
    """Shows a deploy to the user while it runs, and asks."""

    def hook_line(self, line: str) -> None:
        """One line of the build hook's output."""

    @property
    def hook_columns(self) -> int | None:
        """Columns that such a line has on the terminal; ``None``: it goes elsewhere, or no colours are wanted."""

    def warn(self, problem: Problem) -> None: ...

    def note(self, text: str) -> None: ...

    def checked(self, report: Report, project: Project) -> None:
        """The checks of `checks:` were made."""

    def approve(self, prepared: Prepared) -> None:
        """Asked before objects of others get new content, or this project takes another's place.
        Raises :class:`~sitepub.errors.Refused`."""

    def choose(self, words: str, answers: Mapping[str, str], refusal: Refused) -> str:
        """One of the answers (word → what it means). Raises ``refusal`` where there is no terminal to ask on."""

    def ask(self, doubt: Doubt) -> None:
        """Asked before something is published that may not be meant. Raises Refused."""

    def transfer(self) -> AbstractContextManager[Progress]:
        """Shows the transfer while the context lasts."""

    def setting(self, step: SettingStep) -> None:
        """A bucket setting was written."""

    def approve_hosts(self, prepared: HostsPrepared) -> None:
        """Asked before a host is taken down or something of others is changed. Raises Refused."""

    def approve_changed_hosts(self, steps: Sequence[HostStep]) -> None:
        """Asked before steps are taken that were not in the plan, because something was changed elsewhere since. Raises
        Refused."""

    def listener(self) -> AbstractContextManager[Listener]:
        """Shows what happens to the hosts while the context lasts."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a deploy would do."""

    project: Project
    cloud: Cloud
    bucket: str
    url: str
    prepared: Prepared
    refusal: SitepubError | None
    """Why a deploy would stop before changing anything, if it would."""
    hosts: HostsPrepared | None = None
    """``None``: the site has no custom domains."""
    warnings: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """What sitepub's own rules keep from being published."""
    missing: PartlyDone | None = None
    """What could not be checked and is missing in the plan."""
    report: Report | None = None
    """What the checks found; ``None``: serverless.yml has no `checks`."""
    why: Why | None = None
    """Why so much changed, when it is over half of the pages."""
    largest: tuple[SiteFile, ...] = ()
    slots: tuple[SlotStep, ...] = ()
    """What is done with the slots of the site."""

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return self.prepared.empty and not self.slots and (self.hosts is None or self.hosts.empty)


def plan(project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str]) -> Planned:
    """Build and compare; change nothing."""
    refuse_share(project)
    warnings = Warnings(teller)
    begun = begin(project, options, teller, environ, warnings, index=False)
    cloud = begun.cloud
    remote, prepared, snapshot, empty = _prepare(begun, project, options, teller, environ, warnings, always=True)
    with remote:
        if not prepared.settings:
            warnings.add(*about_the_error_page(remote, snapshot.files.keys(), sets_it=False))
        if not _sees_lifecycle(prepared):
            warnings.add(*about_lifecycle(remote, snapshot.files.keys(), prepared, ask=True))
        project = with_rules(project, snapshot.rules)
        led = open_led(project, cloud, remote, prepared.base)
        if led is not None:
            project = led.project
            warnings.add(*led.warnings, *about_redirects(led, prepared.wanted.website))
        hosts = prepare_hosts(project, cloud, remote, prepared, verify=True)
        refusal: SitepubError | None = None
        try:
            if led is not None:
                led.check(prepared.base)
            _refuse_damage(prepared, empty, options)
        except SitepubError as error:
            refusal = error
        steps, unclear = planned_with_share(project, cloud, remote, snapshot, prepared, options.replaces)
        refusal = refusal or unclear
        concerns = concerns_of(project, prepared, environ, begun.commit)
        warnings.add(*(doubt.warning() for doubt in concerns.doubts))
        for sentence in concerns.notes:
            teller.note(sentence)
        report = before_publishing(project, cloud, remote, prepared, snapshot, teller, always=True)
        refusal = refusal or refusal_of(report, project)
        planned = Planned(project, cloud, remote.bucket, address_of(cloud, remote),
                          with_retained(prepared), refusal, hosts, tuple(warnings.kept), snapshot.left_out,
                          unplanned(hosts), report, why_so_much(project, remote, prepared, snapshot),
                          tuple(largest(snapshot)), led.planned(prepared) if led is not None else steps)
        if not planned.empty:
            forget(remote, environ)
        return planned


def with_retained(prepared: Prepared) -> Prepared:
    """A plan is shown when nothing can be read any more: what stays for open tabs is read now."""
    base = prepared.base
    return replace(prepared, base=msgspec.structs.replace(base, retained=dict(base.retained)))


def deploy_begun(begun: Begun, project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str],
                 warnings: Warnings) -> Deployed:
    """The rest of a deploy that may have something to do: see :func:`~sitepub.actions.deploying.deploy.deploy`."""
    cloud, commit, local = begun.cloud, begun.commit, begun.local
    remote, prepared, snapshot, empty = _prepare(begun, project, options, teller, environ, warnings)
    with remote:
        _refuse_damage(prepared, empty, options)
        report = before_publishing(project, cloud, remote, prepared, snapshot, teller)
        refuse(report, project)
        written, project = project.hosts, with_rules(project, snapshot.rules)
        led = open_led(project, cloud, remote, prepared.base)
        if led is not None:
            project = led.project
            led.check(prepared.base)
            warnings.add(*led.warnings, *about_redirects(led, prepared.wanted.website))
        hosts = prepare_hosts(project, cloud, remote, prepared, verify=options.verify or is_due(remote, environ))

        def approve(again: Prepared) -> None:
            _refuse_damage(again, empty_pages(remote, snapshot, again), options)
            if again.base.release != prepared.base.release:
                ask_about(concerns_of(project, again, environ, commit), teller)
            teller.approve(again)

        aim = aim_in(project, cloud, remote, snapshot, prepared, options.replaces, teller.choose)
        ask_about(concerns_of(project, prepared, environ, commit), teller)
        teller.approve(prepared)
        if hosts is not None and aim.part is None:
            teller.approve_hosts(hosts)
        if aim.part is not None:
            from sitepub.actions.deploying.for_a_share import for_a_share

            return for_a_share(begun, project, remote, snapshot, prepared, aim.part, PublishOptions(
                allow_delete=_may_delete(prepared, options), approve=approve, message=options.message), teller,
                warnings)
        turn = turn_of(project, cloud, prepared.base, ends=aim.ends)
        if prepared.settled:
            if aim.ends:
                end_share(cloud, remote)
            outcome = publish(remote, snapshot, prepared)
        else:
            with stopping() as stop, teller.transfer() as progress:
                outcome = publish(remote, snapshot, prepared, PublishOptions(
                    allow_delete=_may_delete(prepared, options), approve=approve, progress=progress,
                    on_setting=teller.setting, stop=stop, message=options.message, first=turn))

        slots = SlotsAround(project, cloud, remote, outcome, teller, verify=options.verify)

        def deployed(hosts_done: HostsDone | None) -> Deployed:
            return Deployed(project, cloud, remote.bucket, address_of(cloud, remote),
                            slots.outcome, time.monotonic() - begun.started, hosts_done, tuple(warnings.kept),
                            snapshot.left_out, report=report, slots=slots.report(turn))

        raise_if_incomplete(outcome, deployed(hosts.untouched if hosts is not None else None))
        pointed = lead(led, outcome, snapshot.rules, lambda: deployed(None))
        hosts_done = None
        slots.before_hosts()
        if hosts is not None:
            hosts = hosts.after(project, slots.outcome.prepared)
            try:
                hosts_done = _about_hosts(project, cloud, remote, hosts, outcome, teller, options)
            except Refused as error:
                if error.code != ChangedSincePlan.code:
                    raise
                raise ChangedSincePlan(f"the site is live, and its hosts were not changed: {error.message}",
                                       hint=error.hint, done=deployed(hosts.not_begun("changed since the plan"))
                                       ) from None
            slots.after_hosts(hosts_done)
            raise_if_failed(hosts_done, deployed(hosts_done))
        if not pointed:
            lead(led, outcome, snapshot.rules, lambda: deployed(hosts_done))
        notified = notified_of(project, cloud, outcome, hosts_done, warnings)
        looks = is_due(remote, environ) or a_preview_is_due(remote, environ)
        checked(remote, environ)
        if remote.unaccelerated():
            warnings.add(not_accelerated(remote.bucket))
        if not remote.project.hosts:
            warnings.add(*about_the_address_of(cloud, remote.bucket, outcome))
        if outcome.state.preview is not None:
            note_expiry(remote, environ, outcome.state.preview.expires)
        gone = _clear_expired(remote, cloud, options, environ, teller, warnings) if looks else ()
        done = replace(deployed(hosts_done), expired=gone, notified=notified)
        done = _marked(done, outcome, remote, options) if project.publish and project.preview is None else done
        if local is not None:
            local.publish(remote, snapshot, outcome.prepared.wanted.hash, begun.notes, lambda records: settled_hosts(
                written, hosts if project.releases.slots < 2 else None, records))
        return done


def _clear_expired(remote: Remote, cloud: Cloud, options: DeployOptions, environ: Mapping[str, str], teller: Teller,
                   warnings: Warnings) -> tuple[str, ...]:
    from sitepub.actions.previews.removing import clear_expired
    from sitepub.actions.remove import RemoveOptions

    return tuple(one.preview.name for one in clear_expired(
        remote, cloud, RemoveOptions(options.local, options.profile), environ, replace(remote.project, preview=None),
        teller, warnings.add))


def ask_about(concerns: Concerns, teller: Teller) -> None:
    for sentence in concerns.notes:
        teller.note(sentence)
    for doubt in concerns.doubts:
        teller.ask(doubt)


def _marked(done: Deployed, outcome: Outcome, remote: Remote, options: DeployOptions) -> Deployed:
    """With its release marked as stable. Raises PartlyDone when that was not possible: the release is live."""
    release = outcome.release
    if release is None:
        return done
    try:
        mark_stable(remote, release.id, outcome.state, local=options.local)
    except (Refused, CloudError, NetworkError) as error:
        raise PartlyDone(f"the release is live, and was not marked as {STABLE}: {error.message}",
                         hint=f"mark it: sitepub mark {release.id} {STABLE}", done=done) from None
    return replace(done, marked=STABLE)


def _about_hosts(project: Project, cloud: Cloud, remote: Remote, hosts: HostsPrepared, outcome: Outcome, teller: Teller,
                 options: DeployOptions) -> HostsDone:
    """The site is live: now its hosts."""
    if hosts.settled:
        return HostsDone(tuple(hosts.unchanged), records=outcome.state.hosts)
    site = site_prefix(project).rstrip("/")
    led = lead_wildcards(cloud, hosts.plan, site)
    with stopping() as stop, teller.listener() as listener:
        done = apply_hosts(project, remote, replace(hosts, plan=led.without_failed(hosts.plan)), listener, stop,
                           wait=options.wait, approve=teller.approve_changed_hosts)
    if led.later:
        led = lead_wildcards(cloud, hosts.plan, site)
    forget_dropped(cloud, hosts.plan, done.records, site)
    return with_failed_routes(done, hosts.plan, led)


def _prepare(begun: Begun, project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str],
             warnings: Warnings, *, always: bool = False) -> tuple[Remote, Prepared, Snapshot, EmptyPages]:
    """``always``: check the bucket itself, too, whenever that was done last."""
    cloud = begun.cloud
    snapshot = _read(begun, project, environ)
    newest = snapshot.newest_ns
    if project.preview is not None:
        snapshot = with_own_robots(snapshot)
    warnings.add(*snapshot.warnings, *begun.problems, *begun.built.left_over(project, newest))
    no_error_page = error_page_problem(with_rules(project, snapshot.rules), snapshot.files.keys())
    if no_error_page is not None:
        begun.notes.append(no_error_page)
        warnings.add(no_error_page)
    remote = open_remote(project, cloud, environ=environ, patience=options.patience,
                         state_store=begun.asked.store if begun.asked is not None else None)
    if begun.asked is not None and begun.asked.fetched is not None:
        remote.states.give(begun.asked.fetched)
    try:
        prepared = prepare(remote, snapshot, verify=options.verify, force=options.force)
        if prepared.settled and not options.verify and (always or is_due(remote, environ)):
            what = differs(remote, prepared.base)
            if what is not None:
                warnings.add(Problem(f"{what}: the whole bucket is compared"))
                prepared = prepare(remote, snapshot, verify=True, force=options.force)
    except BaseException:
        remote.close()
        raise
    if prepared.found is None and project.preview is None:
        warnings.add(*about_other_regions(project, cloud))
    warnings.add(*about_other_sites(remote, snapshot, prepared))
    if prepared.settings and not prepared.new_bucket:
        warnings.add(*about_the_error_page(remote, snapshot.files.keys(), sets_it=True))
    if _sees_lifecycle(prepared):
        found = list(about_lifecycle(remote, snapshot.files.keys(), prepared, ask=True))
        begun.notes += found if prepared.wanted.lifecycle is not None else ()
        warnings.add(*found)
    empty = empty_pages(remote, snapshot, prepared)
    warnings.add(*empty.warnings())
    for sentence in prepared.notes:
        teller.note(sentence)
    return remote, prepared, snapshot, empty


def _read(begun: Begun, project: Project, environ: Mapping[str, str]) -> Snapshot:
    """The site; only what has changed is read, when that is known."""
    local = begun.local
    if local is None:
        return read(project, begun.built, environ)
    if begun.asked is not None and (begun.asked.remembered or begun.asked.fetched):
        snapshot = local.snapshot(project, begun.built.folder, environ)
        if snapshot is not None:
            return snapshot
    return read(project, begun.built, environ, local.draft())


def _sees_lifecycle(prepared: Prepared) -> bool:
    """A deploy warns of lifecycle rules when it has to do with the bucket anyway; one of an unchanged site is one
    request, and a plan always warns."""
    return bool(prepared.found is None or prepared.settings or prepared.verify or prepared.wanted.lifecycle)


def _refuse_damage(prepared: Prepared, empty: EmptyPages, options: DeployOptions) -> None:
    refuse_mass_deletion(prepared.plan, allowed=_may_delete(prepared, options), other=prepared.other)
    empty.refuse(allowed=options.allow_empty)


def _may_delete(prepared: Prepared, options: DeployOptions) -> bool:
    """A preview shows one thing after the other, and no visitors depend on it."""
    return options.allow_delete or prepared.base.preview is not None


def address_of(cloud: Cloud, remote: Remote) -> str:
    """Of the bucket; that of a preview is its host, if it has one."""
    project = remote.project
    if project.preview is not None and project.hosts:
        host = project.hosts[0]
        return cloud.host_url(host.host, https=host.https is not None and host.https.get("switch") != "off")
    return cloud.website_url(remote.bucket, project.protocol, project.key_prefix)


def raise_if_incomplete(outcome: Outcome, done: Deployed) -> None:
    counts = outcome.counts
    if outcome.status is Status.PARTIAL:
        shown = [f"  {failure}" for failure in outcome.failures[:_FAILURES_SHOWN]]
        more = len(outcome.failures) - len(shown)
        if more > 0:
            shown.append(f"  … and {more} more")
        raise PartlyDone(
            f"{len(outcome.failures)} of {len(outcome.prepared.plan.steps)} steps failed:\n"
            + "\n".join(shown),
            hint=f"{counts.changed} were done and recorded, and nothing is deleted after a failure: "
                 "run the same command again to do the rest",
            request_id=next((failure.error.request_id for failure in outcome.failures
                             if isinstance(failure.error, SitepubError)), None), done=done)
    if outcome.status is Status.INTERRUPTED:
        raise Interrupted(
            f"Interrupted: {counts.changed} of {len(outcome.prepared.plan.steps)} steps were done and written"
            " down.", hint="run the same command again to do the rest")
