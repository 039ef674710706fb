"""EdgeOne's packed files: against the embedded cloud, and line by line as the real service writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host, LogTopic
from sitepub.errors import SitepubError, UsageError
from sitepub.logs.choose import Kind, open_source
from sitepub.logs.cls_record import parse_record
from sitepub.logs.cls_topic import ClsTopic
from sitepub.logs.download import packed_lines
from sitepub.logs.edgeone_offline import EdgeOneLogs
from sitepub.tencent.cloud import Cloud, Credentials
from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import make_sitepub
from tests.local.edge_wire import EdgeSite, call_api, edgeone_zone, make_site
from tests.logs.log_service import BEGIN, START, Passing
from tests.logs.test_logs_cli import write
from tests.logs.test_logs_sources import account, ago, api, collected, project


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("edgeone") / "data", "--pace", "0") as found:
        yield found


@pytest.fixture
def site(cloud: LocalCloud) -> EdgeSite:
    """A host on EdgeOne."""
    made = make_site(cloud)
    zone = edgeone_zone(cloud, made.host.removeprefix("www."))
    call_api(cloud, "teo", "CreateAccelerationDomain", ZoneId=zone, DomainName=made.host, OriginProtocol="HTTP",
             OriginInfo={"OriginType": "COS", "Origin": made.origin["ServerName"], "PrivateAccess": "off"})
    return made


def files(site: EdgeSite, *hosts: str, **more: Any) -> EdgeOneLogs:
    return EdgeOneLogs(api(site.cloud), hosts or [site.host], partial(packed_lines, direct=True), **more)


def on_edgeone(host: str) -> Host:
    return Host(host, edge="edgeone")


def test_edgeones_files_are_fetched_and_read(site: EdgeSite) -> None:
    for path in ("/", "/", "/gone?q=1&r=2", "/index.html"):
        site.visit(path, "-A", 'odd "agent"\there', "-e", "https://other.example/")
    found = list(files(site).read(ago()))
    assert [(visit.status, visit.path, visit.query) for visit in found] == [
        (200, "/", ""), (200, "/", ""), (404, "/gone", "q=1&r=2"), (200, "/index.html", "")]
    visit = found[0]
    assert (visit.host, visit.method, visit.bytes, visit.client) == (site.host, "GET", 12, "127.0.0.1")
    assert (visit.agent, visit.referer) == ('odd "agent"\there', "https://other.example/")
    assert visit.seconds is not None
    assert visit.cache in ("hit", "miss")
    assert len({one.id for one in found}) == 4
    assert list(files(site).read(datetime.now(UTC) + timedelta(hours=2))) == []


def test_a_file_of_edgeone_that_grows_is_told_on_without_repeating(site: EdgeSite) -> None:
    feed = collected(files(site, every=0.1), since=ago())
    try:
        site.visit("/same")
        feed.wait_for(1)
        site.visit("/same")
        site.visit("/other")
        feed.wait_for(3)
        assert sorted(feed.paths) == ["/other", "/same", "/same"]
    finally:
        feed.feed.stop()


def test_a_host_in_no_zone_is_told_so(site: EdgeSite) -> None:
    with pytest.raises(SitepubError, match=r"nobody\.example") as raised:
        list(files(site, "nobody.example").read(ago()))
    assert raised.value.code == "NoLogs"


def test_a_project_on_edgeone_reads_its_files(site: EdgeSite, tmp_path: Path) -> None:
    notes: list[str] = []
    real = Cloud(Credentials("AKIDx", "y"), site.cloud.app_id, "ap-guangzhou")
    alone = open_source(project(tmp_path, hosts=(on_edgeone(site.host),)), real)
    assert (alone.name, alone.delay) == ("EdgeOne's log files", "about three hours, some a day")
    with pytest.raises(UsageError, match="no hosts on EdgeOne"):
        open_source(project(tmp_path, hosts=(Host("a.example"),)), real, kind=Kind.EDGEONE)
    both = project(tmp_path, hosts=(Host(site.host), on_edgeone("b.example")))
    assert open_source(both, account(site.cloud), kind=Kind.EDGEONE).name == "EdgeOne's log files"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sitepub.logs.choose._topic", lambda *_: ClsTopic(api(site.cloud), "t"))
        open_source(both, real, note=notes.append)
    assert notes == ["visits of b.example are not among them: --source edgeone shows those"]


def test_the_command_reads_them(site: EdgeSite, tmp_path: Path) -> None:
    site.visit("/over-edgeone")
    write(tmp_path / "site", site.wire.bucket, f"  hosts:\n    - host: {site.host}\n      edge: edgeone\n")
    run = make_sitepub(site.cloud, tmp_path / "home")("logs", "--local", "--source", "edgeone", cwd=tmp_path / "site")
    assert [line.split()[1:4] for line in run.out.splitlines()] == [["404", "GET", "/over-edgeone"]], run.err
    assert "visits from EdgeOne's log files, delay: about three hours, some a day" in run.err


LINE = {
    "RequestID": "13515444256055847385", "RequestTime": "2026-11-20T02:37:13Z", "ClientIP": "192.0.2.7",
    "RequestHost": "www.example.com", "RequestMethod": "GET", "RequestUrl": "/en/about.html",
    "RequestUrlQueryString": "-", "RequestReferer": "-", "RequestUA": "-", "EdgeResponseStatusCode": 200,
    "EdgeResponseBytes": 39430, "EdgeResponseTime": 366, "EdgeCacheStatus": "hit",
}


def read(**changes: Any) -> Any:
    return parse_record(json.dumps({**LINE, **changes}), id="x")


def test_a_line_of_edgeone() -> None:
    visit = read()
    assert visit.time == datetime(2026, 11, 20, 2, 37, 13, tzinfo=UTC)
    assert (visit.status, visit.path, visit.query) == (200, "/en/about.html", "")
    assert (visit.bytes, visit.seconds) == (39430, 0.366)
    assert (visit.cache, visit.agent, visit.referer, visit.client) == ("hit", "", "", "192.0.2.7")
    assert read(RequestUrlQueryString="a=1").query == "a=1"
    assert read(RequestTime="2026-11-20T10:37:13+08:00").time == visit.time
    nothing = read(EdgeResponseStatusCode=-1, EdgeResponseBytes=-1, EdgeResponseTime=-1, EdgeCacheStatus="-")
    assert (nothing.status, nothing.bytes, nothing.seconds, nothing.cache) == (0, 0, None, None)
    assert (read(EdgeCacheStatus="dynamic").cache, read(EdgeCacheStatus="other").cache) == ("miss", None)


def test_what_is_no_visit_of_edgeone_is_left_out() -> None:
    assert read(EdgeFunctionSubrequest=1) is None
    assert read(EdgeFunctionSubrequest=0) is not None
    assert read(RequestTime="-") is None
    assert read(RequestUrl="-") is None


def test_a_topic_of_edgeones_real_time_logs_is_read(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def call(_api: Any, _service: str, _version: str, _action: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        return {"ListOver": True, "Results": [
            {"Time": 1_795_000_000_000, "PkgId": "P", "PkgLogId": host,
             "LogJson": json.dumps({**LINE, "RequestHost": host})} for host in ("www.example.com", "else.example")]}

    found = project(tmp_path, hosts=(on_edgeone("www.example.com"),), logs=LogTopic("t-1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sitepub.tencent.cloud_api.CloudApi.call", call)
        source = open_source(found, Cloud(Credentials("AKIDx", "y"), "1", "ap-guangzhou"))
        assert [visit.host for visit in source.read(BEGIN)] == ["www.example.com"]
    assert asked[0]["QueryString"] == "", "the field is not called host there"


class Late:
    """A file that comes three hours late and is whole only after a day; a listing with three files a page."""

    now = START

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any], /) -> dict[str, Any]:
        assert (service, version) == ("teo", "2022-09-01")
        if action == "DescribeZones":
            zones = [{"ZoneId": f"z{number}", "ZoneName": f"{number}.example"} for number in range(150)]
            zones.append({"ZoneId": "zone-1", "ZoneName": "Site.example"})
            return {"Zones": zones[params["Offset"] : params["Offset"] + params["Limit"]], "TotalCount": len(zones)}
        assert params["ZoneIds"] == ["zone-1"]
        assert params["Domains"] == ["www.site.example"]
        begin, end = (datetime.fromisoformat(params[name]).timestamp() for name in ("StartTime", "EndTime"))
        told = []
        for hour in range(int(START // 3600), int(self.now // 3600) + 1):
            lines = list(self.fetch(str(hour)))
            if lines and begin <= hour * 3600 <= end:
                at = datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                told.append({"Domain": "www.site.example", "Area": "mainland", "LogPacketName": f"{hour}",
                             "LogStartTime": at, "Url": str(hour), "Size": sum(map(len, lines))})
        return {"Data": told[params["Offset"] : params["Offset"] + 3], "TotalCount": len(told)}

    def fetch(self, address: str) -> Iterator[str]:
        hour = int(address)
        for number, late in ((0, 3), (1, 3), (2, 24)):
            at = hour * 3600 + number * 600
            if at >= START and self.now >= (hour + 1 + late) * 3600:
                yield json.dumps({**LINE, "RequestUrl": f"/{hour}-{number}",
                                  "RequestTime": datetime.fromtimestamp(at, UTC).isoformat()})


def test_visits_that_come_a_day_late_are_told_once() -> None:
    late = Late()
    source = EdgeOneLogs(late, ["www.site.example"], late.fetch, every=1800, clock=lambda: late.now)
    told = [visit.path for visit in source.follow(Passing(late, START + 72 * 3600), BEGIN)]
    first = int(START // 3600)
    due = {f"/{hour}-{number}" for hour in range(first + 1, first + 46) for number in range(3)}
    assert due <= set(told)
    assert len(told) == len(set(told))
