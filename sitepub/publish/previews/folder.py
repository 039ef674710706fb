"""Previews in folders of their site's bucket: what they need of the site, and the route that leads visitors there."""

from __future__ import annotations

from sitepub.config.project import Project
from sitepub.domains.router.route import Redirect, Route, Slot, with_redirects
from sitepub.errors import Refused
from sitepub.publish.previews.prefix import site_prefix
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cos.website_config import WebsiteConfig


def site_of(remote: Remote) -> State:
    """The state of the site that a preview in a folder belongs to: one GET. Raises Refused while there is no bucket
    that the preview could lie in."""
    found = StateStore(remote.states.store, site_prefix(remote.project)).load()
    project = remote.project
    if found is None:
        raise Refused(f"{project.name} is not live in stage {project.stage}, and with releases.slots its previews lie"
                      " in its bucket", code="SiteNotLive", hint="deploy the site first: sitepub deploy")
    if found.bucket != remote.bucket:
        raise Refused(f"the site is in the bucket {found.bucket}, and serverless.yml names {remote.bucket}",
                      code="SiteElsewhere", hint="deploy the site first, so that it moves: sitepub deploy")
    return found


def route_owner(project: Project, preview: str) -> str:
    """What the route of a preview says of whose it is."""
    return f"{site_prefix(project)}{preview}"


def route_to(project: Project, host: str, release: str, website: WebsiteConfig | None) -> Route:
    """Where the visitors of a preview are led. ``release``: id of the release that it shows."""
    assert project.preview is not None
    route = Route(host=host, site=route_owner(project, project.preview.name), live=Slot(project.folder, release),
                  index=website.index if website is not None else project.website.index,
                  error=(website.error or "") if website is not None else "",
                  error_status=404 if website is None or website.original_status_enabled else 200, hidden=True)
    return with_redirects(route, redirects_of(website))


def redirects_of(website: WebsiteConfig | None) -> tuple[Redirect, ...]:
    """What the router has to do in the place of the bucket, whose rules are for the paths of the site."""
    return tuple(Redirect(rule.key_prefix, *((rule.replace_key_with, True) if rule.replace_key_with is not None
                                             else (rule.replace_key_prefix_with or "", False)))
                 for rule in (website.rules if website is not None else ()) if rule.key_prefix is not None)


def route_of_nothing(host: str, site: str) -> Route:
    """For hosts with no preview: 404, and search engines stay away."""
    return Route(host=host, site=site, live=None, hidden=True)
