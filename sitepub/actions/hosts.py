"""The custom domains of a deploy: planned with it, brought about when the site is live, purged last."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from sitepub.config.project import Project
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import HostStep, HostStepKind
from sitepub.errors import PartlyDone, Problem, SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.remote import Remote
from sitepub.publish.unpurged import purged_hosts, unpurged_after
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.host_setup import HostOutcome
    from sitepub.domains.hosts import Hosts, HostsPlan
    from sitepub.domains.purge import Purged
    from sitepub.domains.services import Listener
    from sitepub.publish.host_records import HostLedger


_PURGE_PATIENCE = 10.0
"""Seconds that a deploy follows a purge, to tell what fails at once; it takes minutes to reach every node."""


@dataclass(frozen=True, slots=True)
class HostsPrepared:
    """The hosts' part of a deploy, thought through and not begun."""

    hosts: Hosts
    plan: HostsPlan
    purges: tuple[HostStep, ...] = ()

    @property
    def steps(self) -> tuple[HostStep, ...]:
        return (*self.plan.steps, *self.purges)

    @property
    def empty(self) -> bool:
        """Nothing that sitepub would do."""
        return not self.plan.work and not self.plan.failed and not self.purges

    @property
    def settled(self) -> bool:
        """Nothing to do and nothing to write down."""
        return self.plan.settled and not self.purges

    @property
    def unchanged(self) -> list[HostOutcome]:
        """What is said of hosts that need nothing."""
        from sitepub.domains.host_setup import HostOutcome

        return [HostOutcome(one.name, one.edge, "unchanged", one.record.cname) for one in self.plan.hosts]


@dataclass(frozen=True, slots=True)
class HostsDone:
    """What became of the hosts."""

    outcomes: tuple[HostOutcome, ...] = ()
    purged: tuple[Purged, ...] = ()
    records: Mapping[str, HostRecord] = field(default_factory=dict)
    steps: tuple[HostStep, ...] = ()


def open_site_hosts(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]) -> Hosts:
    """The hosts of a site, connected; nothing is sent yet."""
    from sitepub.domains.account_domains import open_hosts

    return open_hosts(project, cloud, remote.bucket, remote.states.store, remote.states.key, records)


def prepare_hosts(project: Project, cloud: Cloud, remote: Remote, prepared: Prepared, *,
                  verify: bool) -> HostsPrepared | None:
    """``None``: the site has no custom domains and never had one. Changes nothing. Raises
    :class:`~sitepub.errors.ConfigError` and :class:`~sitepub.errors.Refused` for what is wrong with the
    project's hosts; trouble of the cloud is in the plan of the host."""
    records = prepared.base.hosts
    if not project.hosts and not records:
        return None
    hosts = open_site_hosts(project, cloud, remote, records)
    plan = hosts.plan(records, verify=verify)
    return HostsPrepared(hosts, plan, _purge_steps(project, prepared, plan))


def _purge_steps(project: Project, prepared: Prepared, plan: HostsPlan) -> tuple[HostStep, ...]:
    from sitepub.domains.purge_plan import paths_of

    keys = unpurged_after(prepared.base.unpurged, prepared.plan, project)
    paths = paths_of(keys, project.website)
    if not paths:
        return ()
    created = {step.host for step in plan.steps if step.kind is HostStepKind.CREATE}
    again = prepared.empty
    words = "everything" if paths.everything else f"{len(paths.pages)} address" + (
        "es" if len(paths.pages) != 1 else "")
    reason = "an earlier deploy did not purge it" if again else "what changed"
    return tuple(HostStep(HostStepKind.PURGE, host.host, f"purge {words} from {host.host}", reason, edge=host.edge)
                 for host in purged_hosts(project)
                 if host.host not in created)


def apply_hosts(project: Project, remote: Remote, prepared: HostsPrepared, listener: Listener,
                stop: threading.Event, *, wait: bool) -> HostsDone:
    """Bring the hosts to their plan, then purge what changed. Under the lock; what was done is written down
    step by step. Raises :class:`~sitepub.errors.Interrupted`, :class:`~sitepub.errors.Refused` for the lock;
    what failed for single hosts is in the answer."""
    from sitepub.publish.host_records import HostLedger
    from sitepub.publish.lock import Lock
    from sitepub.publish.workers import EitherEvent

    lost = threading.Event()
    stopped = EitherEvent(stop, lost)
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set) as lock:
        state = remote.states.load()
        if state is None:
            raise SitepubError("the site was removed by somebody else meanwhile", code="SiteGone")
        ledger = HostLedger(remote.states, lock, state)
        outcomes = prepared.hosts.apply(prepared.plan, ledger, listener, stopped, wait=wait)
        purged = _purge(project, prepared, outcomes, ledger, listener, stopped, wait=wait)
    return HostsDone(tuple(outcomes), tuple(purged), ledger.state.hosts, prepared.steps)


