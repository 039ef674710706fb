"""``sitepub dev --purge``: the caches of the custom domains forget what has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.states.state import State
from sitepub.publish.states.unpurged import purged_hosts

Purge = Callable[[Project, Sequence[str]], None]
"""Purges what the state says is to be purged, from the hosts of this project. Takes the keys that have changed."""


class Purging:
    """Only hosts that a deploy has set up have a cache to purge; of others it is said once that they have none."""

    def __init__(self, purge: Purge, note: Callable[[str], None]) -> None:
        self._purge = purge
        self._note = note
        self._said: set[str] = set()

    def purge(self, project: Project, state: State, changed: Sequence[str]) -> None:
        """Raises what the purge raises. What was not purged stays in the state, for the next one."""
        hosts = purged_hosts(project)
        if not hosts:
            self._once("nothing is purged: " + (
                "caching is left alone by `refreshCdn` and `autoRefresh`" if project.hosts else
                "the site has no custom domains"))
            return
        # A host that is none of sitepub's business but for the purge has no record of a setup.
        there = tuple(host for host in hosts if host.only_refresh or (
            (record := state.hosts.get(host.host)) is not None and record.cname))
        for host in hosts:
            if host not in there:
                self._once(f"{host.host} is not purged: `sitepub deploy` has not set it up yet")
        if there:
            self._purge(replace(project, hosts=there), changed)

    def _once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._note(sentence)


def purged(purging: Purging, project: Project, state: State, changed: Sequence[str]) -> SitepubError | None:
    """The site is live whether this works or not: what goes wrong is an answer."""
    try:
        purging.purge(project, state, changed)
    except SitepubError as error:
        return error
    return None
