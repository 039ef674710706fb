"""All hosts of a site: planned and set up side by side; one that fails does not hide the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from sitepub.config.project import Host
from sitepub.domains.host_names import is_wildcard
from sitepub.domains.hosts.apply_host import ApplyHost
from sitepub.domains.hosts.claims import CLAIMED, Claims
from sitepub.domains.hosts.context import EdgeOf, HostContext, ServedBy
from sitepub.domains.hosts.https_loss import keeping_https
from sitepub.domains.hosts.outcome import HostOutcome, failed
from sitepub.domains.hosts.parts import Certificates, Names
from sitepub.domains.hosts.plan import HostPlan, Place, host_hash, needs_look, plan_host, plan_removal, separate
from sitepub.domains.hosts.removal import TakeDown
from sitepub.domains.hosts.zone_sharing import in_shared_zone, sharing
from sitepub.domains.job import HostJob, Keeper, Listener
from sitepub.domains.records import HostRecord, ZoneRecord
from sitepub.domains.steps import HostStep, HostStepKind
from sitepub.errors import ConfigError, Interrupted, Problem, Refused, SitepubError, Unanswered
from sitepub.threads import side_by_side

_PAUSES = (0.5, 2.0)
"""Seconds before the work on a host is begun again."""
_NEVER_BOTH = frozenset({("edgeone", "cdn")})
"""(from, to) of moves where the old edge has to give the host up first: the CDN refuses a domain that EdgeOne has
(InvalidParameter.CdnHostExistsInEdgeOne). EdgeOne takes one that the CDN has: that is how the cloud's own tool migrates
(228/58594)."""
Records = Mapping[str, HostRecord]
"""Under the host's name; under :func:`former_key` what is left of it on an edge that it moved away from."""


class Ledger(Protocol):
    """Where the records of the hosts are kept while a run works on them. Safe for many threads."""

    def keeper(self, record: HostRecord, *, coming: bool) -> Keeper:
        """For one host on one edge; starts with what is remembered of that, else with ``record``. ``coming``:
        the host is set up there, and may come from another edge."""

    def forget(self, record: HostRecord) -> None:
        """Nothing of this host is left on this edge."""


