"""The zones of EdgeOne (API teo 2022-09-01) in one account: found, created, proved, and deleted.

A zone without a plan serves nothing. Connected by CNAME (``partial``), it is proved by a TXT record; through DNSPod
(``dnsPodAccess``), by DNSPod, which needs a role that the account's owner makes in the console.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sitepub.domains.host_names import ascii_name, zone_of
from sitepub.domains.records import TxtRecord, ZoneRecord
from sitepub.domains.service_api import ServiceApi
from sitepub.domains.times import gmt8_to_iso
from sitepub.domains.zones.plans import ZonePlan, plan_of
from sitepub.errors import CloudError, NotFound, SitepubError

PROOF = "edgeonereclaim"
"""The label of the TXT record that proves a zone or a host."""
_NO_DNSPOD = frozenset({
    "OperationDenied.DNSPodUnauthorizedRoleOperation", "ResourceNotFound.DNSPodDomainNotInAccount",
    "FailedOperation.FailedToCallDNSPod"})
"""EdgeOne may not use the account's DNSPod, or cannot: the zone is connected by CNAME then."""
_SKEW = 360.0
"""Seconds that the clocks of two computers may differ: a request is refused when it is more than 5 minutes."""
_FRESH = 1.0
"""Seconds for which a zone that was not listed is not looked for again."""
KINDS = frozenset({"partial", "dnsPodAccess"})


class Zones:
    """Safe for many threads."""

    def __init__(self, api: ServiceApi) -> None:
        self.api = api
        self._known: list[Mapping[str, Any]] | None = None
        self._read = 0.0
        """When they were read (monotonic)."""
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self.made: dict[str, ZoneRecord] = {}
        """What this run has created, by id."""
        self.failed: dict[str, SitepubError] = {}
        """Why a zone could not be proved in this run, by name."""

    # What is there

    def zone(self, host: str) -> Mapping[str, Any] | None:
        """The zone that a host belongs to, as the API describes it. One that was not there is looked for again."""
        with self._lock:
            found = self._best(host)
            if found is None and time.monotonic() - self._read > _FRESH:
                self._known = None
                found = self._best(host)
            return found

    def forget(self) -> None:
        """The zones are read again when they are needed next."""
        with self._lock:
            self._known = None

    def _best(self, host: str) -> Mapping[str, Any] | None:
        if self._known is None:
            self._known = list(self.api.pages("teo", "DescribeZones", {}, "Zones", size=100, host=host,
                                               total=lambda answer: int(answer.get("TotalCount") or 0)))
            self._read = time.monotonic()
        name = zone_of(host, [str(zone.get("ZoneName")) for zone in self._known])
        fitting = [zone for zone in self._known if zone.get("ZoneName") == name]
        # Several zones may have one name; one that is in use is meant.
        return min(fitting, key=lambda zone: (bool(zone.get("Paused")), zone.get("ActiveStatus") != "active"),
                   default=None)

    def by_id(self, id: str) -> Mapping[str, Any] | None:
        """As it is now."""
        found = self.api.call("teo", "DescribeZones", {"Limit": 100, "Filters": [
            {"Name": "zone-id", "Values": [id]}]}).get("Zones") or ()
        return next((zone for zone in found if zone.get("ZoneId") == id), None)

    def plans(self, host: str) -> tuple[ZonePlan, ...]:
        return tuple(plan_of(one) for one in self.api.pages(
            "teo", "DescribePlans", {}, "Plans", size=200, host=host,
            total=lambda answer: int(answer.get("TotalCount") or 0)))

    def lock(self, name: str) -> threading.Lock:
        """Held by the host of this run that works on the zone."""
        with self._lock:
            return self._busy.setdefault(name, threading.Lock())

    # Creating

    def create(self, made: ZoneRecord, kinds: Sequence[str], host: str) -> str:
        """Its id. ``kinds``: how to connect it, the second where the first is not possible."""
        for kind in kinds:
            try:
                answer = self.api.call("teo", "CreateZone", {
                    "ZoneName": made.name, "Type": kind, "Area": made.area, "PlanId": made.plan}, host=host)
            except CloudError as error:
                if error.code not in _NO_DNSPOD or kind == kinds[-1]:
                    raise
                continue
            return str(answer.get("ZoneId") or "")
        raise AssertionError("there is a kind")

    def bind(self, id: str, plan: str, host: str) -> None:
        self.api.call("teo", "BindZoneToPlan", {"ZoneId": id, "PlanId": plan}, host=host)

    def move(self, id: str, area: str, host: str) -> None:
        self.api.call("teo", "ModifyZone", {"ZoneId": id, "Area": area}, host=host)

    def pause(self, id: str, paused: bool, host: str) -> None:
        self.api.call("teo", "ModifyZoneStatus", {"ZoneId": id, "Paused": paused}, host=host)

    def prove(self, name: str) -> bool:
        """Ask EdgeOne to check the TXT record now. False: it does not see it yet."""
        return self.api.call("teo", "VerifyOwnership", {"Domain": name}, host=name).get("Status") == "success"

    # Deleting

    def contents(self, id: str, host: str) -> tuple[str, ...]:
        """What is in a zone, in words."""
        def total(answer: Mapping[str, Any]) -> int:
            return int(answer.get("TotalCount") or 0)

        where = {"ZoneId": id}
        domains = self.api.pages("teo", "DescribeAccelerationDomains", where, "AccelerationDomains", size=200,
                                  total=total, host=host)
        rules = self.api.pages("teo", "DescribeL7AccRules", where, "Rules", size=1000, total=total, host=host)
        functions = self.api.pages("teo", "DescribeFunctions", where, "Functions", size=200, total=total, host=host)
        proxies = self.api.pages("teo", "DescribeL4Proxy", where, "L4Proxies", size=1000, total=total, host=host)
        return (*(str(one.get("DomainName")) for one in domains),
                *(f"L4 proxy {one.get('ProxyName') or one.get('ProxyId')}" for one in proxies),
                *(f"rule {one.get('RuleName') or one.get('RuleId')}" for one in rules),
                *(f"function {one.get('Name')}" for one in functions))

    def delete(self, id: str, host: str) -> bool:
        """Of a paused zone. False: it is still being paused."""
        try:
            self.api.call("teo", "DeleteZone", {"ZoneId": id}, host=host)
        except NotFound:
            return True
        except CloudError as error:
            if error.code.endswith("ZoneNotFound"):
                return True
            if error.code != "OperationDenied.DisableZoneNotCompleted":
                raise
            return False
        return True


