"""Releases in a cloud in memory: going back to one, and what they need."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sitepub.config.project import Releases as Policy
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.content import KeptContent
from sitepub.publish.release.going_back import site_of
from sitepub.publish.release.origin import Origin
from sitepub.publish.states.releases import Release, Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import MemoryCloud, project, remote
from tests.publish.sites import check_pages_whole, live

PREFIX = "shop/prod/site/"
STATE_BUCKET = "sitepub-state-ap-guangzhou-1250000000"


def place_of(cloud: MemoryCloud, **policy: Any) -> Remote:
    """``policy``: of :class:`~sitepub.config.project.Releases`."""
    return remote(cloud, project(releases=Policy(**{"keep_assets": 0, **policy})))


def deploy(cloud: MemoryCloud, site: Snapshot, **policy: Any) -> Outcome:
    place = place_of(cloud, **policy)
    return publish(place, site, prepare(place, site), PublishOptions(allow_delete=True, threads=1))


def release_of(place: Remote, release: str) -> Release:
    return Releases(place.states.store, place.states.prefix, place.states.shards).read(release, place.states.load())


def go_back(cloud: MemoryCloud, release: str, **policy: Any) -> Outcome:
    place = place_of(cloud, **policy)
    found = release_of(place, release)
    site = site_of(found)
    prepared = prepare(place, site, website=found.record.website)
    return publish(place, site, prepared, PublishOptions(allow_delete=True, threads=1, origin=Origin(of=release)))


def seen_by_others(cloud: MemoryCloud) -> MemoryCloud:
    """The same buckets, looked at by a process that does not die and leaves no trace."""
    view = MemoryCloud()
    view.buckets, view.now = cloud.buckets, cloud.now
    return view


def state_of(cloud: MemoryCloud) -> State | None:
    return remote(seen_by_others(cloud)).states.load()


def kept_releases(cloud: MemoryCloud) -> list[Release]:
    """Newest first."""
    place = remote(seen_by_others(cloud))
    if not cloud.bucket(STATE_BUCKET).exists:
        return []
    releases = Releases(place.states.store, place.states.prefix, place.states.shards)
    state = place.states.load()
    return [found for release in releases.ids() if (found := releases.read(release, state)).kept]


def contents_of(data: Mapping[str, bytes]) -> set[tuple[str, int]]:
    return {(hashlib.md5(each).hexdigest(), len(each)) for each in data.values()}


def kept_contents(cloud: MemoryCloud) -> set[tuple[str, int]]:
    content = KeptContent(seen_by_others(cloud).store(STATE_BUCKET), PREFIX)
    objects = cloud.bucket(STATE_BUCKET).objects
    data = {key: there.data for key, there in objects.items() if key.startswith(content.prefix)}
    assert {content.content_of(key) for key in data} == contents_of(data), "each holds what its name says"
    return contents_of(data)


def check_releases(cloud: MemoryCloud) -> None:
    """Everything is there that it takes to go back to any release that is kept."""
    if state_of(cloud) is None:
        return
    there = kept_contents(cloud) | contents_of({key: data for key, (data, _) in live(cloud).items()})
    for release in kept_releases(cloud):
        for key, entry in release.manifest.items():
            assert not entry.size or (entry.md5, entry.size) in there, f"{key} of {release.id} is gone"


def check_all(cloud: MemoryCloud) -> None:
    """What holds at every instant."""
    check_pages_whole(cloud)
    check_releases(cloud)


def check_no_litter(cloud: MemoryCloud, *others: str) -> None:
    """Nothing of ours lies in the state bucket that nothing names. ``others``: what may be there all the same."""
    state = state_of(cloud)
    assert state is not None
    assert not state.litter
    manifests = [ShardedManifest.of(one) for one in (state.manifest, state.retained)]
    manifests += [release.manifest for release in kept_releases(cloud)]
    shards = {ref.name for manifest in manifests for ref in manifest.refs}
    contents = {(entry.md5, entry.size) for manifest in manifests for entry in manifest.values()}
    ours = [key for key in cloud.bucket(STATE_BUCKET).objects if key.startswith(PREFIX)]
    names = [key.removeprefix(PREFIX).split("/") for key in ours]
    assert {name[1] for name in names if name[0] == "shards"} == shards
    assert kept_contents(cloud) <= contents
    assert {name[0] for name in names} <= {"shards", "content", "releases", "state.json.gz", *others}
