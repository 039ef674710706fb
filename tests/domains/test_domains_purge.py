from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from sitepub.config.bucket_settings import Website
from sitepub.config.project import Host
from sitepub.domains.edges.cdn import Cdn
from sitepub.domains.edges.edge import PurgeKind, PurgeQuota
from sitepub.domains.purge.plan import Paths, paths_of
from sitepub.domains.purge.purging import Order, Purger
from sitepub.errors import CloudError, Interrupted, NetworkError
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account, Heard
from tests.local.edge_wire import EdgeSite, cached, make_site, rules

SITE = Website()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("purge") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def site(cloud: LocalCloud) -> Iterator[EdgeSite]:
    found = make_site(cloud)
    found.add(Cache=rules(cached()))
    yield found
    account = Account(cloud)
    account.switches(quota={"url_day": 10_000, "path_day": 100, "push_day": 1_000}, service_activated=True)
    account.pace(0)


def purger(cloud: LocalCloud, heard: Heard | None = None, edge: Any = None, *, patience: float = 20) -> Purger:
    edge = edge or Cdn(Account(cloud).api)
    return Purger(lambda _host: edge, heard or Heard(), threading.Event(), patience=patience)


def caught(site: EdgeSite, *paths: str) -> dict[str, str | None]:
    """Whether each path comes from the cache."""
    return {path: site.visit(path).get("x-cache") for path in paths}


def test_what_changed_is_fresh_for_visitors_and_the_rest_stays_in_the_cache(site: EdgeSite) -> None:
    for key in ("关于/index.html", "a b.html", "assets/site.css", "other.html"):
        site.put(key, b"old", content_type="text/html")
    paths = ("/%E5%85%B3%E4%BA%8E/", "/%E5%85%B3%E4%BA%8E/index.html", "/a%20b.html", "/assets/site.css")
    assert set(caught(site, *paths, "/other.html").values()) == {"MISS"}
    assert set(caught(site, *paths, "/other.html").values()) == {"HIT"}
    heard = Heard()
    stale = paths_of(["关于/index.html", "a b.html", "assets/site.css"], SITE)
    [done] = purger(site.cloud, heard).purge([Host(site.host)], Order(stale))
    assert (done.addresses, done.folders, done.failed, done.done) == (5, 0, "", True)
    assert done.what == "5 addresses" and done.as_record().tasks == done.tasks
    assert heard.dones == [f"{site.host}: purged 5 addresses"]
    assert caught(site, *paths, "/other.html") == {**dict.fromkeys(paths, "MISS"), "/other.html": "HIT"}
    told = Account(site.cloud).sdk("cdn", "DescribePurgeTasks", {"TaskId": done.tasks[0]})
    assert sorted(one["Url"] for one in told["PurgeLogs"]) == sorted(
        f"http://{site.host}{path}" for path in stale.pages)


def test_what_was_asked_with_a_query_is_of_its_own_unless_the_host_says_that_a_query_means_nothing(site: EdgeSite
                                                                                                ) -> None:
    other = make_site(site.cloud)
    other.add(Cache=rules(cached()), CacheKey={"FullUrlCache": "off"})
    paths = ("/a.html", "/a.html?x=1")
    for one in (site, other):
        one.put("a.html", b"old", content_type="text/html")
        caught(one, *paths)
        assert caught(one, *paths) == dict.fromkeys(paths, "HIT")
        assert not purger(site.cloud).purge([Host(one.host)], Order(paths_of(["a.html"], SITE)))[0].failed
    assert caught(site, *paths) == {"/a.html": "MISS", "/a.html?x=1": "HIT"}
    assert caught(other, "/a.html?x=1") == {"/a.html?x=1": "MISS"}
    assert not purger(site.cloud).purge([Host(site.host)], Order(Paths(("/a.html?x=1",))))[0].failed
    assert caught(site, "/a.html?x=1") == {"/a.html?x=1": "MISS"}