def needs_plan(zone: Mapping[str, Any]) -> bool:
    """Whether it waits for a plan. One that has it may be set up for some seconds more."""
    return zone.get("Status") == "initializing" and not plan_id(zone)


def being_set_up(zone: Mapping[str, Any]) -> bool:
    return zone.get("Status") == "initializing"


def plan_id(zone: Mapping[str, Any]) -> str:
    return next((str(one["PlanId"]) for one in zone.get("Resources") or () if one.get("PlanId")), "")


def open_proof(zone: Mapping[str, Any]) -> TxtRecord | None:
    """The TXT record that a zone waits for; ``None``: its owner is proved, or it has no such proof."""
    if zone.get("Type") != "partial" or zone.get("Status") == "active":
        return None
    found = ((zone.get("CNAMEDetail") or {}).get("OwnershipVerification") or zone.get("OwnershipVerification") or {})
    return proof_record(found, str(zone.get("ZoneName")))


def is_ours(zone: Mapping[str, Any], made: ZoneRecord) -> bool:
    """Whether it is the one that was written down. Where the answer to its creation was never seen, all that was asked
    for has to be as it is, and it must not be older."""
    if made.id:
        return zone.get("ZoneId") == made.id
    created, begun = _seconds(gmt8_to_iso(str(zone.get("CreatedOn") or ""))), _seconds(made.at)
    return bool(zone.get("ZoneName") == made.name and not zone.get("AliasZoneName") and zone.get("Type") in KINDS
                and zone.get("Area") == made.area and plan_id(zone) == made.plan
                and created is not None and begun is not None and created >= begun - _SKEW)


def proof_record(found: Any, host: str) -> TxtRecord | None:
    """Of a zone or of a host."""
    dns = (found or {}).get("DnsVerification") or {}
    if not dns.get("RecordValue"):
        return None
    return TxtRecord(name=_proof_name(str(dns.get("Subdomain") or ""), host), value=str(dns["RecordValue"]))


def _proof_name(subdomain: str, host: str) -> str:
    """The full name of the record that proves a host: ``edgeonereclaim.<host>``. `Subdomain` was seen as the label
    alone, with the host below its zone, and as the whole name, with a dot at its end or without."""
    # Of a wildcard nothing was seen: a label in front of it would be no name that DNS takes for one.
    name, host = ascii_name(subdomain), ascii_name(host).removeprefix("*.")
    label, _, rest = name.partition(".")
    label = label or PROOF
    if not rest or host.startswith(f"{rest}.") or rest == host:
        return f"{label}.{host}"
    # A name of the host's zone, or of one above it: as it is.
    return name if f".{host}".endswith(f".{rest}") else f"{name}.{host}"


def _seconds(iso: str) -> float | None:
    from datetime import datetime

    try:
        return datetime.fromisoformat(iso).timestamp()
    except ValueError:
        return None
