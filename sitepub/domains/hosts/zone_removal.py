"""Deletes an EdgeOne zone that sitepub created, when nothing else is in it. EdgeOne demands that it is paused, and
pausing takes everything in it offline: so what is in it is read first."""

from __future__ import annotations

from sitepub.domains.hosts.zone_setup import alone
from sitepub.domains.job import HostJob
from sitepub.domains.poll import Patience, poll
from sitepub.domains.records import ZoneRecord
from sitepub.domains.router.router import Router
from sitepub.domains.router.script import name_of
from sitepub.domains.zones.zones import Zones, is_ours
from sitepub.errors import AccessDenied, CloudError, SitepubError

_PAUSED = Patience(300.0, 0.1, 5.0)
_SHOWN = 3


def delete_zone(zones: Zones, made: ZoneRecord, job: HostJob) -> list[str]:
    """Answers sentences about what stays. A zone that is gone is fine. A killed run is continued."""

    with alone(zones, made.name, job):
        zones.forget()
        zone = zones.by_id(made.id) if made.id else zones.zone(made.name)
        if zone is None or not is_ours(zone, made):
            return []
        id, host = str(zone.get("ZoneId")), job.record.host
        try:
            inside = zones.contents(id, host)
            if inside == (f"function {name_of(id)}",) and _router_gone(zones, id, host):
                inside = ()
        except AccessDenied as error:
            return [f"the EdgeOne zone {made.name} stays: what is in it could not be checked ({error.code})"]
        if inside:
            more = f" and {len(inside) - _SHOWN} more" if len(inside) > _SHOWN else ""
            return [f"the EdgeOne zone {made.name} stays: {', '.join(inside[:_SHOWN])}{more}"
                    f" {'are' if len(inside) > 1 else 'is'} in it"]
        return _delete(zones, made, id, job, paused=bool(zone.get("Paused")))


def _router_gone(zones: Zones, id: str, host: str) -> bool:
    """Whether the router could be deleted. It stays until the host is gone, which would show the live site without it;
    and where it leads another host, because a run may be setting that up."""
    router = Router(zones.api, id)
    state = router.look()
    if len(state.variables) > 1 or state.function is None or not state.function.is_ours:
        return False
    if state.variables:
        route = state.routes.get(host)
        if route is None:
            return False
        router.forget([host], route.site)
    return router.remove()


def _delete(zones: Zones, made: ZoneRecord, id: str, job: HostJob, *, paused: bool) -> list[str]:
    host = job.record.host
    job.status(f"deleting the EdgeOne zone {made.name}")
    if not paused:
        zones.pause(id, True, host)
    try:
        gone = poll(lambda: zones.delete(id, host) or None, _PAUSED, lambda passed: job.status(
            f"EdgeOne is pausing the zone {made.name}, {passed:.0f} s"), job.stop)
    except CloudError as error:
        if not error.code.startswith("OperationDenied"):
            raise
        # Something else is in it after all: it works again.
        zones.pause(id, False, host)
        return [f"the EdgeOne zone {made.name} stays: EdgeOne does not delete it ({error.code})"]
    if gone is None:
        raise SitepubError(f"{host}: EdgeOne is still pausing the zone {made.name}", code="ZoneNotDeleted",
                           hint="Run the same command again: it goes on.")
    zones.forget()
    job.done(f"deleted the EdgeOne zone {made.name}")
    return []
