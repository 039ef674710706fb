"""Edge functions on the embedded edge: what they can do, what they can't, and which one runs."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import random
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from sitepub.local.base.messages import Request, Response
from sitepub.local.edge import exchange
from sitepub.local.edge.cache import EdgeCache
from sitepub.local.edge.domains import EdgeDomain, EdgeOrigin
from sitepub.local.edge.function_engine import Isolate
from sitepub.local.edge.messages import EdgeRequest
from sitepub.local.edge.origin import Origins
from sitepub.local.edge.served_functions import ServedFunction, ServedFunctions
from sitepub.local.services.edge_functions import EdgeFunctionRule, Visit, first_rule
from tests.conftest import LocalCloud
from tests.local.edge_wire import Visit as Got
from tests.local.edge_wire import admin, call_api, edgeone_zone, make_site


class EdgeZone:
    """A zone with a host, and the function that its tests set."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.site = make_site(cloud)
        self.cloud, self.host = cloud, self.site.host
        self.zone = edgeone_zone(cloud, self.host.removeprefix("www."), "dnsPodAccess")
        call_api(cloud, "teo", "CreateAccelerationDomain", ZoneId=self.zone, DomainName=self.host,
                 OriginProtocol="HTTP", OriginInfo={
                     "OriginType": "IP_DOMAIN", "Origin": self.site.origin["ServerName"],
                     "HostHeader": self.site.origin["ServerName"]})
        self.site.put("data.json", b'{"a": 1}', content_type="application/json", cache_control="max-age=600")
        self.id = str(self.call("CreateFunction", Name=f"f-{self.host.split('.')[1]}", Content="//")["FunctionId"])
        self.call("CreateFunctionRule", FunctionId=self.id, FunctionRuleConditions=[
            {"RuleConditions": [{"Operator": "equal", "Target": "host", "Values": [self.host]}]}])
        self.connection = http.client.HTTPConnection("127.0.0.1", cloud.edge_http, timeout=60)

    def call(self, action: str, **given: Any) -> dict[str, Any]:
        return call_api(self.cloud, "teo", action, ZoneId=self.zone, **given)

    def set(self, body: str) -> None:
        """``body``: of an async function of ``request`` that gives the answer."""
        self.call("ModifyFunction", FunctionId=self.id, Content=(
            "addEventListener('fetch', event => event.respondWith(answer(event.request)));"
            f"async function answer(request) {{ {body} }}"))

    def visit(self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str) -> Got:
        self.connection.request(method, path, body, {"Host": self.host, **headers})
        answer = self.connection.getresponse()
        return Got(answer.status, "1.1", [(name.lower(), value) for name, value in answer.getheaders()], answer.read())

    def result(self, body: str, **headers: str) -> Any:
        """What an expression of a function is."""
        self.set(f"return new Response(JSON.stringify(await (async () => {{ {body} }})()));")
        found = self.visit("/", "GET", None, **headers)
        assert found.status == 200, found.body
        return json.loads(found.body)


@pytest.fixture(scope="module")
def zone(cloud: LocalCloud) -> EdgeZone:
    return EdgeZone(cloud)


def test_answers_and_changes_answers(zone: EdgeZone) -> None:
    zone.set("return new Response('hi ' + request.method + ' ' + request.url, {status: 201, headers: {'X-A': 'b'}})")
    found = zone.visit("/p?q=%20")
    assert (found.status, found.get("x-a"), found.get("content-type")) == (201, "b", "text/plain;charset=UTF-8")
    assert found.body.decode() == f"hi GET http://{zone.host}/p?q=%20"
    zone.set("const r = await fetch(request); r.headers.set('X-B', 'c'); return new Response(r.body, r)")
    assert (zone.visit().body, zone.visit().get("x-b")) == (b"<h1>One</h1>", "c")
    zone.set("return new Response(await request.text() + (await request.headers.get('x-given')))")
    assert zone.visit("/", "POST", b"body ", **{"X-Given": "y"}).body == b"body y"


def test_reads_bodies(zone: EdgeZone) -> None:
    assert zone.result("return (await (await fetch(new URL('/data.json', request.url))).json()).a") == 1
    assert zone.result("return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', "
                       "new TextEncoder().encode('\u4f60'))))") == list(hashlib.sha256("\u4f60".encode()).digest())
    assert zone.result("const r = new Response('a\u00e9\u4f60\U0001f600'); const t = await r.text(); "
                       "try { await r.text() } catch (error) { return [t, error.name, r.bodyUsed] }") == [
        "a\u00e9\u4f60\U0001f600", "TypeError", True]


