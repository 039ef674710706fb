"""The custom domains of a deploy: what is planned for them, what became of them, and how a failure is reported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sitepub.actions.deploying.hosts_done import HostsDone as HostsDone
from sitepub.config.project import Project
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import AgreedAddresses, HostStep, HostStepKind, PlanChanged
from sitepub.errors import ChangedSincePlan, PartlyDone, SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.unpurged import purged_hosts, unpurged_after, unrouted
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.hosts.outcome import HostOutcome
    from sitepub.domains.hosts.site_hosts import Hosts, HostsPlan
    from sitepub.domains.job import Listener

SOME_FAILED = "the site is live, but not everything could be done for its hosts"


Approve = Callable[[Sequence[HostStep]], None]
"""Is shown the steps that were not in the plan, and raises :class:`~sitepub.errors.Refused` to decline."""


@dataclass(frozen=True, slots=True)
class HostsPrepared:
    """The hosts' part of a deploy: planned and not begun."""

    hosts: Hosts
    plan: HostsPlan
    keys: tuple[str, ...] = ()
    """Object keys that the edges may hold an old answer for."""

    @property
    def steps(self) -> tuple[HostStep, ...]:
        return self.plan.steps

    @property
    def empty(self) -> bool:
        """Nothing that sitepub would do."""
        return not self.plan.work and not self.plan.failed

    @property
    def settled(self) -> bool:
        """Nothing to do and nothing to write down."""
        return self.plan.settled

    @property
    def unchanged(self) -> list[HostOutcome]:
        """The outcome of hosts that need nothing."""
        from sitepub.domains.hosts.outcome import HostOutcome

        return [HostOutcome(one.name, one.edge, "unchanged", one.record.cname) for one in self.plan.hosts]

    @property
    def untouched(self) -> HostsDone:
        """The outcome of hosts whose turn did not come."""
        return self.not_begun("not begun, because some files are not published")

    def not_begun(self, why: str) -> HostsDone:
        """The outcome of hosts whose turn did not come."""
        from sitepub.domains.hosts.outcome import HostOutcome

        return HostsDone(tuple(
            HostOutcome(one.name, one.edge, "unchanged" if one.settled else "waiting", one.record.cname,
                        waiting="" if one.settled else why)
            for one in self.plan.hosts), steps=self.steps)

    def after(self, project: Project, published: Prepared) -> HostsPrepared:
        """With the purges of what was published. Files may have been planned again under the lock, and agreed to."""
        project = unrouted(project, published.base.slots)
        keys = unpurged_after(published.base.unpurged, published.plan, project)
        caches = (*_purges(project, published, self.plan, keys), *_prefetches(project, self.plan, bool(keys)))
        return replace(self, plan=replace(self.plan, caches=caches), keys=keys)


def open_site_hosts(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]) -> Hosts:
    """The hosts of a site, connected; nothing is sent yet."""
    from sitepub.domains.hosts.open_hosts import open_hosts

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
    if project.preview is not None and any(one.edge == "edgeone" and one.host not in records for one in project.hosts):
        from sitepub.publish.previews.zones import zones_of_previews

        hosts = replace(hosts, others_zones=zones_of_previews(remote))
    # Who has lost the lock may have changed them, too.
    plan = hosts.plan(records, verify=verify or prepared.base.unsure is not None)
    return HostsPrepared(hosts, plan).after(project, prepared)


def _purges(project: Project, prepared: Prepared, plan: HostsPlan, keys: tuple[str, ...]) -> Iterator[HostStep]:
    from sitepub.domains.purge.plan import paths_of

    paths = paths_of(keys, project.website)
    if not paths:
        return
    words = "everything" if paths.everything else f"{len(paths.pages)} address" + (
        "es" if len(paths.pages) != 1 else "")
    reason = "an earlier deploy did not purge it" if prepared.empty else "what changed"
    for host in purged_hosts(project):
        if host.host not in plan.nothing_cached:
            yield HostStep(HostStepKind.PURGE, host.host, f"purge {words} from {host.host}", reason, edge=host.edge,
                           agreed=AgreedAddresses(keys))


