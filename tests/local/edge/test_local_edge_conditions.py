"""Conditional requests by RFC 9110 (13.1, 13.2.2, 15.4.5, 8.8.3), also of what is compressed; curl and Requests keep
to what they got."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests

from sitepub.local.edge.conditions import range_holds, status_of
from tests.local.edge.test_local_edge_headers import TEXT, compressing
from tests.local.edge_wire import EdgeSite, cached, rules

BEFORE, THEN, LATER = (f"Sun, 06 Nov 1994 08:49:{second} GMT" for second in (36, 37, 38))

CONDITIONS: list[tuple[dict[str, str], int]] = [
    ({}, 200), ({"If-None-Match": '"a"'}, 304), ({"If-None-Match": 'W/"a"'}, 304), ({"If-None-Match": '"b"'}, 200),
    ({"If-None-Match": '"b", W/"c" ,"a"'}, 304), ({"If-None-Match": "*"}, 304), ({"If-None-Match": '"x,"a"'}, 200),
    ({"If-None-Match": '"a,b"'}, 200), ({"If-None-Match": "a"}, 304), ({"If-None-Match": ""}, 200),
    ({"If-None-Match": '"b"', "If-Modified-Since": LATER}, 200),
    ({"If-None-Match": '"a"', "If-Modified-Since": BEFORE}, 304),
    ({"If-Modified-Since": THEN}, 304), ({"If-Modified-Since": LATER}, 304), ({"If-Modified-Since": BEFORE}, 200),
    ({"If-Modified-Since": "yesterday"}, 200), ({"If-Modified-Since": "Sunday, 06-Nov-94 08:49:37 GMT"}, 304),
    ({"If-Modified-Since": "Sun Nov  6 08:49:37 1994"}, 304),
    ({"If-Match": '"a"'}, 200), ({"If-Match": "*"}, 200), ({"If-Match": 'W/"a"'}, 412), ({"If-Match": '"b"'}, 412),
    ({"If-Match": '"b", "a"'}, 200), ({"If-Match": '"a"', "If-Unmodified-Since": BEFORE}, 200),
    ({"If-Match": '"b"', "If-None-Match": '"a"'}, 412), ({"If-Match": '"a"', "If-None-Match": '"a"'}, 304),
    ({"If-Unmodified-Since": THEN}, 200), ({"If-Unmodified-Since": BEFORE}, 412), ({"If-Unmodified-Since": "x"}, 200),
    ({"If-Unmodified-Since": BEFORE, "If-None-Match": '"a"'}, 412),
]


@pytest.mark.parametrize(("given", "status"), CONDITIONS)
def test_conditions_in_their_order(given: dict[str, str], status: int) -> None:
    assert status_of(given, '"a"', THEN) == status


@pytest.mark.parametrize(("given", "status"), [
    ({"If-Match": '"a"'}, 412), ({"If-Match": 'W/"a"'}, 412), ({"If-Match": "*"}, 200), ({"If-None-Match": '"a"'}, 304),
    ({"If-None-Match": 'W/"a"'}, 304), ({"If-None-Match": "*"}, 304)])
def test_a_weak_tag_is_only_compared_weakly(given: dict[str, str], status: int) -> None:
    assert status_of(given, 'W/"a"', None) == status


def test_without_tag_or_date_only_a_star_holds() -> None:
    assert [status_of(given, None, None) for given in (
        {"If-None-Match": '"a"'}, {"If-None-Match": "*"}, {"If-Match": '"a"'}, {"If-Match": "*"},
        {"If-Modified-Since": THEN}, {"If-Unmodified-Since": BEFORE})] == [200, 304, 412, 200, 200, 200]
    assert status_of({"If-None-Match": '"a,b", "c"'}, '"a,b"', None) == 304


@pytest.mark.parametrize(("condition", "etag", "holds"), [
    (None, '"a"', True), ('"a"', '"a"', True), ('W/"a"', '"a"', False), ('"a"', 'W/"a"', False), ('"b"', '"a"', False),
    (THEN, '"a"', True), (BEFORE, '"a"', False), (LATER, '"a"', False), ("x", '"a"', False), ('"a"', None, False)])
def test_a_range_holds_for_exactly_the_same(condition: str | None, etag: str | None, holds: bool) -> None:
    assert range_holds(condition, etag, THEN) is holds


REPEATED = ("etag", "cache-control", "expires", "vary", "content-location", "last-modified")


def test_a_304_says_what_the_200_would_have_said_and_412_has_no_content(site: EdgeSite) -> None:
    site.put("s.css", TEXT, content_type="text/css", cache_control="max-age=60")
    site.add(Cache=rules(cached()), Compression=compressing("gzip", "brotli"))
    tags = set()
    for accepted in ("identity", "gzip", "br"):
        asked = ("-H", f"Accept-Encoding: {accepted}")
        whole = site.visit("/s.css", *asked)
        tag, changed = whole.get("etag"), whole.get("last-modified")
        assert tag is not None and changed is not None
        tags.add(tag)
        for condition in (f"If-None-Match: {tag}", f"If-None-Match: {tag.removeprefix('W/')}", "If-None-Match: *",
                          f"If-Modified-Since: {changed}"):
            same = site.visit("/s.css", *asked, "-H", condition)
            assert (same.status, same.body, same.get("content-encoding")) == (304, b"", None), condition
            assert [same.get(name) for name in REPEATED] == [whole.get(name) for name in REPEATED], condition
        for condition in ('If-Match: "other"', "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"):
            other = site.visit("/s.css", *asked, "-H", condition)
            assert (other.status, other.body, other.get("content-encoding")) == (412, b"", None), condition
        strong = site.visit("/s.css", *asked, "-H", f"If-Match: {tag}")
        assert strong.status == (200 if accepted == "identity" else 412)
        part = site.visit("/s.css", *asked, "-r", "0-3", "-H", f"If-Range: {tag}")
        assert (part.status, part.body == whole.body) == ((206, False) if accepted == "identity" else (200, True))
    assert len(tags) == 2 and len({tag.removeprefix("W/") for tag in tags}) == 1
    head = site.visit("/s.css", "--head", "-H", f"If-None-Match: {min(tags)}")
    assert (head.status, head.get("content-length") in (None, "0")) == (304, True)
    assert site.visit("/nowhere", "-H", "If-None-Match: *").status == 404


def test_clients_that_others_wrote_keep_what_they_have(site: EdgeSite, tmp_path: Path) -> None:
    site.put("s.css", TEXT, content_type="text/css")
    site.add(Cache=rules(cached()), Compression=compressing("gzip", "brotli"))
    address = f"http://{site.host}:{site.cloud.edge_http}/s.css"

    def curl(*words: str) -> str:
        return subprocess.run(
            ["curl", "-sS", "--compressed", "--resolve", f"{site.host}:{site.cloud.edge_http}:127.0.0.1", "-w",
             "%{http_code}", *words, address], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert curl("--etag-save", "tag", "--etag-compare", "tag", "-o", "a.css", "-R") == "200"
    assert (tmp_path / "a.css").read_bytes() == TEXT
    assert curl("--etag-save", "tag", "--etag-compare", "tag", "-o", "b.css") == "304"
    assert curl("-z", "a.css", "-o", "c.css") == "304"
    assert curl("-z", f"-{BEFORE}", "-o", "d.css") == "412"
    session = requests.Session()
    session.trust_env = False
    there = f"http://127.0.0.1:{site.cloud.edge_http}/s.css"
    first = session.get(there, headers={"Host": site.host})
    again = session.get(there, headers={"Host": site.host, "If-None-Match": first.headers["ETag"]})
    assert (first.content, again.status_code, again.headers["ETag"], again.content) == (
        TEXT, 304, first.headers["ETag"], b"")