def test_without_quota_for_addresses_the_folder_goes(site: EdgeSite) -> None:
    for key in ("posts/1.html", "posts/2.html", "other.html"):
        site.put(key, b"old", content_type="text/html")
    paths = ("/posts/1.html", "/posts/2.html", "/other.html")
    caught(site, *paths)
    for path in paths:
        site.put(path[1:], b"new", content_type="text/html")
    Account(site.cloud).switches(quota={"url_day": 0})
    [done] = purger(site.cloud).purge([Host(site.host)], Order(Paths(("/posts/1.html", "/posts/2.html"))))
    assert (done.addresses, done.folders, done.failed) == (0, 1, "")
    assert [site.visit(path).body for path in paths] == [b"new", b"new", b"old"]


def test_without_any_quota_it_is_told(site: EdgeSite) -> None:
    Account(site.cloud).switches(quota={"url_day": 0, "path_day": 0})
    [done] = purger(site.cloud).purge([Host(site.host)], Order(Paths(("/",))))
    assert "quota does not suffice (0 addresses and 0 folders" in done.failed and done.tasks == ()
    assert not done.refused, "the domain is there"


def test_everything_goes_with_one_folder(site: EdgeSite) -> None:
    caught(site, "/", "/error.html")
    site.put("index.html", b"new", content_type="text/html")
    [done] = purger(site.cloud).purge([Host(site.host)], Order(Paths(everything=True)))
    assert (done.what, done.folders) == ("everything", 1)
    assert site.visit("/").body == b"new"


def test_hosts_are_purged_side_by_side_within_one_quota_and_a_failure_is_of_one(site: EdgeSite) -> None:
    other = make_site(site.cloud)
    other.add(Cache=rules(cached()))
    heard = Heard()
    done = purger(site.cloud, heard).purge(
        [Host(site.host), Host("www.not-on-the-cdn.example"), Host(other.host)], Order(Paths(("/",))))
    assert [bool(one.failed) for one in done] == [False, True, False]
    assert "www.not-on-the-cdn.example" in done[1].failed and done[1].request_id
    assert [one.refused for one in done] == [False, True, False]
    assert len(heard.dones) == 2 and not heard.todos, "a failure is told by the caller, once"


def test_a_service_that_is_not_activated_is_told_for_every_host(site: EdgeSite) -> None:
    Account(site.cloud).switches(service_activated=False)
    done = purger(site.cloud).purge([Host(site.host), Host("b.example")], Order(Paths(("/",))))
    assert [one.failed for one in done] == [
        "the CDN is not activated for this account (ResourceNotFound.CdnUserNotExists); the cloud said: The CDN service"
        " has not been activated"] * 2


def test_without_waiting_it_says_how_long_it_takes(site: EdgeSite) -> None:
    Account(site.cloud).pace(3600)
    heard = Heard()
    [done] = purger(site.cloud, heard).purge([Host(site.host)], Order(Paths(("/",)), wait=False))
    assert not done.done and not done.failed
    assert heard.dones[0].endswith("purged 1 address; it reaches every node within about 5 minutes")
    [done] = purger(site.cloud, heard, patience=0).purge([Host(site.host)], Order(Paths(("/",))))
    assert not done.done and not done.failed


def test_a_prefetch_fills_the_cache(site: EdgeSite) -> None:
    host = Host(site.host, settings={"pushCdn": {"urls": ["/", f"http://{site.host}/error.html"]}})
    [done] = purger(site.cloud).prefetch([host])
    assert (done.addresses, done.failed) == (2, "")
    [done] = purger(site.cloud).prefetch([Host(site.host)], {"": ("/",), site.host: ("/x",)})
    assert done.addresses == 2
    told = Account(site.cloud).sdk("cdn", "DescribePushTasks", {"TaskId": done.tasks[0]})
    assert sorted(one["Url"] for one in told["PushLogs"]) == [
        f"http://{site.host}/", f"http://{site.host}/x"]
    Account(site.cloud).switches(quota={"push_day": 0})
    [done] = purger(site.cloud).prefetch([host])
    assert "prefetches are used up" in done.failed