def test_what_it_knows_of_a_visitor(zone: EdgeZone) -> None:
    assert zone.result("return [request.eo.clientIp, typeof request.eo.geo, request.headers.get('user-agent')]",
                       **{"User-Agent": "me"}) == ["127.0.0.1", "object", "me"]


@pytest.mark.parametrize("url", ["https://example.com/", "http://127.0.0.1:1/", "http://localhost/", "file:///etc/passwd"])
def test_no_other_host_is_asked(zone: EdgeZone, url: str) -> None:
    said = zone.result(f"try {{ await fetch('{url}'); return 'asked' }} catch (error) {{ return error.name }}")
    assert said == "TypeError"


def test_nothing_of_the_computer_is_in_reach(zone: EdgeZone) -> None:
    assert zone.result(
        "return ['process', 'require', 'std', 'os', 'Deno', 'Bun', 'XMLHttpRequest', 'WebSocket', 'navigator', "
        "'scriptArgs', 'print', 'setTimeout', 'Worker', 'importScripts'].filter(name => name in globalThis)") == []
    for module in ("os", "std", "fs", "node:fs", "/etc/passwd", "./router.js"):
        said = zone.result(f"try {{ await import('{module}'); return 'read' }} catch (error) {{ return error.name }}")
        assert said != "read", module


def test_a_subrequest_starts_no_function(zone: EdgeZone) -> None:
    zone.set("const r = await fetch(request); return new Response('(' + await r.text() + ')')")
    assert zone.visit().body == b"(<h1>One</h1>)"


def test_a_cache_key_and_a_lifetime_of_its_own(zone: EdgeZone) -> None:
    zone.site.put("kept.txt", b"1", content_type="text/plain", cache_control="no-cache")

    def visit(how: str) -> bytes:
        zone.set(f"return fetch(request, {{eo: {how}}})")
        return zone.visit("/kept.txt").body

    assert visit("{cacheKey: 'one', cacheTtl: 600}") == b"1"
    zone.site.put("kept.txt", b"2", content_type="text/plain", cache_control="max-age=600")
    assert [visit(how) for how in ("{cacheKey: 'one'}", "{cacheKey: 'two'}", "{cacheTtl: 0}")] == [b"1", b"2", b"2"]
    zone.site.put("kept.txt", b"3", content_type="text/plain", cache_control="max-age=600")
    assert [visit(how) for how in ("{cacheKey: 'two'}", "{cacheTtl: 0}", "{cacheTtlByStatus: {'200-299': 0}}")] == [
        b"2", b"3", b"3"]
    zone.call("CreatePurgeTask", Type="purge_host", Targets=[zone.host])
    assert visit("{cacheKey: 'one'}") == b"3"


def test_redirects(zone: EdgeZone) -> None:
    assert zone.result("const r = await fetch(request, {redirect: 'manual'}); return [r.status, r.redirected]") == [
        200, False]
    zone.set("return Response.redirect('https://example.com/', 301)")
    found = zone.visit()
    assert (found.status, found.get("location")) == (301, "https://example.com/")


@pytest.mark.parametrize(("body", "said"), [
    ("throw new Error('broken')", "broken"),
    ("return 'no response'", "respondWith takes a Response"),
    ("while (true);", "200 ms"),
    ("await null; while (true);", "200 ms"),
    ("const all = []; while (true) all.push(new Array(100000).fill(1))", ""),
    ("return answer(request)", ""),
    ("await new Promise(() => {})", "never answers"),
    ("return new Response('x', {status: 42})", "Invalid status"),
    ("JSON.stringify = () => 'x'; return new Response('x')", ""),
    ("Array.prototype.splice = () => null; return new Response('x')", ""),
    *[(f"JSON.stringify = () => `[{message}]`; return new Response('x')", "") for message in (
        '{"kind": "fetch"}', '{"kind": "fetch", "call": 1, "url": []}', '{"kind": "read", "call": 1, "stream": "x"}',
        '{"kind": "answer", "status": 200, "headers": [["a b", "c"]]}',
        '{"kind": "answer", "status": 1, "headers": []}',
        '{"kind": "answer", "status": 200, "headers": [["x", "a\\\\r\\\\nset-cookie: b"]]}', '{"kind": "answer"}')],
    ("JSON.stringify = () => '['.repeat(100000); return new Response('x')", "changed the runtime"),
    ("for (;;) fetch(request).catch(() => {})", ""),
])
def test_a_function_that_fails(zone: EdgeZone, body: str, said: str) -> None:
    zone.set(body)
    found = zone.visit()
    assert found.status == 500 and said in found.body.decode()
    code = ("addEventListener('fetch', event => { event.passThroughOnException(); "
            f"event.respondWith(answer(event.request)) }}); async function answer(request) {{ {body} }}")
    zone.call("ModifyFunction", FunctionId=zone.id, Content=code)
    passes = said in ("broken", "never answers", "Invalid status", "respondWith takes a Response")
    if passes:
        assert zone.visit().body == b"<h1>One</h1>"
    zone.set("return new Response('well')")
    assert zone.visit().body == b"well", "the edge lives"


