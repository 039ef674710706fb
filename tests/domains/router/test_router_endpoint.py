"""The router over a slot answers as the website endpoint does over its root: byte for byte, in two runtimes."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

import brotli
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sitepub.domains.router.route import Before, Redirect, Share, Slot, encoded, variable_of
from tests.amount import times
from tests.domains.router.router_site import RouterSite, route, website
from tests.domains.router.visitor_rule import RELEASE, VISITOR, Visitor, choice
from tests.domains.router.workerd import PACKAGE, in_workerd
from tests.local.cos_wire import Wire
from tests.local.edge_wire import Visit
from tests.starters.built import InstallPackages, fetched_program

A = Slot(".sitepub/slots/a/", "20261129-aaaaaaaa")
B = Slot(".sitepub/slots/b/", "20261128-bbbbbbbb")
PAGE = {"content_type": "text/html", "cache_control": "no-cache"}
FILES: Mapping[str, tuple[bytes, str]] = {
    "index.html": (b"<h1>Home</h1>" * 40, "text/html"),
    "error.html": (b"<h1>Not here</h1>" * 40, "text/html"),
    "docs/index.html": (b"<h1>Docs</h1>", "text/html; charset=utf-8"),
    "docs/guide.html": (b"<h1>Guide</h1>", "text/html"),
    "about": (b"no ending", "text/html"),
    "style.css": (b"p{color:red}" * 100, "text/css"),
    "app.0123abcd.js": (b"run()", "text/javascript"),
    "a b/\u4f60\u597d.txt": (b"hello", "text/plain"),
    "plus+plus.txt": (b"+", "text/plain"),
    "a&b='c';d.txt": (b"&", "text/plain"),
    "100%.txt": (b"%", "text/plain"),
    "/twice.css": (b"//", "text/css"),
    "empty.txt": (b"", "text/plain"),
    "new/page": (b"new", "text/html"),
    "pic.png": (bytes(range(256)) * 8, "image/png"),
}
ONLY_BEFORE = {"app.89abcdef.js": (b"old()", "text/javascript"), "leaving.html": (b"left", "text/html")}
RULES = "<RoutingRules>{}</RoutingRules>"
RULE = ("<RoutingRule><Condition><KeyPrefixEquals>{}old/</KeyPrefixEquals></Condition>"
        "<Redirect><ReplaceKeyPrefixWith>{}new/</ReplaceKeyPrefixWith></Redirect></RoutingRule>")
REDIRECTS = (Redirect("old/", "new/"), Redirect("one", "docs/index.html", whole=True), Redirect("gone/", ""),
             Redirect("\u65e7/", "/\u65b0 ?#[x]/"))
ETAG = f'"{hashlib.md5(FILES["style.css"][0]).hexdigest()}"'
ERROR_ETAG = f'"{hashlib.md5(FILES["error.html"][0]).hexdigest()}"'
CHANGING = {"date", "server", "x-cos-request-id", "x-cos-trace-id", "x-cache", "eo-cache-status", "eo-log-uuid", "age",
            "last-modified", "connection", "keep-alive", "transfer-encoding", "content-length"}

Asked = tuple[str, str, Mapping[str, str]]
PATHS = ["/", "/index.html", "/docs/", "/docs", "/docs/guide.html", "/docs/guide.html?a=1&b=%20", "/about", "/about/",
         "/style.css", "/style.css?v=1", "/app.0123abcd.js", "/a%20b/%E4%BD%A0%E5%A5%BD.txt", "/plus+plus.txt",
         "/a&b='c';d.txt", "/100%25.txt", "//twice.css", "/empty.txt", "/pic.png", "/Style.css", "/nothing",
         "/nothing/", "/nothing.css", "/nothing.html?x", "/docs//", "/old/page", "/old/page?q=1", "/old/",
         "/.sitepub/slots/a/style.css", "/%2Esitepub/slots/a/style.css", "/.sitepub/", "/%zz", "/index.html/"]
ASKED: list[Asked] = [
    *[("GET", path, {}) for path in PATHS],
    *[("HEAD", path, {}) for path in ("/", "/style.css", "/nothing", "/old/page")],
    *[("GET", "/style.css", {"Range": value}) for value in ("bytes=0-4", "bytes=-3", "bytes=5-", "bytes=99999-")],
    ("GET", "/style.css", {"Range": "bytes=0-4", "If-Range": ETAG}),
    ("GET", "/style.css", {"Range": "bytes=0-4", "If-Range": '"other"'}),
    ("HEAD", "/style.css", {"If-None-Match": ETAG}),
    *[("GET", path, {"If-None-Match": value}) for path in ("/style.css", "/nothing", "/nothing.css")
      for value in (ETAG, f"W/{ETAG}", '"other"', ERROR_ETAG, "*")],
    ("GET", "/style.css", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
    ("GET", "/style.css", {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}),
    ("GET", "/nothing", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
    ("GET", "/nothing", {"Range": "bytes=0-4"}),
    *[("GET", path, {"Accept-Encoding": value}) for path in ("/style.css", "/", "/pic.png", "/empty.txt")
      for value in ("br", "gzip", "gzip, deflate, br", "identity")],
    ("GET", "/style.css", {"Accept-Encoding": "br", "If-None-Match": f"W/{ETAG}"}),
    ("HEAD", "/style.css", {"Accept-Encoding": "gzip"}),
    ("GET", "/", {"Cookie": "session=1; other=2", "User-Agent": "Mozilla/5.0", "Accept": "text/html"}),
]


@dataclass
class Hosts:
    """Hosts of one bucket with slots, each with a route of its own, and hosts that have the same site at their root."""

    site: RouterSite
    workerd: http.client.HTTPConnection

    def led(self, name: str) -> str:
        return f"{name}.led.{self.site.name}"

    def judge(self, name: str) -> str:
        return self.site.plain if name == "stable" else f"{name}.{self.site.name}"

    def in_both(self, name: str, path: str, method: str = "GET", **headers: str) -> Iterator[Visit]:
        """The answers of the embedded edge and of workerd."""
        yield self.site.visit(self.led(name), path, method, **headers)
        yield visit(self.workerd, self.led(name), path, method, headers)


def visit(connection: http.client.HTTPConnection, host: str, path: str, method: str,
          headers: Mapping[str, str]) -> Visit:
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": host, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return Visit(answer.status, "1.1", [(name.lower(), value) for name, value in answer.getheaders()], answer.read())


def fill(wire: Wire, slot: str, files: Mapping[str, tuple[bytes, str]]) -> None:
    for key, (body, kind) in files.items():
        assert wire.put(slot + key, body, content_type=kind, cache_control="max-age=60").status == 200


@pytest.fixture(scope="module")
def hosts(router_site: RouterSite, npm_packages: InstallPackages,  # noqa: ARG001 - says that npm is needed
          tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    site = router_site
    cloud = site.account.cloud
    fill(site.root, "", FILES)
    website(site.root, rules=RULES.format(RULE.format("", "")))
    fill(site.slots, A.path, FILES)
    fill(site.slots, B.path, {**FILES, **ONLY_BEFORE})
    fill(site.slots, "", {"index.html": (b"the bucket's root", "text/html"),
                          "error.html": (b"root's error", "text/html")})
    website(site.slots, rules=RULES.format(RULE.format(A.path, A.path)))
    lenient = Wire(cloud, f"lenient-{site.root.bucket.partition('-')[2]}")
    assert lenient.call("PUT", headers={"x-cos-acl": "public-read"}).status == 200
    fill(lenient, "", FILES)
    website(lenient, status="Disabled", rules=RULES.format(RULE.format("", "")))
    site.add_host(f"lenient.{site.name}", lenient)
    site.add_host(f"bare.{site.name}", site.slots)
    site.add_host(f"*.led.{site.name}", site.slots)
    soon = int(time.time()) + 3600
    found = Hosts(site, http.client.HTTPConnection("127.0.0.1", 1))
    routes = [
        route(found.led("stable"), A, error="error.html"),
        route(found.led("lenient"), A, error="error.html", error_status=200),
        route(found.led("plainly"), A),
        route(found.led("hidden"), A, error="error.html", hidden=True),
        route(found.led("previewed"), Slot(".sitepub/previews/p/", "20261129-0003"), error="error.html", hidden=True,
              redirects=REDIRECTS),
        route(found.led("gone"), None),
        route(found.led("before"), A, error="error.html", before=Before(B, soon)),
        route(found.led("past"), A, error="error.html", before=Before(B, soon - 7200)),
        route(found.led("shared"), A, error="error.html", share=Share(B, 0.5)),
        route(f"*.led.{site.name}", None),
    ]
    site.router.ensure([f"*.led.{site.name}"])
    site.router.point(routes)
    program = fetched_program("workerd", PACKAGE)
    variables = {variable_of(one.host): encoded(one) for one in routes}
    with in_workerd(program, tmp_path_factory.mktemp("workerd"), variables, cloud.edge_http,
                    f"bare.{site.name}") as port:
        found.workerd = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        yield found
        found.workerd.close()


def seen(answer: Visit) -> dict[str, Any]:
    """What a visitor sees of an answer: not when and by whom it was made."""
    headers = sorted((name, value) for name, value in answer.headers if name not in CHANGING)
    found = {**dict(headers), "status": answer.status, "body": answer.body}
    if "location" in found:
        target = urlsplit(str(found["location"]))
        found["location"] = target.path + (f"?{target.query}" if target.query else "")
    if answer.status == 304:
        # Weak where the 200 would come compressed: what an edge function fetches never does, so its 304 cannot say it.
        found["etag"] = str(found.get("etag")).removeprefix("W/")
        found.pop("accept-ranges", None)
    if answer.status >= 400:
        found.pop("vary", None)  # the router fetches an error document as any page, and those may come compressed
    if 300 <= answer.status < 400 or answer.status == 405:
        found["body"] = b""  # a page of the service that names its own request
    return found


def unpacked(answer: Visit) -> Visit:
    coding = answer.get("content-encoding")
    if not coding or not answer.body:
        return answer
    body = {"br": brotli.decompress, "gzip": gzip.decompress}[coding](answer.body)
    return Visit(answer.status, answer.version, answer.headers, body)


@pytest.mark.parametrize("name", ["stable", "lenient"])
def test_as_the_endpoint(hosts: Hosts, name: str) -> None:
    wrong = []
    for method, path, headers in ASKED:
        judge = hosts.site.visit(hosts.judge(name), path, method, **headers)
        embedded, workerd = hosts.in_both(name, path, method, **headers)
        for runtime, answer in (("embedded", embedded), ("workerd", workerd)):
            one, other = seen(unpacked(answer)), seen(unpacked(judge))
            if one != other:
                different = {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys()
                             if one.get(key) != other.get(key)}
                wrong.append(f"{runtime}: {method} {path} {headers}: {different}")
        assert method == "HEAD" or embedded.body == judge.body or 300 <= judge.status < 400, (path, headers)
    assert not wrong, "\n".join(wrong)


PARTS = st.text("ab.-_ %+&'\u00e9\u4f60/", min_size=1, max_size=8)
KEYS = st.lists(PARTS, min_size=1, max_size=3).map("/".join).filter(
    lambda key: key.strip("/") and not {".", ".."} & set(key.split("/")))  # browsers resolve dots before they ask


@settings(max_examples=times(25), deadline=None)
@given(keys=st.lists(KEYS, min_size=1, max_size=4), data=st.data())
def test_as_the_endpoint_on_any_site(hosts: Hosts, keys: list[str], data: st.DataObject) -> None:
    """The names stay from one example to the next; a name has always the same content."""
    files = {key: (key.encode(), "text/html" if len(key) % 2 else "application/zip") for key in keys}
    for wire, slot in ((hosts.site.root, ""), (hosts.site.slots, A.path)):
        fill(wire, slot, files)
    key = data.draw(st.sampled_from(keys))
    asked = data.draw(st.sampled_from([
        key, key + "/", key + ".html", key.rpartition("/")[0], key.rpartition("/")[0] + "/", key[:-1], "/" + key]))
    assume(not {".", ".."} & set(asked.split("/")))
    path = "/" + quote(asked)
    answer, judge = (hosts.site.visit(host, path + data.draw(st.sampled_from(["", "?", "?x=1"])))
                     for host in (hosts.led("stable"), hosts.site.plain))
    assert seen(answer) == seen(judge), path


def test_a_site_without_an_error_document(hosts: Hosts) -> None:
    for answer in hosts.in_both("plainly", "/nothing"):
        assert (answer.status, answer.get("content-type")) == (404, "text/html; charset=utf-8")
        assert b"404 Not Found" in answer.body and b".sitepub" not in answer.body
    for answer in hosts.in_both("plainly", "/nothing", "HEAD"):
        assert (answer.status, answer.body) == (404, b"")


def test_a_hidden_host_is_no_index(hosts: Hosts) -> None:
    for path, status in (("/", 200), ("/nothing", 404), ("/old/page", 302), ("/pic.png", 200)):
        for answer in hosts.in_both("hidden", path):
            assert (answer.status, answer.get("x-robots-tag")) == (status, "noindex")


def test_the_redirects_of_a_preview_are_those_of_a_bucket(hosts: Hosts) -> None:
    website(hosts.site.root, rules=_rules_of(REDIRECTS))
    fill(hosts.site.slots, ".sitepub/previews/p/", FILES)
    try:
        for path in ("/old/page", "/old/page?q=1", "/old/", "/old", "/old//evil.example", "/old/%zz",
                     "/%6Fld/a%20b/%E4%B8%AD%3F%23", "/one",
                     "/one/more", "/gone/x", "/%E6%97%A7/y", "/", "/nothing", "/style.css"):
            for method in ("GET", "HEAD"):
                wanted = hosts.site.visit(hosts.site.plain, path, method)
                place = urlsplit(wanted.get("location") or "").path
                for answer in hosts.in_both("previewed", path, method):
                    assert (answer.status, answer.get("x-robots-tag")) == (wanted.status, "noindex"), path
                    assert (answer.get("location") or "") == place, path
    finally:
        website(hosts.site.root, rules=RULES.format(RULE.format("", "")))


def _rules_of(redirects: tuple[Redirect, ...]) -> str:
    return "".join(("<RoutingRules>", *(
        f"<RoutingRule><Condition><KeyPrefixEquals>{one.prefix}</KeyPrefixEquals></Condition><Redirect>"
        f"<{kind}>{one.to}</{kind}></Redirect></RoutingRule>" for one in redirects
        for kind in ["ReplaceKeyWith" if one.whole else "ReplaceKeyPrefixWith"]), "</RoutingRules>"))


@pytest.mark.parametrize("name", ["gone", "never-made"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_preview_that_is_gone(hosts: Hosts, name: str, method: str) -> None:
    for answer in hosts.in_both(name, "/index.html", method):
        assert (answer.status, answer.get("x-robots-tag")) == (404, "noindex")
        assert (answer.body == b"") == (method == "HEAD")


def test_open_tabs_find_the_files_of_the_slot_before(hosts: Hosts) -> None:
    for answer in hosts.in_both("before", "/app.89abcdef.js"):
        assert (answer.status, answer.body) == (200, b"old()")
    for answer in hosts.in_both("before", "/app.89abcdef.js", Range="bytes=0-2"):
        assert (answer.status, answer.body) == (206, b"old")
    for name, path in (("before", "/leaving.html"), ("before", "/leaving"), ("before", "/nothing.css"),
                       ("past", "/app.89abcdef.js"), ("stable", "/app.89abcdef.js")):
        for answer in hosts.in_both(name, path):
            assert (answer.status, answer.body) == (404, FILES["error.html"][0]), (name, path)


def test_a_share_is_led_by_the_same_rule_in_both(hosts: Hosts) -> None:
    by = route(hosts.led("shared"), A, share=Share(B, 0.5))
    agents = {"person": "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0.0.0 Safari/537.36", "tool": "curl/8.5.0",
              "crawler": "Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)"}
    cases = [Visitor(agent=agents["person"], page=page, cookies={VISITOR: f"{number}.{slot.release}"})
             for page in (True, False) for slot in (A, B) for number in range(0, 10_000, 1250)]
    cases += [Visitor(agent=f"{agents['person']} {number}") for number in range(8)]
    cases += [Visitor(agent=agent, kind=kind, asked=asked, cookies=cookies) for kind, agent in agents.items()
              for asked in (None, B.release, B.release[:10], "") for cookies in ({}, {RELEASE: B.release})]
    given = set()
    for who in cases:
        path = "/leaving.html" + (f"?{RELEASE}={who.asked}" if who.asked is not None else "")
        headers = {"User-Agent": who.agent, "Sec-Fetch-Dest": "document" if who.page else "script"}
        if who.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
        # workerd says nothing of the visitor's address in the place where EdgeOne does
        for address, answer in zip(("127.0.0.1", ""), hosts.in_both("shared", path, **headers), strict=True):
            wanted = choice(by, replace(who, address=address))
            assert answer.status == (200 if wanted.slot == B else 404), who
            said = [value.partition(";")[0] for name, value in answer.headers if name == "set-cookie"]
            assert sorted(said) == sorted(f"{name}={value}" for name, value in wanted.cookies.items()), who
            assert (answer.get("cache-control") == "private, no-store") is bool(said), who
            given.add(wanted.slot)
    assert given == {A, B}


def test_no_address_leaves_the_slot(hosts: Hosts) -> None:
    for path in ("/../../../index.html", "/%2e%2e/%2E%2e/../index.html", "/..%2f..%2f..%2findex.html",
                 "/.sitepub/slots/b/leaving.html", "/../b/leaving.html", "/..\\..\\index.html"):
        for answer in hosts.in_both("stable", path):
            assert answer.body in (FILES["index.html"][0], FILES["error.html"][0]), path


def test_a_redirect_leads_to_no_other_host(hosts: Hosts) -> None:
    """``//host/`` in a Location is another host."""
    fill(hosts.site.slots, A.path, {"/evil.example": (b"x", "text/html")})
    for answer in hosts.in_both("stable", "/old//evil.example"):
        location = answer.get("location") or ""
        assert answer.status == 302 and not location.startswith("//"), location


def test_other_methods_are_answered_as_before(hosts: Hosts) -> None:
    for method, status in (("POST", 405), ("PUT", 405), ("DELETE", 405)):
        answer = hosts.site.visit(hosts.led("stable"), "/", method, Content_Length="0")
        assert answer.status == status
