"""The custom domains of a deploy: what is planned for them, what became of them, and how a failure is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import HostStep, HostStepKind
from sitepub.errors import PartlyDone, SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.unpurged import purged_hosts, unpurged_after
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.domains.hosts.setup import HostOutcome
    from sitepub.domains.hosts.site_hosts import Hosts, HostsPlan
    from sitepub.domains.purge.purging import Purged
    from sitepub.domains.services import Listener

SOME_FAILED = "the site is live, but not everything could be done for its hosts"


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
        from sitepub.domains.hosts.setup import HostOutcome

        return [HostOutcome(one.name, one.edge, "unchanged", one.record.cname) for one in self.plan.hosts]

    @property
    def untouched(self) -> HostsDone:
        """What is said of the hosts when the files before them failed."""
        from sitepub.domains.hosts.setup import HostOutcome

        return HostsDone(tuple(
            HostOutcome(one.name, one.edge, "unchanged" if one.settled else "waiting", one.record.cname,
                        waiting="" if one.settled else "not begun, because some files are not published")
            for one in self.plan.hosts), steps=self.steps)


@dataclass(frozen=True, slots=True)
class HostsDone:
    """What became of the hosts."""

    outcomes: tuple[HostOutcome, ...] = ()
    purged: tuple[Purged, ...] = ()
    records: Mapping[str, HostRecord] = field(default_factory=dict)
    steps: tuple[HostStep, ...] = ()


def open_site_hosts(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]) -> Hosts:
    """The hosts of a site, connected; nothing is sent yet."""
    from sitepub.domains.hosts.account_domains import open_hosts

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
    # Who has lost the lock may have changed them, too.
    plan = hosts.plan(records, verify=verify or prepared.base.unsure is not None)
    return HostsPrepared(hosts, plan, _purge_steps(project, prepared, plan))


def _purge_steps(project: Project, prepared: Prepared, plan: HostsPlan) -> tuple[HostStep, ...]:
    from sitepub.domains.purge.plan import paths_of

    keys = unpurged_after(prepared.base.unpurged, prepared.plan, project)
    paths = paths_of(keys, project.website)
    if not paths:
        return ()
    again = prepared.empty
    words = "everything" if paths.everything else f"{len(paths.pages)} address" + (
        "es" if len(paths.pages) != 1 else "")
    reason = "an earlier deploy did not purge it" if again else "what changed"
    return tuple(HostStep(HostStepKind.PURGE, host.host, f"purge {words} from {host.host}", reason, edge=host.edge)
                 for host in purged_hosts(project)
                 if host.host not in plan.nothing_cached)


def host_removal_steps(project: Project, cloud: Cloud, remote: Remote, records: Mapping[str, HostRecord]
                       ) -> tuple[HostStep, ...]:
    """What ``remove`` does with the hosts, from what is remembered."""
    if not records:
        return ()
    return open_site_hosts(project, cloud, remote, records).removal(records).steps


def take_down_hosts(project: Project, cloud: Cloud, remote: Remote, listener: Listener,
                    stop: threading.Event) -> tuple[HostOutcome, ...]:
    """Take every host down. Raises :class:`~sitepub.errors.PartlyDone` (``done``: the outcomes) when one of them
    could not be; the records stay then, and nothing else was deleted."""
    from sitepub.publish.locking.lock import Lock
    from sitepub.publish.states.host_records import HostLedger
    from sitepub.publish.workers import EitherEvent

    lost = threading.Event()
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set) as lock:
        state = remote.states.load()
        if state is None:
            return ()
        ledger = HostLedger(remote.states, lock, state)
        hosts = open_site_hosts(project, cloud, remote, state.hosts)
        outcomes = hosts.take_down_all(state.hosts, ledger, listener, EitherEvent(stop, lost))
    raise_if_failed(HostsDone(tuple(outcomes)), tuple(outcomes),
                    "the site stays, because not all of its hosts could be taken down")
    return tuple(outcomes)


def raise_if_failed(hosts: HostsDone, done: object, headline: str = SOME_FAILED) -> None:
    """Raises :class:`~sitepub.errors.PartlyDone` with every host that failed. ``done``: what the whole work would
    have answered."""
    failures = {one.host: one.error for one in hosts.outcomes if one.error is not None}
    # An account that is refused is refused twice: once will do.
    bad_purges = [one for one in hosts.purged if one.failed
                  and (one.host not in failures or one.failed != failures[one.host].message)]
    if not failures and not bad_purges:
        return
    alone = len(failures) + len(bad_purges) == 1
    lines = [line for host, error in failures.items() for line in _told(host, error, alone=alone)]
    lines += [f"  {one.host}: purge: {without_host(one.failed, one.host)}" for one in bad_purges]
    first = next(iter(failures.values()), None)
    raise PartlyDone(
        f"{headline}:\n" + "\n".join(lines),
        code=first.code if first is not None and len(failures) == 1 else "PartlyDone",
        hint="what was done is written down: run the same command again to do the rest",
        request_id=(first.request_id if first is not None else bad_purges[0].request_id) if alone else None,
        done=done)


def _told(host: str, error: SitepubError, *, alone: bool) -> Iterator[str]:
    """``alone``: the request id is that of the whole error, which is shown with it."""
    yield f"  {host}: {without_host(error.message, host)}"
    if error.hint:
        yield f"    {error.hint}"
    if error.request_id and not alone:
        yield f"    request id: {error.request_id}"


def without_host(message: str, host: str) -> str:
    """For a line that begins with the host."""
    return message.removeprefix(f"{host}: ")


def not_looked_at(prepared: HostsPrepared | None) -> PartlyDone | None:
    """Why a plan is not whole: hosts that could not be looked at. ``None``: all could."""
    errors = {} if prepared is None else {
        one.name: one.error for one in prepared.plan.failed if one.error is not None}
    if not errors:
        return None
    first = next(iter(errors.values()))
    alone = len(errors) == 1
    return PartlyDone(
        "the plan is not whole, because not all hosts could be looked at:\n"
        + "\n".join(line for host, error in errors.items() for line in _told(host, error, alone=alone)),
        code=first.code if alone else "PartlyDone", request_id=first.request_id if alone else None,
        hint="deploy would publish the files, and end with this error for the hosts")