def test_no_answer_of_its_own(zone: EdgeZone) -> None:
    zone.call("ModifyFunction", FunctionId=zone.id, Content="addEventListener('fetch', () => {})")
    assert zone.visit().body == b"<h1>One</h1>"
    zone.call("ModifyFunction", FunctionId=zone.id, Content="this is not JavaScript")
    assert zone.visit().status == 500


def test_variables_are_globals(zone: EdgeZone) -> None:
    def handle(operation: str, *variables: Mapping[str, str]) -> None:
        zone.call("HandleFunctionRuntimeEnvironment", FunctionId=zone.id, Operation=operation,
                  **({"EnvironmentVariables": list(variables)} if variables else {}))

    handle("setEnvironmentVariable", {"Key": "WORD", "Value": "\u4f60\"'\n"},
           {"Key": "LIST", "Value": "[1]", "Type": "json"}, {"Key": "odd.name@x-y", "Value": "z", "Type": "secret"})
    assert zone.result("return [WORD, globalThis.LIST[0], globalThis['odd.name@x-y'], typeof NONE]") == [
        "\u4f60\"'\n", 1, "z", "undefined"]
    handle("resetEnvironmentVariable", {"Key": "WORD", "Value": "new"})
    assert zone.result("return [WORD, typeof LIST]") == ["new", "undefined"]
    handle("clearEnvironmentVariable")
    assert zone.result("return typeof WORD") == "undefined"


def test_visitors_meet_the_old_code_until_the_new_is_deployed(zone: EdgeZone) -> None:
    zone.set("return new Response('old')")
    assert zone.visit().body == b"old"
    admin(zone.cloud, "/-/pace", "3600")
    try:
        zone.set("return new Response('new')")
        assert zone.visit().body == b"old"
        admin(zone.cloud, "/-/pace", "0")
        assert zone.visit().body == b"new"
    finally:
        admin(zone.cloud, "/-/pace", "0")