class Odd:
    """An edge with faults that the real one makes at bad moments only."""

    kind = "cdn"
    word = "the CDN"

    def __init__(self, *, quota: PurgeQuota | None = None, faults: Sequence[Exception | None] = (),
                 status: str = "done") -> None:
        self.quota = quota or PurgeQuota(100, 10)
        self.faults = list(faults)
        self.status = status
        self.purged: list[tuple[PurgeKind, tuple[str, ...]]] = []

    def quota_pool(self, host: str, area: str) -> str:
        del host
        return area

    def purge_quota(self, host: str, area: str) -> PurgeQuota:
        del host, area
        return self.quota

    def purge(self, host: str, kind: PurgeKind, addresses: Sequence[str], **_: object) -> tuple[str, ...]:
        del host
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.purged.append((kind, tuple(addresses)))
        return (f"task{len(self.purged)}",)

    def purge_status(self, tasks: Sequence[str]) -> Mapping[str, str]:
        return dict.fromkeys(tasks, self.status)


@pytest.mark.parametrize("code", [
    "CdnPurgeUrlExceedDayLimit", "CdnPurgeExceedDayLimit", "CdnPurgeUrlExceedBatchLimit", "CdnPurgeExceedBatchLimit",
    "BatchQuota", "DailyQuota", "PackNotAllow"])
def test_a_quota_that_somebody_else_used_up_meanwhile_falls_back_on_the_folder(cloud: LocalCloud, code: str) -> None:
    edge = Odd(faults=[CloudError("used up", code=f"LimitExceeded.{code}")])
    [done] = purger(cloud, edge=edge).purge([Host("a.example")], Order(Paths(("/a/1", "/a/2"))))
    assert not done.failed and edge.purged == [(PurgeKind.FOLDERS, ("http://a.example/a/",))]


def test_folders_that_are_refused_fall_back_on_the_host_where_the_edge_counts_it(cloud: LocalCloud) -> None:
    limit = CloudError("used up", code="LimitExceeded.DailyQuota")
    edge = Odd(quota=PurgeQuota(100, 10, hosts=3), faults=[limit, limit])
    [done] = purger(cloud, edge=edge).purge([Host("a.example")], Order(Paths(("/a/1", "/a/2"))))
    assert not done.failed and done.what == "everything" and edge.purged == [(PurgeKind.HOST, ("a.example",))]
    bare = Odd(faults=[limit, limit])
    [done] = purger(cloud, edge=bare).purge([Host("a.example")], Order(Paths(("/a/1", "/a/2"))))
    assert "LimitExceeded.DailyQuota" in done.failed and not done.refused and bare.purged == []


def test_a_broken_connection_is_told_and_the_other_batches_go_on(cloud: LocalCloud) -> None:
    edge = Odd(quota=PurgeQuota(100, 10, urls_a_call=1), faults=[NetworkError("cut off"), None])
    [done] = purger(cloud, edge=edge).purge([Host("a.example")], Order(Paths(("/1", "/2"))))
    assert done.failed == "cut off (Network)" and done.tasks == ("task1",)


def test_a_task_that_fails_later_is_a_failure(cloud: LocalCloud) -> None:
    [done] = purger(cloud, edge=Odd(status="fail")).purge([Host("a.example")], Order(Paths(("/1",))))
    assert "could not carry it out" in done.failed and not done.refused


def test_ctrl_c_ends_it_between_batches(cloud: LocalCloud) -> None:
    del cloud
    stop = threading.Event()
    stop.set()
    edge: Any = Odd()
    with pytest.raises(Interrupted):
        Purger(lambda _host: edge, Heard(), stop).purge([Host("a.example")], Order(Paths(("/1",))))
    assert edge.purged == []


def test_a_bucket_without_a_cache_is_left_out(cloud: LocalCloud) -> None:
    edge = Odd()
    edge.kind = "cos"
    assert purger(cloud, edge=edge).purge([Host("a.example", edge="cos")], Order(Paths(("/1",)))) == []


def test_hosts_may_have_paths_and_folders_of_their_own(cloud: LocalCloud) -> None:
    edge = Odd(quota=PurgeQuota(3, 3))
    done = purger(cloud, edge=edge).purge(
        [Host("a.example"), Host("b.example")],
        Order(Paths(("/1",)), per_host={"b.example": Paths(("/1", "/2"))}, folders={"": ("/x/",)}, extra=False))
    assert [(one.addresses, one.folders) for one in done] == [(1, 1), (2, 1)]
    assert replace(done[0], tasks=()).what == "1 address and 1 folder"
