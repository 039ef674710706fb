"""What the edge changes of an answer: header rules, compression, browser cache, error pages; other origins."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brotli
import pytest

from tests.local.edge_wire import ON, EdgeSite, admin, cached, call_api, following, rules

TEXT = b"body { color: red }\n" * 500


def header_rule(mode: str, name: str, value: str | None = None, kind: str = "all", *paths: str) -> dict[str, Any]:
    rule = {"HeaderMode": mode, "HeaderName": name, "RuleType": kind, "RulePaths": list(paths) or ["*"]}
    return rule if value is None else {**rule, "HeaderValue": value}


def compressing(*algorithms: str, **more: Any) -> dict[str, Any]:
    rule = {"Compress": True, "MinLength": 100, "MaxLength": 1_000_000, "Algorithms": list(algorithms),
            "RuleType": "file", "RulePaths": ["css", "js"], **more}
    return {"Switch": "on", "CompressionRules": [rule]}


def test_header_rules_set_add_and_delete(site: EdgeSite) -> None:
    site.put("d/f.txt", b"x", content_disposition="attachment")
    site.add(Cache=rules(cached()), ResponseHeader={**ON, "HeaderRules": [
        header_rule("set", "X-Frame-Options", "DENY"), header_rule("add", "X-More", "1"),
        header_rule("add", "X-More", "2", "directory", "/d/"), header_rule("del", "Content-Disposition"),
    ]})
    for _ in ("from the origin", "from the cache"):
        found = site.visit("/d/f.txt")
        assert (found.all("x-frame-options"), found.all("x-more")) == (["DENY"], ["1", "2"])
        assert found.get("content-disposition") is None
    assert site.visit("/").all("x-more") == ["1"]
    site.update(ResponseHeader={"Switch": "off"})
    assert site.visit("/d/f.txt").get("content-disposition") == "attachment", "what is kept is the origin's"


@pytest.mark.parametrize(("accepted", "algorithms", "coding"), [
    ("gzip", ("gzip", "brotli"), "gzip"), ("gzip, br", ("gzip", "brotli"), "br"),
    ("br;q=0, gzip", ("brotli", "gzip"), "gzip"), ("gzip, br", ("gzip",), "gzip"),
    ("br", ("gzip",), None), ("identity", ("gzip", "brotli"), None),
    ("*", ("gzip", "brotli"), "br"),
])
def test_compressed_as_the_visitor_accepts_and_the_rules_allow(
    site: EdgeSite, accepted: str, algorithms: tuple[str, ...], coding: str | None
) -> None:
    site.put("s.css", TEXT, content_type="text/css")
    site.add(Cache=rules(cached()), Compression=compressing(*algorithms))
    for _ in ("from the origin", "from the cache"):
        found = site.visit("/s.css", "-H", f"Accept-Encoding: {accepted}")
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding]
        assert (found.get("content-encoding"), unpack(found.body)) == (coding, TEXT)
        assert (found.get("vary"), found.get("content-length")) == ("Accept-Encoding", str(len(found.body)))
    etag = found.get("etag")
    assert etag and etag.startswith("W/") == (coding is not None)
    same = site.visit("/s.css", "-H", f"Accept-Encoding: {accepted}", "-H", f"If-None-Match: {etag}")
    assert same.status == 304
    part = site.visit("/s.css", "-H", f"Accept-Encoding: {accepted}", "-r", "0-3")
    assert (part.status, part.body, part.get("content-encoding")) == (206, b"body", None)


def test_what_the_rules_leave_out_is_not_compressed(site: EdgeSite) -> None:
    site.put("tiny.css", b"p{}", content_type="text/css")
    site.put("t.txt", TEXT, content_type="text/plain")
    site.put("packed.css", gzip.compress(TEXT), content_type="text/css", content_encoding="gzip")
    site.add(Cache=rules(cached()), Compression=compressing("gzip", "brotli", MaxLength=5_000_000))
    accepted = ("-H", "Accept-Encoding: gzip, br")
    assert site.visit("/tiny.css", *accepted).body == b"p{}"
    assert site.visit("/t.txt", *accepted).body == TEXT
    assert gzip.decompress(site.visit("/packed.css", *accepted).body) == TEXT


def test_media_types_choose_what_is_compressed(site: EdgeSite) -> None:
    site.put("data", TEXT, content_type="application/json; charset=utf-8")
    site.add(Compression=compressing("gzip", RuleType="contentType", RulePaths=["application/json"]))
    assert site.visit("/data", "-H", "Accept-Encoding: gzip").get("content-encoding") == "gzip"


def test_browsers_are_told_how_long_to_keep(site: EdgeSite) -> None:
    site.put("a.css", b"p{}", content_type="text/css", cache_control="max-age=1")
    site.add(MaxAge={**ON, "MaxAgeRules": [
        {"MaxAgeType": "all", "MaxAgeContents": ["*"], "MaxAgeTime": 5, "FollowOrigin": "off"},
        {"MaxAgeType": "file", "MaxAgeContents": ["css"], "MaxAgeTime": 77, "FollowOrigin": "off"},
    ]})
    assert (site.visit("/a.css").all("cache-control"), site.visit("/").all("cache-control")) == (
        ["max-age=77"], ["max-age=5"])


def test_an_error_may_lead_to_another_page(site: EdgeSite) -> None:
    site.add(ErrorPage={**ON, "PageRules": [
        {"StatusCode": 404, "RedirectCode": 302, "RedirectUrl": "http://help.example/"}]})
    found = site.visit("/no")
    assert (found.status, found.get("location")) == (302, "http://help.example/")


def test_live_reload_stays_out_of_what_the_edge_serves(site: EdgeSite) -> None:
    site.add()
    admin(site.cloud, "/-/live", json.dumps({"bucket": site.wire.bucket, "event": "alive"}))
    try:
        found = site.visit()
        assert (found.body, found.get("cache-control")) == (b"<h1>One</h1>", None)
    finally:
        admin(site.cloud, "/-/live", json.dumps({"bucket": site.wire.bucket, "event": "off"}))


def test_every_answer_is_one_line_of_the_log(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.visit("/?q=1", "-A", "test agent", "-e", "http://from.example/")
    site.visit("/no", "--head")
    visits = site.visits()
    assert [(v["host"], v["method"], v["path"], v["status"], v["cache"], v["sent"]) for v in visits] == [
        (site.host, "GET", "/?q=1", 200, "miss", 12), (site.host, "HEAD", "/no", 404, "miss", 0)]
    first = visits[0]
    assert (first["agent"], first["referer"], first["edge"]) == ("test agent", "http://from.example/", "cdn")


class Origin(http.server.BaseHTTPRequestHandler):
    """A server on this computer, as the origin of a host."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(f"{self.headers['Host']} {self.path}")
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=60")
        if self.path == "/cookie":
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def origin() -> Iterator[tuple[int, list[str]]]:
    handler = type("OneOrigin", (Origin,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], handler.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def at(port: int) -> dict[str, Any]:
    return {"OriginType": "ip", "Origins": [f"127.0.0.1:{port}"], "ServerName": "origin.example",
            "OriginPullProtocol": "http"}


def test_an_origin_on_this_computer_is_asked_by_the_name_that_was_configured(site: EdgeSite) -> None:
    with origin() as (port, asked):
        site.add(Origin=at(port), Cache=rules(following()))
        first = site.visit("/x?y=1", "-H", "Accept-Encoding: gzip", "-H", "X-Own: kept")
        assert site.visit("/x?y=1").get("x-cache") == "HIT"
        assert asked == ["origin.example /x?y=1"]
        sent = json.loads(first.body)
        assert (sent["host"], sent["x-own"], sent["x-forwarded-for"]) == ("origin.example", "kept", "127.0.0.1")
        cookies = site.visit("/cookie")
        assert cookies.all("set-cookie") == ["a=1", "b=2"]
        assert site.visit("/cookie").get("x-cache") == "MISS", "what sets cookies is one visitor's own"


def test_an_origin_that_is_not_there_is_a_bad_gateway(site: EdgeSite) -> None:
    with origin() as (port, _):
        pass
    site.add(Origin=at(port))
    assert site.visit().status == 502
    site.update(Origin={**at(port), "OriginType": "domain", "Origins": ["origin.example"]})
    assert site.visit().status == 502


def test_nothing_of_the_embedded_clouds_own_pages_is_reached_through_the_edge(site: EdgeSite) -> None:
    site.add(Origin={"OriginType": "ip", "Origins": [f"127.0.0.1:{site.cloud.port}"], "ServerName": "127.0.0.1",
                     "OriginPullProtocol": "http"})
    assert site.visit("/-/health").status == 502


def test_an_update_counts_from_the_next_visit(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    site.visit()
    call_api(site.cloud, "cdn", "ModifyDomainConfig", Domain=site.host, Route="ResponseHeader",
             Value=json.dumps({"update": {**ON, "HeaderRules": [header_rule("set", "X-New", "yes")]}}))
    found = site.visit()
    assert (found.get("x-new"), found.get("x-cache")) == ("yes", "HIT")


def test_redirects_of_the_origin_are_followed_when_that_is_wanted(site: EdgeSite) -> None:
    document = (b"<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><RoutingRules>"
                b"<RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect>"
                b"<ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules>"
                b"</WebsiteConfiguration>")
    answer = site.wire.call("PUT", query={"website": ""}, body=document)
    assert answer.status == 200, answer.body
    site.put("new/p.html", b"moved here", content_type="text/html")
    site.add()
    assert site.visit("/old/p.html").status == 302
    site.update(FollowRedirect=ON)
    found = site.visit("/old/p.html")
    assert (found.status, found.body) == (200, b"moved here")
