"""The DNS records of a host: made in the account's DNSPod where its zone is there, else shown exactly."""

from __future__ import annotations

from collections.abc import Sequence

from sitepub.config.project import Host
from sitepub.domains.dns.changes import Change, RecordChange, RecordPlan, plan_cname, plan_txt
from sitepub.domains.dns.dnspod import DnsPod, Record, Zone
from sitepub.domains.dns.record_writes import Purpose, RecordWriter, full_name
from sitepub.domains.dns.resolve import Resolver
from sitepub.domains.host_names import ascii_name, below_wildcard, record_name, registered_domain, shown_name
from sitepub.domains.job import HostJob
from sitepub.domains.poll import Patience, poll
from sitepub.domains.records import HostRecord, TxtRecord
from sitepub.domains.steps import AgreedProof, AgreedRecord, AgreedRemoval, HostStep, HostStepKind, PlanChanged
from sitepub.domains.wanted_record import WantedRecord
from sitepub.errors import AccessDenied, CloudError, Refused, SitepubError

PATIENCE = 600.0
"""Seconds to wait for a record that the user adds by hand, or that has to spread."""
ADD_ZONE = "sitepub local zone"
"""The command that puts a zone into the DNSPod of the embedded cloud's account."""
_FIRST, _STEP = 0.2, 3.0
_NOT_OURS = frozenset({"OperationDenied.NoPermissionToOperateDomain", "OperationDenied.AccessDenied",
                       "OperationDenied.DomainOwnerAllowedOnly"})
"""A zone that another account shares with this one: it may be in the list and closed to changes."""
_ACTIONS = {Change.CREATE: "create", Change.MODIFY: "modify", Change.DELETE: "delete"}


