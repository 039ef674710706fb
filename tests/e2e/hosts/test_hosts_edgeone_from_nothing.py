"""A host comes to EdgeOne in an account that has a plan and nothing else, also from the classic CDN, with its
visitors."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.amount import AMOUNT
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Sitepub, make_sitepub
from tests.e2e.test_e2e_domains import Guest, cdn_domain
from tests.edgeone_zone import allow_dnspod, zones_named

FILES = {"index.html": "here", "error.html": "no"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("nothing") / "data", "--pace", "0.3") as cloud:
        yield cloud


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(cloud, home)


class Reader:
    """Visits a host over and over; what was not the page is kept."""

    def __init__(self, guest: Guest, host: str) -> None:
        self._guest, self._host = guest, host
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.visits, self.faults = 0, list[str]()

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _read(self) -> None:
        while not self._stop.wait(0.1):
            self.visits += 1
            try:
                page = self._guest.get(f"https://{self._host}", f"/?{self.visits}")
            except OSError as error:
                self.faults.append(repr(error))
                continue
            if (page.status, page.body) != (200, b"here"):
                self.faults.append(f"{page.status} {page.body[:60]!r}")


@pytest.mark.parametrize("through", ["cname", pytest.param("dnspod", marks=pytest.mark.skipif(
    AMOUNT != "long", reason="the same in the other way: tests/run --long"))])
def test_a_host_that_moves_from_the_cdn_is_prepared_before_its_visitors_come_and_can_go_back(
    program: Sitepub, make_site: MakeSite, cloud: LocalCloud, through: str
) -> None:
    account, zone = Account(cloud), f"nothing-{through}-{os.getpid()}.com"
    host = f"www.{zone}"
    account.zone(zone)
    if through == "dnspod":
        allow_dnspod(account.sdk)
    site = make_site(f"coming-{through}", FILES, https="auto", hosts=[{"host": host}])
    program.deploy(site.folder)
    site.configure(https="auto", hosts=[{"host": host, "edge": "edgeone"}])
    with Reader(Guest(cloud), host) as reader:
        report = program.deploy(site.folder, "--yes")
        assert Guest(cloud).get(f"https://{host}").headers.get("eo-cache-status")
    assert reader.faults == [] and reader.visits > 10
    assert [step["kind"] for one in report["hosts"] if one["edge"] == "edgeone" for step in one["steps"]] == [
        "zone", "zone ownership", "create", "certificate", "dns"]
    assert {(one["edge"], one["status"]) for one in report["hosts"]} == {("edgeone", "online"), ("cdn", "removed")}
    [made] = zones_named(account.sdk, zone)
    assert (made["Type"], made["Status"]) == ({"cname": "partial", "dnspod": "dnsPodAccess"}[through], "active")
    assert cdn_domain(account, host) is None
    # Back: the CDN takes no host that EdgeOne has, so that there is a gap is said; nothing of EdgeOne is left.
    site.configure(https="auto", hosts=[{"host": host}])
    program.deploy(site.folder, "--yes")
    assert Guest(cloud).get(f"https://{host}").body == b"here" and zones_named(account.sdk, zone) == []
    assert program("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert account.records(zone, "www") == []
