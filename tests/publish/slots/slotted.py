"""A site with slots in a cloud in memory, and visitors who are led by a pointer in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sitepub.config.project import Host, Project, Releases
from sitepub.domains.router.route import Route
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.release.origin import Origin
from sitepub.publish.slots.going_back import point_back, slot_with
from sitepub.publish.slots.share_turn import ShareTurn
from sitepub.publish.slots.switching import held, lead, off
from sitepub.publish.slots.turn import Turn
from sitepub.publish.states import releases as records
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import State
from sitepub.settings.wanted import wanted_settings
from sitepub.site.snapshot import Snapshot
from tests.publish.memory_cloud import MemoryCloud, project, remote
from tests.publish.release.kept import seen_by_others
from tests.publish.sites import BUCKET

HOST = "www.example.com"
WEEK = 7 * 86400
_NEEDS = re.compile(r"<needs (.*?)>")


class MemoryPointer:
    """Implements :class:`~sitepub.publish.slots.pointer.Pointer`. What it writes is a write of the cloud, so a run can
    be killed there."""

    def __init__(self, cloud: MemoryCloud, routes: dict[str, Route]) -> None:
        self.cloud = cloud
        self.routes = routes
        """Shared by all runs."""

    def read(self, hosts: Sequence[str]) -> Mapping[str, Route]:
        self.cloud.read("routes", "")
        return {host: self.routes[host] for host in hosts if host in self.routes}

    def ensure(self, hosts: Sequence[str]) -> None:
        with self.cloud.writing("ensure", " ".join(hosts)):
            pass

    def point(self, routes: Sequence[Route]) -> None:
        with self.cloud.writing("point", " ".join(route.host for route in routes)):
            self.routes.update({route.host: route for route in routes})

    def forget(self, hosts: Sequence[str], site: str) -> None:
        with self.cloud.writing("forget", " ".join(hosts)):
            for host in hosts:
                assert host not in self.routes or self.routes[host].site == site
                self.routes.pop(host, None)


class Slotted:
    """One site with slots, deployed by one run after the other."""

    def __init__(self, *, slots: int = 2, keep: int = WEEK, hosts: Sequence[str] = (HOST,), **changes: Any) -> None:
        self.cloud = MemoryCloud()
        self.routes: dict[str, Route] = {}
        self.hosts = tuple(hosts)
        self.changes = changes
        self.keep, self.slots = keep, slots
        self.threads = 1

    @property
    def project(self) -> Project:
        return project(hosts=tuple(Host(host, edge="edgeone") for host in self.hosts),
                       releases=Releases(keep_assets=self.keep, slots=self.slots), **self.changes)

    @property
    def remote(self) -> Remote:
        return remote(self.cloud, self.project)

    @property
    def pointer(self) -> MemoryPointer:
        return MemoryPointer(self.cloud, self.routes)

    def deploy(self, site: Snapshot, **options: Any) -> Outcome:
        """As ``sitepub deploy`` does: the root and, once it is there, the slots; then the hosts."""
        place = self.remote
        part, ends = options.pop("part", None), options.pop("ends", False)
        prepared = prepare(place, site, verify=options.pop("verify", False), force=options.pop("force", False))
        turn = (ShareTurn(self.pointer, self.slots, part=part) if part is not None
                else Turn(self.pointer, self.slots, ends=ends) if self.slots > 1 else None)
        self.turn = turn
        how = PublishOptions(**{"allow_delete": True, "threads": self.threads, "first": turn, **options})
        outcome = publish(place, site, prepared, how)
        if outcome.status in (Status.PUBLISHED, Status.UNCHANGED):
            self.settle(place, outcome)
        return outcome

    def go_back(self, release: str) -> None:
        """As ``sitepub rollback`` does where a slot holds the release."""
        place = self.remote
        with held(place) as site:
            assert site is not None
            found = records.Releases(place.states.store, place.states.prefix, place.states.shards).read(
                release, site.state)
            assert found.record.website is not None
            slot = slot_with(place, site.state, found, found.record.website)
            assert slot is not None, "no slot holds it"
            point_back(site, self.pointer, slot, found, Origin(of=release), self.slots)

    def settle(self, place: Remote, outcome: Outcome) -> None:
        slots = outcome.state.slots
        if self.slots == 1:
            if slots is not None:
                with held(place) as site:
                    assert site is not None
                    off(site, self.pointer)
        elif slots is None or not slots.live or slots.hosts != tuple(sorted(self.hosts)):
            wanted = wanted_settings(place.project, place.bucket, {})
            with held(place) as site:
                assert site is not None
                lead(site, self.pointer, self.hosts, self.slots, wanted, PublishOptions(threads=self.threads))

    # -- what visitors see -----------------------------------------------------------------------------

    @property
    def objects(self) -> Mapping[str, bytes]:
        return {key: there.data for key, there in self.cloud.bucket(BUCKET).objects.items()}

    @property
    def root(self) -> dict[str, bytes]:
        return {key: data for key, data in self.objects.items() if not key.startswith(".sitepub/")}

    def seen(self, host: str = HOST, *, shared: bool = False) -> dict[str, bytes]:
        """All that the visitors of a host can load, beside what stays for open pages. ``shared``: those who have the
        share, if one runs."""
        route = self.routes.get(host)
        if route is None or route.live is None:
            return self.root
        folder = (route.share.slot if shared and route.share is not None else route.live).path
        return {key.removeprefix(folder): data for key, data in self.objects.items() if key.startswith(folder)}

    def load(self, key: str, host: str = HOST) -> bytes | None:
        """As the router answers: what is no page is looked for in the slot before."""
        route, found = self.routes.get(host), self.seen(host).get(key)
        if found is None and route is not None and route.before is not None and not key.endswith(".html"):
            return self.objects.get(route.before.slot.path + key)
        return found

    def state(self) -> State:
        state = remote(seen_by_others(self.cloud), self.project).states.load()
        assert state is not None
        return state


def contents(site: Snapshot) -> dict[str, bytes]:
    return {file.key: file.data or b"" for file in site}


def needed_by(page: bytes) -> list[str]:
    return _NEEDS.findall(page.decode())