def _purge(project: Project, prepared: HostsPrepared, outcomes: Sequence[HostOutcome], ledger: HostLedger,
           listener: Listener, stop: threading.Event, *, wait: bool) -> list[Purged]:
    from sitepub.domains.purge import Order, Purger
    from sitepub.domains.purge_plan import paths_of

    paths = paths_of(ledger.state.unpurged, project.website)
    fresh = {one.host for one in outcomes if one.fresh}
    # One that was to be created is new, or is not there yet: nothing of it is in a cache either way.
    empty = fresh | {step.host for step in prepared.plan.steps if step.kind is HostStepKind.CREATE}
    # Once more where an earlier run got as far as this host: no clock tells what a cache holds, and a purge
    # too many costs little.
    stale = [host for host in purged_hosts(project) if host.host not in empty]
    hosts = prepared.hosts
    purger = Purger(lambda host: hosts.edge_of(host.edge), listener, stop, patience=_PURGE_PATIENCE)
    purged: list[Purged] = []
    if paths and stale:
        purged = purger.purge(stale, Order(paths, wait=wait))
        records = dict(ledger.state.hosts)
        for one in purged:
            host = next(host for host in project.hosts if host.host == one.host)
            record = records.get(one.host) or HostRecord(host=one.host, edge=host.edge)
            records[one.host] = msgspec.structs.replace(record, purge=one.as_record())
        ledger.update(hosts=records)
    if ledger.state.unpurged and not any(one.failed for one in purged):
        ledger.update(unpurged=())
    if paths or fresh:
        purger.prefetch([host for host in project.hosts
                         if host.settings.get("pushCdn") and (host.host in fresh or host.host not in empty)])
    return purged


def host_removal_steps(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]
                       ) -> tuple[HostStep, ...]:
    """What ``remove`` does with the hosts, from what is remembered."""
    if not records:
        return ()
    return open_site_hosts(project, cloud, remote, records).removal(records).steps


def take_down_hosts(project: Project, cloud: Cloud, remote: Remote, listener: Listener,
                    stop: threading.Event) -> tuple[HostOutcome, ...]:
    """Take every host down. Raises :class:`~sitepub.errors.PartlyDone` when one of them could not be; the
    records stay then, and nothing else was deleted."""
    from sitepub.publish.host_records import HostLedger
    from sitepub.publish.lock import Lock
    from sitepub.publish.workers import EitherEvent

    lost = threading.Event()
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set) as lock:
        state = remote.states.load()
        if state is None:
            return ()
        ledger = HostLedger(remote.states, lock, state)
        hosts = open_site_hosts(project, cloud, remote, state.hosts)
        outcomes = hosts.take_down_all(state.hosts, ledger, listener, EitherEvent(stop, lost))
    raise_if_failed(HostsDone(tuple(outcomes)), "the site stays, because not all of its hosts could be taken down")
    return tuple(outcomes)


def raise_if_failed(done: HostsDone, headline: str = "the site is live, but not everything could be done for its"
                    " hosts") -> None:
    """Raises :class:`~sitepub.errors.PartlyDone` with every host that failed."""
    failures = [one for one in done.outcomes if one.error is not None]
    bad_purges = [one for one in done.purged if one.failed]
    if not failures and not bad_purges:
        return
    lines = [f"  {one.host}: {_without_host(one.error.message, one.host)}" + (
        f"\n    {one.error.hint}" if one.error.hint else "") + (
        f"\n    request id: {one.error.request_id}" if one.error.request_id else "")
             for one in failures if one.error is not None]
    lines += [f"  {one.host}: purge: {one.failed}" for one in bad_purges]
    first = next((one.error for one in failures if one.error is not None), None)
    raise PartlyDone(
        f"{headline}:\n" + "\n".join(lines),
        code=first.code if first is not None and len(failures) == 1 else "PartlyDone",
        hint="what was done is written down: run the same command again to do the rest",
        request_id=first.request_id if first is not None else None)


def _without_host(message: str, host: str) -> str:
    return message.removeprefix(f"{host}: ")


def problems_of(prepared: HostsPrepared) -> list[Problem]:
    """What the plan could not find out, as warnings."""
    return [Problem(one.error.message, one.host.position if one.host is not None else None, one.error.hint)
            for one in prepared.plan.failed if one.error is not None]


def planned_objects(project: Project, prepared: HostsPrepared) -> list[dict[str, Any]]:
    """Every host of a plan for programs."""
    errors = {(one.name, one.edge): one.error for one in prepared.plan.failed}
    return [{**one, "error": _error(errors.get((one["host"], one["edge"])))}
            for one in host_objects(project, prepared.steps)]


def _error(error: SitepubError | None) -> dict[str, Any] | None:
    return None if error is None else {"code": error.code, "message": error.message,
                                       "request_id": error.request_id}


def host_objects(project: Project, steps: Sequence[HostStep], done: HostsDone | None = None) -> list[dict[str, Any]]:
    """Every host for programs; one that moves to another edge stands there once for each."""
    by_host: dict[tuple[str, str], list[HostStep]] = {(host.host, host.edge): [] for host in project.hosts}
    for step in steps:
        by_host.setdefault((step.host, step.edge), []).append(step)
    outcomes = {(one.host, one.edge): one for one in (done.outcomes if done is not None else ())}
    purged = {one.host: one for one in (done.purged if done is not None else ())}
    records: dict[tuple[str, str], HostRecord] = {
        (one.host, one.edge): one for one in (done.records.values() if done is not None else ())}
    return [_object(name, by_host.get(name, []), outcomes.get(name), purged.get(name[0]), records.get(name))
            for name in dict.fromkeys([*by_host, *outcomes])]


def _object(name: tuple[str, str], steps: Sequence[HostStep], outcome: HostOutcome | None, purged: Purged | None,
            record: HostRecord | None) -> dict[str, Any]:
    found: dict[str, Any] = {"host": name[0], "edge": name[1], "steps": [step.as_object() for step in steps]}
    if outcome is not None:
        found |= {"status": outcome.status, "cname": outcome.cname, "done": list(outcome.done),
                  "waiting": outcome.waiting, "left": list(outcome.left), "error": _error(outcome.error)}
    if record is not None and record.certificate is not None:
        found["certificate"] = {"id": record.certificate.id, "until": record.certificate.not_after}
    if purged is not None:
        found["purged"] = {"what": purged.what, "tasks": list(purged.tasks), "failed": purged.failed}
    return found
