"""``sitepub dev --purge``: what is saved reaches the visitors of a custom domain's cache, and no more."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.dev.dev_process import Site, environment, running, until
from tests.domains.account import Account
from tests.e2e.conftest import Sitepub

FILES = {"index.html": "<h1>Hello</h1>", "error.html": "<h1>Not here</h1>", "css/site.css": "body{}",
         "css/other.css": "h1{}"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("purged") / "data", "--pace", "0.05") as cloud:
        yield cloud


@pytest.fixture
def account(cloud: LocalCloud) -> Iterator[Account]:
    account = Account(cloud)
    yield account
    account.switches(quota={"url_day": 10_000, "path_day": 100})


@pytest.fixture
def own(make_site: Callable[..., Site], cloud: LocalCloud, account: Account) -> Site:
    site = make_site(cloud)
    zone = f"{site.name}-{os.getpid()}.com"
    account.zone(zone)
    site.configure(hosts=[{"host": f"www.{zone}"}])
    site.write(FILES)
    return site


def host(site: Site) -> str:
    return str(site.config["hosts"][0]["host"])


def on_the_edge(site: Site, path: str) -> tuple[str, str]:
    """What a visitor of the domain gets, and whether it comes from the cache."""
    connection = http.client.HTTPConnection("127.0.0.1", site.cloud.edge_http, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": host(site)})
        answer = connection.getresponse()
        return answer.read().decode(), answer.headers["X-Cache"]
    finally:
        connection.close()


def deploy(site: Site, home: Path) -> None:
    run = Sitepub(site.cloud, environment(site.cloud, home))("deploy", "--local", "--json", cwd=site.root)
    assert run.code == 0, run.err + run.out


def purges(dev: Any) -> list[str]:
    return [line for line in dev.lines if "purged" in line]


def test_a_saved_page_leaves_the_cache_and_the_others_stay(own: Site, home: Path) -> None:
    deploy(own, home)
    with running(own, home, "--purge") as dev:
        for path in ("/css/site.css", "/css/other.css"):
            on_the_edge(own, path)
            assert on_the_edge(own, path)[1] == "HIT"
        own.write({"css/site.css": "saved"})
        until(lambda: len(purges(dev)) == 1, "the purge")
        until(lambda: on_the_edge(own, "/css/site.css")[0] == "saved", "the new page on the edge")
        assert on_the_edge(own, "/css/other.css")[1] == "HIT"
        assert dev.failures == []


def test_without_purge_nothing_leaves_the_cache_until_the_next_deploy(own: Site, home: Path) -> None:
    deploy(own, home)
    on_the_edge(own, "/css/site.css")
    with running(own, home):
        own.write({"css/site.css": "saved"})
        own.wait_until_equal()
    assert on_the_edge(own, "/css/site.css") == (FILES["css/site.css"], "HIT")
    deploy(own, home)
    until(lambda: on_the_edge(own, "/css/site.css")[0] == "saved", "what dev has left to it")


def test_a_host_that_is_not_set_up_is_reported_once_and_purged_when_it_is(own: Site, home: Path) -> None:
    with running(own, home, "--purge") as dev:
        for number in range(3):
            own.write({"css/site.css": f"saved {number}"})
            own.wait_until_equal()
        sentence = f"{host(own)} is not purged: `sitepub deploy` has not set it up yet"
        dev.wait_for_line(sentence)
        deploy(own, home)
        on_the_edge(own, "/css/site.css")
        own.write({"css/site.css": "saved when it was there"})
        until(lambda: on_the_edge(own, "/css/site.css")[0] == "saved when it was there", "the new page on the edge")
        assert sum(sentence in line for line in dev.lines) == 1 and dev.failures == []


def test_a_purge_that_fails_is_reported_and_done_with_the_next_publish(own: Site, account: Account, home: Path) -> None:
    deploy(own, home)
    with running(own, home, "--purge") as dev:
        on_the_edge(own, "/css/site.css")
        account.switches(quota={"url_day": 0, "path_day": 0})
        own.write({"css/site.css": "saved"})
        until(lambda: dev.failures, "the failure")
        assert dev.failures[0]["code"] == "PurgeFailed" and "quota" in dev.failures[0]["message"]
        assert on_the_edge(own, "/css/site.css")[0] == FILES["css/site.css"]
        account.switches(quota={"url_day": 10_000, "path_day": 100})
        own.write({"css/other.css": "saved later"})
        until(lambda: on_the_edge(own, "/css/site.css")[0] == "saved", "the first page on the edge")
        assert len(dev.failures) == 1
