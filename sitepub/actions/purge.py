"""Purging and warming the caches of the hosts by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sitepub.actions.connect import connect
from sitepub.actions.host_run import raise_if_interrupted
from sitepub.actions.hosts import without_host
from sitepub.actions.interrupt import stopping
from sitepub.config.project import Host, Project
from sitepub.domains.records import HostRecord
from sitepub.errors import PartlyDone, Refused, SitepubError
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.state import State

if TYPE_CHECKING:
    from sitepub.domains.job import Listener
    from sitepub.domains.purge.purging import Order, Purged

_WARMED = 500
"""Pages that are warmed when none are named; a day has 1,000 prefetches (CDN API 228/42014)."""
Listening = Callable[[], AbstractContextManager["Listener"]]


@dataclass(frozen=True, slots=True)
class PurgeOptions:
    local: bool = False
    profile: str | None = None
    everything: bool = False
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    hosts: tuple[Purged, ...]
    """Empty: there was nothing to do."""
    left_out: int = 0
    """Pages that were not warmed: too many."""


def purge(project: Project, words: Sequence[str], options: PurgeOptions, environ: Mapping[str, str],
          listener: Listening) -> Done:
    """Purge what is named, everything, or (with neither) what deploys have changed and not purged.

    Raises :class:`~sitepub.errors.UsageError` for a host that is not the project's,
    :class:`~sitepub.errors.PartlyDone` (``done``: a :class:`Done`) with every host that failed.
    """
    cached = _cached(project)
    order = _order(project, words, options)
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=2) as remote:
        state = remote.states.load()
        rest = not words and not options.everything
        if rest:
            order = _unpurged(project, state, options)
        if not cached or (rest and not order.paths):
            return Done(())
        with stopping() as stop, listener() as hears:
            from sitepub.domains.hosts.open_hosts import Edges
            from sitepub.domains.purge.purging import Purger

            edges = Edges.of(cloud, remote.bucket)
            done = Purger(lambda host: edges(host.edge), hears, stop).purge(cached, order)
        if state is not None:
            _remember(project, remote, done, state, all_of_it=rest or options.everything)
        raise_if_interrupted(done, stop)
    found = Done(tuple(done))
    _raise_if_failed(found, "purge", "the purge", state)
    return found


def warm(project: Project, words: Sequence[str], options: PurgeOptions, environ: Mapping[str, str],
         listener: Listening) -> Done:
    """Prefetch paths into the caches: the named ones, else those of ``pushCdn``, else the live site's pages."""
    from sitepub.domains.purge.plan import named_paths
    from sitepub.domains.purge.purging import Purger

    cached = _cached(project)
    asked = named_paths(words, [host.host for host in cached], project.website, exact=True)
    if asked.folders:
        raise SitepubError("a folder cannot be warmed: name the paths in it", code="Usage")
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ)
    with open_remote(project, cloud, connections=2) as remote:
        paths: Mapping[str, Sequence[str]] | None = asked.pages or None
        left_out = 0
        state = remote.states.load()
        if paths is None and not any(host.settings.get("pushCdn") for host in cached):
            pages = _pages(project, state)
            paths, left_out = {"": pages[:_WARMED]}, max(0, len(pages) - _WARMED)
        with stopping() as stop, listener() as hears:
            from sitepub.domains.hosts.open_hosts import Edges

            edges = Edges.of(cloud, remote.bucket)
            done = Purger(lambda host: edges(host.edge), hears, stop).prefetch(cached, paths)
    found = Done(tuple(done), left_out)
    _raise_if_failed(found, "warm", "the prefetch", state)
    return found


def _cached(project: Project) -> tuple[Host, ...]:
    """The hosts that have a cache."""
    return tuple(host for host in project.hosts if host.edge != "cos")


