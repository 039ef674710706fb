"""The program notifies a receiver on this computer after deploys to a host of the embedded cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import make_sitepub
from tests.e2e.test_e2e_domains import Guest
from tests.notify.receiver import receiver


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("notify") / "data", "--pace", "0") as cloud:
        yield cloud


def test_each_deploy_sends_what_it_has_changed_and_a_failure_is_a_warning(
    cloud: LocalCloud, home: Path, tmp_path: Path
) -> None:
    program, zone = make_sitepub(cloud, home), "notify-test.com"
    Account(cloud).zone(zone)
    with receiver() as engine:
        engine.answer = lambda _number: (200, b'{"remain": 100, "success": 1}')
        (tmp_path / "src").mkdir()
        for name in ("index.html", "a.html", "404.html", "a.css"):
            (tmp_path / "src" / name).write_text(name)
        (tmp_path / "serverless.yml").write_text(json.dumps({
            "component": "website", "name": "notifying", "inputs": {
                "src": "./src", "protocol": "http", "hosts": [{"host": f"www.{zone}"}],
                "notify": {"indexnow": True, "indexnowEndpoint": f"{engine.address}/indexnow",
                           "baidu": "${env:BAIDU_TOKEN}", "baiduEndpoint": f"{engine.address}/urls"}}}))
        extra = {"BAIDU_TOKEN": "tok-1234567890"}
        report = program.deploy(tmp_path, **extra)
        sent = json.loads(engine.got[0].body)
        assert sent["urlList"] == [f"http://www.{zone}/", f"http://www.{zone}/a.html"]
        assert [(one["service"], one["sent"], one["failed"]) for one in report["notified"]] == [
            ("IndexNow", 2, None), ("Baidu", 1, None)]
        page = Guest(cloud).get(f"http://www.{zone}", "/" + sent["keyLocation"].rpartition("/")[2])
        assert (page.status, page.body.decode()) == (200, sent["key"])
        engine.got.clear()
        assert program.deploy(tmp_path, **extra)["notified"] == [] and not engine.got
        (tmp_path / "src/a.html").write_text("changed")
        engine.answer = lambda _number: (403, b"no")
        run = program("deploy", "--local", "--json", cwd=tmp_path, **extra)
        assert run.code == 0 and [json.loads(engine.got[0].body)["urlList"]] == [[f"http://www.{zone}/a.html"]]
        assert sum("took 0 of 1 addresses" in one for one in run.json["warnings"]) == 2
        assert "tok-1234567890" not in run.out + run.err
