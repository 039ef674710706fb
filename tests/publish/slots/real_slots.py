"""A site with slots in the embedded cloud: real requests, the real router on the embedded edge, runs that die."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sitepub.actions.slots.zone_pointer import ZonePointer
from sitepub.config.project import Host, Project, Releases
from sitepub.domains.router.route import Route
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.state import State
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from tests.conftest import LocalCloud
from tests.domains.account import Account
from tests.edgeone_zone import made_zone
from tests.publish.memory_cloud import Killed, project
from tests.publish.slots.slotted import WEEK, Slotted

WRITES = ("put", "copy", "delete", "put_folder_rules", "put_website", "ensure", "point", "forget")


class Life:
    """How many writes a run does before it is no more; ``None``: it lives."""

    def __init__(self) -> None:
        self.left: int | None = None
        self._lock = threading.Lock()

    def spend(self) -> None:
        with self._lock:
            if self.left is None:
                return
            self.left -= 1
            if self.left < 0:
                raise Killed


class Mortal:
    """Something that writes, in a run that may die before any write. Dead, it reads and writes nothing any more."""

    def __init__(self, inner: Any, life: Life) -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in WRITES:
            return found

        def write(*args: Any, **named: Any) -> Any:
            self._life.spend()
            return found(*args, **named)

        return write


class RealSlots(Slotted):
    """``deploy`` and ``go_back`` as in :class:`Slotted`."""

    def __init__(self, local: LocalCloud, folder: Path, *, slots: int = 2) -> None:
        number = uuid.uuid4().hex[:8]
        self.local, self.folder, self.number = local, folder, number
        super().__init__(slots=slots, hosts=(f"www.slots-{number}.com",))
        self.connected = Cloud(Credentials(local.secret_id, local.secret_key), local.app_id, local.region,
                               local.address)
        self.life = Life()
        self.threads = 64
        self._open = open_remote(self.project, self.connected)
        self._pointer = ZonePointer(self.connected)

    @property
    def host(self) -> str:
        return self.hosts[0]

    @property
    def project(self) -> Project:
        return project(self.folder, bucket_name=f"slots-{self.number}", state_bucket=f"states-{self.number}",
                       region=self.local.region, protocol="http",
                       hosts=tuple(Host(host, edge="edgeone") for host in self.hosts),
                       releases=Releases(keep_assets=WEEK, slots=self.slots))

    @property
    def remote(self) -> Remote:
        there = self._open
        states = type(there.states)(Mortal(there.states.store, self.life), there.states.prefix)
        return replace(there, project=self.project, store=Mortal(there.store, self.life), states=states,
                       settings=Mortal(there.settings, self.life))

    @property
    def pointer(self) -> Any:
        return Mortal(self._pointer, self.life)

    def begin(self, site: Snapshot) -> None:
        """The first deploy, and the host; the second one turns the slots on."""
        place = replace(self.remote, project=replace(self.project, hosts=()))
        publish(place, site, prepare(place, site), PublishOptions(allow_delete=True))
        account = Account(self.local)
        zone = self.host.removeprefix("www.")
        account.zone(zone)
        origin = f"{place.bucket}.cos-website.{self.local.region}.myqcloud.com"
        id = made_zone(account.sdk, zone, kind="dnsPodAccess")
        account.sdk("teo", "CreateAccelerationDomain", {
            "ZoneId": id, "DomainName": self.host, "OriginProtocol": "HTTP",
            "OriginInfo": {"OriginType": "IP_DOMAIN", "Origin": origin, "HostHeader": origin}})
        self.deploy(site)

    def led(self) -> Mapping[str, Route]:
        return self._pointer.read(self.hosts)

    def state(self) -> State:
        state = open_remote(self.project, self.connected).states.load()
        assert state is not None
        return state

    def close(self) -> None:
        self._open.close()


class Browser:
    """Asks the embedded edge, on a connection of its own."""

    def __init__(self, local: LocalCloud, host: str, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", local.edge_http, timeout=60)
        self._headers = {"Host": host, **headers}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        self._connection.request("GET", path, headers={**self._headers, **(headers or {})})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def counted(local: LocalCloud, what: str = "") -> dict[str, Any]:
    """The requests that the embedded cloud has counted; ``/reset``: it begins anew."""
    request = urllib.request.Request(f"{local.endpoint}/-/requests{what}", headers=local.allowed,
                                     method="POST" if what else "GET")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


@contextmanager
def real_slots(local: LocalCloud, folder: Path, *, slots: int = 2, site: Snapshot) -> Iterator[RealSlots]:
    found = RealSlots(local, folder, slots=slots)
    try:
        found.begin(site)
        yield found
    finally:
        found.close()

