"""Where else a site is live: state and buckets belong to a region, so a change of ``region`` begins anew."""

from __future__ import annotations

from dataclasses import replace

from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cloud import Cloud


def live_elsewhere(project: Project, cloud: Cloud) -> dict[str, State]:
    """Region → state of the same site in other regions.

    Asked before a first deploy only. Nothing when the key pair may not look: it is there to remind, no more.
    """
    from sitepub.tencent.cos.bucket_settings import regions_of_buckets
    from sitepub.tencent.cos.object_store import CosObjectStore

    found: dict[str, State] = {}
    try:
        regions = set(regions_of_buckets(cloud).items())
    except SitepubError:
        return found
    for bucket, region in sorted(regions):
        there = replace(project, region=region)
        if region == project.region or bucket != there.state_bucket_for(cloud.app_id):
            continue
        store = CosObjectStore(replace(cloud, region=region, accelerate=False), bucket, connections=1)
        try:
            state = StateStore(store, there.state_prefix).load()
        except SitepubError:
            continue
        finally:
            store.close()
        if state is not None:
            found[region] = state
    return found
