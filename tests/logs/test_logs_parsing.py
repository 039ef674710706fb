"""Every spelling of a visit becomes the same shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.logs import cos_line, offline_line
from sitepub.logs.cls_record import parse_record
from sitepub.logs.visit import Visit, cache_of, split_target

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
FULL = {
    "app_id": 1250000000, "client_ip": "192.0.2.7", "file_size": 512, "hit": "HIT", "host": "www.example.com",
    "http_code": 200, "isp": 2, "method": "GET", "param": "a=1&b=2", "proto": "HTTP/2.0", "prov": 22,
    "referer": "https://search.example/", "request_range": "-", "request_time": 12, "request_port": "443",
    "rsp_size": 1024, "time": 1795168800, "ua": "Mozilla/5.0", "url": "/blog/", "uuid": "1234567890",
}
VISIT = Visit(TEN, 200, "GET", "www.example.com", "/blog/", "a=1&b=2", 1024, 0.012, "hit", "192.0.2.7",
              "Mozilla/5.0", "https://search.example/", "1234567890")


# Records of the CDN in CLS


def test_a_record_of_the_cdn_is_a_visit() -> None:
    assert parse_record(json.dumps(FULL)) == VISIT


@pytest.mark.parametrize(("change", "field", "expected"), [
    ({"http_code": "404"}, "status", 404),
    ({"http_code": None, "status": 503}, "status", 503),
    ({"http_code": "odd"}, "status", 0),
    ({"method": "get"}, "method", "GET"),
    ({"hit": "hit"}, "cache", "hit"),
    ({"hit": "Miss"}, "cache", "miss"),
    ({"hit": "Cache Hit"}, "cache", "hit"),
    ({"hit": "-"}, "cache", None),
    ({"hit": None}, "cache", None),
    ({"rsp_size": "2048"}, "bytes", 2048),
    ({"rsp_size": -1}, "bytes", 0),
    ({"rsp_size": 1e30}, "bytes", 0),
    ({"request_time": "0"}, "seconds", 0.0),
    ({"request_time": "0.250"}, "seconds", 0.25),
    ({"request_time": "-"}, "seconds", None),
    ({"param": "-"}, "query", ""),
    ({"param": "?x=1"}, "query", "x=1"),
    ({"url": "/p?from=url", "param": "ignored=1"}, "query", "from=url"),
    ({"url": "https://www.example.com/p"}, "path", "/p"),
    ({"url": "no/slash"}, "path", "/no/slash"),
    ({"referer": "-"}, "referer", ""),
    ({"ua": "null"}, "agent", ""),
    ({"client_ip": None, "remote_addr": "2001:db8::1"}, "client", "2001:db8::1"),
    ({"time": 1795168800123}, "time", TEN.replace(microsecond=123000)),
    ({"time": "1795168800"}, "time", TEN),
    ({"time": 1795168800123456}, "time", TEN.replace(microsecond=123000)),
])
def test_fields_are_read_tolerantly(change: dict[str, Any], field: str, expected: object) -> None:
    visit = parse_record(json.dumps({**FULL, **change}))
    assert visit is not None
    assert getattr(visit, field) == expected


def test_the_services_own_time_and_name_win() -> None:
    visit = parse_record(json.dumps(FULL), time_ms=1795168800456, id="P-1")
    assert visit is not None
    assert visit.time == TEN.replace(microsecond=456000)
    assert visit.id == "P-1"


def test_capitals_and_a_wrapped_object_make_no_difference() -> None:
    capitals = {name.upper(): value for name, value in FULL.items()}
    assert parse_record(json.dumps(json.dumps(capitals))) == VISIT


def test_a_record_without_a_time_takes_the_services() -> None:
    assert parse_record(json.dumps({**FULL, "time": None}), time_ms=1795168800000) == VISIT
    assert parse_record(json.dumps({**FULL, "time": None})) is None


@pytest.mark.parametrize("text", ["", "no json", "[1]", "{}", "null", '"text"', '{"url": "-", "time": 1}',
                                  '{"url": {}, "time": 1}', '{"url": "/", "time": "soon"}'])
def test_what_is_no_visit_is_left_out(text: str) -> None:
    assert parse_record(text) is None


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
                    max_leaves=5)


@given(st.dictionaries(st.sampled_from(list(FULL)), JSON))
def test_no_record_breaks_the_reading(fields: dict[str, object]) -> None:
    visit = parse_record(json.dumps(fields), time_ms=1795168800000)
    assert visit is None or visit.path.startswith("/")


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    parse_record(text)
    cos_line.parse_line(text)
    offline_line.parse_line(text)


# Lines of the CDN's files

LINE = ('20261120180000 192.0.2.7 www.example.com /blog/ 1024 22 2 200 https://search.example/ 12 "Mozilla/5.0 (X11)" '
        '"(null)" GET HTTP/2.0 hit 443')


def test_a_line_of_the_cdns_files_is_a_visit() -> None:
    assert offline_line.parse_line(LINE, "x") == Visit(
        TEN, 200, "GET", "www.example.com", "/blog/", "", 1024, 0.012, "hit", "192.0.2.7", "Mozilla/5.0 (X11)",
        "https://search.example/", "x")


@pytest.mark.parametrize(("old", "new", "field", "expected"), [
    ("https://search.example/ 12", "NULL 12", "referer", ""),
    ('"Mozilla/5.0 (X11)"', '"say \\"hi\\" now"', "agent", 'say "hi" now'),
    ('"Mozilla/5.0 (X11)"', '"-"', "agent", ""),
    ('"Mozilla/5.0 (X11)"', "curl/8.5.0", "agent", "curl/8.5.0"),
    (" hit ", " miss ", "cache", "miss"),
    (" hit 443", "", "cache", None),
    (" GET ", " HEAD ", "method", "HEAD"),
    (" 12 ", " - ", "seconds", None),
    ("/blog/", "/blog/?page=2", "query", "page=2"),
    ("192.0.2.7", "2001:db8::1", "client", "2001:db8::1"),
    (" 200 ", " 404 ", "status", 404),
])
def test_variants_of_a_line_are_read(old: str, new: str, field: str, expected: object) -> None:
    visit = offline_line.parse_line(LINE.replace(old, new))
    assert visit is not None
    assert getattr(visit, field) == expected


@pytest.mark.parametrize("line", ["", "# comment", "20261120180000 only four fields",
                                  LINE.replace("20261120180000", "20269920180000"), LINE.replace(" 200 ", " OK ")])
def test_what_is_no_line_is_left_out(line: str) -> None:
    assert offline_line.parse_line(line) is None


# Lines of COS

FIELDS = ("1.0 site-1250000000 ap-guangzhou 2026-11-20T10:00:00Z "
          "site-1250000000.cos-website.ap-guangzhou.myqcloud.com "
          "GetObject 192.0.2.7 - - 0 0 /blog/ get Mozilla/5.0%20(X11) 200 - - 1024 12 USER STANDARD - 12 - id-1 512 - "
          "- https://search.example/ /blog/?a=1")


def test_a_line_of_cos_is_a_visit() -> None:
    assert cos_line.parse_line(FIELDS) == Visit(
        TEN, 200, "GET", "site-1250000000.cos-website.ap-guangzhou.myqcloud.com", "/blog/", "a=1", 1024, 0.012, None,
        "192.0.2.7", "Mozilla/5.0 (X11)", "https://search.example/", "id-1")


@pytest.mark.parametrize(("old", "new", "field", "expected"), [
    ("/blog/?a=1", "-", "path", "/blog/"),
    ("/blog/?a=1", "http://site.example/other?b=2", "path", "/other"),
    ("/blog/?a=1", "GET%20/blog/?c=3%20HTTP/1.1", "query", "c=3"),
    (" 1024 12 ", " - - ", "seconds", None),
    (" 1024 12 ", " - - ", "bytes", 0),
    ("T10:00:00Z", "T18:00:00+08:00", "time", TEN),
    ("https://search.example/ ", "- ", "referer", ""),
])
def test_variants_of_a_cos_line_are_read(old: str, new: str, field: str, expected: object) -> None:
    visit = cos_line.parse_line(FIELDS.replace(old, new))
    assert visit is not None
    assert getattr(visit, field) == expected


def test_a_shorter_line_of_an_older_kind_is_read() -> None:
    visit = cos_line.parse_line(" ".join(FIELDS.split()[:19]))
    assert visit is not None
    assert (visit.status, visit.path, visit.bytes) == (200, "/blog/", 1024)
    assert visit.id


def test_signed_requests_are_no_visits() -> None:
    assert cos_line.parse_line(FIELDS.replace("192.0.2.7 -", "192.0.2.7 AKIDEXAMPLE")) is None


@pytest.mark.parametrize("line", ["", "1.0 too short", FIELDS.replace(" 200 ", " - "),
                                  FIELDS.replace("2026-11-20T10:00:00Z", "yesterday")])
def test_what_is_no_cos_line_is_left_out(line: str) -> None:
    assert cos_line.parse_line(line) is None


# Words


@pytest.mark.parametrize(("word", "cache"), [("HIT", "hit"), ("MISS", "miss"), ("RefreshHit", "hit"), ("", None),
                                             ("-", None), ("EXPIRED", "miss")])
def test_what_is_said_of_the_cache(word: str, cache: str | None) -> None:
    assert cache_of(word) == cache


@pytest.mark.parametrize(("target", "parts"), [
    ("/a?b", ("/a", "b")), ("/a?", ("/a", "")), ("/?u=http://x/", ("/", "u=http://x/")), ("", ("/", "")),
    ("http://h/a?b=1", ("/a", "b=1")), ("http://h", ("/", "")),
])
def test_a_target_is_a_path_and_a_query(target: str, parts: tuple[str, str]) -> None:
    assert split_target(target) == parts
