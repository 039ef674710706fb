"""Readers who load pages with all that those need, while the site is deployed, shared, taken back, and runs die."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from sitepub.domains.service_api import ServiceApi
from sitepub.errors import SitepubError
from sitepub.publish.slots.share_change import change_share
from sitepub.publish.slots.switching import held
from sitepub.site.snapshot import Snapshot
from tests.amount import times
from tests.conftest import running_cloud
from tests.publish.memory_cloud import Killed
from tests.publish.sites import site_file, snapshot
from tests.publish.slots.real_slots import Browser, RealSlots, counted, real_slots

PAGES = 6
_NAMED = re.compile(rb"release (\d+) needs (\S+) and (\S+)")
READERS = ({"User-Agent": "Mozilla/5.0 one", "Accept": "text/html"},
           {"User-Agent": "Mozilla/5.0 two", "Accept": "text/html", "Cookie": "sitepub-visitor=17"},
           {"User-Agent": "Mozilla/5.0 three", "Accept": "text/html", "Cookie": "sitepub-visitor=9900"})


def site_of(number: int) -> Snapshot:
    """Every page, an asset under the same name each time, and one with the hash in its name: all say which release they
    are of."""
    css, plain = f"app.{number:04}.css", "plain.css"
    pages = [site_file(f"p{page}/index.html", f"release {number} needs /{css} and /{plain} page {page}".encode(),
                       "text/html", 60) for page in range(PAGES)]
    return snapshot(*pages, site_file(css, f"release {number}".encode(), "text/css", 60),
                    site_file(plain, f"release {number}".encode(), "text/css", 60),
                    site_file("error.html", f"release {number} has no such page".encode(), "text/html"))


class Reader(threading.Thread):
    """Loads one page after the other, each with its assets, until it is stopped."""

    def __init__(self, site: RealSlots, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._browser = Browser(site.local, site.host, READERS[number])
        self._random = random.Random(number)
        self._stopped = stop
        self.faults: list[str] = []
        self.pages = 0
        self.releases: set[int] = set()

    def run(self) -> None:
        try:
            while not self._stopped.is_set() and not self.faults:
                self._load(self._random.randrange(PAGES))
        except Exception as error:
            self.faults.append(repr(error))

    def _load(self, page: int) -> None:
        path = f"/p{page}/"
        status, body = self._browser.get(path)
        found = _NAMED.match(body)
        if status != 200 or found is None:
            self.faults.append(f"{path}: {status} {body[:80]!r}")
            return
        release = int(found[1])
        self.pages += 1
        self.releases.add(release)
        hashed, plain = found[2].decode(), found[3].decode()
        status, body = self._browser.get(hashed, {"Accept": "text/css", "Referer": path})
        if (status, body) != (200, f"release {release}".encode()):
            self.faults.append(f"{hashed} of a page of {release}: {status} {body[:80]!r}")
        # Its name says nothing of its content: it is that of the release that the visitor gets now, whole.
        status, body = self._browser.get(plain, {"Accept": "text/css"})
        if status != 200 or not re.fullmatch(rb"release \d+", body):
            self.faults.append(f"{plain}: {status} {body[:80]!r}")


@pytest.fixture(scope="module")
def slotted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSlots]:
    folder = tmp_path_factory.mktemp("reader")
    with (running_cloud(folder / "data", "--pace", "0") as local,
          real_slots(local, folder, slots=3, site=site_of(0)) as site):
        yield site


def test_readers_see_one_release_whole_through_deploys_shares_rollbacks_and_kills(slotted: RealSlots) -> None:
    stop = threading.Event()
    readers = [Reader(slotted, number, stop) for number in range(len(READERS))]
    for one in readers:
        one.start()
    choice, done = random.Random(1), {"deploy": 0, "share": 0, "back": 0, "killed": 0}
    site, last = slotted, 0
    try:
        for turn in range(times(7, quick=7)):
            act = ("deploy", "share", "deploy", "back", "deploy", "share", "back")[turn % 7]
            site.life.left = choice.randrange(25) if turn % 3 == 1 else None
            try:
                if act == "back":
                    back(site)
                else:
                    last += 1
                    site.deploy(site_of(last), **({"part": 0.5} if act == "share" else {"ends": True}))
            except Killed:
                done["killed"] += 1
            finally:
                site.life.left = None
            done[act] += 1
            assert not [one.faults for one in readers if one.faults], (turn, act)
        last += 1
        site.deploy(site_of(last), ends=True)
    finally:
        stop.set()
        for one in readers:
            one.join(60)
    assert not [one.faults for one in readers if one.faults]
    assert all(done.values()) and sum(one.pages for one in readers) > 3 * len(readers)
    assert len(set().union(*(one.releases for one in readers))) > 2, "they saw several releases"
    route = site.led()[site.host]
    assert route.live is not None and route.share is None
    browser = Browser(site.local, site.host, READERS[0])
    assert browser.get("/p1/")[1].startswith(f"release {last} ".encode())


def back(site: RealSlots) -> None:
    """A share ends; else to what another slot holds, if it is another release than the live one."""
    state = site.state()
    assert state.slots is not None
    if state.shares:
        with held(site.remote) as there:
            assert there is not None
            change_share(there, site.pointer, 0)
        return
    for one in state.slots.all:
        if one.name != state.slots.live and one.release:
            with suppress(AssertionError, SitepubError):
                site.go_back(one.release)
                return


def test_the_way_back_is_one_call_that_changes_something_and_no_request_that_writes_to_the_bucket(
        slotted: RealSlots, monkeypatch: pytest.MonkeyPatch) -> None:
    slotted.deploy(site_of(500), ends=True)
    first = slotted.state().release
    slotted.deploy(site_of(501), ends=True)
    assert first is not None
    calls: list[str] = []
    real = ServiceApi.call

    def call(self: ServiceApi, service: str, action: str, *rest: Any, **named: Any) -> Any:
        calls.append(action)
        return real(self, service, action, *rest, **named)

    monkeypatch.setattr(ServiceApi, "call", call)
    counted(slotted.local, "/reset")
    slotted.go_back(first.id)
    done = counted(slotted.local)
    browser = Browser(slotted.local, slotted.host, READERS[0])
    assert browser.get("/p1/")[1].startswith(b"release 500 ")
    bucket = f"slots-{slotted.number}-{slotted.local.app_id}"
    assert done["buckets"].get(bucket, {}) == {}, "nothing is uploaded, copied or even looked at there"
    assert calls and done["operations"]["CloudApi"] == len(calls)
    assert [one for one in calls if not one.startswith("Describe")] == ["HandleFunctionRuntimeEnvironment"]
