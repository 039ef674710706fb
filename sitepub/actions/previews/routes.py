"""The routes of previews that go, and of the wildcard domain that answers for those that are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sitepub.domains.host_names import is_wildcard
from sitepub.errors import Interrupted, SitepubError
from sitepub.publish.previews.folder import route_of_nothing
from sitepub.publish.previews.names import safe_name
from sitepub.publish.previews.prefix import site_prefix
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.hosts import HostsDone
    from sitepub.config.project import Project
    from sitepub.domains.hosts.site_hosts import HostsPlan
    from sitepub.domains.records import HostRecord
    from sitepub.domains.router.router import Router
    from sitepub.publish.states.remote import Remote
    from sitepub.publish.states.state import State


@dataclass(frozen=True, slots=True)
class PreviewRoute:
    """The route of a preview that is removed."""

    project: Project
    """Of the preview."""
    cloud: Cloud
    remote: Remote
    host: str
    site: str
    """Whose the route is."""

    def close(self) -> None:
        """Visitors get 404 from now on: below a wildcard domain by its route, at a domain of its own by this one, until
        it is gone."""
        router = router_of(self.cloud, self.host)
        if router is None:
            return
        state = router.look()
        if f"*.{self.host.partition('.')[2]}" in state.routes:
            self._forget(router)
        elif self.host in state.routes:
            router.point([route_of_nothing(self.host, self.site)])

    def forget(self) -> None:
        """Its domain is gone, if it had one."""
        from sitepub.domains.hosts.open_hosts import claims_of

        router = router_of(self.cloud, self.host)
        if router is not None:
            self._forget(router)
            router.remove()
        claims_of(self.project, self.cloud, self.remote.states.store, self.remote.states.key).release(self.host)

    def _forget(self, router: Router) -> None:
        from sitepub.domains.edges.edgeone_rules import write_site_rule
        from sitepub.domains.hosts.open_hosts import service_api

        router.forget([self.host], self.site)
        write_site_rule(service_api(self.cloud), router.zone, self.host, None)


def preview_route(project: Project, cloud: Cloud, remote: Remote, found: State) -> PreviewRoute | None:
    """``None``: it has none. Nothing is sent yet."""
    if found.preview is None or not found.preview.host:
        return None
    from sitepub.publish.previews.folder import route_owner

    return PreviewRoute(project, cloud, remote, found.preview.host, route_owner(project, found.preview.name))


def router_of(cloud: Cloud, host: str) -> Router | None:
    """The router of the zone of a host; ``None``: there is no such zone."""
    from sitepub.domains.edges.edgeone import EdgeOne
    from sitepub.domains.hosts.open_hosts import service_api
    from sitepub.domains.router.router import Router

    api = service_api(cloud)
    zone = EdgeOne(api).zone(host)
    return Router(api, str(zone.get("ZoneId"))) if zone is not None else None


@dataclass(frozen=True, slots=True)
class WildcardsLed:
    """What became of the routes of wildcard domains."""

    later: tuple[str, ...] = ()
    """Their zone is not there yet."""
    failed: Mapping[str, SitepubError] = field(default_factory=dict)
    """By name; such a domain is not set up, because hosts below it would show the live site."""

    def without_failed(self, plan: HostsPlan) -> HostsPlan:
        return replace(plan, hosts=tuple(one for one in plan.hosts if one.name not in self.failed))


def lead_wildcards(cloud: Cloud, plan: HostsPlan, site: str) -> WildcardsLed:
    """Before the wildcard domain of the previews leads anywhere: its route, by which hosts without a preview get
    404."""
    later: list[str] = []
    failed: dict[str, SitepubError] = {}
    for one in plan.hosts:
        if not is_wildcard(one.name) or one.settled or one.takes_down or one.refused or one.error is not None:
            continue
        try:
            router = router_of(cloud, one.name)
            if router is None:
                later.append(one.name)
            else:
                router.ensure([one.name])
                router.point([route_of_nothing(one.name, site)])
        except Interrupted:
            raise
        except SitepubError as error:
            failed[one.name] = error
    return WildcardsLed(tuple(later), failed)


def forget_wildcards(cloud: Cloud, names: Iterable[str], site: str) -> None:
    """The domains are gone."""
    for name in names:
        router = router_of(cloud, name)
        if router is not None:
            router.forget([name], site)
            router.remove()


def forget_orphans(project: Project, cloud: Cloud, names: Collection[str]) -> None:
    """Routes of previews that are not there: others may have deleted a state by hand. ``project``: the site; ``names``:
    its previews."""
    wildcard = project.previews.wildcard
    router = router_of(cloud, wildcard.host) if wildcard is not None else None
    if router is None:
        return
    owner = site_prefix(project)
    for host, route in router.look().routes.items():
        name = route.site.removeprefix(owner)
        if route.site.startswith(owner) and name and name == safe_name(name) and name not in names:
            router.forget([host], route.site)


def forget_dropped(cloud: Cloud, plan: HostsPlan, records: Mapping[str, HostRecord], site: str) -> None:
    """Of the wildcard domains that serverless.yml does not mention any more, and of those that EdgeOne has just
    refused."""
    names = [one.name for one in plan.hosts if is_wildcard(one.name) and not one.refused and (
        one.takes_down or ((record := records.get(one.name)) is not None and record.refused))]
    forget_wildcards(cloud, names, site)


def wildcards_of(records: Mapping[str, HostRecord]) -> Iterator[str]:
    """Names of the wildcard domains that sitepub remembers, and that were not refused."""
    for record in records.values():
        if is_wildcard(record.host) and not record.refused:
            yield record.host


def with_failed_routes(done: HostsDone, plan: HostsPlan, led: WildcardsLed) -> HostsDone:
    """What became of the hosts, with the wildcard domains that have no route."""
    from sitepub.domains.hosts.outcome import failed

    others = tuple(one for one in done.outcomes if one.host not in led.failed)
    return replace(done, outcomes=(*others, *(failed(one, led.failed[one.name]) for one in plan.hosts
                                              if one.name in led.failed)))
