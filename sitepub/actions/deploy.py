"""A deploy that may have something to do: the objects of the site, then its hosts, then who is to know of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sitepub.actions.checking.before import before_publishing, refuse
from sitepub.actions.deploying.begin import Begun
from sitepub.actions.deploying.ending import address_of, raise_if_incomplete
from sitepub.actions.deploying.notified import notified_of
from sitepub.actions.deploying.prepare import may_delete, prepare_deploy, refuse_damage
from sitepub.actions.deploying.remarks import about_the_address_of, not_accelerated
from sitepub.actions.deploying.teller import Teller, ask_about
from sitepub.actions.deploying.values import Deployed, DeployOptions, Warnings
from sitepub.actions.interrupt import stopping
from sitepub.actions.previews.led import about_redirects, lead, open_led
from sitepub.actions.releases.regress import concerns_of
from sitepub.actions.slots.around_hosts import SlotsAround
from sitepub.actions.slots.sharing import aim_in, end_share
from sitepub.actions.slots.slots_of import at_rest, turn_of
from sitepub.config.project import Host, Project
from sitepub.errors import CloudError, NetworkError, PartlyDone, Refused
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.empty_pages import empty_pages
from sitepub.publish.glance import checked, is_due
from sitepub.publish.outcome import Outcome
from sitepub.publish.prepare import Prepared
from sitepub.publish.previews.due import is_due as a_preview_is_due
from sitepub.publish.previews.due import note_expiry
from sitepub.publish.publish import publish
from sitepub.publish.states.remote import Remote
from sitepub.publish.unchanged.settled_hosts import SettledHosts
from sitepub.site.address_rules.effective import with_rules
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.deploying.hosts_turn import HostsTurn
    from sitepub.actions.hosts import HostsDone
    from sitepub.publish.states.root import Root


def deploy_begun(begun: Begun, project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str],
                 warnings: Warnings) -> Deployed:
    """The rest of a deploy that may have something to do: see :func:`~sitepub.actions.deploying.deploy.deploy`."""
    cloud, commit, local = begun.cloud, begun.commit, begun.local
    remote, prepared, snapshot, empty = prepare_deploy(begun, project, options, teller, environ, warnings)
    with remote:
        refuse_damage(prepared, empty, options)
        report = before_publishing(project, cloud, remote, prepared, snapshot, teller)
        refuse(report, project)
        written, project = project.hosts, with_rules(project, snapshot.rules)
        led = open_led(project, cloud, remote, prepared.base)
        if led is not None:
            project = led.project
            led.check(prepared.base)
            warnings.add(*led.warnings, *about_redirects(led, prepared.wanted.website))
        hosts = None
        if project.hosts or prepared.base.hosts:
            from sitepub.actions.deploying.hosts_turn import HostsTurn

            hosts = HostsTurn.of(project, cloud, remote, prepared, verify=options.verify or is_due(remote, environ))

        def approve(again: Prepared) -> None:
            refuse_damage(again, empty_pages(remote, snapshot, again), options)
            if again.base.release != prepared.base.release:
                ask_about(concerns_of(project, again, environ, commit), teller)
            teller.approve(again)

        aim = aim_in(project, cloud, remote, snapshot, prepared, options.replaces, teller.choose)
        ask_about(concerns_of(project, prepared, environ, commit), teller)
        teller.approve(prepared)
        if hosts is not None and aim.part is None:
            teller.approve_hosts(hosts.prepared)
        if aim.part is not None:
            from sitepub.actions.deploying.for_a_share import for_a_share

            return for_a_share(begun, project, remote, snapshot, prepared, aim.part, PublishOptions(
                allow_delete=may_delete(prepared, options), approve=approve, message=options.message), teller,
                warnings)
        turn = turn_of(project, cloud, prepared.base, ends=aim.ends)
        if prepared.settled:
            if aim.ends:
                end_share(cloud, remote)
            outcome = publish(remote, snapshot, prepared)
        else:
            with stopping() as stop, teller.transfer() as progress:
                outcome = publish(remote, snapshot, prepared, PublishOptions(
                    allow_delete=may_delete(prepared, options), approve=approve, progress=progress,
                    on_setting=teller.setting, stop=stop, message=options.message, first=turn))

        slots = SlotsAround(project, cloud, remote, outcome, teller, verify=options.verify)

        def deployed(hosts_done: HostsDone | None) -> Deployed:
            return Deployed(project, cloud, remote.bucket, address_of(cloud, remote),
                            slots.outcome, time.monotonic() - begun.started, hosts_done, tuple(warnings.kept),
                            snapshot.left_out, report=report, slots=slots.report(turn))

        raise_if_incomplete(outcome, deployed(hosts.prepared.untouched if hosts is not None else None))
        pointed = lead(led, outcome, snapshot.rules, lambda: deployed(None))
        hosts_done = None
        slots.before_hosts()
        if hosts is not None:
            hosts_done = hosts.take(project, slots.outcome.prepared, outcome, teller, deployed, wait=options.wait)
            slots.after_hosts(hosts_done)
            hosts.raise_if_failed(hosts_done, deployed(hosts_done))
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
            local.publish(remote, snapshot, outcome.prepared.wanted.hash, begun.notes, lambda root: _settled(
                project, written, hosts, root))
        return done


def _clear_expired(remote: Remote, cloud: Cloud, options: DeployOptions, environ: Mapping[str, str], teller: Teller,
                   warnings: Warnings) -> tuple[str, ...]:
    from sitepub.actions.previews.removing import clear_expired
    from sitepub.actions.remove import RemoveOptions

    return tuple(one.preview.name for one in clear_expired(
        remote, cloud, RemoveOptions(options.local, options.profile), environ, replace(remote.project, preview=None),
        teller, warnings.add))


def _marked(done: Deployed, outcome: Outcome, remote: Remote, options: DeployOptions) -> Deployed:
    """With its release marked as stable. Raises PartlyDone when that was not possible: the release is live."""
    from sitepub.actions.releases.history import STABLE, mark_stable

    release = outcome.release
    if release is None:
        return done
    try:
        mark_stable(remote, release.id, outcome.state, local=options.local)
    except (Refused, CloudError, NetworkError) as error:
        raise PartlyDone(f"the release is live, and was not marked as {STABLE}: {error.message}",
                         hint=f"mark it: sitepub mark {release.id} {STABLE}", done=done) from None
    return replace(done, marked=STABLE)


def _settled(project: Project, written: Sequence[Host], hosts: HostsTurn | None, root: Root) -> SettledHosts | None:
    """What is remembered of the hosts and slots. ``written``: the hosts that serverless.yml names."""
    if not at_rest(project, root.slots, root.shares):
        return None
    if hosts is None:
        return SettledHosts() if not written and not root.hosts else None
    return hosts.settled(written, root)
