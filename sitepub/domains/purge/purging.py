"""Purging and prefetching on the edges: asked for the quota first, followed to the end, failures reported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sitepub.config.project import Host
from sitepub.domains.edges.edge import Edge, PurgeKind, PurgeQuota
from sitepub.domains.job import Listener
from sitepub.domains.poll import Patience, poll
from sitepub.domains.purge.plan import CachedHost, Paths, PurgeBatch, cached_host, plan_purge
from sitepub.domains.records import LastPurge
from sitepub.domains.times import now_iso
from sitepub.errors import CloudError, Interrupted, NetworkError, SitepubError
from sitepub.terminal.sizes import counted

PATIENCE = 300.0
"""Seconds to follow a purge; the CDN says that it takes about five minutes (228/3946)."""
_FIRST, _STEP = 0.2, 3.0
_TOO_MANY_AT_ONCE = frozenset({
    "LimitExceeded.BatchQuota", "LimitExceeded.CdnPurgeUrlExceedBatchLimit",
    "LimitExceeded.CdnPurgeExceedBatchLimit", "LimitExceeded.CdnPurgePathExceedBatchLimit"})
_ABSENT = frozenset({
    "UnauthorizedOperation.CdnHostUnauthorized", "ResourceNotFound.CdnHostNotExists", "ZoneNotFound",
    "InvalidParameter.DomainNotFound", "ResourceUnavailable.DomainNotFound", "ResourceUnavailable.ZoneNotFound"})
"""Said of a host that the account does not have (CDN API 228/30987, EdgeOne API 1552/80731)."""
_EXHAUSTED = frozenset({
    "LimitExceeded.CdnPurgeUrlExceedDayLimit", "LimitExceeded.CdnPurgeExceedDayLimit",
    "LimitExceeded.CdnPurgePathExceedDayLimit", *_TOO_MANY_AT_ONCE, "LimitExceeded.DailyQuota",
    "LimitExceeded.PackNotAllow"})
"""Nothing more of this kind is taken today, or not as much at once, or not with this plan: a wider kind has a quota of
its own."""
_PREFETCHES_A_CALL = 500

EdgeOfHost = Callable[[Host], Edge]


@dataclass(frozen=True, slots=True)
class Purged:
    """What was done for one host."""

    host: str
    addresses: int = 0
    folders: int = 0
    everything: bool = False
    tasks: tuple[str, ...] = ()
    failed: str = ""
    """Why it failed, in whole or in part; "": it was accepted, and done when ``done``."""
    done: bool = False
    """The edge says that it is through."""
    request_id: str | None = None
    refused: bool = False
    """The edge refused it, and not for want of quota: the domain may not be there any more."""
    absent: bool = False
    """The edge may not know the host: what it said is also said of a domain that is not there."""

    @property
    def what(self) -> str:
        """In words: "12 addresses", "1 folder", "everything"."""
        if self.everything:
            return "everything"
        words = []
        if self.addresses:
            words.append(f"{self.addresses:,} address" + ("es" if self.addresses != 1 else ""))
        if self.folders:
            words.append(f"{self.folders:,} folder" + ("s" if self.folders != 1 else ""))
        return " and ".join(words) or "nothing"

    def as_record(self) -> LastPurge:
        return LastPurge(at=now_iso(), what=self.what, tasks=self.tasks, failed=self.failed)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be purged, and how patiently."""

    paths: Paths
    per_host: Mapping[str, Paths] | None = None
    """Instead of ``paths`` for these hosts."""
    folders: Mapping[str, tuple[str, ...]] | None = None
    """Folders (paths with slashes at both ends) besides; host "" is every host."""
    extra: bool = True
    """Also what ``refreshCdn.urls`` names."""
    wait: bool = True


