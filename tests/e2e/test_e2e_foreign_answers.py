"""A whole deploy behind a network that answers in the cloud's place: each call in turn, once and for ever."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos import wire
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.network.retry import Backoff
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Site
from tests.tencent.intercepting import (
    ANSWERS,
    Intercepting,
    first_of,
    folder_for,
    for_ever,
    intercepting,
    once,
)
from tests.terminal.screen import Screen, sitepub

_numbers = itertools.count(1)
SETTINGS: dict[str, Any] = {
    "acl": "public-read",
    "policy": {"version": "2.0", "Statement": [{
        "Effect": "Allow", "Principal": {"qcs": ["qcs::cam::anyone:anyone"]}, "Action": ["name/cos:HeadObject"],
        "Resource": ["*"]}]},
    "tags": [{"key": "app", "value": "foreign"}],
    "cors": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}],
    "lifecycle": [{"id": "old", "status": "Enabled", "expiration": {"days": 30}, "filter": {"prefix": "tmp/"}}],
}
BUCKET_ANSWERS = ("COS's own 307", "302 to a login page", "200 with HTML", "404 with HTML", "empty 200", "cut", "204",
                  "own headers, 200 with HTML", "404 with a stranger's error", "511 with HTML", "502 with HTML")
API_ANSWERS = ("302 to a login page", "200 with HTML", "200 with packed HTML", "empty 200", "cut", "404 with HTML",
               "JSON without Response", "RequestId that is a number", "JSON without end", "407", "502 with HTML")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("foreign") / "data", "--pace", "0.01") as cloud:
        yield cloud


@pytest.fixture
def proxy(cloud: LocalCloud, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Intercepting]:
    """Between the program, which runs in this process, and the cloud."""
    assert home.exists()
    monkeypatch.setattr(Backoff, "wait", lambda *_: 0.0)
    monkeypatch.setattr(wire, "_OUTAGE_SECONDS", 0.0)
    with intercepting(cloud) as found:
        folder_for(cloud, found, tmp_path / "local")
        monkeypatch.setenv("SITEPUB_LOCAL_DATA", str(tmp_path / "local"))
        yield found


def deploy(site: Site, *options: str) -> tuple[int, dict[str, Any], str]:
    code, screen = sitepub("deploy", "--local", "--json", "--cwd", str(site.folder), *options,
                           screen=Screen(environ=dict(os.environ)))
    return code, screen.object, screen.noted


def answers_for(name: str) -> tuple[str, ...]:
    if name.startswith("api "):
        return API_ANSWERS
    return tuple(words for words in BUCKET_ANSWERS if not (name.startswith("HEAD") and words.startswith("own head")))


def right(cloud: LocalCloud, report: dict[str, Any], site: Site) -> None:
    """The bucket as the cloud itself shows it is what the project says."""
    keys = Credentials(cloud.secret_id, cloud.secret_key)
    there = Cloud(keys, cloud.app_id, cloud.region, Embedded(cloud.host, cloud.port))
    bucket, store = BucketSettings(there, report["bucket"]), CosObjectStore(there, report["bucket"])
    try:
        assert bucket.get_acl() == "public-read"
        assert "HeadObject" in json.dumps(bucket.get_policy())
        assert bucket.get_tags() == {"app": "foreign"}
        assert [rule.methods for rule in bucket.get_cors()] == [("GET",)]
        assert [rule.id for rule in bucket.get_lifecycle()] == ["old"]
        website = bucket.get_website()
        assert website is not None and website.index == "index.html"
        assert {listed.key for listed in store.list()} == set(site.published())
        for key, content in site.published().items():
            assert store.get(key).data == content
    finally:
        bucket.close()
        store.close()


def calls_of(proxy: Intercepting, site: Site) -> list[str]:
    proxy.names.clear()
    code, _, noted = deploy(site)
    assert code == 0, noted
    assert proxy.names, "it went through the proxy"
    return list(proxy.names)


def test_every_call_of_a_first_deploy(cloud: LocalCloud, proxy: Intercepting, make_site: MakeSite) -> None:
    def new() -> Site:
        return make_site(f"foreign-{next(_numbers)}", **SETTINGS)

    calls = calls_of(proxy, new())
    check(cloud, proxy, new, calls)


def check(cloud: LocalCloud, proxy: Intercepting, new: Callable[[], Site], calls: list[str]) -> None:
    turn = itertools.count()
    for number, name in enumerate(calls):
        answers = answers_for(name)
        words = answers[next(turn) % len(answers)]
        site = new()
        proxy.names.clear()
        proxy.replace = once(ANSWERS[words], number)
        code, report, noted = deploy(site)
        assert code == 0, f"{words} for {name} ({number}), once: {noted}"
        proxy.replace = lambda _number, _name: None
        right(cloud, report, site)
    for name in dict.fromkeys(calls):
        answers = answers_for(name)
        words = answers[next(turn) % len(answers)]
        site = new()
        proxy.replace = for_ever(ANSWERS[words], name)
        code, report, noted = deploy(site)
        proxy.replace = lambda _number, _name: None
        if code == 0:
            # A lock that could not be given back runs out by itself; all else was done.
            assert name == "POST bucket ?delete", f"{words} for {name}, for ever"
            right(cloud, report, site)
            continue
        assert report["status"] == "error", f"{words} for {name}, for ever"
        told = json.dumps(report)
        assert "bug in sitepub" not in told and "s3cr3t" not in told, told
        code, report, noted = deploy(site)
        assert code == 0, f"after {words} for {name}: {noted}"
        right(cloud, report, site)


def test_every_call_of_a_later_deploy(cloud: LocalCloud, proxy: Intercepting, make_site: MakeSite) -> None:
    """Every setting differs, files came, changed and went."""
    site = make_site(f"later-{next(_numbers)}", **SETTINGS)
    assert deploy(site)[0] == 0

    def another(number: int) -> None:
        site.configure(**{**SETTINGS, "acl": "private", "tags": [{"key": "app", "value": f"other-{number}"}],
                          "cors": [], "lifecycle": []})
        site.write({"index.html": f"<h1>{number}</h1>", f"new-{number}.html": "new"})
        (site.folder / "src" / f"new-{number - 1}.html").unlink(missing_ok=True)
        assert deploy(site)[0] == 0, "what the test starts from"
        site.configure(**SETTINGS)
        site.write({"index.html": f"<h1>{number}, again</h1>", f"more-{number}.html": "more"})
        (site.folder / "src" / f"more-{number - 1}.html").unlink(missing_ok=True)

    numbers = itertools.count(1)

    def new() -> Site:
        proxy.replace = lambda _number, _name: None
        another(next(numbers))
        return site

    new()
    calls = calls_of(proxy, site)
    assert len(calls) > 20
    # What a first deploy asks too is looked at there.
    later = [name for name in dict.fromkeys(calls) if not name.startswith(("PUT object", "HEAD", "PUT bucket"))]
    assert [name for name, _ in check_names(cloud, proxy, new, later)] == later


def check_names(cloud: LocalCloud, proxy: Intercepting, new: Callable[[], Site], names: list[str]
                ) -> Iterator[tuple[str, dict[str, Any]]]:
    """The first call of each name gets one answer of somebody else; the run ends well all the same."""
    for turn, name in enumerate(names):
        answers = answers_for(name)
        words = answers[turn % len(answers)]
        site = new()
        proxy.replace = first_of(name, ANSWERS[words])
        code, report, noted = deploy(site)
        proxy.replace = lambda _number, _name: None
        assert code == 0, f"{words} for {name}, once: {noted}"
        right(cloud, report, site)
        yield name, report


@pytest.mark.parametrize("edge", ["cdn", "cos"])
def test_every_call_for_a_host(cloud: LocalCloud, proxy: Intercepting, make_site: MakeSite, edge: str) -> None:
    account = Account(cloud)

    def new() -> Site:
        zone = f"foreign{next(_numbers)}-{os.getpid()}.com"
        account.zone(zone)
        return make_site(f"host-{next(_numbers)}", hosts=[{"host": f"www.{zone}", "edge": edge}],
                         https={"certInfo": "auto"}, **SETTINGS)

    names = list(dict.fromkeys(name for name in calls_of(proxy, new()) if "api " in name or "domain" in name))
    assert {"api CreateRecord", "api ApplyCertificate"} <= set(names)
    for name, report in check_names(cloud, proxy, new, names):
        [host] = report["hosts"]
        assert host["status"] == "online", f"{name}: {host}"
        zone = host["host"].partition(".")[2]
        assert [kind for kind, _, _ in account.records(zone, "www")] == ["CNAME"], f"{name}: made once"