class Dns:
    """Implements :class:`~sitepub.domains.hosts.parts.Names`. Safe for many threads."""

    def __init__(self, pod: DnsPod, resolver: Resolver, *, patience: float = PATIENCE, step: float = _STEP,
                 hosts: Sequence[Host] = ()) -> None:
        self.pod = pod
        self.resolver = resolver
        self._patience = Patience(patience, _FIRST, step)
        self._writer = RecordWriter(pod)
        self._shown_only = {host.host for host in hosts if host.dns == "off"}
        self._closed: dict[str, str] = {}
        """Zones of DNSPod that this key may not change, with the code that said so."""

    # What would be done

    def plan(self, host: Host, record: HostRecord, cname: str) -> tuple[HostStep, ...]:
        zone, why = self.zone(host)
        if zone is None:
            return self._by_hand(host, cname, why)
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
        return tuple(_step(host, zone, name, plan, change, cname) for change in plan.changes)

    def _by_hand(self, host: Host, cname: str, why: str) -> tuple[HostStep, ...]:
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
        if (not isinstance(host, str) and host.dns == "off") or name in self._shown_only:
            return None, "dns: off"
        try:
            zone = self.pod.zone_for(name)
        except AccessDenied as error:
            return None, f"DNSPod could not be asked ({error.code}: dnspod:DescribeDomainList)"
        if zone is None:
            return None, "its zone is not in the account's DNSPod" + self._how_to_add(name)
        if zone.paused:
            return None, f"the zone {zone.name} is paused or blocked in DNSPod"
        if zone.name in self._closed:
            return None, f"DNSPod does not let this key change the zone {zone.name} ({self._closed[zone.name]})"
        return zone, ""

    def _how_to_add(self, name: str) -> str:
        """On the embedded cloud a command adds the zone, and nothing else can."""
        return f": `{ADD_ZONE} {registered_domain(name)}` adds it" if self.resolver.has_no_zone(name) else ""

    def holds(self, name: str) -> bool:
        zone, _why = self.zone(name)
        return zone is not None and ascii_name(zone.name) == ascii_name(name) and zone.delegated

    def _shut(self, zone: Zone, error: CloudError) -> None:
        """Remember that a zone is shared with this account, or read only: its records are shown. Raises any other
        error."""
        if error.code not in _NOT_OURS:
            raise error
        self._closed[zone.name] = error.code

    # CNAME

    def apply(self, step: HostStep, host: Host, cname: str, job: HostJob, agreed: Sequence[HostStep]) -> str:
        if isinstance(step.agreed, AgreedProof):
            return "" if self._writer.take_away(step.agreed.record, job) else "the record was changed since"
        zone, _why = self.zone(host)
        if zone is None:
            return self.remind(host, cname, job)
        try:
            return self._apply_in(zone, step, host, cname, job, agreed)
        except CloudError as error:
            self._shut(zone, error)
            return self.remind(host, cname, job)

    def _apply_in(self, zone: Zone, step: HostStep, host: Host, cname: str, job: HostJob,
                  agreed: Sequence[HostStep]) -> str:
        name = record_name(host.host, zone.name)
        there = self.pod.records(zone.name, name)
        plan = plan_cname(there, cname, ids(job.record, zone), apex=name == "@")
        if plan.blocked:
            raise PlanChanged(shown_name(host.host), plan.blocked)
        mine: RecordChange | None = None
        for change in plan.changes:
            now = _step(host, zone, name, plan, change, cname)
            if step.covers(now):
                mine = change
            elif not any(one.covers(now) for one in agreed):
                raise PlanChanged(shown_name(host.host), f"DNS: {change.words}" + (
                    ", a record that is not sitepub's" if change.foreign else ""))
        if mine is None:
            self._writer.adopt(zone.name, name, job, there)
            return "DNS is so already"
        for warning in plan.warnings:
            job.done(warning)
        self._writer.write(zone.name, name, mine, "cname", job)
        if mine is plan.changes[-1] and not zone.delegated:
            job.todo(f"the zone {zone.name} is in DNSPod, but its registrar names other name servers: records there"
                     f" have no effect until that is changed. The record that is needed: {self._wanted(host, cname)}")
        return ""

    def remind(self, host: Host, cname: str, job: HostJob) -> str:
        wanted = WantedRecord(host.host, "CNAME", cname)
        if self.points_to(host.host, cname):
            return "DNS is so already"
        zone, _why = self.zone(host)
        if zone is not None:
            name = record_name(host.host, zone.name)
            blocked = plan_cname(self.pod.records(zone.name, name), cname, ids(job.record, zone),
                                 apex=name == "@").blocked
            if blocked:
                job.todo(f"{blocked}. The record that is needed: {wanted}")
                return ""
        job.todo(f"add this record at the provider of the DNS: {wanted}{about_apex(host.host)}")
        return ""

    def points_to(self, host: str, target: str) -> bool:
        """Whether the name leads to the target in DNS as it is now."""
        chain = self.resolver.chain(below_wildcard(host))
        return ascii_name(target) in {ascii_name(name) for name in chain}

    def adopt(self, job: HostJob) -> None:
        for zone, name in dict.fromkeys((one.zone, one.name) for one in job.record.dns if not one.id):
            self._writer.adopt(zone, name, job)

    # Proofs

    def prove(self, host: str, txt: TxtRecord, job: HostJob) -> None:
        self.place(host, WantedRecord(txt.name, "TXT", txt.value), "ownership", job)

    def place(self, host: str, wanted: WantedRecord, purpose: Purpose, job: HostJob) -> bool:
        """Create the record, or show it, and wait until it can be seen (``job.wait``). Answers whether it
        could be made or seen. Raises :class:`~sitepub.errors.SitepubError` (DnsRecordMissing) when it does not
        appear in time, :class:`~sitepub.errors.Interrupted`."""
        zone, _why = self.zone(host)
        holder = self.pod.zone_for(wanted.name) if zone is not None else None
        if holder is not None:
            try:
                self._place_in(holder, host, wanted, purpose, job)
            except CloudError as error:
                self._shut(holder, error)
                holder = None
        if holder is None and job.wait and self.resolver.has_no_zone(wanted.name):
            raise SitepubError(
                f"{shown_name(host)}: the DNS of the embedded cloud has no zone for it, so the record cannot be added",
                code="DnsRecordMissing", hint=f"{ADD_ZONE} {registered_domain(host)}, then run again")
        if (holder is None or not holder.delegated) and not self.visible(wanted):
            job.listener.todo(host, f"add this record at the provider of the DNS: {wanted}")
        if not job.wait:
            return holder is not None or self.visible(wanted)
        self._until_visible(host, wanted, job)
        return True

    def _place_in(self, holder: Zone, host: str, wanted: WantedRecord, purpose: Purpose, job: HostJob) -> None:
        name = record_name(wanted.name, holder.name)
        there = self.pod.records(holder.name, name)
        plan = plan_txt(there, wanted.value, ids(job.record, holder, purpose), wanted.type)
        if plan.blocked or plan.foreign:
            raise Refused(f"{shown_name(host)}: {plan.blocked or 'another record stands in the way'}:"
                          f" {wanted}", code="ForeignRecord", hint="Change it in the console (DNSPod).")
        for change in plan.changes:
            self._writer.write(holder.name, name, change, purpose, job)
        if not plan.changes:
            self._writer.adopt(holder.name, name, job, there)

    def visible(self, wanted: WantedRecord) -> bool:
        """Whether DNS answers with this record now."""
        if wanted.type == "CNAME":
            return ascii_name(self.resolver.cname(wanted.name)) == ascii_name(wanted.value)
        return wanted.value.strip('"') in self.resolver.txt(wanted.name)

    def _until_visible(self, host: str, wanted: WantedRecord, job: HostJob) -> None:
        seen = poll(lambda: self.visible(wanted) or None, self._patience,
                    lambda passed: job.listener.status(host, f"waiting for the DNS record {wanted.name},"
                                                             f" {passed:.0f} s"), job.stop)
        if seen is None:
            raise SitepubError(
                f"{shown_name(host)}: the DNS record is not there after {self._patience.total / 60:.0f} minutes:"
                f" {wanted}", code="DnsRecordMissing", hint="Add it, then run again: what was done is remembered.")

    def unprove(self, job: HostJob) -> None:
        self.clear("ownership", job)

    def clear(self, purpose: Purpose, job: HostJob) -> None:
        """Delete the records that sitepub made for this purpose: they are not needed any more."""
        for made in job.record.dns:
            if made.purpose == purpose:
                self._writer.take_away(made, job)

    # Where it points

    def resolve(self, host: str) -> tuple[str, ...]:
        return self.resolver.chain(below_wildcard(host))

    # Away

    def withdraw(self, removal: AgreedRemoval, job: HostJob) -> Sequence[str]:
        agreed = [made for made in job.record.dns if made in removal.dns]
        stays = [f"the {made.type} record of {full_name(made)} stays: it was changed since"
                 for made in agreed if not self._writer.take_away(made, job)]
        return [*stays, *self._left(job.record, {made.id for made in agreed})]

    def _left(self, record: HostRecord, ours: set[int]) -> list[str]:
        """Records of others that still lead to the domain that is taken away."""
        if not record.cname:
            return []
        zone, _why = self.zone(record.host)
        if zone is None:
            return [f"remove the CNAME {shown_name(record.host)} → {record.cname} at the provider of its DNS"
                    ] if self.points_to(record.host, record.cname) else []
        here = self.pod.records(zone.name, record_name(record.host, zone.name))
        return [f"the CNAME record of {shown_name(record.host)} stays, because sitepub did not make it: delete it"
                " in DNSPod, or the next owner of its target serves your visitors"
                for each in here if each.says("CNAME", record.cname) and each.id not in ours]


def _step(host: Host, zone: Zone, name: str, plan: RecordPlan, change: RecordChange, cname: str) -> HostStep:
    unknown = not cname and change.change is not Change.DELETE
    words = change.words.replace("→ ", "→ the name that the edge gives", 1) if unknown else change.words
    return HostStep(
        HostStepKind.DNS, host.host, f"{shown_name(host.host)}: {words}", _reason(change, zone, plan),
        destructive=change.foreign, edge=host.edge, agreed=_agreed(zone, name, change))


def _agreed(zone: Zone, name: str, change: RecordChange) -> AgreedRecord:
    old: Record | None = change.record
    return AgreedRecord(
        zone.name, name, _ACTIONS[change.change], change.type, change.value,  # type: ignore[arg-type]
        id=old.id if old is not None else 0, before=(old.type, old.value) if old is not None else ("", ""),
        foreign=change.foreign)


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


def _reason(change: RecordChange, zone: Zone, plan: RecordPlan) -> str:
    words = [f"in DNSPod zone {zone.name}"]
    if change.foreign:
        words.append("not made by sitepub")
    return "; ".join([*words, *plan.warnings])