class Purger:
    """Purges several hosts, each from its own edge; hosts of one edge and area share its quota."""

    def __init__(self, edge_of: EdgeOfHost, listener: Listener, stop: threading.Event, *,
                 patience: float = PATIENCE, step: float = _STEP) -> None:
        self._edge_of = edge_of
        self._listener = listener
        self._stop = stop
        self._patience = Patience(patience, _FIRST, step)

    def purge(self, hosts: Sequence[Host], order: Order) -> list[Purged]:
        """Never raises for one host's failure: it is in the answer, and the caller reports it. Raises Interrupted.

        Hosts bound to the bucket itself have no cache and are left out, as are those with nothing to purge."""
        done: list[Purged] = []
        for edge, area, group in self._groups(hosts, done):
            done += self._group(edge, area, group, order)
        by_host = {each.host: each for each in done}
        return [by_host[host.host] for host in hosts if host.host in by_host]

    def _groups(self, hosts: Sequence[Host], done: list[Purged]) -> list[tuple[Edge, str, list[Host]]]:
        """Hosts that share a quota. What cannot be put into a group is put into ``done``."""
        groups: dict[tuple[int, str, str], tuple[Edge, str, list[Host]]] = {}
        for host in hosts:
            edge = self._edge_of(host)
            if edge.kind == "cos":
                continue
            try:
                pool = edge.quota_pool(host.host, host.area)
            except (CloudError, NetworkError) as error:
                done.append(_failure(Purged(host.host), error))
                continue
            groups.setdefault((id(edge), host.area, pool), (edge, host.area, []))[2].append(host)
        return list(groups.values())

    def _group(self, edge: Edge, area: str, hosts: Sequence[Host], order: Order) -> list[Purged]:
        names = [host.host for host in hosts]
        try:
            self._listener.status(names[0], "asking for the purge quota")
            quota = edge.purge_quota(names[0], area)
        except (CloudError, NetworkError) as error:
            return [_failure(Purged(name), error) for name in names]
        done: list[Purged] = []
        for paths, group in _same_paths(hosts, order):
            cached = [_with_folders(cached_host(host), order) for host in group]
            plan = plan_purge(cached, paths, quota)
            for each in cached:
                batches = plan.of(each.host)
                if each.host in plan.left:
                    done.append(Purged(each.host, failed=_exhausted(quota)))
                elif batches:
                    result, quota = self._send(edge, area, each, paths, batches, quota)
                    done.append(result)
        if order.wait:
            done = self._follow(edge, done)
        for result in done:
            if result.tasks and not result.failed:
                ending = "" if result.done else "; it reaches every node within about 5 minutes"
                self._listener.done(result.host, f"purged {result.what}{ending}")
        return done

    def _send(self, edge: Edge, area: str, host: CachedHost, paths: Paths, batches: Sequence[PurgeBatch],
              quota: PurgeQuota) -> tuple[Purged, PurgeQuota]:
        """What was done, and the quota that is left then."""
        result = Purged(host.host, everything=paths.everything and bool(batches))
        waiting = list(batches)
        while waiting:
            batch = waiting.pop(0)
            if self._stop.is_set():
                raise Interrupted("Interrupted while purging.", hint="run the same command again to continue;"
                                  " sitepub purge --all purges everything")
            self._listener.status(host.host, f"purging {_amount(batch)}")
            try:
                tasks = edge.purge(host.host, batch.kind, batch.addresses, area=area,
                                   flush_type=batch.flush_type)
            except CloudError as error:
                if error.code in _EXHAUSTED:
                    # The quota was used up elsewhere since it was asked for, or the edge did not say what it is.
                    wider = plan_purge([host], paths, _wider_than(batch.kind, quota)).batches
                    if error.code not in _TOO_MANY_AT_ONCE:
                        quota = _without(quota, batch.kind)
                    if wider:
                        waiting = list(wider)
                        continue
                result = _failure(result, error)
                continue
            except NetworkError as error:
                result = _failure(result, error)
                continue
            quota = _less(quota, batch)
            urls = batch.kind is PurgeKind.URLS
            result = replace(result, tasks=(*result.tasks, *tasks),
                             addresses=result.addresses + (len(batch.addresses) if urls else 0),
                             folders=result.folders + (len(batch.addresses) if batch.kind is PurgeKind.FOLDERS else 0),
                             everything=result.everything or batch.kind is PurgeKind.HOST)
        return result, quota

    def _follow(self, edge: Edge, done: Sequence[Purged]) -> list[Purged]:
        """Ask for the tasks until they are through, or patience is."""
        results = list(done)

        def look() -> bool | None:
            open_tasks = [task for each in results if not each.done and not each.failed for task in each.tasks]
            if not open_tasks:
                return True
            try:
                states = edge.purge_status(open_tasks)
            except (CloudError, NetworkError):
                # Accepted it was; how far it is cannot be seen.
                return True
            results[:] = [_followed(each, states) for each in results]
            return True if all(each.done or each.failed or not each.tasks for each in results) else None

        def status(passed: float) -> None:
            for each in results:
                if not each.done and not each.failed:
                    self._listener.status(each.host, f"purge of {each.what} is spreading, {passed:.0f} s")

        # The edge goes on by itself.
        with suppress(Interrupted):
            poll(look, self._patience, status, self._stop)
        return results

    def prefetch(self, hosts: Sequence[Host], paths: Mapping[str, Sequence[str]] | None = None
                 ) -> list[Purged]:
        """Prefetch addresses into the caches: the given paths by host ("" is every host), else what ``pushCdn``
        names. Failures are in the answer."""
        done = []
        for host in hosts:
            edge = self._edge_of(host)
            area, agent, addresses = prefetch_of(host)
            if paths is not None:
                addresses = list(cached_host(host).addresses(
                    dict.fromkeys([*paths.get("", ()), *paths.get(host.host, ())])))
            if not addresses or edge.kind == "cos":
                continue
            result = Purged(host.host)
            for at in range(0, len(addresses), _PREFETCHES_A_CALL):
                batch = addresses[at:at + _PREFETCHES_A_CALL]
                if self._stop.is_set():
                    left = counted(len(addresses) - at, "address", "addresses")
                    raise Interrupted(f"Interrupted before {left} of {host.host} could be asked for.",
                                      hint="run the same command again")
                self._listener.status(host.host, f"prefetching {counted(len(batch), 'address', 'addresses')}")
                try:
                    tasks = edge.prefetch(batch, area=area, user_agent=agent)
                except (CloudError, NetworkError) as error:
                    result = _failure(result, error)
                    continue
                result = replace(result, tasks=(*result.tasks, *tasks),
                                 addresses=result.addresses + len(batch))
            if not result.failed:
                self._listener.done(host.host, f"prefetch of {result.what} ordered")
            done.append(result)
        return done


