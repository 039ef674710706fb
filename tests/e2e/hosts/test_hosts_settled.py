"""A deploy that changes nothing loads nothing to publish with, also where the site has hosts; it says what a whole look
says."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.publish import glance
from tests.cli.test_cli_loaded import loaded_by
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account

QUICK = ("deploy", "--local", "--yes", "--json")


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path / "data", "--pace", "0") as cloud:
        monkeypatch.setenv("SITEPUB_LOCAL_DATA", str(cloud.data))
        yield cloud


def deploy(folder: Path, *options: str) -> tuple[dict[str, Any], bool]:
    """The answer, and whether the whole way was gone."""
    said: list[str] = []
    loaded = loaded_by(folder, *QUICK, *options, said=said)
    answer = json.loads(said[0])
    assert isinstance(answer, dict)
    return answer, "sitepub.publish.prepare" in loaded


def until_quick(folder: Path) -> dict[str, Any]:
    """The first answer after the short way."""
    for _ in range(9):
        answer, whole = deploy(folder)
        if not whole:
            return answer
    raise AssertionError("it is never recognised")  # what was written less than two seconds before is read once more


@pytest.mark.usefixtures("home")
def test_settled_hosts_are_known_without_a_question(tmp_path: Path, cloud: LocalCloud) -> None:
    account = Account(cloud)
    account.zone("settled.com")
    site = tmp_path / "project" / "site"
    site.mkdir(parents=True)
    for name in ("index.html", "error.html"):
        (site / name).write_text("<p>here</p>", encoding="utf-8")

    def configure(*hosts: dict[str, object]) -> None:
        (site.parent / "serverless.yml").write_text(json.dumps({
            "component": "website", "name": "settled", "inputs": {"src": "./site", "hosts": hosts}}), encoding="utf-8")

    www: dict[str, object] = {"host": "www.settled.com", "https": "auto"}
    cos: dict[str, object] = {"host": "cos.settled.com", "edge": "cos"}
    configure(www, cos)
    quick = until_quick(site.parent)
    assert {one["host"]: one["status"] for one in quick["hosts"]} == {
        "www.settled.com": "unchanged", "cos.settled.com": "unchanged"}
    whole, was_whole = deploy(site.parent, "--verify")
    assert was_whole
    assert quick | {"seconds": 0} == whole | {"seconds": 0}
    configure({**www, "seo": {"switch": "on"}}, cos)
    changed, was_whole = deploy(site.parent)
    assert was_whole
    assert {one["host"]: one["status"] for one in changed["hosts"]}["www.settled.com"] == "online"
    until_quick(site.parent)
    # Once a day the cloud itself is asked.
    for mark in (Path(os.environ["SITEPUB_HOME"]) / "cache" / "checked").iterdir():
        os.utime(mark, (time.time() - glance.DAY - 1,) * 2)
    account.sdk("cdn", "StopCdnDomain", {"Domain": "www.settled.com"})
    again, was_whole = deploy(site.parent)
    assert was_whole
    assert {one["host"]: one["status"] for one in again["hosts"]}["www.settled.com"] == "online"
