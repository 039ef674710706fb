"""Plan, the first half of a deploy: build the site and compare it with the bucket; change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from sitepub.actions.checking.before import before_publishing, refusal_of, why_so_much
from sitepub.actions.deploying.begin import begin
from sitepub.actions.deploying.ending import address_of
from sitepub.actions.deploying.prepare import prepare_deploy, refuse_damage, sees_lifecycle
from sitepub.actions.deploying.teller import Teller
from sitepub.actions.deploying.values import DeployOptions, Warnings
from sitepub.actions.hosts import HostsPrepared, prepare_hosts, unplanned
from sitepub.actions.previews.led import about_redirects, open_led
from sitepub.actions.releases.regress import concerns_of
from sitepub.actions.releases.share import refuse_share
from sitepub.actions.shared_bucket import about_lifecycle, about_the_error_page
from sitepub.actions.slots.sharing import planned_with_share
from sitepub.check.sizes import largest
from sitepub.config.project import Project
from sitepub.errors import PartlyDone, Problem, SitepubError
from sitepub.publish.glance import forget
from sitepub.publish.prepare import Prepared
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.snapshot import LeftOut, SiteFile
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.actions.checking.why import Why
    from sitepub.publish.slots.planned import SlotStep


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
    remote, prepared, snapshot, empty = prepare_deploy(begun, project, options, teller, environ, warnings, always=True)
    with remote:
        if not prepared.settings:
            warnings.add(*about_the_error_page(remote, snapshot.files.keys(), sets_it=False))
        if not sees_lifecycle(prepared):
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
            refuse_damage(prepared, empty, options)
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
