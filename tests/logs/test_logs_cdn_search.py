"""A topic that is read through the CDN, because the log service refuses the credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host, LogTopic
from sitepub.errors import AccessDenied, CloudError, SitepubError
from sitepub.logs.cdn_search import CdnSearch
from sitepub.logs.choose import Kind, open_source
from sitepub.logs.cls_topic import Pace
from sitepub.logs.offline_line import CHINA
from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import EdgeSite, admin, call_api, make_site
from tests.logs.log_service import BEGIN, LogService, Passing, Record
from tests.logs.test_logs_sources import account, ago, api, collected, project, topic_of


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("search") / "data", "--pace", "0") as found:
        admin(found, "/-/cdn", json.dumps({"forbidden_services": ["cls"]}))
        yield found


@pytest.fixture
def site(cloud: LocalCloud) -> EdgeSite:
    made = make_site(cloud)
    made.add()
    return made


def test_a_topic_is_read_through_the_cdn_when_the_log_service_refuses(site: EdgeSite, tmp_path: Path) -> None:
    topic = topic_of(site)
    notes: list[str] = []
    found = project(tmp_path, hosts=(Host(site.host),))
    source = open_source(found, account(site.cloud), kind=Kind.CLS, note=notes.append)
    assert source.name == f"CLS topic {topic}, through the CDN"
    assert "cls:SearchLog" in notes[0]
    for number in range(230):
        site.visit(f"/{number}?n={number}")
    visits = list(source.read(ago()))
    assert [visit.target for visit in visits] == [f"/{number}?n={number}" for number in range(230)]
    assert (visits[0].host, visits[0].status, visits[0].cache) == (site.host, 404, "miss")
    assert list(source.read(datetime(1970, 1, 1, tzinfo=UTC))) == visits, "as far back as there is anything"
    assert list(source.read(datetime.now(UTC) + timedelta(hours=1))) == []
    named = open_source(project(tmp_path, hosts=(Host(site.host),), logs=LogTopic(topic)), account(site.cloud),
                        kind=Kind.CLS)
    with pytest.raises(AccessDenied):
        list(named.read(ago()))


def test_it_is_followed_too(site: EdgeSite) -> None:
    topic = topic_of(site)
    logset = call_api(site.cloud, "cdn", "ListClsLogTopics")["Logset"]["LogsetId"]
    source = CdnSearch(api(site.cloud), logset, topic, [site.host], pace=Pace(every=0.1, settle=0.3, far_every=0.5))
    feed = collected(source, since=ago())
    try:
        for number in range(5):
            site.visit(f"/{number}")
        feed.wait_for(5)
        assert feed.paths == [f"/{number}" for number in range(5)]
    finally:
        feed.feed.stop()


def test_the_embedded_search_refuses_what_is_no_question(site: EdgeSite) -> None:
    topic = topic_of(site)
    logset = call_api(site.cloud, "cdn", "ListClsLogTopics")["Logset"]["LogsetId"]
    now = datetime.now(CHINA)
    ask = {"LogsetId": logset, "TopicIds": topic, "Limit": 100, "StartTime": f"{now:%Y-%m-%d %H:%M:%S}",
           "EndTime": f"{now + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"}

    def search(**more: Any) -> dict[str, Any]:
        return api(site.cloud).call("cdn", "2018-06-06", "SearchClsLog", {**ask, **more})

    assert search()["Logs"]["Results"] == []
    for wrong in ({"Limit": 101}, {"LogsetId": "x"}, {"TopicIds": "x"}, {"StartTime": "2020-01-01 00:00:00"},
                  {"StartTime": "now"}, {"Context": "x"}, {"Query": "a | select 1"}):
        with pytest.raises(CloudError):
            search(**wrong)


class Old(LogService):
    """The same log service behind the CDN's search: whole seconds, no names of records, times as text."""

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any], /) -> dict[str, Any]:
        assert (service, version, action, params["Limit"]) == ("cdn", "2018-06-06", "SearchClsLog", 100)
        begin, end = (round(datetime.fromisoformat(params[name]).replace(tzinfo=CHINA).timestamp() * 1000)
                      for name in ("StartTime", "EndTime"))
        where = {"Context": params["Context"]} if "Context" in params else {}
        found = super().call("cls", "2020-10-16", "SearchLog", {"From": begin, "To": end, "Limit": 100, **where})
        return {"Logs": {"Listover": found["ListOver"], "Context": found["Context"], "Results": [
            {"Timestamp": f"{datetime.fromtimestamp(one['Time'] // 1000, CHINA):%Y-%m-%d %H:%M:%S}",
             "Content": json.dumps({**json.loads(one["LogJson"]), "uuid": f"{one['PkgId']}-{one['PkgLogId']}"})}
            for one in found["Results"]]}}


def test_late_twice_and_out_of_reach_through_the_cdn_too() -> None:
    records = [Record(number, number * 1.0, shown=number + (400.0 if number % 50 == 7 else 0)) for number in range(600)]
    service = Old(records, twice=True, scrambled=True, fails=((100, 200),))
    notes: list[str] = []
    source = CdnSearch(service, "set", "t", clock=lambda: service.now, ticks=lambda: service.now)
    told = [visit.path for visit in source.follow(Passing(service, BEGIN.timestamp() + 1500), BEGIN, notes.append)]
    assert sorted(told) == sorted(f"/{number}" for number in range(600))
    assert len(notes) == 2


def test_more_records_than_a_cursor_leads_to() -> None:
    service = Old([Record(number, number * 0.001) for number in range(12_500)], largest=10_000)
    service.now += 60
    source = CdnSearch(service, "set", "t", clock=lambda: service.now)
    assert len({visit.path for visit in source.read(BEGIN)}) == 12_500
    crowd = Old([Record(number, 1.0) for number in range(10_500)])
    crowd.now += 60
    with pytest.raises(SitepubError, match="10,000 visits of one second") as raised:
        list(CdnSearch(crowd, "set", "t", clock=lambda: crowd.now).read(BEGIN))
    assert "cls:SearchLog" in str(raised.value.hint)
