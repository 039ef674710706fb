"""The edge's cache: what is kept and for whom, what rules say, and purges after which nothing old is served."""

from __future__ import annotations

import time

import pytest

from tests.local.edge_wire import (
    ON,
    EdgeSite,
    cached,
    call_api,
    following,
    not_cached,
    rules,
)


def test_the_second_answer_comes_from_the_cache(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    first, second = site.visit(), site.visit()
    assert (first.status, first.get("x-cache"), first.get("x-cache-lookup")) == (200, "MISS", "Cache Miss")
    assert (second.get("x-cache"), second.get("x-cache-lookup")) == ("HIT", "Cache Hit")
    assert second.body == first.body == b"<h1>One</h1>"
    assert (first.get("age"), second.get("age") is not None) == (None, True)
    assert second.get("content-length") == "12"
    assert [(visit["cache"], visit["host"]) for visit in site.visits()] == [
        ("miss", site.host), ("hit", site.host)]


def test_what_is_cached_stays_until_it_is_purged(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.visit()
    site.put("index.html", b"<h1>Two</h1>", content_type="text/html")
    assert site.visit().body == b"<h1>One</h1>"
    call_api(site.cloud, "cdn", "PurgeUrlsCache", Urls=[f"http://{site.host}/"])
    after = site.visit()
    assert (after.body, after.get("x-cache")) == (b"<h1>Two</h1>", "MISS")


def test_a_purge_of_a_url_leaves_its_neighbours(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.put("a/x.txt", b"x")
    site.put("a/y.txt", b"y")
    for path in ("/a/x.txt", "/a/y.txt", "/a/x.txt?v=1"):
        site.visit(path)
    call_api(site.cloud, "cdn", "PurgeUrlsCache", Urls=[f"https://{site.host}/a/x.txt"])
    found = {path: site.visit(path).get("x-cache") for path in ("/a/x.txt", "/a/y.txt", "/a/x.txt?v=1")}
    assert found == {"/a/x.txt": "MISS", "/a/y.txt": "HIT", "/a/x.txt?v=1": "HIT"}


def test_a_purge_of_an_address_with_a_query_takes_that_one_alone(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.put("a.txt", b"a")
    paths = ("/a.txt", "/a.txt?v=1", "/a.txt?v=2")
    for path in paths:
        site.visit(path)
    call_api(site.cloud, "cdn", "PurgeUrlsCache", Urls=[f"http://{site.host}/a.txt?v=1"])
    assert [site.visit(path).get("x-cache") for path in paths] == ["HIT", "MISS", "HIT"]


def test_where_the_key_leaves_queries_out_they_are_purged_together(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()), CacheKey={"FullUrlCache": "off"})
    site.put("a.txt", b"a")
    site.visit("/a.txt?v=1")
    assert site.visit("/a.txt").get("x-cache") == "HIT"
    call_api(site.cloud, "cdn", "PurgeUrlsCache", Urls=[f"http://{site.host}/a.txt?v=2"])
    assert site.visit("/a.txt").get("x-cache") == "MISS"


def test_a_url_is_purged_however_it_is_spelled(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.put("空 格.txt", b"x")
    path = "/%E7%A9%BA%20%E6%A0%BC.txt"
    site.visit(path)
    assert site.visit(path.lower()).get("x-cache") == "HIT"
    call_api(site.cloud, "cdn", "PurgeUrlsCache", Urls=[f"http://{site.host}/空 格.txt"], UrlEncode=True)
    assert site.visit(path).get("x-cache") == "MISS"


@pytest.mark.parametrize(("method", "unchanged"), [("delete", "MISS"), ("flush", "HIT")])
def test_a_directory_is_forgotten_or_asked_for_again(site: EdgeSite, method: str, unchanged: str) -> None:
    site.add(Cache=rules(cached()))
    for key in ("d/same.txt", "d/new.txt", "e/other.txt"):
        site.put(key, b"1")
        site.visit(f"/{key}")
    site.put("d/new.txt", b"2")
    call_api(site.cloud, "cdn", "PurgePathCache", Paths=[f"http://{site.host}/d/"], FlushType=method)
    assert site.visit("/d/same.txt").get("x-cache") == unchanged
    assert (site.visit("/d/new.txt").body, site.visit("/e/other.txt").get("x-cache")) == (b"2", "HIT")


def test_prefetched_is_there_before_the_first_visitor(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    call_api(site.cloud, "cdn", "PushUrlsCache", Urls=[f"http://{site.host}/"])
    assert site.visit().get("x-cache") == "HIT"


def test_an_answer_that_is_too_old_is_asked_for_again(site: EdgeSite) -> None:
    site.add(Cache=rules(cached(1)))
    first = site.visit("/error.html")
    assert first.get("x-cache") == "MISS"
    deadline = time.monotonic() + 60
    site.put("error.html", b"<h1>Newer</h1>", content_type="text/html")
    while site.visit("/error.html").body != b"<h1>Newer</h1>":
        assert time.monotonic() < deadline


def test_of_the_rules_that_match_the_last_one_counts(site: EdgeSite) -> None:
    site.add(Cache=rules(
        cached(), not_cached("file", "html", "PHP"), cached(600, "directory", "/keep"),
        not_cached("path", "/keep/no*.txt"), cached(600, "index", "/"),
    ))
    expected = {
        "/a.txt": "HIT", "/a.html": "MISS", "/a.php": "MISS", "/keep/a.html": "HIT", "/keep/b/c.html": "HIT",
        "/keeper.html": "MISS", "/keep/no.txt": "MISS", "/keep/note.txt": "MISS", "/": "HIT",
    }
    for path in expected:
        site.put(path.lstrip("/") or "index.html", b"x", content_type="text/plain")
    assert {path: [site.visit(path), site.visit(path)][1].get("x-cache") for path in expected} == expected


@pytest.mark.parametrize(("control", "expected"), [
    ("max-age=60", "HIT"), ("no-cache", "MISS"), ("private, max-age=60", "MISS"), ("no-store", "MISS"),
    ("max-age=0", "MISS"), ("max-age=0, s-maxage=60", "HIT"), ("", "MISS"),
])
def test_cache_control_of_the_origin_is_followed(site: EdgeSite, control: str, expected: str) -> None:
    site.add(Cache=rules(following()))
    site.put("f.txt", b"x", **({"cache_control": control} if control else {}))
    site.visit("/f.txt")
    assert site.visit("/f.txt").get("x-cache") == expected


def test_a_rule_does_not_keep_what_the_origin_forbids_unless_told_so(site: EdgeSite) -> None:
    site.put("f.txt", b"x", cache_control="no-store")
    site.add(Cache=rules(cached()))
    site.visit("/f.txt")
    assert site.visit("/f.txt").get("x-cache") == "MISS"
    site.update(Cache=rules(cached(IgnoreCacheControl="on")))
    site.visit("/f.txt")
    assert site.visit("/f.txt").get("x-cache") == "HIT"


def test_asked_for_again_every_time_but_sent_again_only_when_changed(site: EdgeSite) -> None:
    site.add(Cache=rules(not_cached("all", "*", Revalidate="on")))
    site.visit()
    assert site.visit().get("x-cache") == "HIT"
    site.put("index.html", b"<h1>Now</h1>", content_type="text/html")
    assert site.visit().body == b"<h1>Now</h1>"


def test_not_found_is_kept_as_long_as_the_status_rule_says(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()), StatusCodeCache={"Switch": "off"})
    site.visit("/no")
    assert site.visit("/no").get("x-cache") == "MISS"
    site.update(StatusCodeCache={**ON, "CacheRules": [{"StatusCode": "404", "CacheTime": 60}]})
    site.visit("/no")
    found = site.visit("/no")
    assert (found.status, found.get("x-cache"), found.body) == (404, "HIT", b"<h1>Gone</h1>")


def test_the_query_is_part_of_the_key_or_not(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()), CacheKey={"FullUrlCache": "on"})
    site.visit("/?a=1")
    assert site.visit("/?a=2").get("x-cache") == "MISS"
    site.update(CacheKey={"FullUrlCache": "off"})
    site.visit("/?a=1")
    assert site.visit("/?a=3").get("x-cache") == "HIT"
    only = {"Switch": "on", "Action": "includeCustom", "Value": "page"}
    site.update(CacheKey={"FullUrlCache": "off", "QueryString": only})
    site.visit("/?page=1&b=1")
    assert (site.visit("/?page=1&b=2").get("x-cache"), site.visit("/?page=2").get("x-cache")) == ("HIT", "MISS")


def test_conditions_and_ranges_are_answered_from_the_cache(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.put("n.txt", b"0123456789", content_type="text/plain")
    etag = site.visit("/n.txt").get("etag")
    assert etag
    same = site.visit("/n.txt", "-H", f"If-None-Match: {etag}")
    assert (same.status, same.body, same.get("x-cache"), same.get("etag")) == (304, b"", "HIT", etag)
    part = site.visit("/n.txt", "-r", "2-4")
    assert (part.status, part.body, part.get("content-range"), part.get("x-cache")) == (
        206, b"234", "bytes 2-4/10", "HIT")
    assert site.visit("/n.txt", "-r", "-3").body == b"789"
    none = site.visit("/n.txt", "-r", "50-60")
    assert (none.status, none.get("content-range")) == (416, "bytes */10")
    other = site.visit("/n.txt", "-r", "2-4", "-H", 'If-Range: "other"')
    assert (other.status, other.body) == (200, b"0123456789")
    head = site.visit("/n.txt", "--head")
    assert (head.status, head.get("content-length"), head.get("x-cache")) == (200, "10", "HIT")


def test_answers_that_vary_are_kept_apart(site: EdgeSite) -> None:
    document = (b"<CORSConfiguration><CORSRule><AllowedOrigin>http://a.example</AllowedOrigin>"
                b"<AllowedMethod>GET</AllowedMethod></CORSRule><ResponseVary>true</ResponseVary></CORSConfiguration>")
    answer = site.wire.call("PUT", query={"cors": ""}, body=document)
    assert answer.status == 200, answer.body
    site.add(Cache=rules(cached()))
    allowed = ("/", "-H", "Origin: http://a.example")
    assert site.visit(*allowed).get("access-control-allow-origin") == "http://a.example"
    assert site.visit().get("access-control-allow-origin") is None
    again = site.visit(*allowed)
    assert (again.get("x-cache"), again.get("access-control-allow-origin")) == ("HIT", "http://a.example")


def test_a_large_file_is_passed_through(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    large = bytes(range(256)) * (40 * 4096)
    site.put("large.bin", large)
    assert site.visit("/large.bin").body == large
    part = site.visit("/large.bin", "-r", "1000-1255")
    assert (part.status, part.body, part.get("x-cache")) == (206, large[1000:1256], "MISS")
