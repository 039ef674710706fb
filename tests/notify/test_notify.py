"""Search engines are notified: which addresses, in which form, and what is made of their answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.bucket_settings import Website
from sitepub.config.load import load_project
from sitepub.config.project import Host, Notify, Project
from sitepub.errors import ConfigError
from sitepub.notify.changed_pages import changed_pages
from sitepub.notify.notifying import notify, warnings_of
from sitepub.notify.services import BAIDU_BATCH, INDEXNOW_BATCH, to_baidu, to_indexnow
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.states.manifest import Entry
from sitepub.site.build.indexnow_key import key_file, key_of
from sitepub.site.snapshot import SiteFile
from tests.notify.receiver import receiver
from tests.site.sample import project


def step(key: str, action: Action = Action.UPLOAD, kind: str = "text/html; charset=utf-8") -> Step:
    file = None if action is Action.DELETE else SiteFile(key, 1, "0" * 32, {"Content-Type": kind}, "h")
    return Step(action, key, Phase.PAGES, Reason.NEW, file)


def entry() -> Entry:
    return Entry("0" * 32, 1, "h", "")


@pytest.mark.parametrize(("steps", "moved", "website", "paths"), [
    ([step("index.html")], (), Website(), ["/"]),
    ([step("a/index.html"), step("b.html")], (), Website(), ["/a/", "/b.html"]),
    ([step("b.html")], (), Website(ignore_html_ext=True), ["/b"]),
    ([step("a.css", kind="text/css"), step("feed.xml", kind="application/xml")], (), Website(), []),
    ([step("b.html", Action.HEADERS)], (), Website(), []),
    ([step("b.html", Action.COPY), step("gone.html", Action.DELETE), step("x.js", Action.DELETE)], (), Website(),
     ["/b.html", "/gone.html"]),
    ([], ("old/index.html", "old.css"), Website(), ["/old/"]),
    ([step("404.html"), step("error.html"), step("c.html")], (), Website(), ["/c.html"]),
    ([step("nope.html"), step("404.html")], (), Website(error="nope.html", error_is_default=False), ["/404.html"]),
    ([step("caf\u00e9 1.html")], (), Website(), ["/caf%C3%A9%201.html"]),
    ([step("page", kind="text/html")], (), Website(), ["/page"]),
])
def test_which_addresses_have_changed(steps: list[Step], moved: tuple[str, ...], website: Website, paths: list[str]
                                      ) -> None:
    plan = Plan(tuple(steps), moved={key: entry() for key in moved})
    assert list(changed_pages(plan, website, "")) == paths


def site(tmp_path: Path, address: str, **values: Any) -> Project:
    wanted = Notify(True, None, f"{address}/indexnow", "se+cret/token", f"{address}/urls")
    return project(tmp_path, hosts=(Host("www.example.com", https={"switch": "on"}), Host("b.example.com")),
                   notify=replace(wanted, **values))


def test_indexnow_and_baidu_get_exactly_the_addresses_of_hosts_that_are_live(tmp_path: Path) -> None:
    plan = Plan((step("index.html"), step("a.html"), step("a.css", kind="text/css")))
    with receiver() as engine:
        engine.answer = lambda number: (202, b"") if number == 0 else (200, b'{"remain": 5, "success": 2}')
        where = site(tmp_path, engine.address)
        done = notify(where, plan, {"www.example.com"}, embedded=True)
        index_now, baidu = engine.got
    assert not warnings_of(done) and [(one.service, one.sent) for one in done] == [("IndexNow", 2), ("Baidu", 2)]
    urls = ["https://www.example.com/", "https://www.example.com/a.html"]
    key = key_of(where)
    assert index_now.path == "/indexnow" and index_now.content_type == "application/json; charset=utf-8"
    assert json.loads(index_now.body) == {"host": "www.example.com", "key": key, "urlList": urls,
                                          "keyLocation": f"https://www.example.com/{key}.txt"}
    assert baidu.path == "/urls?site=https://www.example.com&token=se%2Bcret%2Ftoken"
    assert baidu.content_type == "text/plain" and baidu.body.decode().split("\n") == urls


def test_nothing_leaves_this_computer_in_a_local_run(tmp_path: Path) -> None:
    where = site(tmp_path, "https://engine.example")
    assert notify(where, Plan((step("a.html"),)), {"www.example.com"}, embedded=True) == []


def test_batches_and_quotas() -> None:
    urls = tuple(f"https://a.com/{number}" for number in range(INDEXNOW_BATCH + 1))
    with receiver() as engine:
        assert to_indexnow(engine.address, "a.com", "k" * 8, "https://a.com/k.txt", urls).sent == len(urls)
        assert [len(json.loads(one.body)["urlList"]) for one in engine.got] == [INDEXNOW_BATCH, 1]
        engine.got.clear()
        engine.answer = lambda number: (200, json.dumps(
            {"success": [BAIDU_BATCH, 500][number], "remain": [500, 0][number]}).encode())
        done = to_baidu(engine.address, "https://a.com", "t", urls[:BAIDU_BATCH + 900])
        assert [len(one.body.split(b"\n")) for one in engine.got] == [BAIDU_BATCH, 500]
        assert (done.sent, done.failed) == (BAIDU_BATCH + 500, "the quota of the day is used up")


@pytest.mark.parametrize(("service", "status", "body", "words"), [
    ("indexnow", 403, b"", "the key file is not found"), ("indexnow", 422, b"", "not of this host"),
    ("indexnow", 429, b"", "too many requests"), ("indexnow", 500, b"", "status 500"),
    ("indexnow", 301, b"", "status 301"),
    ("baidu", 401, b'{"error": 401, "message": "token is not valid"}', "token is not valid"),
    ("baidu", 400, b'{"error": 400, "message": "over quota"}', "over quota"),
    ("baidu", 200, b'{"remain": 9, "success": 0, "not_same_site": ["https://a.com/x"]}', "refuses https://a.com/x"),
    ("baidu", 200, b'{"remain": 9, "success": 0, "not_valid": ["x", "y"]}', "and 1 more"),
    ("baidu", 502, b"<html>", "status 502"),
])
def test_a_failure_is_a_warning_that_says_why(service: str, status: int, body: bytes, words: str) -> None:
    with receiver() as engine:
        engine.answer = lambda _number: (status, body)
        done = to_indexnow(engine.address, "a.com", "k" * 8, "https://a.com/k.txt", ("https://a.com/x",)) \
            if service == "indexnow" else to_baidu(engine.address, "https://a.com", "t", ("https://a.com/x",))
    [warning] = warnings_of([done])
    assert words in warning.message and "0 of 1" in warning.message


def test_a_receiver_that_does_not_answer_is_a_warning_without_the_token(closed_port: int) -> None:
    done = to_baidu(f"http://127.0.0.1:{closed_port}", "https://a.com", "very-secret-token", ("https://a.com/x",))
    assert done.failed and "very-secret-token" not in done.failed


def test_the_key_file_is_a_file_of_the_site(tmp_path: Path) -> None:
    where = replace(site(tmp_path, ""), key_prefix="v1/")
    made = key_file(where)
    assert made is not None and made.key == f"v1/{key_of(where)}.txt" and made.data == key_of(where).encode()
    named = replace(where, notify=Notify(True, "0123456789abcdef"))
    assert key_of(named) == "0123456789abcdef"
    assert key_file(replace(where, hosts=())) is None and key_file(replace(where, notify=None)) is None


def test_what_the_configuration_takes(tmp_path: Path) -> None:
    file = tmp_path / "serverless.yml"
    file.write_text("component: website\nname: a\ninputs:\n  src: .\n"
                    "  notify: {indexnow: true, baidu: \"${env:BAIDU_TOKEN, ''}\"}\n")
    found = load_project(file, environ={"BAIDU_TOKEN": "tok-123456789"})
    assert found.notify is not None and found.notify.baidu == "tok-123456789" and found.notify.indexnow
    assert "tok-123456789" not in repr(found)
    assert (load_project(file, environ={}).notify or Notify()).baidu == ""
    file.write_text("component: website\nname: a\ninputs:\n  src: .\n"
                    "  notify: {indexnow: true, indexnowKey: short, baiduEndpoint: ftp://x}\n")
    with pytest.raises(ConfigError) as caught:
        load_project(file, environ={})
    assert len(caught.value.problems) == 2
