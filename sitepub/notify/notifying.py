"""After a deploy: the services that the project names get the pages that changed, host by host."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from sitepub.config.project import Host, Notify, Project
from sitepub.errors import Problem
from sitepub.notify.changed_pages import changed_pages
from sitepub.notify.services import Notified, to_baidu, to_indexnow
from sitepub.publish.plan import Plan
from sitepub.site.build.indexnow_key import key_of


def notify(project: Project, plan: Plan, live: Collection[str], *, embedded: bool) -> list[Notified]:
    """``live``: hosts that are online and whose caches were purged. ``embedded``: nothing leaves this computer. Raises
    nothing of the services: what they refuse is in the answer."""
    wanted = project.notify
    if wanted is None or not project.hosts:
        return []
    paths = changed_pages(plan, project.website, project.key_prefix)
    if not paths:
        return []
    return [one for host in project.hosts if host.host in live
            for one in _to_services(project, wanted, host, paths, embedded)]


def _to_services(project: Project, wanted: Notify, host: Host, paths: tuple[str, ...], embedded: bool
                 ) -> Iterator[Notified]:
    secure = host.https is not None and host.https.get("switch") != "off"
    site = f"{'https' if secure else 'http'}://{host.host}"
    urls = tuple(site + path for path in paths)
    if wanted.indexnow and not (embedded and _is_far(wanted.indexnow_endpoint)):
        key = key_of(project)
        yield to_indexnow(wanted.indexnow_endpoint, host.host, key, f"{site}/{project.key_prefix}{key}.txt", urls)
    if wanted.baidu and not (embedded and _is_far(wanted.baidu_endpoint)):
        yield to_baidu(wanted.baidu_endpoint, site, wanted.baidu, urls)


def _is_far(address: str) -> bool:
    return urlsplit(address).hostname not in ("127.0.0.1", "localhost", "::1")


def warnings_of(notified: Collection[Notified]) -> list[Problem]:
    """A failure is no failure of the deploy."""
    return [Problem(f"{one.service} took {one.sent:,} of {one.total:,} addresses of {one.host}: {one.failed}",
                    hint="search engines find the pages by their sitemap all the same") for one in notified
            if one.failed]
