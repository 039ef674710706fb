"""What is live: read from the state and from the bucket's settings. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from sitepub.actions.connect import connect
from sitepub.actions.releases.history import site_state
from sitepub.actions.shared_bucket import about_the_error_page
from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.publish.locking.unfinished import still_runs
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.slot_state import Slots
from sitepub.publish.states.state import Journal, LiveShare, ReleaseInfo, State
from sitepub.settings.actual import NO_BUCKET, read_actual
from sitepub.settings.difference import difference
from sitepub.settings.wanted import answers_404, wanted_settings
from sitepub.site.address_rules.effective import with_rules
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.bucket_settings import BucketStatus

if TYPE_CHECKING:
    from sitepub.domains.hosts.host_report import HostReport
    from sitepub.domains.records import HostRecord


@dataclass(frozen=True, slots=True)
class Info:
    project: Project
    bucket: str
    """The bucket that holds what is live; another one than the project names when that has changed."""
    region: str
    url: str
    files: int
    bytes: int
    release: ReleaseInfo | None
    """The last deploy that was finished."""
    unfinished: Journal | None
    """A deploy that did not end, or runs now."""
    running: bool
    """Whether it runs now."""
    drift: tuple[str, ...]
    """Differences between the project and the bucket, in words; empty when there are none."""
    former: tuple[str, ...]
    """Buckets that the site lived in before and that are still there."""
    hosts: tuple[HostReport, ...] = ()
    retained: Mapping[str, Entry] = field(default_factory=dict)
    """What the site has dropped and what stays live for a while, for pages that are open."""
    slots: Slots | None = None
    """``None``: the site has none."""
    shares: tuple[LiveShare, ...] = ()
    """Releases that a share of the visitors gets."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """On the embedded cloud: host → where a browser of this computer finds it."""
    authority: str = ""
    """The PEM file of the root that signs the embedded cloud's certificates."""
    whole: Mapping[str, str] = field(default_factory=dict)
    """Which release a slot holds; one that is being filled is left out."""


def info(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str]) -> Info:
    """Raises :class:`~sitepub.errors.SitepubError` with code NotDeployed when there is no state."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    with open_remote(project, cloud, connections=2) as remote:
        state = site_state(remote, local=local)
        drift: list[str] = []
        if state.bucket != remote.bucket:
            drift.append(f"the project names the bucket {remote.bucket}, the site is in {state.bucket}")
        else:
            drift += settings_drift(project, remote, state)
        return Info(
            project=project, bucket=state.bucket, region=state.region,
            url=cloud.website_url(state.bucket, project.protocol, project.key_prefix), files=len(state.manifest),
            bytes=ShardedManifest.of(state.manifest).bytes, release=state.release,
            unfinished=state.pending, running=state.pending is not None and still_runs(remote.states),
            drift=tuple(drift),
            former=tuple(one.bucket for one in state.former),
            hosts=_hosts(project, cloud, remote, state.hosts), retained=dict(state.retained),
            slots=state.slots, shares=state.shares, **_here(project, cloud), whole=_whole(remote, state.slots))


def settings_drift(project: Project, remote: Remote, state: State) -> list[str]:
    """Differences between the project and the settings of its bucket, in words. Raises what the cloud answers."""
    wanted = wanted_settings(with_rules(project, state.rules or SiteRules()), remote.bucket, state.manifest)
    status = remote.settings.head()
    if status is BucketStatus.FOREIGN:
        return [f"the bucket {remote.bucket} belongs to another account now"]
    actual = NO_BUCKET if status is BucketStatus.MISSING else read_actual(remote.settings, wanted)
    of_bucket = wanted if state.slots is None else answers_404(wanted)
    return [*(step.summary for step in difference(of_bucket, actual, state.said)),
            *(problem.message for problem in about_the_error_page(remote, state.manifest.keys(), sets_it=False))]


def _hosts(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]
           ) -> tuple[HostReport, ...]:
    if not project.hosts and not records:
        return ()
    from sitepub.actions.hosts import open_site_hosts
    from sitepub.domains.hosts.host_report import report

    return tuple(report(open_site_hosts(project, cloud, remote, records), records))


class _Here(TypedDict, total=False):
    addresses: Mapping[str, str]
    authority: str


def _here(project: Project, cloud: Cloud) -> _Here:
    if cloud.embedded is None:
        return {}
    return {"addresses": cloud.host_urls(project), "authority": cloud.embedded.ca}


def _whole(remote: Remote, slots: Slots | None) -> Mapping[str, str]:
    if slots is None:
        return {}
    from sitepub.publish.slots.filling import open_slot

    found = {one.name: open_slot(remote, one.name).whole for one in slots.all}
    return {name: release for name, release in found.items() if release}
