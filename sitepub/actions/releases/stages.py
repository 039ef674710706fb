"""All stages of an app: what is live in each, read from the state buckets of all regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from sitepub.actions.connect import connect
from sitepub.config.project import Project
from sitepub.domains.host_names import is_wildcard
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.project.mark import ProjectMark
from sitepub.publish.states.root import Root, decode
from sitepub.publish.states.state import ReleaseInfo
from sitepub.publish.states.state_store import NAME
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.store import ObjectStore
from sitepub.threads import side_by_side


@dataclass(frozen=True, slots=True)
class Stage:
    """One site of the app in one stage."""

    stage: str
    name: str
    """Of the site: an app may have several."""
    region: str
    bucket: str
    url: str
    hosts: tuple[str, ...]
    release: ReleaseInfo | None
    """What is live; ``None``: no deploy was finished."""
    unfinished: bool
    """A deploy has not ended, or is running."""
    project: ProjectMark | None = None
    """Where it was published from last."""
    problem: str = ""
    """Why nothing more is known: the state is damaged, say."""


def stages(project: Project, *, local: bool, profile: str | None, environ: Mapping[str, str]) -> tuple[Stage, ...]:
    """Sorted by site, stage and region. Raises what the cloud answers."""
    cloud = connect(project, local=local, profile=profile, environ=environ)
    found: list[Stage] = []
    for region, bucket in state_buckets(project, cloud):
        found += _in_region(project, replace(cloud, region=region, accelerate=False), bucket)
    return tuple(sorted(found, key=lambda one: (one.name, one.stage, one.region)))


def state_buckets(project: Project, cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Region and name of the state buckets that may hold states of the app, the project's own first."""
    from sitepub.tencent.cos.bucket_settings import regions_of_buckets

    own = project.state_bucket_for(cloud.app_id)
    yield project.region, own
    try:
        regions = regions_of_buckets(cloud)
    except SitepubError:
        return  # a key that may not list the account's buckets still sees its own region
    for bucket, region in sorted(regions.items()):
        if bucket != own and bucket == replace(project, region=region).state_bucket_for(cloud.app_id):
            yield region, bucket


def _in_region(project: Project, cloud: Cloud, bucket: str) -> list[Stage]:
    from sitepub.tencent.cos.object_store import CosObjectStore

    store = CosObjectStore(cloud, bucket, connections=8)
    try:
        keys = list(_states(store, f"{project.app}/"))
        return side_by_side(partial(_stage, project, cloud, store, key) for key in keys)
    except NotFound:
        return []
    finally:
        store.close()


def _states(store: ObjectStore, prefix: str) -> Iterator[str]:
    """Keys of the states below ``<app>/``: ``<app>/<stage>/<name>/state.json.gz``. Shards and releases are skipped."""
    for listed in store.list(prefix):
        parts = listed.key.removeprefix(prefix).split("/")
        if len(parts) == 3 and parts[2] == NAME:
            yield listed.key


def stages_in_region(project: Project, store: ObjectStore) -> list[tuple[str, str, Root]]:
    """Stage, site and state of every site of the app in one state bucket; those that cannot be read are left out.
    Raises what the cloud answers to the listing."""
    try:
        keys = list(_states(store, f"{project.app}/"))
    except NotFound:
        return []

    def read(key: str) -> tuple[str, str, Root] | None:
        _app, stage, name, _file = key.rsplit("/", 3)
        try:
            return stage, name, decode(store.get(key).data, f"{store.bucket}/{key}")
        except SitepubError:
            return None

    return [one for one in side_by_side(partial(read, key) for key in keys) if one is not None]


def _stage(project: Project, cloud: Cloud, store: ObjectStore, key: str) -> Stage:
    _app, stage, name, _file = key.rsplit("/", 3)
    try:
        root = decode(store.get(key).data, f"{store.bucket}/{key}")
    except SitepubError as error:
        return Stage(stage, name, cloud.region, "", "", (), None, unfinished=False, problem=error.message)
    return Stage(stage, name, root.region, root.bucket, _url(project, cloud, root, stage, name),
                 _hosts(root), root.release,
                 unfinished=root.pending is not None, project=root.projects[-1] if root.projects else None)


def _hosts(root: Root) -> tuple[str, ...]:
    """Without the wildcard domain of its previews."""
    return tuple(sorted({one.host for one in root.hosts.values() if not is_wildcard(one.host)}))


def _url(project: Project, cloud: Cloud, root: Root, stage: str, name: str) -> str:
    """Where the site is shown: its first host, else its bucket's address. The folder within the bucket
    (``keyPrefix``) is known of the project's own site alone."""
    own = (stage, name) == (project.stage, project.name)
    for host in project.hosts if own else ():
        if host.host in root.hosts:
            return cloud.host_url(host.host, https=host.https is not None or host.auto_certificate)
    shown = next(iter(_hosts(root)), None)
    if shown is not None:
        return cloud.host_url(shown, https=False)
    return cloud.website_url(root.bucket, project.protocol, project.key_prefix if own else "")