@dataclass(frozen=True, slots=True)
class HostsPlan:
    """What a deploy would do for all hosts."""

    hosts: tuple[HostPlan, ...] = ()
    caches: tuple[HostStep, ...] = ()
    """What is purged and prefetched, after all of that."""

    @property
    def steps(self) -> tuple[HostStep, ...]:
        """In the order in which they are applied; hosts go side by side."""
        return (*(step for plan in self.hosts for step in plan.steps), *self.caches)

    @property
    def work(self) -> tuple[HostStep, ...]:
        """The steps that sitepub does: the rest is for the user."""
        return (*(step for plan in self.hosts for step in plan.work), *self.caches)

    @property
    def destructive(self) -> tuple[HostStep, ...]:
        return tuple(step for plan in self.hosts for step in plan.destructive)

    @property
    def failed(self) -> tuple[HostPlan, ...]:
        return tuple(plan for plan in self.hosts if plan.error is not None)

    @property
    def settled(self) -> bool:
        """Nothing to do and nothing to write down."""
        return not self.caches and all(plan.settled for plan in self.hosts)

    @property
    def creates(self) -> frozenset[str]:
        """Hosts whose domain is to be created."""
        return frozenset(step.host for step in self.steps if step.kind is HostStepKind.CREATE)

    @property
    def nothing_cached(self) -> frozenset[str]:
        """Hosts that are to be created, or could not be checked and never came to their edge: there is nothing
        to purge, and no domain to purge it from."""
        return frozenset(plan.name for plan in self.hosts if not plan.takes_down and (
            any(step.kind is HostStepKind.CREATE for step in plan.steps)
            or (plan.error is not None and not plan.record.created and not plan.record.cname)))


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one site in one account."""

    hosts: tuple[Host, ...]
    place: Place
    edge_of: EdgeOf
    certificates: Certificates
    names: Names
    claims: Claims
    served: ServedBy
    others_zones: tuple[ZoneRecord, ...] = ()
    """Of a preview: zones that sitepub has created for other previews of the site. The last of them deletes it."""

    # Planning

    def plan(self, records: Records, *, verify: bool = False) -> HostsPlan:
        """Changes nothing. Raises :class:`~sitepub.errors.ConfigError` with every mistake in the project's own
        hosts, and :class:`~sitepub.errors.Refused` for a host of another site; trouble of the cloud with one
        host is in its plan."""
        hashes = self._hashes()
        plans = side_by_side([self._planner(host, records, hashes[host.host], verify) for host in self._own])
        mistakes = [plan.error for plan in plans if isinstance(plan.error, ConfigError)]
        if mistakes:
            raise ConfigError([problem for error in mistakes for problem in error.problems])
        refused = next((plan.error for plan in plans if isinstance(plan.error, Refused)), None)
        if refused is not None:
            raise refused
        return HostsPlan((*sharing(plans), *self._dropped(records)))

    @property
    def _own(self) -> tuple[Host, ...]:
        """The hosts whose settings are sitepub's business."""
        return tuple(host for host in self.hosts if not host.only_refresh)

    def _hashes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        problems: list[Problem] = []
        for host in self._own:
            try:
                found[host.host] = host_hash(host, self.place, self.certificates.check(host))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)
        return found

    def _planner(self, host: Host, records: Records, hash: str, verify: bool) -> Callable[[], HostPlan]:
        def plan() -> HostPlan:
            record = in_shared_zone(record_of(host, records), records, self.others_zones)
            known = records.get(host.host)
            if not verify and known is not None and known.edge == host.edge and not needs_look(known, hash):
                return HostPlan(host.host, host.edge, record, host=host, hash=hash)
            try:
                self.claims.check(host.host, host.position)
                return keeping_https(plan_host(host, self.place, record, self.edge_of(host.edge), self.certificates,
                                               self.names, hash), self.served)
            except SitepubError as error:
                if is_wildcard(host.host) and error.code == CLAIMED:
                    return separate(host, record, error.message, hash)  # other hosts below it may still be ours
                return HostPlan(host.host, host.edge, record, host=host, hash=hash, looked=True, error=error)

        return plan

    def _dropped(self, records: Records) -> list[HostPlan]:
        """Plans for what the project does not mention any more. A host that moves to another edge goes from
        the old one last."""
        wanted = {host.host: host.edge for host in self.hosts}
        plans = []
        for record in records.values():
            edge = wanted.get(record.host)
            if edge is None:
                plans.append(plan_removal(record, self.edge_of(record.edge, record.bucket),
                                          "not in serverless.yml any more"))
            elif edge != record.edge:
                # Its DNS records and certificates go on to the new edge.
                bare = msgspec.structs.replace(record, dns=(), certificates=())
                gap = (f", which takes no domain that {record.edge} has: visitors get nothing until it is there"
                       if (record.edge, edge) in _NEVER_BOTH and record.created else "")
                plans.append(plan_removal(bare, self.edge_of(record.edge, record.bucket), f"moves to edge {edge}{gap}"))
        return plans

    def plan_again(self, shown: HostsPlan, records: Records) -> HostsPlan:
        """The plan of the same hosts as they are now. What could not be planned before stays so."""
        hashes = self._hashes()
        by_name: dict[tuple[str, str], Host] = {(host.host, host.edge): host for host in self._own}
        plans = []
        for plan in shown.hosts:
            host = by_name.get((plan.name, plan.edge))
            if host is not None and plan.error is None:
                plans.append(self._planner(host, records, hashes[host.host], plan.looked))
            elif not plan.takes_down:
                plans.append(_as_it_is(plan))
        known = {(plan.name, plan.edge) for plan in shown.hosts if plan.takes_down}
        dropped = [plan for plan in self._dropped(records) if (plan.name, plan.edge) in known]
        return replace(shown, hosts=(*sharing(side_by_side(plans)), *dropped))

    # Doing it

    def apply(self, plan: HostsPlan, ledger: Ledger, listener: Listener,
              stop: threading.Event, *, wait: bool = True) -> list[HostOutcome]:
        """Apply the steps of every host that is not settled; take down those that are not wanted any more
        afterwards, but for an edge that has to give a host up first. Raises :class:`~sitepub.errors.Interrupted` when
        Ctrl-C ended any of them."""
        wanted = {host.host: host.edge for host in self.hosts}
        firsts = {one.name: _Once(self._taker(one, ledger, listener, stop)) for one in plan.hosts
                  if one.takes_down and (one.edge, wanted.get(one.name)) in _NEVER_BOTH}
        outcomes = [HostOutcome(one.name, one.edge, "unchanged", one.record.cname)
                    for one in plan.hosts if one.settled]
        coming = [one for one in plan.hosts if not one.settled and not one.takes_down]
        outcomes += side_by_side([self._setter_up(one, ledger, listener, stop, wait, firsts.get(one.name))
                                  for one in coming])
        given_up = {name: once.outcome for name, once in firsts.items() if once.outcome is not None}
        outcomes += given_up.values()
        broken = {one.host for one in outcomes if one.status in ("failed", "waiting")}
        for one in plan.hosts:
            if one.takes_down and one.name in broken and one.name not in given_up:
                # It moves to another edge and is not there yet: it stays reachable where it is.
                outcomes.append(HostOutcome(one.name, one.edge, "waiting", one.record.cname,
                                            waiting=f"it stays on {one.edge} until the new edge serves it"))
        going = [one for one in plan.hosts if one.takes_down and one.name not in broken and one.name not in given_up]
        outcomes += side_by_side([self._taker(one, ledger, listener, stop) for one in going])
        for outcome in outcomes:
            if isinstance(outcome.error, Interrupted):
                raise outcome.error
        return outcomes

    def _setter_up(self, plan: HostPlan, ledger: Ledger, listener: Listener,
                   stop: threading.Event, wait: bool, first: _Once | None) -> Callable[[], HostOutcome]:
        def set_up() -> HostOutcome:
            host = plan.host
            assert host is not None
            last: list[ApplyHost] = []
            begun: list[HostStep] = []

            def apply() -> HostOutcome:
                last[:] = [ApplyHost(plan, HostContext(host, self.place, self.edge_of, self.certificates, self.names,
                                                       job, self.served), begun, first)]
                return last[0].apply()

            try:
                if plan.error is not None:
                    return failed(plan, plan.error)
                if not plan.refused:
                    self.claims.take(host.host, host.position)
                job = HostJob(ledger.keeper(plan.record, coming=True), listener, stop, wait and host.wait)
                return _answered(apply, stop)
            except SitepubError as error:
                return failed(plan, error, tuple(last[0].applied) if last else ())

        return set_up

    def _taker(self, plan: HostPlan, ledger: Ledger, listener: Listener,
               stop: threading.Event) -> Callable[[], HostOutcome]:
        moves = any(host.host == plan.name for host in self.hosts)

        def take_down() -> HostOutcome:
            try:
                keeper = ledger.keeper(plan.record, coming=False)
                edge = self.edge_of(plan.edge, plan.record.bucket)
                [step] = plan.steps
                outcome = _answered(TakeDown(step, edge, self.certificates, self.names,
                                             HostJob(keeper, listener, stop)).apply, stop)
                if not moves:
                    self.claims.release(plan.name)
                ledger.forget(plan.record)
                return outcome
            except SitepubError as error:
                return failed(plan, error)

        return take_down

    def removal(self, records: Records) -> HostsPlan:
        """What ``remove`` will do, from the records alone."""
        return HostsPlan(tuple(plan_removal(record, self.edge_of(record.edge, record.bucket), "sitepub remove")
                               for record in records.values()))


