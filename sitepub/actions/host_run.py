"""Applies the hosts' part of a deploy: under the lock it is planned again, and what is then applied is what was shown,
or what was agreed to since. First the hosts, then purges and prefetches."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from sitepub.actions.hosts import Approve, HostsDone, HostsPrepared
from sitepub.config.project import Host, Project
from sitepub.domains.purge.plan import EVERYTHING
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import HostStep, HostStepKind, PlanChanged, StepResult, not_covered
from sitepub.errors import Interrupted, Refused, SitepubError
from sitepub.publish.states.remote import Remote

if TYPE_CHECKING:
    from sitepub.domains.hosts.outcome import HostOutcome
    from sitepub.domains.hosts.site_hosts import HostsPlan
    from sitepub.domains.job import Listener
    from sitepub.domains.purge.purging import Purged, Purger
    from sitepub.publish.states.host_records import HostLedger

_PURGE_PATIENCE = 10.0
"""Seconds that a deploy follows a purge, to report what fails at once; it takes minutes to reach every node."""


def apply_hosts(project: Project, remote: Remote, prepared: HostsPrepared, listener: Listener,
                stop: threading.Event, *, wait: bool, approve: Approve) -> HostsDone:
    """Apply the plan of the hosts under the lock; what was done is written down step by step.

    ``approve`` gets the steps that were not in the plan. Raises what it raises (nothing is changed then),
    :class:`~sitepub.errors.Interrupted`, :class:`~sitepub.errors.Refused` for the lock; what failed for single hosts
    is in the answer."""
    from sitepub.publish.states.host_records import open_ledger

    with open_ledger(remote, stop) as ledger:
        if ledger is None:
            raise SitepubError("the site was removed by another run meanwhile", code="SiteGone")
        done = _Run(project, prepared, ledger, listener, wait, approve).apply()
    raise_if_interrupted(done.purged, stop)
    return done


def raise_if_interrupted(purged: Sequence[Purged], stop: threading.Event) -> None:
    """Raises :class:`~sitepub.errors.Interrupted` when Ctrl-C ended the wait for a purge that the edge has accepted."""
    going = [one.host for one in purged if one.tasks and not one.done and not one.failed]
    if going and stop.is_set():
        raise Interrupted(f"Interrupted while the purge of {', '.join(going)} was spreading.",
                          hint="the edge has accepted it and goes on by itself: there is nothing left to do")


@dataclass(slots=True)
class _Run:
    project: Project
    prepared: HostsPrepared
    ledger: HostLedger
    listener: Listener
    wait: bool
    approve: Approve
    applied: list[StepResult] = field(default_factory=list)
    steps: list[HostStep] = field(default_factory=list)
    """Shown, or agreed to since."""

    def apply(self) -> HostsDone:
        plan = self._plan_again()
        outcomes = self.prepared.hosts.apply(plan, self.ledger, self.listener, self.ledger.stop, wait=self.wait)
        self._record(outcomes)
        outcomes, purged = self._caches(plan, outcomes)
        return HostsDone(tuple(outcomes), tuple(purged), self.ledger.state.hosts, tuple(self.steps),
                         tuple(self.applied))

    def _plan_again(self) -> HostsPlan:
        """The plan as it is now, under the lock. Raises what ``approve`` raises when it takes more than was shown."""
        shown = self.prepared.plan
        plan = self.prepared.hosts.plan_again(shown, self.ledger.state.hosts)
        added = not_covered(plan.steps, shown.steps)
        if added:
            self.approve(added)
            self.steps += plan.steps
            return plan
        failed = {(one.name, one.edge) for one in plan.failed}
        for step in shown.steps:
            now = [one for one in plan.steps if step.covers(one) and one not in self.steps]
            self.steps += now or [step]
            if not now and (step.host, step.edge) not in failed:
                self._unneeded(step, "it is so already")
        self.steps += [step for step in plan.steps if step not in self.steps]
        return plan

    def _unneeded(self, step: HostStep, note: str) -> None:
        self.listener.done(step.host, f"not needed any more: {step.summary.removeprefix(f'{step.host}: ')} ({note})")
        self.applied.append(StepResult(step, needed=False, note=note))

    def _record(self, outcomes: Sequence[HostOutcome]) -> None:
        self.applied += [result for outcome in outcomes for result in outcome.steps]

    # Purges and prefetches

    def _caches(self, plan: HostsPlan, outcomes: Sequence[HostOutcome]) -> tuple[list[HostOutcome], list[Purged]]:
        """Purge what is stale, then prefetch. Answers the outcomes too: a refused purge may change one."""
        by_host = {(one.host, one.edge): one for one in outcomes}
        # One that was to be created is new, or is not there yet: nothing of it is in a cache either way.
        empty = _fresh(outcomes) | plan.nothing_cached
        purges = [step for step in plan.caches if step.kind is HostStepKind.PURGE]
        going: list[HostStep] = []
        keys = self._stale_keys()
        for step in purges:
            if not keys:
                self._unneeded(step, "another run has purged it")
            elif step.host in empty:
                self._unneeded(step, "nothing of it is in a cache")
            else:
                going.append(step)
        purged: list[Purged] = []
        if going:
            hosts = self._hosts_of(going)
            purged = self._purge(hosts, keys)
            again = self._repair({one.host for one in purged if one.refused})
            self._record(again)
            by_host |= {(one.host, one.edge): one for one in again}
            empty |= _fresh(again)
            repaired = {one.host for one in again if one.status == "online"} - empty
            anew = self._purge([host for host in hosts if host.host in repaired], keys)
            latest = {one.host: one for one in (*purged, *anew)}
            purged = [latest[host.host] for host in hosts if host.host in latest and host.host not in empty]
            self._write_down(purged)
            self._record_purges(going, purged)
        if not any(one.failed for one in purged):
            self._forget_keys()
        self._prefetch(plan, empty - _fresh(by_host.values()))
        return list(by_host.values()), purged

    def _record_purges(self, steps: Sequence[HostStep], purged: Sequence[Purged]) -> None:
        by_host = {one.host: one for one in purged}
        for step in steps:
            result = by_host.get(step.host)
            if result is None:
                self._unneeded(step, "nothing of it is in a cache")
            elif not result.failed:
                self.applied.append(StepResult(step))

    def _stale_keys(self) -> tuple[str, ...]:
        """Those of the plan that no other run has purged meanwhile."""
        keys, stale = self.prepared.keys, self.ledger.state.unpurged
        if EVERYTHING in keys:
            return keys if stale else ()
        return keys if EVERYTHING in stale else tuple(key for key in keys if key in set(stale))

    def _forget_keys(self) -> None:
        """What another run has changed since stays to be purged by it."""
        keys = set(self.prepared.keys)
        self.ledger.update(unpurged=() if EVERYTHING in keys else tuple(
            key for key in self.ledger.state.unpurged if key not in keys))

    def _hosts_of(self, steps: Sequence[HostStep]) -> list[Host]:
        names = {step.host for step in steps}
        return [host for host in self.project.hosts if host.host in names]

    @property
    def _purger(self) -> Purger:
        from sitepub.domains.purge.purging import Purger

        hosts = self.prepared.hosts
        return Purger(lambda host: hosts.edge_of(host.edge), self.listener, self.ledger.stop,
                      patience=_PURGE_PATIENCE)

    def _purge(self, hosts: Sequence[Host], keys: Collection[str]) -> list[Purged]:
        from sitepub.domains.purge.plan import paths_of
        from sitepub.domains.purge.purging import Order

        if not hosts:
            return []
        return self._purger.purge(hosts, Order(paths_of(keys, self.project.website), wait=self.wait))

    def _write_down(self, purged: Sequence[Purged]) -> None:
        edges = {host.host: host.edge for host in self.project.hosts}
        records = dict(self.ledger.state.hosts)
        for one in purged:
            record = records.get(one.host) or HostRecord(host=one.host, edge=edges[one.host])
            records[one.host] = msgspec.structs.replace(record, purge=one.as_record())
        self.ledger.update(hosts=records)

    def _prefetch(self, plan: HostsPlan, missing: Collection[str]) -> None:
        """A cache that is not filled beforehand fills itself: a failure is reported and is none of the deploy."""
        going: list[HostStep] = []
        for step in plan.caches:
            if step.kind is HostStepKind.PREFETCH:
                if step.host in missing:
                    self._unneeded(step, f"{step.host} is not on its edge")
                else:
                    going.append(step)
        for one in self._purger.prefetch(self._hosts_of(going)) if going else ():
            if one.failed:
                self.listener.todo(one.host, f"prefetch failed: {one.failed}")
        self.applied += [StepResult(step) for step in going]

    # A purge that its edge refuses

    def _repair(self, names: Collection[str]) -> list[HostOutcome]:
        """Hosts that were believed to be as their records say, and whose edge refused a purge: the domain may have been
        deleted or stopped elsewhere. What has to be done about it was not in the plan, so it takes a yes."""
        from sitepub.domains.hosts.outcome import failed

        doubted = {one.name for one in self.prepared.plan.hosts if one.settled and one.name in names}
        if not doubted:
            return []
        records = {key: record for key, record in self.ledger.state.hosts.items() if record.host in doubted}
        # Whatever comes of it: the next run does not believe these records either.
        self.ledger.update(hosts={**self.ledger.state.hosts, **{
            key: msgspec.structs.replace(record, settings_hash="") for key, record in records.items()}})
        hosts = replace(self.prepared.hosts, hosts=tuple(
            host for host in self.prepared.hosts.hosts if host.host in doubted))
        try:
            plan = hosts.plan(records, verify=True)
        except Interrupted:
            raise
        except SitepubError as error:
            return [failed(one, error) for one in self.prepared.plan.hosts if one.name in doubted]
        plan = replace(plan, hosts=tuple(one for one in plan.hosts if not one.takes_down))
        added = not_covered(plan.steps, ())
        try:
            if added:
                self.approve(added)
        except Refused:
            return [failed(one, PlanChanged(one.name, "; ".join(
                f"{step.summary} ({step.reason})" for step in one.steps))) for one in plan.hosts if one.work]
        self.steps += plan.steps
        for step in plan.steps:
            words = step.summary.removeprefix(f"{step.host}: ")
            self.listener.done(step.host, f"its purge was refused: {words} ({step.reason})")
        return hosts.apply(plan, self.ledger, self.listener, self.ledger.stop, wait=self.wait)


def _fresh(outcomes: Collection[HostOutcome]) -> set[str]:
    return {one.host for one in outcomes if one.fresh}
