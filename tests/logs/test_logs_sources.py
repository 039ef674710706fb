"""Every source against the embedded cloud: the CDN's topic, its hourly files, the bucket's own log."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host, LogTopic, Project, Source
from sitepub.errors import CloudError, NetworkError, SitepubError, UsageError
from sitepub.logs.cdn_offline import CdnOfflineLogs
from sitepub.logs.cdn_topics import find_topics
from sitepub.logs.choose import Kind, open_source
from sitepub.logs.cls_topic import ClsTopic, Pace
from sitepub.logs.cos_logging import CosLogging
from sitepub.logs.download import packed_lines
from sitepub.logs.feed import Feed
from sitepub.logs.source import Source as LogSource
from sitepub.logs.visit import Visit
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cloud_api import CloudApi
from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import EdgeSite, admin, cached, call_api, make_site, rules
from tests.logs.test_logs_embedded import Collected, curl
from tests.tencent.scripted_server import Raw, answer, scripted


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("logs") / "data", "--pace", "0") as found:
        yield found


@pytest.fixture
def site(cloud: LocalCloud) -> EdgeSite:
    made = make_site(cloud)
    made.add(Cache=rules(cached()))
    return made


def account(cloud: LocalCloud, region: str = "ap-guangzhou") -> Cloud:
    return Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, region,
                 cloud.address)


def api(cloud: LocalCloud, region: str = "ap-shanghai") -> CloudApi:
    found = account(cloud)
    return CloudApi(found.credentials, region, found.embedded)


def topic_of(site: EdgeSite, *hosts: str) -> str:
    logset = call_api(site.cloud, "cdn", "ListClsLogTopics")["Logset"]["LogsetId"]
    return str(call_api(
        site.cloud, "cdn", "CreateClsLogTopic", TopicName=site.host.replace(".", "-"), LogsetId=logset,
        DomainAreaConfigs=[{"Domain": host, "Area": ["mainland"]} for host in hosts or [site.host]])["TopicId"])


@pytest.fixture
def topic(site: EdgeSite) -> Iterator[str]:
    found = topic_of(site)
    yield found
    logset = call_api(site.cloud, "cdn", "ListClsLogTopics")["Logset"]["LogsetId"]
    call_api(site.cloud, "cdn", "DeleteClsLogTopic", LogsetId=logset, TopicId=found)


def project(folder: Path, **more: Any) -> Project:
    return Project(folder, folder / "serverless.yml", "app", "dev", "site", Source(folder), **more)


def ago(minutes: float = 10) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def collected(source: Any, since: datetime | None = None) -> Collected:
    return Collected(Feed(source, since=since))


# CLS


def test_visits_of_the_edge_are_read_from_the_topic_in_order(site: EdgeSite, topic: str) -> None:
    for number in range(20):
        site.visit(f"/p{number}?n={number}", "-A", "tester", "-e", "https://from.example/x")
    found = list(ClsTopic(api(site.cloud), topic, [site.host]).read(ago()))
    assert [visit.target for visit in found] == [f"/p{number}?n={number}" for number in range(20)]
    visit = found[0]
    assert (visit.status, visit.method, visit.host, visit.cache) == (404, "GET", site.host, "miss")
    assert (visit.agent, visit.referer, visit.client) == ("tester", "https://from.example/x", "127.0.0.1")
    assert len({one.id for one in found}) == 20


def test_the_cache_of_the_edge_shows(site: EdgeSite, topic: str) -> None:
    site.visit("/")
    site.visit("/")
    assert [visit.cache for visit in ClsTopic(api(site.cloud), topic).read(ago())] == ["miss", "hit"]


def test_a_topic_is_followed_while_visits_come(site: EdgeSite, topic: str) -> None:
    pace = Pace(every=0.1, settle=0.3, far_every=0.5)
    feed = collected(ClsTopic(api(site.cloud), topic, [site.host], pace=pace))
    try:
        paths = [f"/{number}" for number in range(30)]
        for path in paths:
            site.visit(path)
        feed.wait_for(30)
        assert feed.paths == paths
    finally:
        feed.feed.stop()


def test_the_topic_of_a_host_is_found_through_the_cdn(site: EdgeSite, topic: str) -> None:
    (found,) = find_topics(api(site.cloud), [site.host, "other.example.com"])
    assert (found.id, found.region, found.hosts) == (topic, "ap-shanghai", (site.host,))
    assert find_topics(api(site.cloud), ["other.example.com"]) == ()


def test_a_topic_that_is_switched_off_is_none(site: EdgeSite, topic: str) -> None:
    logset = call_api(site.cloud, "cdn", "ListClsLogTopics")["Logset"]["LogsetId"]
    call_api(site.cloud, "cdn", "DisableClsLogTopic", LogsetId=logset, TopicId=topic)
    assert find_topics(api(site.cloud), [site.host]) == ()


def test_a_topic_in_another_region_is_an_error_that_waiting_does_not_cure(site: EdgeSite, topic: str) -> None:
    feed = Feed(ClsTopic(api(site.cloud, "ap-beijing"), topic, region="ap-beijing"))
    feed.start()
    with pytest.raises(CloudError, match=r"no log topic .* in ap-beijing"):
        list(feed)
    feed.stop()


@pytest.mark.parametrize(("logset", "region"), [
    ({"RegionEn": "ap-guangzhou"}, "ap-guangzhou"), ({"RegionEn": "guangzhou"}, "ap-guangzhou"),
    ({"Region": "广州"}, "ap-shanghai"), ({}, "ap-shanghai"),
    ({"RegionEn": None, "Region": "ap-beijing"}, "ap-beijing"),
])
def test_topics_in_other_regions_are_found_too(logset: dict[str, Any], region: str) -> None:
    class Cdn:
        def call(self, service: str, version: str, action: str, params: Any, /) -> dict[str, Any]:
            assert (service, version) == ("cdn", "2018-06-06")
            if action == "ListClsTopicDomains":
                assert params["TopicId"] == "t"
                return {"DomainAreaConfigs": [{"Domain": "WWW.example.com"}]}
            unused = [{"TopicId": "off", "Enabled": 0}, {"TopicId": "gone", "Enabled": 1, "Deleted": "1"}]
            return {"Logset": None, "Topics": None, "ExtraLogset": [
                {"Logset": {"LogsetId": "l", **logset}, "Topics": [
                    *unused, {"TopicId": "t", "Enabled": 1, "Deleted": "0"}]}]}

    (found,) = find_topics(Cdn(), ["www.example.com"])
    assert (found.id, found.region) == ("t", region)


@pytest.mark.parametrize("code", ["ResourceNotFound.CdnUserNotExists", "UnauthorizedOperation.CdnCamUnauthorized",
                                  "InvalidParameter.ClsLogsetEmpty"])
def test_an_account_without_real_time_logs_has_no_topics(code: str) -> None:
    class Cdn:
        def call(self, *_: object) -> dict[str, Any]:
            raise CloudError("no", code=code)

    assert find_topics(Cdn(), ["www.example.com"]) == ()


def test_the_embedded_log_service_pages_by_cursor_and_refuses_what_is_no_question(site: EdgeSite, topic: str) -> None:
    for number in range(10):
        site.visit(f"/{number}")
    ask = {"TopicId": topic, "From": 0, "To": 4_000_000_000_000, "Sort": "asc", "Limit": 4}

    def search(**more: Any) -> dict[str, Any]:
        return api(site.cloud).call("cls", "2020-10-16", "SearchLog", {**ask, **more})

    found: list[str] = []
    cursor = ""
    for over in (False, False, True):
        page = search(Context=cursor)
        found += [json.loads(one["LogJson"])["url"] for one in page["Results"]]
        assert page["ListOver"] is over
        cursor = page["Context"]
    assert found == [f"/{number}" for number in range(10)]
    assert [json.loads(one["LogJson"])["url"] for one in search(Sort="desc", Limit=2)["Results"]] == ["/9", "/8"]
    assert [json.loads(one["LogJson"])["url"] for one in search(Offset=8)["Results"]] == ["/8", "/9"]
    assert search(QueryString='host:"other.example.com"')["Results"] == []
    for wrong in ({"Context": cursor, "Limit": 5}, {"Context": cursor, "Offset": 1}, {"Context": "x"},
                  {"QueryString": "status:404 | select 1"}, {"TopicId": "nobodys"}, {"Limit": 1001}):
        with pytest.raises(CloudError):
            search(**wrong)


# The CDN's files


def offline(cloud: LocalCloud, *hosts: str, every: float = 120.0) -> CdnOfflineLogs:
    return CdnOfflineLogs(api(cloud), hosts, partial(packed_lines, direct=True), every=every)


def test_the_cdns_files_are_fetched_and_read(site: EdgeSite) -> None:
    for number in range(10):
        site.visit(f"/f{number}", "-A", 'odd "agent" here')
    site.visit("/f0")
    found = list(offline(site.cloud, site.host).read(ago()))
    assert [visit.path for visit in found] == [*(f"/f{number}" for number in range(10)), "/f0"]
    assert (found[0].status, found[0].host, found[0].cache) == (404, site.host, "miss")
    assert found[0].agent == "odd %22agent%22 here"
    assert len({visit.id for visit in found}) == 11
    assert list(offline(site.cloud, site.host).read(datetime.now(UTC) + timedelta(hours=2))) == []


def test_files_of_several_hosts_are_told_together_in_order(cloud: LocalCloud, site: EdgeSite) -> None:
    other = make_site(cloud)
    other.add()
    site.visit("/one")
    other.visit("/two")
    site.visit("/three")
    found = list(offline(cloud, site.host, other.host).read(ago()))
    assert [visit.time for visit in found] == sorted(visit.time for visit in found)
    assert sorted(visit.path for visit in found) == ["/one", "/three", "/two"]


def test_a_file_that_grows_is_told_on_without_repeating(site: EdgeSite) -> None:
    feed = collected(offline(site.cloud, site.host, every=0.1), since=ago())
    try:
        site.visit("/same")
        feed.wait_for(1)
        site.visit("/same")
        site.visit("/other")
        feed.wait_for(3)
        assert sorted(feed.paths) == ["/other", "/same", "/same"]
    finally:
        feed.feed.stop()


def test_a_file_that_breaks_off_is_fetched_again_and_then_told() -> None:
    import gzip

    whole = gzip.compress(b"one\ntwo\n")
    with scripted(answer(200, whole[:-6]), Raw(close=True), answer(200, whole)) as server:
        assert list(packed_lines(f"http://127.0.0.1:{server.port}/x.gz?st=secret", direct=True)) == ["one", "two"]
    with scripted(answer(200, whole[:-6])) as server, pytest.raises(NetworkError) as raised:
        list(packed_lines(f"http://127.0.0.1:{server.port}/x.gz?st=secret", direct=True))
    assert "secret" not in str(raised.value)
    with scripted(answer(404)) as server:
        assert list(packed_lines(f"http://127.0.0.1:{server.port}/x.gz", direct=True)) == []


# The bucket's own log


def turn_on_logging(site: EdgeSite, prefix: str = "logs/") -> None:
    document = (f"<BucketLoggingStatus><LoggingEnabled><TargetBucket>{site.wire.bucket}</TargetBucket>"
                f"<TargetPrefix>{prefix}</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")
    assert site.wire.call("PUT", query={"logging": ""}, body=document.encode()).status == 200


def deliver(cloud: LocalCloud) -> None:
    assert json.loads(admin(cloud, "/-/logs/deliver", ""))["written"] >= 1


def test_delivered_logs_of_the_bucket_are_read(cloud: LocalCloud, tmp_path: Path) -> None:
    site = make_site(cloud)
    turn_on_logging(site)
    curl(cloud, site.wire.bucket, *(f"/c{number}?q={number}" for number in range(10)), options=["-A", "two words"])
    deliver(cloud)
    curl(cloud, site.wire.bucket, "/last")
    deliver(cloud)
    name = site.wire.bucket
    source = open_source(project(tmp_path, bucket_name=name), account(cloud), kind=Kind.COS)
    assert isinstance(source, CosLogging)
    found = list(source.read(ago()))
    targets = [visit.target for visit in found]
    assert "/last" in targets
    # Of two files that were written within one second, nobody can say which one is the earlier.
    targets.remove("/last")
    assert targets == [f"/c{number}?q={number}" for number in range(10)]
    assert ({visit.status for visit in found}, found[5].agent, found[0].method) == ({404}, "two words", "GET")
    assert len({visit.id for visit in found}) == 11


def test_new_files_of_the_bucket_are_followed(cloud: LocalCloud) -> None:
    from sitepub.tencent.cos.object_store import CosObjectStore

    site = make_site(cloud)
    turn_on_logging(site, "deep/er/")
    store = CosObjectStore(account(cloud), site.wire.bucket, connections=2)
    feed = collected(CosLogging(store, "deep/er/", site.wire.bucket, every=0.1))
    try:
        for number in range(3):
            curl(cloud, site.wire.bucket, f"/{number}a", f"/{number}b")
            deliver(cloud)
            feed.wait_for(2 * (number + 1))
        assert feed.paths == ["/0a", "/0b", "/1a", "/1b", "/2a", "/2b"]
    finally:
        feed.feed.stop()
        store.close()


def test_other_buckets_that_log_to_the_same_place_are_left_out(cloud: LocalCloud) -> None:
    from sitepub.tencent.cos.object_store import CosObjectStore

    site = make_site(cloud)
    line = ("1.0 {} ap-guangzhou {:%Y-%m-%dT%H:%M:%SZ} host GetObject 192.0.2.7 - - 0 0 {} get agent 200 - - 1 1 "
            "USER STANDARD - 1 - {} 1 - - - {}\n")
    now = datetime.now(UTC)
    text = "".join(line.format(bucket, now, path, path, path) for bucket, path in [
        (site.wire.bucket, "/mine"), ("other-1250000000", "/other"), (site.wire.bucket, "/mine"), ("x", "/broken")])
    site.put(f"{now:%Y/%m/%d}/{now:%Y%m%d%H%M%S}_x_000", text.encode())
    site.put(f"{now:%Y/%m/%d}/odd name", b"\xff\xfe no log at all\n")
    store = CosObjectStore(account(cloud), site.wire.bucket, connections=2)
    assert [visit.path for visit in CosLogging(store, "", site.wire.bucket).read(ago())] == ["/mine"]
    store.close()


# Which one


def test_the_source_follows_from_what_the_project_has(site: EdgeSite, topic: str, tmp_path: Path) -> None:
    real = Cloud(Credentials("AKIDx", "y"), site.cloud.app_id, "ap-guangzhou")
    local = account(site.cloud)
    notes: list[str] = []
    host = Host(site.host)
    assert open_source(project(tmp_path), local).name == "the embedded cloud"
    assert open_source(project(tmp_path, logs=LogTopic("t-1")), real).name == "CLS topic t-1"
    assert open_source(project(tmp_path, hosts=(host,)), local, kind=Kind.CLS).name == f"CLS topic {topic}"
    missing = Host("else.example.com")
    open_source(project(tmp_path, hosts=(host, missing)), local, kind=Kind.CLS, note=notes.append)
    assert "else.example.com" in notes[0]
    files = open_source(project(tmp_path, hosts=(host,)), local, kind=Kind.CDN)
    assert "half an hour" in files.delay
    with pytest.raises(UsageError):
        open_source(project(tmp_path), local, kind=Kind.CDN)
    with pytest.raises(UsageError):
        open_source(project(tmp_path), real, kind=Kind.LOCAL)


def test_when_nothing_is_set_up_the_way_to_do_so_is_told(site: EdgeSite, tmp_path: Path) -> None:
    plain = project(tmp_path, bucket_name=site.wire.bucket)
    with pytest.raises(SitepubError) as raised:
        open_source(plain, account(site.cloud), kind=Kind.COS)
    assert raised.value.code == "NoLogs"
    assert "--source local" in str(raised.value.hint)
    from sitepub.logs.choose import nothing

    hint = nothing(Cloud(Credentials("AKIDx", "y"), "1", "ap-guangzhou"), "why").hint
    assert hint is not None
    assert "Logging" in hint
    assert "topicId" in hint
    with pytest.raises(SitepubError, match="no log topic"):
        open_source(project(tmp_path, hosts=(Host("nobody.example.com"),)), account(site.cloud), kind=Kind.CLS)


def test_the_embedded_feed_tells_visits_of_the_edge_once(site: EdgeSite, tmp_path: Path) -> None:
    source = open_source(project(tmp_path, bucket_name=site.wire.bucket), account(site.cloud))
    site.visit("/")
    site.visit("/")
    found: list[Visit] = list(source.read(ago()))
    assert [(visit.host, visit.path, visit.cache) for visit in found] == [
        (site.host, "/", "miss"), (site.host, "/", "hit")]
    source.close()


def test_every_source_says_who_it_is_and_how_late(cloud: LocalCloud) -> None:
    sources: list[LogSource] = [ClsTopic(api(cloud), "t"), offline(cloud, "h")]
    for source in sources:
        assert source.name
        assert source.delay
        source.close()
        assert list(source.follow(threading.Event(), ago())) == []