def prefetch_of(host: Host) -> tuple[str, str, list[str]]:
    """Area, User-Agent and addresses of ``pushCdn``."""
    push = host.settings.get("pushCdn") or {}
    scheme = cached_host(host).schemes[0]
    addresses = [str(url) if "://" in str(url) else f"{scheme}://{host.host}/{str(url).lstrip('/')}"
                 for url in push.get("urls") or ()]
    return str(push.get("area") or host.area), str(push.get("userAgent") or ""), addresses


def _same_paths(hosts: Sequence[Host], order: Order) -> list[tuple[Paths, list[Host]]]:
    if order.per_host is None:
        return [(order.paths, list(hosts))]
    groups: dict[Paths, list[Host]] = {}
    for host in hosts:
        groups.setdefault(order.per_host.get(host.host, order.paths), []).append(host)
    return list(groups.items())


def _with_folders(cached: CachedHost, order: Order) -> CachedHost:
    named = order.folders or {}
    folders = cached.addresses([*named.get("", ()), *named.get(cached.host, ())])
    if not order.extra:
        return replace(cached, extra=(), extra_folders=folders)
    return replace(cached, extra_folders=(*cached.extra_folders, *folders))


def _less(quota: PurgeQuota, batch: PurgeBatch) -> PurgeQuota:
    number = len(batch.addresses)
    if batch.kind is PurgeKind.URLS:
        return replace(quota, urls=quota.urls - number)
    if batch.kind is PurgeKind.FOLDERS:
        return replace(quota, folders=quota.folders - number)
    return replace(quota, hosts=quota.hosts - number)


def _without(quota: PurgeQuota, kind: PurgeKind) -> PurgeQuota:
    return replace(quota, **{{PurgeKind.URLS: "urls", PurgeKind.FOLDERS: "folders", PurgeKind.HOST: "hosts"}[kind]: 0})


def _wider_than(kind: PurgeKind, quota: PurgeQuota) -> PurgeQuota:
    """For another try after a kind was refused."""
    if kind is PurgeKind.URLS:
        return replace(quota, urls=0)
    return replace(quota, urls=0, folders=0, hosts=quota.hosts if kind is PurgeKind.FOLDERS else 0)


def _amount(batch: PurgeBatch) -> str:
    count = len(batch.addresses)
    match batch.kind:
        case PurgeKind.URLS:
            return counted(count, "address", "addresses")
        case PurgeKind.FOLDERS:
            return counted(count, "folder")
    return "the whole host"


def _followed(result: Purged, states: Mapping[str, str]) -> Purged:
    if result.done or result.failed or not result.tasks:
        return result
    statuses = [states.get(task, "process") for task in result.tasks]
    if any(status == "fail" for status in statuses):
        return replace(result, failed="the edge could not carry it out; run `sitepub purge` again")
    return replace(result, done=all(status == "done" for status in statuses))


def _failure(result: Purged, error: SitepubError) -> Purged:
    text = error.message if not error.code or error.code in error.message else f"{error.message} ({error.code})"
    quota = error.code.startswith(("LimitExceeded", "RequestLimitExceeded"))
    return replace(result, failed=result.failed or text, request_id=result.request_id or error.request_id,
                   refused=result.refused or (isinstance(error, CloudError) and not quota),
                   absent=result.absent or error.code in _ABSENT)


def _exhausted(quota: PurgeQuota) -> str:
    return (f"today's purge quota does not suffice ({quota.urls:,} addresses and {quota.folders:,} folders are"
            " left): old pages stay until they expire in the cache; `sitepub purge` tomorrow, or ask support for"
            " more")
