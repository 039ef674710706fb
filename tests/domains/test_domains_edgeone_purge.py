"""Purges on EdgeOne within the quota of the zone's plan, which is asked first."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.domains.edges.edge import PurgeQuota
from sitepub.domains.edges.edgeone import EdgeOne, quota_of
from sitepub.domains.purge.plan import CachedHost, Paths, plan_purge
from sitepub.domains.purge.purging import Order, Purged, Purger
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import AccessDenied
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account, Heard
from tests.domains.edge_cases import QUICK, Case, make_case

PLENTY = {"edgeone_batch": 500, "edgeone_day": 5000, "edgeone_prefix_batch": 500, "edgeone_prefix_day": 5000,
          "edgeone_host_batch": 500, "edgeone_host_day": 5000}
PAGES = Paths(tuple(f"/posts/{number}.html" for number in range(5)))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("purges") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def case(cloud: LocalCloud) -> Iterator[Case]:
    """A zone of its own: its quota is fresh."""
    yield make_case("edgeone", cloud)
    Account(cloud).switches(quota=PLENTY)


def purge(case: Case, *hosts: str, api: ServiceApi | None = None, paths: Paths = PAGES, **order: Any) -> list[Purged]:
    edge = EdgeOne(api or case.account.api, waiting=QUICK)
    return Purger(lambda _host: edge, Heard(), threading.Event(), patience=20).purge(
        [Host(host, edge="edgeone") for host in hosts], Order(paths, **order))


def sent(case: Case, host: str) -> list[tuple[str, list[str]]]:
    """Kind and targets of each call, the first first."""
    zone = case.ready(host).zone
    told = case.account.sdk("teo", "DescribePurgeTasks", {
        "ZoneId": zone, "Limit": 1000, "StartTime": "2020-01-01T00:00:00Z", "EndTime": "2099-01-01T00:00:00Z"})
    calls: dict[str, tuple[str, list[str]]] = {}
    for task in reversed(told["Tasks"]):
        calls.setdefault(task["JobId"], (task["Type"], []))[1].append(task["Target"])
    return list(calls.values())


@pytest.mark.parametrize(("quota", "calls"), [
    ({}, [("purge_url", 5)]),
    ({"edgeone_batch": 2}, [("purge_url", 2), ("purge_url", 2), ("purge_url", 1)]),
    ({"edgeone_batch": 1}, [("purge_url", 1)] * 5),
    ({"edgeone_day": 5}, [("purge_url", 5)]),
    ({"edgeone_day": 4}, [("purge_prefix", 1)]),
    ({"edgeone_day": 0}, [("purge_prefix", 1)]),
    ({"edgeone_batch": 0}, [("purge_prefix", 1)]),
    ({"edgeone_day": 0, "edgeone_prefix_day": 0}, [("purge_host", 1)]),
    ({"edgeone_day": 0, "edgeone_prefix_batch": 0}, [("purge_host", 1)]),
    ({"edgeone_day": 0, "edgeone_prefix_day": 0, "edgeone_host_day": 0}, []),
    ({"edgeone_batch": 0, "edgeone_prefix_batch": 0, "edgeone_host_batch": 0}, []),
])
def test_batches_and_days_are_as_the_quota_says(
        case: Case, quota: dict[str, int], calls: list[tuple[str, int]]) -> None:
    host = case.made().host
    case.account.switches(quota=quota)
    [done] = purge(case, host)
    assert [(kind, len(targets)) for kind, targets in sent(case, host)] == calls
    assert bool(done.failed) is not bool(calls) and not done.refused and done.done is bool(calls)
    if not calls:
        assert "quota does not suffice" in done.failed
    if calls and calls[0][0] == "purge_host":
        assert sent(case, host)[0][1] == [host] and done.what == "everything"


def test_what_was_purged_before_counts(case: Case) -> None:
    host = case.made().host
    case.account.switches(quota={"edgeone_day": 8})
    assert [one.what for _ in range(2) for one in purge(case, host)] == ["5 addresses", "1 folder"]


def test_each_zone_has_a_quota_of_its_own(case: Case, cloud: LocalCloud) -> None:
    other = make_case("edgeone", cloud)
    here, there = case.made().host, other.made().host
    case.account.switches(quota={"edgeone_day": 5})
    assert [one.what for one in purge(case, here, there)] == ["5 addresses"] * 2
    assert [one.what for one in purge(case, here, other.made().host)] == ["1 folder"] * 2


def test_hosts_of_one_zone_share_its_quota(case: Case) -> None:
    case.account.switches(quota={"edgeone_day": 5})
    assert sorted(one.what for one in purge(case, case.made().host, case.made().host)) == ["1 folder", "5 addresses"]


def test_a_host_in_no_zone_fails_alone(case: Case) -> None:
    good, bad = purge(case, case.made().host, "www.nowhere.example")
    assert good.done and "no EdgeOne zone" in bad.failed and bad.refused


def test_everything_goes_as_the_host_where_no_folder_is_left(case: Case) -> None:
    host = case.made().host
    case.account.switches(quota={"edgeone_prefix_day": 0})
    [done] = purge(case, host, paths=Paths(everything=True))
    assert done.what == "everything" and sent(case, host) == [("purge_host", [host])]


class Mistaken(ServiceApi):
    """The cloud, when it says nothing about the quota, or what is not true any more a moment later."""

    def __init__(self, inner: ServiceApi, answer: Mapping[str, Any] | Exception) -> None:
        self._inner = inner
        self._answer = answer

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        if action == "DescribeContentQuota":
            if isinstance(self._answer, Exception):
                raise self._answer
            return dict(self._answer)
        return self._inner.call(service, action, params, host=host)


OLD = {"PurgeQuota": [{"Type": kind, "Batch": 500, "Daily": 5000, "DailyAvailable": 5000}
                      for kind in ("purge_url", "purge_prefix", "purge_host", "purge_all", "purge_cache_tag")]}


@pytest.mark.parametrize("answer", [
    OLD, {"PurgeQuota": None}, {}, AccessDenied("no", code="UnauthorizedOperation.CamUnauthorized")], ids=str)
@pytest.mark.parametrize(("quota", "kinds"), [
    ({}, ["purge_url"]), ({"edgeone_day": 2}, ["purge_prefix"]), ({"edgeone_batch": 3}, ["purge_prefix"]),
    ({"edgeone_day": 0, "edgeone_prefix_day": 0}, ["purge_host"]),
    ({"edgeone_batch": 1, "edgeone_prefix_batch": 0}, ["purge_host"]),
    ({"edgeone_batch": 1, "edgeone_prefix_day": 0}, ["purge_host"]),
    ({"edgeone_day": 0, "edgeone_prefix_day": 0, "edgeone_host_day": 0}, []),
    ({"edgeone_batch": 0, "edgeone_prefix_batch": 0, "edgeone_host_batch": 0}, []),
])
def test_a_quota_that_is_not_known_or_used_up_meanwhile_falls_back(
        case: Case, answer: Any, quota: dict[str, int], kinds: list[str]) -> None:
    host = case.made().host
    case.account.switches(quota=quota)
    [done] = purge(case, host, api=Mistaken(case.account.api, answer))
    assert [kind for kind, _ in sent(case, host)] == kinds
    assert bool(done.failed) is not bool(kinds) and not done.refused
    if not kinds:
        assert "LimitExceeded" in done.failed and "EdgeOne" in done.failed, "and the next deploy purges it"


@pytest.mark.parametrize(("found", "quota"), [
    ([], PurgeQuota(0, 0, 1, 1, 0)),
    ([{"Type": "purge_url", "Batch": 20, "Daily": 100, "DailyAvailable": 7}], PurgeQuota(7, 0, 20, 1, 0)),
    ([{"Type": "purge_url", "Batch": 20, "Daily": 100, "DailyAvailable": -3}], PurgeQuota(0, 0, 20, 1, 0)),
    ([{"Type": "purge_url", "Batch": 0, "Daily": 100, "DailyAvailable": 9}], PurgeQuota(0, 0, 1, 1, 0)),
    ([{"Type": "purge_url", "Batch": None, "Daily": None, "DailyAvailable": None}], PurgeQuota(0, 0, 1, 1, 0)),
    ([{"Type": "purge_prefix", "Batch": 5, "Daily": 9, "DailyAvailable": 9},
      {"Type": "purge_host", "Batch": 5, "Daily": 9, "DailyAvailable": 2}], PurgeQuota(0, 9, 1, 5, 2)),
    ([{"Type": "purge_all", "Batch": 1, "Daily": 9, "DailyAvailable": 9}], PurgeQuota(0, 0, 1, 1, 0)),
    ([{"Type": "purge_galaxy", "Batch": 1, "Daily": 9, "DailyAvailable": 9}], PurgeQuota(0, 0, 1, 1, 0)),
])
def test_what_the_answer_means(found: list[dict[str, Any]], quota: PurgeQuota) -> None:
    assert quota_of(found) == quota


@pytest.mark.parametrize(("host", "left"), [
    (CachedHost("a.example"), False), (CachedHost("*.a.example"), True),
    (CachedHost("a.example", extra=("https://a.example/feed",)), False),
    (CachedHost("a.example", extra=("https://other.example/feed",)), True),
    (CachedHost("a.example", extra_folders=("https://other.example/x/",)), True),
])
def test_a_whole_host_stands_for_what_is_on_it_and_is_no_wildcard(host: CachedHost, left: bool) -> None:
    plan = plan_purge([host], PAGES, PurgeQuota(0, 0, hosts=9))
    assert plan.left == ((host.host,) if left else ()) and bool(plan.batches) is not left
