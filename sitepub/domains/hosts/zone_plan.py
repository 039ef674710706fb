"""What has to be done for the EdgeOne zone of a host: create it, bind it to a plan, prove it, switch it on again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitepub.config.project import Host
from sitepub.domains.edges.edge import Edge
from sitepub.domains.edges.edgeone_zones import zone_obstacle
from sitepub.domains.hosts.parts import Names
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import AgreedZone, HostStep, HostStepKind, Leaf
from sitepub.domains.zones.names import zone_name
from sitepub.domains.zones.plans import area_of, choose
from sitepub.domains.zones.zones import PROOF, Zones, being_set_up, is_ours, needs_plan, open_proof
from sitepub.errors import ConfigError, Problem


def plan_zone(host: Host, record: HostRecord, edge: Edge, names: Names) -> tuple[HostStep, ...]:
    """Reads only. Nothing for other edges. Raises :class:`~sitepub.errors.ConfigError` where the host can have
    no zone, or the zone takes no changes."""
    zones = edge.zones
    if zones is None:
        return ()
    zone = zones.zone(host.host)
    if zone is None:
        return _new(host, edge, zones, names)
    ours = record.made_zone is not None and is_ours(zone, record.made_zone)
    return _existing(host, edge, zones, zone, ours=ours)


def through_dnspod(host: Host, zone: str, names: Names) -> bool:
    """Whether a new zone may be connected through the account's DNSPod."""
    return host.dns == "auto" and names.holds(zone)


def _new(host: Host, edge: Edge, zones: Zones, names: Names) -> tuple[HostStep, ...]:
    name = zone_name(host.host, host.position)
    plan = choose(zones.plans(host.host), host.new_zone, host.host, host.position)
    area = area_of(plan, host.new_zone)
    dnspod = through_dnspod(host, name, names)
    how = "through DNSPod where EdgeOne may use it, else by CNAME" if dnspod else "by CNAME"
    made = HostStep(
        HostStepKind.ZONE, host.host, f"create the EdgeOne zone {name} in the plan {plan}",
        f"{host.host} lies in no zone of the account; it is connected {how}", (Leaf("Area", None, area),),
        edge=edge.kind, agreed=AgreedZone("create", name, plan.id, area))
    return made, _proof(host, edge, name, "EdgeOne gives the value with the zone" + (
        ", and wants none through DNSPod" if dnspod else ""))


def _existing(host: Host, edge: Edge, zones: Zones, zone: Mapping[str, Any], *, ours: bool) -> tuple[HostStep, ...]:
    id, name = str(zone.get("ZoneId")), str(zone.get("ZoneName"))

    def step(kind: HostStepKind, words: str, reason: str, agreed: AgreedZone, *leaves: Leaf) -> HostStep:
        return HostStep(kind, host.host, words, reason, leaves, destructive=kind is HostStepKind.ZONE and not ours,
                        edge=edge.kind, agreed=agreed)

    steps: list[HostStep] = []
    if needs_plan(zone):
        plan = choose(zones.plans(host.host), host.new_zone, host.host, host.position)
        steps.append(step(HostStepKind.ZONE, f"bind the EdgeOne zone {name} to the plan {plan}",
                          "it has none, and serves nothing without" + ("" if ours else "; sitepub did not create it"),
                          AgreedZone("bind", name, plan.id, id=id)))
    elif being_set_up(zone):
        steps.append(step(HostStepKind.WAIT, f"wait until the EdgeOne zone {name} is set up", "EdgeOne works on it",
                          AgreedZone("wait", name, id=id)))
    elif zone.get("Paused") and ours:
        steps.append(step(HostStepKind.ZONE, f"switch the EdgeOne zone {name} on", "sitepub has paused it to delete it",
                          AgreedZone("start", name, id=id)))
    else:
        _demand_open(host, zone)
    steps += _moved(host, zones, zone, step, ours=ours)
    if ours and open_proof(zone) is not None:
        steps.append(_proof(host, edge, name, "EdgeOne waits for it"))
    return tuple(steps)


def _demand_open(host: Host, zone: Mapping[str, Any]) -> None:
    obstacle = zone_obstacle(zone)
    if obstacle is not None:
        raise ConfigError(Problem(f"the EdgeOne zone {zone.get('ZoneName')} {obstacle[0]}", host.position, obstacle[1]))


def _moved(host: Host, zones: Zones, zone: Mapping[str, Any], step: Any, *, ours: bool) -> tuple[HostStep, ...]:
    """Another area is written than that of the zone. EdgeOne changes it while the zone has no hosts
    (DomainNumberIsNotZero)."""
    wanted, there = host.new_zone.area, str(zone.get("Area") or "")
    if not wanted or not there or wanted == there:
        return ()
    id, name = str(zone.get("ZoneId")), str(zone.get("ZoneName"))
    if not ours or zones.contents(id, host.host):
        raise ConfigError(Problem(
            f"the EdgeOne zone {name} serves {there}, and `area: {wanted}` is written", host.position,
            f"Write `area: {there}`, or change the zone in the console (EdgeOne): it has to be without hosts for that."
        ))
    return (step(HostStepKind.ZONE, f"let the EdgeOne zone {name} serve {wanted}", f"it serves {there}, and is empty",
                 AgreedZone("move", name, area=wanted, id=id), Leaf("Area", there, wanted)),)


def _proof(host: Host, edge: Edge, name: str, reason: str) -> HostStep:
    return HostStep(HostStepKind.ZONE_PROOF, host.host, f"prove that {name} is yours: TXT {PROOF}.{name}", reason,
                    edge=edge.kind, agreed=AgreedZone("prove", name))
