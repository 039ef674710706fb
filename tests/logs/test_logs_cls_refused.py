"""Credentials that may use the CDN but not the log service."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host, LogTopic
from sitepub.errors import AccessDenied
from sitepub.logs.cdn_offline import CdnOfflineLogs
from sitepub.logs.choose import Kind, open_source
from sitepub.logs.cls_topic import ClsTopic
from sitepub.tencent.cloud import Cloud, Credentials
from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import EdgeSite, admin, make_site
from tests.logs.test_logs_sources import account, ago, api, project, topic_of


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("refused") / "data", "--pace", "0") as found:
        admin(found, "/-/cdn", json.dumps({"forbidden_services": ["cls"]}))
        yield found


@pytest.fixture
def site(cloud: LocalCloud) -> EdgeSite:
    made = make_site(cloud)
    made.add()
    return made


def test_a_topic_knows_that_the_log_service_refuses_these_credentials(site: EdgeSite) -> None:
    topic = topic_of(site)
    assert ClsTopic(api(site.cloud), topic, [site.host]).refuses()
    admin(site.cloud, "/-/cdn", json.dumps({"forbidden_services": []}))
    try:
        assert not ClsTopic(api(site.cloud), topic, [site.host]).refuses()
    finally:
        admin(site.cloud, "/-/cdn", json.dumps({"forbidden_services": ["cls"]}))


class Cls:
    """The account's topics and log service, as far as the choice of a source asks them."""

    def __init__(self, credentials: Credentials, region: str, embedded: object = None) -> None:
        del credentials, region, embedded

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        del version, params
        if service == "cls":
            raise AccessDenied("cls:SearchLog is not allowed.", code="UnauthorizedOperation")
        if action == "ListClsLogTopics":
            return {"Logset": {"LogsetId": "set", "Region": "ap-shanghai"},
                    "Topics": [{"TopicId": "topic", "Enabled": 1}]}
        return {"DomainAreaConfigs": [{"Domain": "www.example.com"}]}


def test_the_files_of_the_cdn_take_the_place_of_a_topic_that_may_not_be_read(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without --source the embedded cloud always has the visits itself: so the real account's calls are scripted.
    monkeypatch.setattr("sitepub.tencent.cloud_api.CloudApi", Cls)
    notes: list[str] = []
    cloud = Cloud(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "1250000000", "ap-guangzhou")
    source = open_source(project(tmp_path, hosts=(Host("www.example.com"),)), cloud, note=notes.append)
    assert isinstance(source, CdnOfflineLogs)
    assert len(notes) == 1 and "cls:SearchLog" in notes[0] and "log files instead" in notes[0]


def test_a_topic_that_is_asked_for_fails_with_the_permission_that_is_missing(site: EdgeSite, tmp_path: Path) -> None:
    topic = topic_of(site)
    for found in (project(tmp_path, hosts=(Host(site.host),)),
                  project(tmp_path, hosts=(Host(site.host),), logs=LogTopic(topic))):
        source = open_source(found, account(site.cloud), kind=Kind.CLS)
        with pytest.raises(AccessDenied, match="cls:SearchLog"):
            list(source.read(ago()))
