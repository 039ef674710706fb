"""Hosts move from each edge to each other one: they are served there, and the old edge has nothing of them any more."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.amount import AMOUNT
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Sitepub, assert_whole_plan_applied, make_sitepub
from tests.e2e.test_e2e_domains import Guest, cdn_domain
from tests.edgeone_zone import made_zone

EDGES = ("cdn", "edgeone", "cos")
FILES = {"index.html": "here", "error.html": "no"}

pytestmark = pytest.mark.skipif(AMOUNT != "long", reason="twelve moves between edges: tests/run --long")


@dataclass(frozen=True)
class Move:
    first: str
    second: str
    https: bool

    @property
    def zone(self) -> str:
        return f"{self.first}-{self.second}-{'https' if self.https else 'plain'}-{os.getpid()}.com"

    @property
    def host(self) -> str:
        return f"www.{self.zone}"

    def settings(self, edge: str) -> dict[str, Any]:
        return {"host": self.host, "edge": edge, **({"https": "auto"} if self.https else {})}


MOVES = [Move(first, second, https) for first, second in itertools.permutations(EDGES, 2) for https in (True, False)]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("moves") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(cloud, home)


@pytest.fixture
def account(cloud: LocalCloud) -> Account:
    return Account(cloud)


def edges_of(account: Account, move: Move) -> set[str]:
    """Where the host is, as the SDK sees it; buckets are seen by their pages."""
    found = {"cdn"} if cdn_domain(account, move.host) is not None else set()
    [zone] = account.sdk("teo", "DescribeZones", {"Filters": [{"Name": "zone-name", "Values": [move.zone]}]})["Zones"]
    domains = account.sdk("teo", "DescribeAccelerationDomains", {"ZoneId": zone["ZoneId"]})["AccelerationDomains"]
    return found | ({"edgeone"} if move.host in [domain["DomainName"] for domain in domains] else set())


def test_hosts_move_from_each_edge_to_each_other_one(
    program: Sitepub, make_site: MakeSite, account: Account, cloud: LocalCloud
) -> None:
    for move in MOVES:
        account.zone(move.zone)
        made_zone(account.sdk, move.zone)
    # A bucket that redirects to https would send the visitors of a plain host of its own there.
    site = make_site("moving", FILES, protocol="http", hosts=[move.settings(move.first) for move in MOVES])
    report = program.deploy(site.folder)
    assert {one["status"] for one in report["hosts"]} == {"online"}
    site.configure(hosts=[move.settings(move.second) for move in MOVES])
    report = program.deploy(site.folder, "--yes")
    assert_whole_plan_applied(report)
    assert {(one["host"], one["edge"], one["status"]) for one in report["hosts"]} == {
        found for move in MOVES for found in (
            (move.host, move.second, "online"), (move.host, move.first, "removed"))}
    for move in MOVES:
        page = Guest(cloud).get(f"{'https' if move.https else 'http'}://{move.host}")
        assert (move, page.status, page.body) == (move, 200, b"here")
        assert edges_of(account, move) == {move.second} - {"cos"}
        [(kind, value, _)] = account.records(move.zone, "www")
        assert kind == "CNAME" and {"cdn": ".cdn.", "edgeone": ".eo.", "cos": ".cos-website."}[move.second] in value
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"
    assert program("remove", "--local", "--json", "--yes", cwd=site.folder).code == 0
    assert [account.records(move.zone, "www") for move in MOVES] == [[]] * len(MOVES)


def test_a_move_to_an_edge_that_wants_the_old_one_to_give_up_first_says_so_and_asks(
    program: Sitepub, make_site: MakeSite, account: Account, cloud: LocalCloud
) -> None:
    zone = f"gap-{os.getpid()}.com"
    account.zone(zone)
    made_zone(account.sdk, zone)
    host = f"www.{zone}"
    site = make_site("gap", FILES, hosts=[{"host": host, "edge": "edgeone"}])
    program.deploy(site.folder)
    site.configure(hosts=[{"host": host, "edge": "cdn"}])
    run = program("deploy", "--local", "--json", cwd=site.folder)
    assert run.code == 5 and "visitors get nothing until it is there" in run.err
    assert cdn_domain(account, host) is None
    assert Guest(cloud).get(f"http://{host}").body == b"here"
    account.switches(product_upgraded=True)
    try:
        assert program("deploy", "--local", "--json", "--yes", cwd=site.folder).code == 4
    finally:
        account.switches(product_upgraded=False)
    # The next run goes on from there.
    report = program.deploy(site.folder, "--yes")
    assert [(one["edge"], one["status"]) for one in report["hosts"]] == [("cdn", "online")]
    assert Guest(cloud).get(f"http://{host}").body == b"here"
    assert program("plan", "--local", "--json", "--verify", cwd=site.folder).json["status"] == "unchanged"
