"""Carries out the hosts' part of a deploy: each host is brought to its plan, then what changed is purged, and a host
whose purge fails is looked at again."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from sitepub.actions.hosts import HostsDone, HostsPrepared
from sitepub.config.project import Host, Project
from sitepub.domains.records import HostRecord
from sitepub.errors import Interrupted, SitepubError
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.unpurged import purged_hosts

if TYPE_CHECKING:
    from sitepub.domains.hosts.setup import HostOutcome
    from sitepub.domains.purge.purging import Purged, Purger
    from sitepub.domains.services import Listener
    from sitepub.publish.states.host_records import HostLedger

_PURGE_PATIENCE = 10.0
"""Seconds that a deploy follows a purge, to tell what fails at once; it takes minutes to reach every node."""


def apply_hosts(project: Project, remote: Remote, prepared: HostsPrepared, listener: Listener,
                stop: threading.Event, *, wait: bool) -> HostsDone:
    """Bring the hosts to their plan, then purge what changed. Under the lock; what was done is written down
    step by step. Raises :class:`~sitepub.errors.Interrupted`, :class:`~sitepub.errors.Refused` for the lock;
    what failed for single hosts is in the answer."""
    from sitepub.publish.locking.lock import Lock
    from sitepub.publish.states.host_records import HostLedger
    from sitepub.publish.workers import EitherEvent

    lost = threading.Event()
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set) as lock:
        state = remote.states.load()
        if state is None:
            raise SitepubError("the site was removed by somebody else meanwhile", code="SiteGone")
        ledger = HostLedger(remote.states, lock, state)
        done = _Run(project, prepared, ledger, listener, EitherEvent(stop, lost), wait).carry_out()
    raise_if_interrupted(done.purged, stop)
    return done


def raise_if_interrupted(purged: Sequence[Purged], stop: threading.Event) -> None:
    """Raises :class:`~sitepub.errors.Interrupted` when Ctrl-C ended the look at a purge that the edge has accepted."""
    going = [one.host for one in purged if one.tasks and not one.done and not one.failed]
    if going and stop.is_set():
        raise Interrupted(f"Interrupted while the purge of {', '.join(going)} was spreading.",
                          hint="the edge has accepted it and goes on by itself: there is nothing left to do")


@dataclass(frozen=True, slots=True)
class _Run:
    project: Project
    prepared: HostsPrepared
    ledger: HostLedger
    listener: Listener
    stop: threading.Event
    wait: bool

    def carry_out(self) -> HostsDone:
        outcomes = self.prepared.hosts.apply(self.prepared.plan, self.ledger, self.listener, self.stop,
                                             wait=self.wait)
        outcomes, purged = self._purge(outcomes)
        return HostsDone(tuple(outcomes), tuple(purged), self.ledger.state.hosts, self.prepared.steps)

    def _purge(self, outcomes: Sequence[HostOutcome]) -> tuple[list[HostOutcome], list[Purged]]:
        """Purge what the state says is stale. Answers the outcomes too: looking again may change one."""
        from sitepub.domains.purge.plan import paths_of
        from sitepub.domains.purge.purging import Purger

        paths = paths_of(self.ledger.state.unpurged, self.project.website)
        told = {(one.host, one.edge): one for one in outcomes}
        # One that was to be created is new, or is not there yet: nothing of it is in a cache either way.
        empty = _fresh(outcomes) | self.prepared.plan.nothing_cached
        # Once more where an earlier run got as far as this host: no clock tells what a cache holds, and a purge
        # too many costs little.
        stale = [host for host in purged_hosts(self.project) if host.host not in empty]
        hosts = self.prepared.hosts
        purger = Purger(lambda host: hosts.edge_of(host.edge), self.listener, self.stop, patience=_PURGE_PATIENCE)
        purged: list[Purged] = []
        if paths and stale:
            purged = self._send(purger, stale)
            again = self._look_again({one.host for one in purged if one.refused})
            told |= {(one.host, one.edge): one for one in again}
            empty |= _fresh(again)
            repaired = {one.host for one in again if one.status == "online"} - empty
            anew = self._send(purger, [host for host in stale if host.host in repaired])
            by_host = {one.host: one for one in (*purged, *anew)}
            purged = [by_host[host.host] for host in stale if host.host in by_host and host.host not in empty]
            self._write_down(purged)
        if self.ledger.state.unpurged and not any(one.failed for one in purged):
            self.ledger.update(unpurged=())
        if paths or _fresh(told.values()):
            self._prefetch(purger, empty - _fresh(told.values()))
        return list(told.values()), purged

    def _send(self, purger: Purger, hosts: Sequence[Host]) -> list[Purged]:
        from sitepub.domains.purge.plan import paths_of
        from sitepub.domains.purge.purging import Order

        if not hosts:
            return []
        return purger.purge(hosts, Order(paths_of(self.ledger.state.unpurged, self.project.website), wait=self.wait))

    def _write_down(self, purged: Sequence[Purged]) -> None:
        edges = {host.host: host.edge for host in self.project.hosts}
        records = dict(self.ledger.state.hosts)
        for one in purged:
            record = records.get(one.host) or HostRecord(host=one.host, edge=edges[one.host])
            records[one.host] = msgspec.structs.replace(record, purge=one.as_record())
        self.ledger.update(hosts=records)

    def _prefetch(self, purger: Purger, missing: Collection[str]) -> None:
        """A cache that is not filled beforehand fills itself: a failure is told and is none of the deploy."""
        for one in purger.prefetch([host for host in self.project.hosts
                                    if host.settings.get("pushCdn") and host.host not in missing]):
            if one.failed:
                self.listener.todo(one.host, f"prefetch failed: {one.failed}")

    def _look_again(self, names: Collection[str]) -> list[HostOutcome]:
        """Hosts that were believed to be as their records say, and whose edge refused a purge: somebody may have
        deleted or stopped one elsewhere. It is set up again, unless that takes a question first."""
        from sitepub.domains.hosts.setup import HostOutcome, failed

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
        asked = {one.name: one for one in plan.hosts if one.destructive and not one.takes_down}
        going = replace(plan, hosts=tuple(one for one in plan.hosts if one.name not in asked and not one.takes_down))
        for one in going.hosts:
            for step in one.work:
                words = step.summary.removeprefix(f"{one.name}: ")
                self.listener.done(one.name, f"looked at again, because its purge was refused: {words} ({step.reason})")
        return [*hosts.apply(going, self.ledger, self.listener, self.stop, wait=self.wait), *(
            HostOutcome(one.name, one.edge, "failed", one.record.cname, error=SitepubError(
                f"{one.name} was changed elsewhere: {'; '.join(step.summary for step in one.destructive)}",
                code="HostsNotConfirmed", hint="Run sitepub deploy again: it shows what it would do, and asks."))
            for one in asked.values())]


def _fresh(outcomes: Collection[HostOutcome]) -> set[str]:
    return {one.host for one in outcomes if one.fresh}
