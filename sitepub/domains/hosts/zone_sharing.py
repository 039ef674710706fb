"""Hosts of one site that lie in one EdgeOne zone: the first of them creates it, and the last one deletes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from sitepub.domains.host_names import zone_of
from sitepub.domains.hosts.plan import HostPlan
from sitepub.domains.records import HostRecord, ZoneRecord
from sitepub.domains.steps import AgreedZone, HostStep, HostStepKind


def sharing(plans: Sequence[HostPlan]) -> list[HostPlan]:
    """The plans of hosts that need the same new zone, so that each says what it does."""
    firsts: dict[str, str] = {}
    found = []
    for plan in plans:
        name = next((step.agreed.name for step in plan.steps if _creates(step)
                     and isinstance(step.agreed, AgreedZone)), "")
        first = firsts.setdefault(name, plan.name) if name else plan.name
        found.append(plan if first == plan.name else replace(
            plan, steps=tuple(_shared(step, first) if _creates(step) else step for step in plan.steps)))
    return found


def made_zones(records: Mapping[str, HostRecord]) -> tuple[ZoneRecord, ...]:
    """Zones that sitepub has created for these hosts."""
    return tuple(one.made_zone for one in records.values() if one.edge == "edgeone" and one.made_zone is not None
                 and one.made_zone.id)


def in_shared_zone(record: HostRecord, records: Mapping[str, HostRecord], others: Sequence[ZoneRecord]) -> HostRecord:
    """With the zone that sitepub has created for another host of the site. ``others``: for its other previews."""
    if record.edge != "edgeone" or record.made_zone is not None:
        return record
    made = (*made_zones(records), *others)
    name = zone_of(record.host, [one.name for one in made])
    shared = next((one for one in made if one.name == name), None)
    return msgspec.structs.replace(record, made_zone=shared)


def _creates(step: HostStep) -> bool:
    return (step.kind is HostStepKind.ZONE and isinstance(step.agreed, AgreedZone)
            and step.agreed.action == "create")


def _shared(step: HostStep, first: str) -> HostStep:
    assert isinstance(step.agreed, AgreedZone)
    return replace(step, summary=f"use the EdgeOne zone {step.agreed.name} for {step.host}",
                   reason=f"{first} needs it too: it is created once")