def _order(project: Project, words: Sequence[str], options: PurgeOptions) -> Order:
    from sitepub.domains.purge.plan import Paths, named_paths
    from sitepub.domains.purge.purging import Order

    if options.everything:
        return Order(Paths(everything=True), extra=False, wait=options.wait)
    asked = named_paths(words, [host.host for host in project.hosts], project.website)
    every = asked.pages.get("", ())
    per_host = {host.host: Paths(tuple(sorted({*every, *asked.pages.get(host.host, ())})))
                for host in project.hosts}
    return Order(Paths(tuple(sorted(set(every)))), per_host, asked.folders, extra=False, wait=options.wait)


def _unpurged(project: Project, state: State | None, options: PurgeOptions) -> Order:
    from sitepub.domains.purge.plan import paths_of
    from sitepub.domains.purge.purging import Order

    keys = state.unpurged if state is not None else ()
    return Order(paths_of(keys, project.website), wait=options.wait)


def _remember(project: Project, remote: Remote, done: Sequence[Purged], found: State, *, all_of_it: bool) -> None:
    """Write the purges into the state, unless a deploy has it: that is going to purge for itself."""
    from sitepub.publish.states.host_records import open_ledger

    edges = {host.host: host.edge for host in project.hosts}
    try:
        with open_ledger(remote) as ledger:
            if ledger is None:
                return
            state = ledger.state
            hosts = dict(state.hosts)
            for one in done:
                if one.failed and one.host not in hosts:
                    continue  # it was never set up, and a record would say that it was
                record = hosts.get(one.host) or HostRecord(host=one.host, edge=edges[one.host])
                hosts[one.host] = msgspec.structs.replace(record, purge=one.as_record())
            settled = all_of_it and state.unpurged == found.unpurged and not any(one.failed for one in done)
            ledger.update(hosts=hosts, unpurged=() if settled else state.unpurged)
    except Refused:
        return


def _pages(project: Project, state: State | None) -> list[str]:
    """The paths of the live site's pages, the shortest first: what visitors come in by."""
    from sitepub.domains.purge.plan import page_paths

    keys = [key for key in (state.manifest if state is not None else {})
            if key.endswith((".html", ".htm")) and key != project.website.error]
    return sorted((min(page_paths(key, project.website)[:2], key=len) for key in keys), key=lambda one: (len(one), one))


_STEPS = {"domain": "its domain is not there yet, or not seen to be there",
          "certificate": "its certificate is not done",
          "dns": "its DNS record is not seen yet", "verify": "what visitors get was not checked yet",
          "removal": "its removal was begun"}
"""The step of a setup that was not seen to end, in words."""


def _not_set_up(one: Purged, state: State | None) -> str:
    """Why the host has no cache to purge, by what the deploys have written down; "": its setup was finished once."""
    record = state.hosts.get(one.host) if state is not None else None
    if record is not None and (record.verified or record.settings_hash) and not record.setup:
        return ""
    why = _STEPS.get(record.setup, "no deploy has finished it") if record is not None else "no deploy has set it up"
    code = f" ({one.failed.rpartition('(')[2]}" if one.failed.endswith(")") else ""
    return f"this host is not set up yet, and so has no cache: {why}{code}"


def _raise_if_failed(done: Done, command: str, what: str, state: State | None) -> None:
    failed = [one for one in done.hosts if one.failed]
    if not failed:
        return
    unready = {one.host: words for one in failed if one.absent and (words := _not_set_up(one, state))}
    lines = "\n".join(f"  {one.host}: {unready.get(one.host) or without_host(one.failed, one.host)}" for one in failed)
    request_id = next((one.request_id for one in failed if one.request_id), None)
    hint = f"run sitepub {command} again when the reason is gone"
    if len(unready) == len(failed):
        hint = f"run sitepub deploy: it sets up the hosts, or goes on with it; then there is something to {command}"
    elif any(one.refused for one in failed):
        hint = ("sitepub deploy --verify checks the domains, and sets up again what was deleted or stopped elsewhere;"
                f" then run sitepub {command} again")
    if len(failed) == len(done.hosts):
        raise SitepubError(f"{what} failed:\n{lines}", code="PurgeFailed", hint=hint, request_id=request_id)
    raise PartlyDone(f"{what} failed for {len(failed)} of {len(done.hosts)} hosts:\n{lines}", hint=hint,
                     request_id=request_id, done=done)