def _prefetches(project: Project, plan: HostsPlan, stale: bool) -> Iterator[HostStep]:
    """What ``pushCdn`` names is brought into the caches again when something in them is stale, or a domain is new."""
    from sitepub.domains.purge.purging import prefetch_of

    for host in project.hosts if stale or plan.creates else ():
        addresses = tuple(prefetch_of(host)[2])
        missing = host.host in plan.nothing_cached and host.host not in plan.creates
        if addresses and host.edge != "cos" and not missing:
            count = f"{len(addresses)} address" + ("es" if len(addresses) != 1 else "")
            yield HostStep(HostStepKind.PREFETCH, host.host, f"prefetch {count} of {host.host}", "pushCdn",
                           edge=host.edge, agreed=AgreedAddresses(addresses))


def host_removal_steps(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]
                       ) -> tuple[HostStep, ...]:
    """What ``remove`` does with the hosts, from what is remembered."""
    if not records:
        return ()
    return open_site_hosts(project, cloud, remote, records).removal(records).steps


def take_down_hosts(project: Project, cloud: Cloud, remote: Remote, listener: Listener, stop: threading.Event, *,
                    shown: Sequence[HostStep], approve: Approve) -> tuple[HostOutcome, ...]:
    """Take every host down. ``approve`` is asked again when more would go than was ``shown``. Raises
    :class:`~sitepub.errors.PartlyDone` (``done``: the outcomes) when one of them could not be; the records stay
    then, and nothing else was deleted."""
    from sitepub.domains.steps import not_covered
    from sitepub.publish.states.host_records import open_ledger

    with open_ledger(remote, stop) as ledger:
        if ledger is None:
            return ()
        records = ledger.state.hosts
        hosts = open_site_hosts(project, cloud, remote, records)
        plan = hosts.removal(records)
        added = not_covered(plan.steps, shown)
        if added:
            approve(added)
        outcomes = replace(hosts, hosts=()).apply(plan, ledger, listener, ledger.stop)
    raise_if_failed(HostsDone(tuple(outcomes)), tuple(outcomes),
                    "the site stays, because not all of its hosts could be taken down")
    return tuple(outcomes)


def raise_if_failed(hosts: HostsDone, done: object, headline: str = SOME_FAILED) -> None:
    """Raises :class:`~sitepub.errors.PartlyDone` with every host that failed. ``done``: what the whole work would
    have answered.
    :class:`~sitepub.errors.ChangedSincePlan` when one of them is not as it was planned."""
    failures = {one.host: one.error for one in hosts.outcomes if one.error is not None}
    # An account that is refused is refused twice, and a purge is refused for a reason: once will do.
    bad_purges = [one for one in hosts.purged if one.failed and not isinstance(failures.get(one.host), PlanChanged)
                  and (one.host not in failures or one.failed != failures[one.host].message)]
    if not failures and not bad_purges:
        return
    alone = len(failures) + len(bad_purges) == 1
    lines = [line for host, error in failures.items() for line in _failure_lines(host, error, alone=alone)]
    lines += [f"  {one.host}: purge: {without_host(one.failed, one.host)}" for one in bad_purges]
    first = next(iter(failures.values()), None)
    changed = any(isinstance(error, PlanChanged) for error in failures.values())
    raise (ChangedSincePlan if changed else PartlyDone)(
        f"{headline}:\n" + "\n".join(lines),
        code=ChangedSincePlan.code if changed else first.code if first is not None and len(failures) == 1
        else "PartlyDone",
        hint="what was done is recorded: run the same command again to do the rest",
        request_id=(first.request_id if first is not None else bad_purges[0].request_id) if alone else None,
        done=done)


def _failure_lines(host: str, error: SitepubError, *, alone: bool) -> Iterator[str]:
    """``alone``: the request id is that of the whole error, which is shown with it."""
    yield f"  {host}: {without_host(error.message, host)}"
    if error.hint:
        yield f"    {error.hint}"
    if error.request_id and not alone:
        yield f"    request id: {error.request_id}"


def without_host(message: str, host: str) -> str:
    """For a line that begins with the host."""
    return message.removeprefix(f"{host}: ")


def unplanned(prepared: HostsPrepared | None) -> PartlyDone | None:
    """Why a plan is not complete: hosts that could not be checked. ``None``: all could."""
    errors = {} if prepared is None else {
        one.name: one.error for one in prepared.plan.failed if one.error is not None}
    if not errors:
        return None
    first = next(iter(errors.values()))
    alone = len(errors) == 1
    return PartlyDone(
        "the plan is not complete, because not all hosts could be checked:\n"
        + "\n".join(line for host, error in errors.items() for line in _failure_lines(host, error, alone=alone)),
        code=first.code if alone else "PartlyDone", request_id=first.request_id if alone else None,
        hint="deploy would publish the files, and end with this error for the hosts")
