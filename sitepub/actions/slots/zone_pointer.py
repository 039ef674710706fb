"""The routes of a site's hosts: variables of the routers of their EdgeOne zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sitepub.domains.router.route import Route
from sitepub.errors import CloudError
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.edges.edgeone import EdgeOne
    from sitepub.domains.router.router import Router


class ZonePointer:
    """Implements :class:`~sitepub.publish.slots.pointer.Pointer`. Nothing is asked before it is needed."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._edge: EdgeOne | None = None
        self._routers: dict[str, Router] = {}

    def read(self, hosts: Sequence[str]) -> Mapping[str, Route]:
        from sitepub.domains.router.rules import own_rules

        found: dict[str, Route] = {}
        for router, here in self._by_router(hosts, missing=False):
            state = router.look()
            # Without its rule the function does not run, and the bucket's root answers.
            found.update({host: route for host, route in state.routes.items()
                          if host in here and own_rules(state.rules, host, state.function_id)})
        return found

    def ensure(self, hosts: Sequence[str]) -> None:
        for router, here in self._by_router(hosts):
            router.ensure(here)

    def point(self, routes: Sequence[Route]) -> None:
        of_host = {route.host: route for route in routes}
        for router, here in self._by_router(of_host):
            router.point(of_host[host] for host in here)

    def forget(self, hosts: Sequence[str], site: str) -> None:
        for router, here in self._by_router(hosts, missing=False):
            router.forget(here, site)
            router.remove()

    def _by_router(self, hosts: Iterable[str], *, missing: bool = True) -> list[tuple[Router, list[str]]]:
        """``missing``: a host whose zone is gone is an error; else it is left out."""
        zones: dict[str, list[str]] = {}
        for host in sorted(hosts):
            zone = self._zone(host)
            if zone:
                zones.setdefault(zone, []).append(host)
            elif missing:
                raise CloudError(f"{host} lies in no EdgeOne zone of this account", code="NoZone",
                                 hint="run: sitepub deploy --verify")
        return [(self._router(zone), here) for zone, here in sorted(zones.items())]

    def _zone(self, host: str) -> str:
        from sitepub.domains.host_names import ascii_name

        if self._edge is None:
            from sitepub.domains.edges.edgeone import EdgeOne
            from sitepub.domains.hosts.open_hosts import service_api

            self._edge = EdgeOne(service_api(self._cloud))
        zone = self._edge.zone(ascii_name(host))
        return str(zone.get("ZoneId")) if zone is not None else ""

    def _router(self, zone: str) -> Router:
        if zone not in self._routers:
            from sitepub.domains.hosts.open_hosts import service_api
            from sitepub.domains.router.router import Router

            self._routers[zone] = Router(service_api(self._cloud), zone)
        return self._routers[zone]