def test_a_computer_without_an_engine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The running cloud has one, so it is asked in this process."""
    served = ServedFunctions("www.example.com", (rule({"Operator": "equal", "Target": "host", "Values": ["all"]}),),
                             {"f1": ServedFunction("mine", "//", {})})
    domain = EdgeDomain("www.example.com", "edgeone", "1250000000", "online", "", "global",
                        EdgeOrigin((), "www.example.com", "http"), True, functions=served)
    edge = exchange.Exchange(lambda _host: domain, Origins(no_origin, 1), EdgeCache())
    monkeypatch.setattr(exchange, "has_engine", lambda: False)
    _, found = asyncio.run(edge.answer(EdgeRequest("GET", "http", "www.example.com", "/", {}, "192.0.2.7", 0.0)))
    assert found.status == 501 and b"pip install &#x27;sitepub[edge]&#x27;" in found.body


async def no_origin(request: Request) -> Response:
    raise AssertionError(request)


# Rules


def rule(*parts: dict[str, Any], place: int = 1, **more: Any) -> EdgeFunctionRule:
    return EdgeFunctionRule(**{
        "id": f"r{place}", "zone": "z", "place": place, "trigger": "direct", "function": f"f{place}", "regions": [],
        "weights": [], "remark": "", "created": 0.0, "updated": 0.0,
        "conditions": [{"RuleConditions": list(parts)}], **more})


VISIT = Visit("www.example.com", "*.example.com", "https", "GET", "/a/b.tar.gz", "x=1&y=&x=2",
              {"x-a": "b"}, "192.0.2.7", "CN")


@pytest.mark.parametrize(("part", "matches"), [
    ({"Operator": "equal", "Target": "host", "Values": ["WWW.example.com"]}, True),
    ({"Operator": "equal", "Target": "host", "Values": ["*.example.com"]}, True),
    ({"Operator": "notequal", "Target": "host", "Values": ["www.example.com"]}, False),
    ({"Operator": "equal", "Target": "host", "Values": ["example.com", "a.example.com"]}, False),
    ({"Operator": "equal", "Target": "url", "Values": ["/a/b.tar.gz"]}, True),
    ({"Operator": "equal", "Target": "url", "Values": ["/A/b.tar.gz"]}, False),
    ({"Operator": "equal", "Target": "url", "Values": ["/A/B.tar.gz"], "IgnoreCase": True}, True),
    ({"Operator": "equal", "Target": "full_url", "Values": ["https://www.example.com/a/b.tar.gz"]}, True),
    ({"Operator": "equal", "Target": "extension", "Values": ["gz"]}, True),
    ({"Operator": "equal", "Target": "filename", "Values": ["b.tar"]}, True),
    ({"Operator": "equal", "Target": "query_string", "Name": "x", "Values": ["2"]}, True),
    ({"Operator": "exist", "Target": "query_string", "Name": "y"}, True),
    ({"Operator": "notexist", "Target": "query_string", "Name": "X"}, True),
    ({"Operator": "exist", "Target": "query_string", "Name": "X", "IgnoreNameCase": True}, True),
    ({"Operator": "equal", "Target": "request_header", "Name": "x-a", "Values": ["b"]}, True),
    ({"Operator": "notexist", "Target": "request_header", "Name": "x-b"}, True),
    ({"Operator": "equal", "Target": "client_ip", "Values": ["192.0.2.0/24"]}, True),
    ({"Operator": "notequal", "Target": "client_ip", "Values": ["192.0.2.0/24"]}, False),
    ({"Operator": "equal", "Target": "client_country", "Values": ["cn"]}, True),
    ({"Operator": "equal", "Target": "request_protocol", "Values": ["HTTPS"]}, True),
    ({"Operator": "equal", "Target": "request_method", "Values": ["POST"]}, False),
])
def test_conditions(part: dict[str, Any], matches: bool) -> None:
    assert (first_rule([rule(part)], VISIT) is not None) == matches


def test_only_the_first_rule_that_matches_runs() -> None:
    here = {"Operator": "equal", "Target": "host", "Values": ["www.example.com"]}
    post = {"Operator": "equal", "Target": "request_method", "Values": ["POST"]}
    rules = (rule(here, place=3), rule(here, post, place=1), rule(here, place=2))
    found = first_rule(rules, VISIT)
    assert found is not None and found.id == "r2"
    served = ServedFunctions("www.example.com", rules, {"f3": ServedFunction("three", "//", {})})
    assert served.for_visit(VISIT) is None, "the function of the first rule is not there, and no other takes its place"


def test_functions_by_weight_and_by_region() -> None:
    weights = rule(place=1, trigger="weight", weights=[{"FunctionId": "a", "Weight": 30},
                                                       {"FunctionId": "b", "Weight": 70}])
    points = iter((0.0, 0.29, 0.31, 0.999))
    assert [weights.chosen("", lambda: next(points)) for _ in range(4)] == ["a", "a", "b", "b"]
    regions = rule(place=1, trigger="region", regions=[{"FunctionId": "a", "Regions": ["CN", "US"]},
                                                       {"FunctionId": "b", "Regions": ["Default"]}])
    assert [regions.chosen(country, lambda: 0.0) for country in ("US", "FR", "")] == ["a", "b", "b"]


# The runtime's URL, compared with that of Node


def urls(cases: list[tuple[str, str | None]]) -> list[Any]:
    code = ("const all = INPUT; const out = all.map(([u, b]) => { "
            "try { const x = b === null ? new URL(u) : new URL(u, b); "
            "return [x.href, x.pathname, x.search, x.hash, x.host, x.origin, [...x.searchParams]] } "
            "catch { return null } });")
    isolate = Isolate(ServedFunction("f", code.replace("INPUT", json.dumps(cases)), {}))
    ours = json.loads(isolate.context.eval("JSON.stringify(out)"))
    done = subprocess.run(["node", "-e", code.replace("INPUT", json.dumps(cases)) + "console.log(JSON.stringify(out))"],
                          capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    return [(case, one, other) for case, one, other in zip(cases, ours, theirs, strict=True) if one != other]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_urls_are_those_of_browsers() -> None:
    letters = random.Random(7)

    def text(most: int) -> str:
        return "".join(letters.choice("ab. %2e/\\?#&=+'\"<>{}|`~\u00e9\u4f60") for _ in range(letters.randrange(most)))

    cases: list[tuple[str, str | None]] = [(f"https://Www.Example.com/{text(14)}", None) for _ in range(1500)]
    cases += [(text(10), "https://example.com/a/b?c#d") for _ in range(700)]
    cases += [(one, None) for one in (
        "http://h:80/", "https://h:443", "http://h:8080/x", "HTTP://H/%zz", "/relative", "http:///x", "http://",
        "http://[::1]:1/", " http://h/a b ", "http://h/?a=1&a=2&b", "http://h/?a+b=%41%zz", "http://h#")]
    assert urls(cases) == []