@dataclass(slots=True)
class _Once:
    """Work that is done before another, however often that is begun."""

    work: Callable[[], HostOutcome]
    outcome: HostOutcome | None = None

    def __call__(self) -> None:
        """Raises what it failed with."""
        if self.outcome is None or self.outcome.error is not None:
            self.outcome = self.work()
        if self.outcome.error is not None:
            raise self.outcome.error


def _as_it_is(plan: HostPlan) -> Callable[[], HostPlan]:
    return lambda: plan


def _answered(work: Callable[[], HostOutcome], stop: threading.Event) -> HostOutcome:
    """Do the work, and again when a call that changes something got no answer: it looks first, and goes on from what
    it finds."""
    for pause in _PAUSES:
        try:
            return work()
        except Unanswered:
            if stop.wait(pause):
                raise
    return work()


def former_key(host: str, edge: str) -> str:
    """Under which the record of a host is kept on an edge that it moved away from."""
    return f"{host} on {edge}"


def record_of(host: Host, records: Records) -> HostRecord:
    """The record to go on with: of the same edge, else a new one. The DNS records and certificates that were
    made for the host go with it."""
    known = records.get(host.host)
    if known is None:
        return HostRecord(host=host.host, edge=host.edge)
    if known.edge == host.edge:
        return known
    back = records.get(former_key(host.host, host.edge)) or HostRecord(host=host.host, edge=host.edge)
    return msgspec.structs.replace(back, dns=known.dns, certificates=known.certificates, settings_hash="")
