"""The previews of a site, read from the state bucket: one listing, and the root of each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial

from sitepub.config.previews import PREVIEWS
from sitepub.config.project import Project
from sitepub.errors import NotFound, SitepubError
from sitepub.publish.previews.names import safe_name
from sitepub.publish.previews.prefix import site_prefix as site_prefix
from sitepub.publish.project.mark import ProjectMark
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.root import Root, decode
from sitepub.publish.states.state import ReleaseInfo
from sitepub.publish.states.state_store import NAME
from sitepub.tencent.cloud import Cloud
from sitepub.threads import side_by_side


@dataclass(frozen=True, slots=True)
class Preview:
    """One preview of a site."""

    name: str
    bucket: str
    url: str
    hosts: tuple[str, ...]
    branch: str | None
    expires: float
    """Unix seconds; 0: not known."""
    expired: bool
    """By the cloud's clock."""
    release: ReleaseInfo | None
    """What it shows; ``None``: no deploy of it was finished."""
    unfinished: bool
    """A deploy of it has not ended, or is running."""
    project: ProjectMark | None = None
    """Where it was deployed from last."""
    shared: bool = False
    """Others know the branch."""
    problem: str = ""
    """Why nothing more is known: the state is damaged, say."""


def previews_in(remote: Remote, cloud: Cloud) -> tuple[Preview, ...]:
    """Of the site that ``remote`` is about, or of the site that its preview belongs to; sorted by name. Raises what the
    cloud answers."""
    prefix = site_prefix(remote.project) + PREVIEWS
    try:
        names = list(names_of_previews(remote))
    except NotFound:  # no state bucket
        return ()
    found = side_by_side((partial(_read, remote, cloud, prefix, name) for name in names), 16)
    return tuple(one for one in found if one is not None)


def names_of_previews(remote: Remote) -> Iterator[str]:
    """Of those that have a state. Raises NotFound where there is no state bucket."""
    prefix = site_prefix(remote.project) + PREVIEWS
    for listed in remote.states.store.list(prefix):
        name, _, file = listed.key.removeprefix(prefix).partition("/")
        if file == NAME and name == safe_name(name):
            yield name


def _read(remote: Remote, cloud: Cloud, prefix: str, name: str) -> Preview | None:
    store = remote.states.store
    key = f"{prefix}{name}/{NAME}"
    try:
        fetched = store.get(key)
    except NotFound:
        return None  # removed in between
    try:
        root = decode(fetched.data, f"{store.bucket}/{key}")
    except SitepubError as error:
        return Preview(name, "", "", (), None, 0, expired=False, release=None, unfinished=False, problem=error.message)
    info = root.preview
    expires = info.expires if info is not None else 0
    return Preview(name, root.bucket, _url(remote.project, cloud, root), _hosts(root),
                   info.branch if info is not None else None, expires, 0 < expires <= _time_of(fetched.headers),
                   root.release, root.pending is not None, root.projects[-1] if root.projects else None,
                   info is not None and info.shared)


def _hosts(root: Root) -> tuple[str, ...]:
    led = {root.preview.host} - {""} if root.preview is not None else set()
    return tuple(sorted({one.host for one in root.hosts.values()} | led))


def _url(project: Project, cloud: Cloud, root: Root) -> str:
    hosts, pattern = _hosts(root), project.previews.host
    if hosts:
        https = pattern is not None and (pattern.https or {}).get("switch") != "off"
        return cloud.host_url(hosts[0], https=https)
    return cloud.website_url(root.bucket, project.protocol, project.key_prefix)


def _time_of(headers: Mapping[str, str]) -> float:
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return time.time()
