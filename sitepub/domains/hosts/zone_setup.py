"""Sets up the EdgeOne zone of a host, by the steps of its plan. What is about to be created is written down first, so
the zone of a run that was killed is known to be sitepub's, and no second one is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.hosts.ownership import drop_proof, prove
from sitepub.domains.hosts.zone_plan import through_dnspod
from sitepub.domains.job import HostJob
from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.domains.records import ZoneRecord
from sitepub.domains.steps import AgreedZone, HostStep, PlanChanged
from sitepub.domains.times import now_iso
from sitepub.domains.zones.zones import Zones, being_set_up, is_ours, open_proof
from sitepub.errors import CloudError, Interrupted, NetworkError, SitepubError

OTHERS = Patience(1800.0, 0.05, 1.0)
"""Other hosts of the run that work on the same zone."""
_READY = Patience(300.0, 0.1, 3.0)
_LISTED = Patience(30.0, 0.2, 3.0)


@contextmanager
def alone(zones: Zones, name: str, job: HostJob) -> Iterator[None]:
    """While no other host of this run works on the zone. Raises Later when one does for too long."""
    lock = zones.lock(name)
    got = poll(lambda: lock.acquire(blocking=False) or None, OTHERS, lambda passed: job.status(
        f"waiting for another host to set up the zone {name}, {passed:.0f} s"), job.stop)
    if got is None:
        raise Later(f"another host is setting up the zone {name}")
    try:
        yield
    finally:
        lock.release()


def adopt_zone(context: HostContext) -> None:
    """Learn the id of a zone whose creation was begun by a run that was killed."""
    zones, job, made = context.edge.zones, context.job, context.job.record.made_zone
    if zones is None or made is None or made.id:
        return
    zone = zones.zone(context.name)
    if zone is not None:
        job.keep(made_zone=_known(made, zone) if is_ours(zone, made) else None)


def set_up_zone(context: HostContext, step: HostStep) -> str:
    """Answers why it was not needed, "" when it was done. Raises what EdgeOne answers, PlanChanged and Later."""
    zones, agreed = _zones(context), step.agreed
    assert isinstance(agreed, AgreedZone)
    with alone(zones, agreed.name, context.job):
        zones.forget()
        note = _create(context, zones, agreed) if agreed.action == "create" else _change(context, zones, agreed)
        _until_ready(context, zones, agreed.name)
    return note


def prove_zone(context: HostContext, step: HostStep) -> str:
    """Answers why it was not needed, "" when it was done. Raises what
    :func:`~sitepub.domains.hosts.ownership.prove` raises."""
    zones, agreed = _zones(context), step.agreed
    assert isinstance(agreed, AgreedZone)
    with alone(zones, agreed.name, context.job):
        zones.forget()
        zone = zones.zone(context.name)
        if zone is None:
            raise PlanChanged(context.name, f"the EdgeOne zone {agreed.name} is gone")
        txt = open_proof(zone)
        if txt is None:
            drop_proof(context)
            return f"EdgeOne knows that {agreed.name} is yours"
        if agreed.name in zones.failed:
            raise zones.failed[agreed.name]
        try:
            prove(context, txt, lambda: zones.prove(agreed.name))
        except SitepubError as error:
            if not isinstance(error, Interrupted | NetworkError):
                zones.failed[agreed.name] = error
            raise
        zones.forget()
    return ""


def _create(context: HostContext, zones: Zones, agreed: AgreedZone) -> str:
    job, before = context.job, context.job.record.made_zone
    there = zones.zone(context.name)
    if there is not None:
        return _there(context, zones, there, before)
    made = ZoneRecord(name=agreed.name, plan=agreed.plan, area=agreed.area, at=now_iso())
    if before is not None and not before.id and msgspec.structs.replace(before, at=made.at) == made:
        made = before  # it may have been created then, and be listed later
    job.keep(made_zone=made, setup="zone")
    job.status(f"creating the EdgeOne zone {agreed.name}")
    kinds = ("dnsPodAccess", "partial") if through_dnspod(context.host, agreed.name, context.names) else ("partial",)
    try:
        id = zones.create(made, kinds, context.name)
    except CloudError as error:
        # Created since the look, by others or by a run that was killed before it was listed.
        listed = _listed(context, zones) if error.code.startswith("ResourceInUse") else None
        job.keep(made_zone=before)
        if listed is None:
            raise
        return _there(context, zones, listed, before)
    made = msgspec.structs.replace(made, id=id)
    job.keep(made_zone=made, zone=id)
    zones.made[id] = made
    context.report(f"created the EdgeOne zone {agreed.name}")
    return ""


def _there(context: HostContext, zones: Zones, zone: Mapping[str, Any], before: ZoneRecord | None) -> str:
    """It is there already: made by another host of this run, by a run that was killed, or by others."""
    job, id = context.job, str(zone.get("ZoneId"))
    if id in zones.made:
        job.keep(made_zone=zones.made[id], zone=id)
        return "" if before is not None else "another host of this run has created it"
    ours = before is not None and is_ours(zone, before)
    job.keep(made_zone=_known(before, zone) if before is not None and ours else None, zone=id)
    return "it is there already"


def _listed(context: HostContext, zones: Zones) -> Mapping[str, Any] | None:
    def look() -> Mapping[str, Any] | None:
        zones.forget()
        return zones.zone(context.name)

    return poll(look, _LISTED, lambda _passed: context.job.status("waiting for EdgeOne to list the zone"),
                context.job.stop)


def _change(context: HostContext, zones: Zones, agreed: AgreedZone) -> str:
    """Of a zone that is there."""
    zone = zones.by_id(agreed.id)
    if zone is None:
        raise PlanChanged(context.name, f"the EdgeOne zone {agreed.name} is gone")
    context.job.keep(setup="zone")
    if agreed.action == "bind" and not zone.get("Resources"):
        zones.bind(agreed.id, agreed.plan, context.name)
        context.report(f"bound the EdgeOne zone {agreed.name} to the plan {agreed.plan}")
    elif agreed.action == "start" and zone.get("Paused"):
        zones.pause(agreed.id, False, context.name)
        context.report(f"switched the EdgeOne zone {agreed.name} on")
    elif agreed.action == "move" and zone.get("Area") != agreed.area:
        zones.move(agreed.id, agreed.area, context.name)
        context.report(f"the EdgeOne zone {agreed.name} serves {agreed.area}")
    elif agreed.action != "wait":
        return "it is so already"
    zones.forget()
    return ""


def _until_ready(context: HostContext, zones: Zones, name: str) -> None:
    """A zone with a plan takes some seconds until it takes hosts."""
    job = context.job

    def look() -> bool | None:
        zones.forget()
        zone = zones.zone(context.name)
        return None if zone is None or being_set_up(zone) else True

    if poll(look, _READY if job.wait else ONCE, lambda passed: job.status(
            f"EdgeOne is setting up the zone {name}, {passed:.0f} s"), job.stop):
        return
    if not job.wait:
        raise Later(f"EdgeOne is setting up the zone {name}")
    raise SitepubError(f"{context.name}: EdgeOne is still setting up the zone {name}", code="ZoneNotReady",
                       hint="Nothing is lost: run the same command again to go on.")


def _known(made: ZoneRecord, zone: Mapping[str, Any]) -> ZoneRecord:
    return msgspec.structs.replace(made, id=str(zone.get("ZoneId")))


def _zones(context: HostContext) -> Zones:
    zones = context.edge.zones
    assert zones is not None
    return zones
