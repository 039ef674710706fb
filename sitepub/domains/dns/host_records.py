"""The DNS records of a host: made in the account's DNSPod where its zone is there, else told exactly."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Literal

import msgspec

from sitepub.config.project import Host
from sitepub.domains.dns.changes import Change, RecordChange, RecordPlan, WantedRecord, plan_cname, plan_txt
from sitepub.domains.dns.dnspod import DnsPod, Record, Zone
from sitepub.domains.dns.resolve import Resolver
from sitepub.domains.host_names import ascii_name, record_name, registered_domain, shown_name
from sitepub.domains.records import DnsRecord, HostRecord, TxtRecord
from sitepub.domains.services import Work
from sitepub.domains.steps import HostStep, HostStepKind
from sitepub.errors import AccessDenied, CloudError, Interrupted, Refused, SitepubError

Purpose = Literal["cname", "ownership", "certificate"]
PATIENCE = 600.0
"""Seconds to wait for a record that somebody adds by hand, or that has to spread."""
_FIRST, _STEP = 0.2, 3.0
_LAG = 35.0
"""Seconds that a listing may be behind."""
_EXISTS = "InvalidParameter.DomainRecordExist"
_NOT_OURS = frozenset({"OperationDenied.NoPermissionToOperateDomain", "OperationDenied.AccessDenied",
                       "OperationDenied.DomainOwnerAllowedOnly"})
"""A zone that another account shares with this one: it may be in the list and closed to changes."""


class Dns:
    """Implements :class:`~sitepub.domains.services.Names`. Safe for many threads."""

    def __init__(self, pod: DnsPod, resolver: Resolver, *, patience: float = PATIENCE, step: float = _STEP,
                 hosts: Sequence[Host] = ()) -> None:
        self.pod = pod
        self.resolver = resolver
        self._patience = patience
        self._step = step
        self._told_only = {host.host for host in hosts if host.dns == "off"}
        self._seen: dict[str, set[int]] = {}
        """Per host: records of others that were in the plan the user has agreed to."""
        self._closed: dict[str, str] = {}
        """Zones of DNSPod that this key may not change, with the code that said so."""
        self._lock = threading.Lock()

    # What would be done

    def plan(self, host: Host, record: HostRecord, cname: str) -> tuple[HostStep, ...]:
        zone, why = self.zone(host)
        if zone is None:
            return self._told(host, cname, why)
        name = record_name(host.host, zone.name)
        try:
            there = self.pod.records(zone.name, name)
        except CloudError as error:
            self._shut(zone, error)
            return self.plan(host, record, cname)
        plan = plan_cname(there, cname, ids(record, zone), apex=name == "@")
        if plan.blocked:
            return (HostStep(HostStepKind.RECORD, host.host, f"{shown_name(host.host)} cannot get its record:"
                             f" {self._wanted(host, cname)}", plan.blocked, edge=host.edge),)
        with self._lock:
            self._seen.setdefault(host.host, set()).update(
                change.record.id for change in plan.changes if change.foreign and change.record is not None)
        steps = []
        for change in plan.changes:
            words = change.words if cname or change.change is Change.DELETE else change.words.replace(
                "→ ", "→ the name that the edge gives", 1)
            steps.append(HostStep(
                HostStepKind.DNS, host.host, f"{shown_name(host.host)}: {words}",
                _reason(change, zone, plan), destructive=change.foreign, edge=host.edge))
        return tuple(steps)

    def _told(self, host: Host, cname: str, why: str) -> tuple[HostStep, ...]:
        if cname and self.points_to(host.host, cname):
            return ()
        return (HostStep(HostStepKind.RECORD, host.host,
                         f"add at the provider of its DNS: {self._wanted(host, cname)}", why + about_apex(host.host),
                         edge=host.edge),)

    def _wanted(self, host: Host, cname: str) -> WantedRecord:
        return WantedRecord(host.host, "CNAME", cname or "the name that the edge gives")

    def zone(self, host: Host | str) -> tuple[Zone | None, str]:
        """The zone that records of this name are made in, or ``None`` and why not."""
        name = host if isinstance(host, str) else host.host
        if (not isinstance(host, str) and host.dns == "off") or name in self._told_only:
            return None, "dns: off"
        try:
            zone = self.pod.zone_for(name)
        except AccessDenied as error:
            return None, f"DNSPod could not be asked ({error.code}: dnspod:DescribeDomainList)"
        if zone is None:
            return None, "its zone is not in the account's DNSPod"
        if zone.paused:
            return None, f"the zone {zone.name} is paused or blocked in DNSPod"
        if zone.name in self._closed:
            return None, f"DNSPod does not let this key change the zone {zone.name} ({self._closed[zone.name]})"
        return zone, ""

    def _shut(self, zone: Zone, error: CloudError) -> None:
        """Remember that a zone is shared with this account, or read only: its records are told. Raises any other
        error."""
        if error.code not in _NOT_OURS:
            raise error
        self._closed[zone.name] = error.code

    # CNAME

    def point(self, host: Host, cname: str, work: Work) -> None:
        """Raises :class:`~sitepub.errors.Refused` when somebody's record stands there that was not in the
        plan."""
        zone, _why = self.zone(host)
        wanted = WantedRecord(host.host, "CNAME", cname)
        if zone is None:
            if not self.points_to(host.host, cname):
                work.listener.todo(host.host, f"add this record at the provider of the DNS: {wanted}"
                                        f"{about_apex(host.host)}")
            return
        try:
            self._point_in(zone, host, wanted, work)
        except CloudError as error:
            self._shut(zone, error)
            self.point(host, cname, work)

    def _point_in(self, zone: Zone, host: Host, wanted: WantedRecord, work: Work) -> None:
        name, cname = record_name(host.host, zone.name), wanted.value
        plan = plan_cname(self.pod.records(zone.name, name), cname, ids(work.keeper.record, zone), apex=name == "@")
        if plan.blocked:
            work.listener.todo(host.host, f"{plan.blocked}. The record that is needed: {wanted}")
            return
        with self._lock:
            agreed = self._seen.get(host.host, set())
        strange = [change for change in plan.changes
                   if change.foreign and change.record is not None and change.record.id not in agreed]
        if strange:
            raise Refused(f"{shown_name(host.host)}: a DNS record that is not sitepub's and was not in the plan"
                          f" would be changed ({strange[0].words})", code="ForeignRecord",
                          hint="Run again: the plan will show it.")
        for warning in plan.warnings if plan.changes else ():
            work.listener.done(host.host, warning)
        self._carry_out(zone, name, plan, "cname", work)
        if plan.changes and not zone.delegated:
            work.listener.todo(host.host, f"the zone {zone.name} is in DNSPod, but its registrar names other"
                                          " name servers: records there have no effect until that is changed."
                                          f" The record that is needed: {wanted}")

    def points_to(self, host: str, target: str) -> bool:
        """Whether the name leads to the target in DNS as it is now."""
        chain = self.resolver.chain(host)
        return ascii_name(target) in {ascii_name(name) for name in chain}

    # Proofs

    def prove(self, host: str, txt: TxtRecord, work: Work) -> None:
        self.place(host, WantedRecord(txt.name, "TXT", txt.value), "ownership", work)

    def place(self, host: str, wanted: WantedRecord, purpose: Purpose, work: Work) -> bool:
        """Create the record, or tell it, and wait until it can be seen (``work.wait``). Answers whether it
        could be made or seen. Raises :class:`~sitepub.errors.SitepubError` (DnsRecordMissing) when it does not
        appear in time, :class:`~sitepub.errors.Interrupted`."""
        zone, _why = self.zone(host)
        holder = self.pod.zone_for(wanted.name) if zone is not None else None
        if holder is not None:
            try:
                self._place_in(holder, host, wanted, purpose, work)
            except CloudError as error:
                self._shut(holder, error)
                holder = None
        if (holder is None or not holder.delegated) and not self.visible(wanted):
            work.listener.todo(host, f"add this record at the provider of the DNS: {wanted}")
        if not work.wait:
            return holder is not None or self.visible(wanted)
        self._until_visible(host, wanted, work)
        return True

    def _place_in(self, holder: Zone, host: str, wanted: WantedRecord, purpose: Purpose, work: Work) -> None:
        name = record_name(wanted.name, holder.name)
        plan = plan_txt(self.pod.records(holder.name, name), wanted.value, ids(work.keeper.record, holder, purpose),
                        wanted.type)
        if plan.blocked or plan.foreign:
            raise Refused(f"{shown_name(host)}: {plan.blocked or 'another record stands in the way'}:"
                          f" {wanted}", code="ForeignRecord", hint="Change it in the console (DNSPod).")
        self._carry_out(holder, name, plan, purpose, work)

    def visible(self, wanted: WantedRecord) -> bool:
        """Whether DNS answers with this record now."""
        if wanted.type == "CNAME":
            return ascii_name(self.resolver.cname(wanted.name)) == ascii_name(wanted.value)
        return wanted.value.strip('"') in self.resolver.txt(wanted.name)

    def _until_visible(self, host: str, wanted: WantedRecord, work: Work) -> None:
        started, step = time.monotonic(), _FIRST
        while not self.visible(wanted):
            passed = time.monotonic() - started
            if passed >= self._patience:
                raise SitepubError(
                    f"{shown_name(host)}: the DNS record is not there after {passed / 60:.0f} minutes: {wanted}",
                    code="DnsRecordMissing", hint="Add it, then run again: what was done is remembered.")
            work.listener.status(host, f"waiting for the DNS record {wanted.name}, {passed:.0f} s")
            pause(work.stop, step)
            step = min(step * 1.5, self._step)

    def unprove(self, work: Work) -> None:
        self.clear("ownership", work)

    def clear(self, purpose: Purpose, work: Work) -> None:
        """Delete the records that sitepub made for this purpose: they are not needed any more."""
        for made in work.keeper.record.dns:
            if made.purpose == purpose:
                self._take_away(made, work)

    # Where it points

    def resolve(self, host: str) -> tuple[str, ...]:
        return self.resolver.chain(host)

    # Away

    def withdraw(self, record: HostRecord, work: Work) -> Sequence[str]:
        stays = [f"the {made.type} record of {_full(made)} stays: somebody has changed it since"
                 for made in record.dns if not self._take_away(made, work)]
        return [*stays, *self._left(record)]

    def _left(self, record: HostRecord) -> list[str]:
        """Records of others that still lead to the domain that is taken away."""
        if not record.cname:
            return []
        zone, _why = self.zone(record.host)
        if zone is None:
            return [f"remove the CNAME {shown_name(record.host)} → {record.cname} at the provider of its DNS"
                    ] if self.points_to(record.host, record.cname) else []
        here = self.pod.records(zone.name, record_name(record.host, zone.name))
        made = {one.id for one in record.dns}
        return [f"the CNAME record of {shown_name(record.host)} stays, because sitepub did not make it: delete it"
                " in DNSPod, or whoever gets its target next serves your visitors"
                for each in here if each.says("CNAME", record.cname) and each.id not in made]

    # Writing

    def _carry_out(self, zone: Zone, name: str, plan: RecordPlan, purpose: Purpose, work: Work) -> None:
        host = work.keeper.record.host
        for change in plan.changes:
            made = DnsRecord(zone=zone.name, name=name, type=change.type, value=change.value, purpose=purpose)
            old = change.record
            if change.change is Change.CREATE:
                self._create(made, work)
            elif old is not None and change.change is Change.MODIFY:
                self._modify(old, made, change.foreign, work)
            elif old is not None:
                self.pod.delete(zone.name, old.id)
                self._forget(zone.name, old.id, work)
            work.listener.done(host, f"DNS: {change.words}")
        self._adopt(zone, name, plan, purpose, work)

    def _create(self, made: DnsRecord, work: Work) -> None:
        # Written down before it is made: after a kill the record that is found is known to be ours.
        begun = any((one.zone, one.name, one.type, one.value) == (made.zone, made.name, made.type, made.value)
                    for one in work.keeper.record.dns)
        work.keeper.keep(work.keeper.record.with_dns(made))
        try:
            id = self.pod.create(made.zone, made.name, made.type, made.value)
        except CloudError as error:
            # A listing may be 30 seconds behind the run that made it and was killed.
            found = self._listed(made, work) if error.code == _EXISTS else None
            if found is None or not begun:
                work.keeper.keep(work.keeper.record.without_dns(made))
            if found is None:
                raise _refused(made, error) from error
            if not begun:
                return  # somebody has made the same one since it was looked for
            id = found.id
        work.keeper.keep(work.keeper.record.with_dns(msgspec.structs.replace(made, id=id)))

    def _listed(self, made: DnsRecord, work: Work) -> Record | None:
        """The record that is said to exist; ``None`` when another one stands in its way."""
        waited, step = 0.0, _FIRST
        while True:
            here = self.pod.records(made.zone, made.name)
            found = next((each for each in here if each.says(made.type, made.value)), None)
            if found is not None or any(not each.default_ns for each in here) or waited > _LAG:
                return found
            work.listener.status(work.keeper.record.host, f"waiting for DNSPod to list {_full(made)}")
            pause(work.stop, step)
            waited, step = waited + step, min(step * 1.5, self._step)

    def _modify(self, old: Record, made: DnsRecord, foreign: bool, work: Work) -> None:
        if not foreign:
            work.keeper.keep(work.keeper.record.with_dns(msgspec.structs.replace(made, id=old.id)))
        self.pod.modify(made.zone, old, made.type, made.value)
        if not foreign:
            for one in work.keeper.record.dns:
                if one.id == old.id and one.zone == made.zone and (one.type, one.value) != (
                        made.type, made.value):
                    work.keeper.keep(work.keeper.record.without_dns(one))

    def _adopt(self, zone: Zone, name: str, plan: RecordPlan, purpose: Purpose, work: Work) -> None:
        """Learn the ids of records whose creation was begun by a run that was killed."""
        begun = [one for one in work.keeper.record.dns
                 if not one.id and (one.zone, one.name, one.purpose) == (zone.name, name, purpose)]
        if not begun or plan.changes:
            return
        here = self.pod.records(zone.name, name)
        for one in begun:
            found = next((each for each in here if each.says(one.type, one.value)), None)
            if found is not None:
                work.keeper.keep(work.keeper.record.with_dns(msgspec.structs.replace(one, id=found.id)))

    def _take_away(self, made: DnsRecord, work: Work) -> bool:
        """Delete a record of ours, if it still is as we made it. False: it stays."""
        here = self.pod.records(made.zone, made.name)
        found = next((each for each in here if (each.id == made.id or not made.id)
                      and each.says(made.type, made.value)), None)
        if found is not None:
            self.pod.delete(made.zone, found.id)
            work.listener.done(work.keeper.record.host, f"DNS: deleted {made.type} of {_full(made)}")
        changed = found is None and made.id != 0 and any(each.id == made.id for each in here)
        work.keeper.keep(work.keeper.record.without_dns(made))
        return not changed

    def _forget(self, zone: str, id: int, work: Work) -> None:
        for one in work.keeper.record.dns:
            if one.zone == zone and one.id == id:
                work.keeper.keep(work.keeper.record.without_dns(one))


def _refused(made: DnsRecord, error: CloudError) -> CloudError:
    if error.code != _EXISTS:
        return error
    return CloudError(f"DNSPod does not take the {made.type} record of {_full(made)} beside what is there"
                      f" ({error.code})", code=error.code, request_id=error.request_id,
                      hint="Look at the records of this name in the console (DNSPod)" + (
                          "; use www as the host, and redirect to it." if made.name == "@" else "."))


def about_apex(host: str) -> str:
    """What to say of a host that is probably a zone's own name, where a CNAME is not possible everywhere."""
    if registered_domain(host) != host:
        return ""
    return ("; many providers refuse a CNAME at a zone's own name: use ALIAS, ANAME or flattening there, or www"
            " as the host")


def ids(record: HostRecord, zone: Zone, purpose: Purpose | None = None) -> set[int]:
    """Ids of the records in a zone that sitepub made for this host."""
    return {one.id for one in record.dns if one.id and one.zone == zone.name
            and purpose in (None, one.purpose)}


def pause(stop: threading.Event, seconds: float) -> None:
    """Wait; raises :class:`~sitepub.errors.Interrupted` on Ctrl-C."""
    if stop.wait(seconds):
        raise Interrupted("Interrupted while waiting.", hint="run the same command again to go on")


def _full(made: DnsRecord) -> str:
    return made.zone if made.name == "@" else f"{made.name}.{made.zone}"


def _reason(change: RecordChange, zone: Zone, plan: RecordPlan) -> str:
    words = [f"in DNSPod zone {zone.name}"]
    if change.foreign:
        words.append("not made by sitepub")
    return "; ".join([*words, *plan.warnings])
