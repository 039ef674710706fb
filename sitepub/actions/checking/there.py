"""What must be known of the cloud to check a site: what stays live, and where other stages are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sitepub.actions.releases.stages import stages_in_region
from sitepub.check.gone import Was
from sitepub.config.project import Project
from sitepub.errors import AccessDenied, SitepubError
from sitepub.publish.bucket_mates import Mate, mates_in
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.root import Root
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud
from sitepub.threads import side_by_side

_ASKED = 200
"""Keys of which it is asked whether an object of others is there."""


@dataclass(frozen=True, slots=True)
class There:
    """What is live beside the new site."""

    cloud: Cloud
    remote: Remote
    prepared: Prepared
    stays: Mapping[str, int] = field(default_factory=dict)
    """Objects that stay, with their sizes as far as they are known: what the site has dropped and what stays for a
    while, objects of others, other sites of the bucket."""
    until: Mapping[str, int] = field(default_factory=dict)
    """Of those that the site has dropped: until when (Unix seconds)."""
    dropped: tuple[Was, ...] = ()
    """Files of the live release that the new site does not have."""
    stages: Mapping[str, str] = field(default_factory=dict)
    """Hosts of other stages, with the stage."""

    def others(self, keys: list[str]) -> set[str]:
        """Which of these keys are objects that sitepub does not know of. Asked of the bucket: a few requests."""
        if self.prepared.new_bucket:
            return set()
        owned = self.prepared.plan.known
        asked = [key for key in keys if key not in owned][:_ASKED]

        def is_there(key: str) -> bool:
            try:
                return self.remote.store.head(key) is not None
            except SitepubError:
                return False

        answers = side_by_side([lambda key=key: is_there(key) for key in asked])  # type: ignore[misc]
        return {key for key, there in zip(asked, answers, strict=True) if there}


def there_of(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared, snapshot: Snapshot) -> There:
    """From what was prepared for the deploy. Raises what the cloud answers."""
    plan = prepared.plan
    now = int(time.time())
    deleted = {step.key for step in plan.deletions}
    kept = {key: entry for source in (prepared.base.retained, plan.retained) for key, entry in source.items()
            if key not in deleted and key not in snapshot.files and entry.until > now}
    stays = dict.fromkeys((key for mate in _mates(remote, prepared) for key in mate.keys), 0)
    stays.update(dict.fromkeys((*plan.foreign, *plan.given_up), 0))
    stays.update({key: entry.size for key, entry in kept.items()})
    known = plan.known
    dropped = tuple(Was(key, known[key].md5 if key in known else "") for key in plan.dropped
                    if key not in snapshot.files)
    return There(cloud, remote, prepared, stays, {key: entry.until for key, entry in kept.items()}, dropped,
                 _other_stages(project, cloud, remote))


def _mates(remote: Remote, prepared: Prepared) -> tuple[Mate, ...]:
    """Other sites in the bucket. A plan without requests has not looked for them."""
    if prepared.mates or prepared.plan.steps or prepared.new_bucket:
        return prepared.mates
    try:
        return mates_in(remote, remote.bucket)
    except AccessDenied:
        return ()


def _other_stages(project: Project, cloud: Cloud, remote: Remote) -> dict[str, str]:
    """Those of the same site whose state lies in the same bucket. None when the state bucket may not be listed."""
    try:
        roots = stages_in_region(project, remote.states.store)
    except SitepubError:
        return {}
    own = {one.host for one in project.hosts}
    found: dict[str, str] = {}
    for stage, name, root in roots:
        if name == project.name and stage != project.stage:
            found.update(dict.fromkeys((host for host in _hosts(cloud, root) if host not in own), stage))
    if remote.bucket:
        for host in website_hosts(cloud, remote.bucket):
            found.pop(host, None)
    return found


def _hosts(cloud: Cloud, root: Root) -> list[str]:
    hosts = [one.host for one in root.hosts.values()]
    return [*website_hosts(cloud, root.bucket), *hosts, *(host for one in hosts for host in embedded_hosts(cloud, one))]


def website_hosts(cloud: Cloud, bucket: str) -> list[str]:
    """Names of a bucket's website."""
    region = cloud.region
    hosts = [cloud.website_host(bucket), f"{bucket}.cos-website.{region}.tencentcos.cn"]
    if cloud.embedded is not None:
        hosts.append(f"{bucket}.cos-website.{region}.localhost:{cloud.embedded.port}")
    return hosts


def embedded_hosts(cloud: Cloud, host: str) -> list[str]:
    """What a domain is called on the embedded cloud."""
    if cloud.embedded is None:
        return []
    return [f"{host}.localhost:{port}" for port in (cloud.embedded.edge_http, cloud.embedded.edge_https) if port]
