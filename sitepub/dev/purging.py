"""``sitepub dev --purge``: what has changed is purged from the caches of the custom domains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sitepub.config.project import Project
from sitepub.errors import SitepubError
from sitepub.publish.states.state import State
from sitepub.publish.states.unpurged import purged_hosts

Purge = Callable[[Project, Sequence[str]], object]
"""Purges what the state says is to be purged, from the hosts of this project. Takes the keys that have changed."""


class Purging:
    """Only hosts that a deploy has set up have a cache to purge; for others it is reported once that they have
    none."""

    def __init__(self, purge: Purge, note: Callable[[str], None]) -> None:
        self._purge = purge
        self._note = note
        self._noted: set[str] = set()

    def after_publish(self, project: Project, state: State, changed: Sequence[str]) -> SitepubError | None:
        """What went wrong is returned, since the site is live all the same. What was not purged stays in the state,
        for the next purge."""
        try:
            self._purge_changes(project, state, changed)
        except SitepubError as error:
            return error
        return None

    def _purge_changes(self, project: Project, state: State, changed: Sequence[str]) -> None:
        hosts = purged_hosts(project)
        if not hosts:
            self._note_once("nothing is purged: " + (
                "`refreshCdn` and `autoRefresh` switch it off" if project.hosts else "the site has no custom domains"))
            return
        # A host with `onlyRefresh` has no record of a setup.
        ready = tuple(host for host in hosts if host.only_refresh or (
            (record := state.hosts.get(host.host)) is not None and record.cname))
        for host in hosts:
            if host not in ready:
                self._note_once(f"{host.host} is not purged: `sitepub deploy` has not set it up yet")
        if ready:
            self._purge(replace(project, hosts=ready), changed)

    def _note_once(self, sentence: str) -> None:
        if sentence not in self._noted:
            self._noted.add(sentence)
            self._note(sentence)
