"""Headers of answers, as the documentation and answers of the service that were published have them."""

from __future__ import annotations

import pytest

from tests.conftest import LocalCloud
from tests.local.cos_wire import Answer, Wire, authorization, new_bucket, send

TRACE = "x-cos-trace-id"


@pytest.mark.parametrize(("method", "key", "query", "headers", "status"), [
    ("GET", "none", {}, {}, 404), ("HEAD", "none", {}, {}, 404), ("PUT", "", {"website": ""}, {}, 400),
    ("PUT", "a", {}, {"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 400), ("PUT", "a", {}, {"x-cos-acl": "odd"}, 400),
    ("GET", "a", {}, {"if-match": '"x"'}, 412), ("GET", "a", {}, {"if-none-match": "*"}, 304),
    ("HEAD", "a", {}, {"if-none-match": "*"}, 304), ("GET", "a", {}, {"range": "bytes=9-"}, 416),
    ("GET", "", {"cors": ""}, {}, 404), ("POST", "a", {}, {}, 405),
])
def test_a_request_that_fails_has_a_trace(wire: Wire, method: str, key: str, query: dict[str, str],
                                          headers: dict[str, str], status: int) -> None:
    """436/7729; the same id as in the document."""
    assert TRACE not in wire.put("a", b"1").headers
    answer = wire.call(method, key, query, headers, b"2" if method == "PUT" else None)
    assert answer.status == status
    trace = answer.headers[TRACE]
    assert trace and (not answer.body or answer.texts("TraceId") == [trace])


def test_a_request_without_a_signature_has_a_trace_too(wire: Wire) -> None:
    assert wire.call("GET", "a", signed=False).headers[TRACE]
    assert TRACE not in wire.get("a").headers


def test_get_and_head_say_of_an_object_that_it_grows(wire: Wire) -> None:
    """436/7741 sends clients there to learn it."""
    wire.call("POST", "log", {"append": "", "position": "0"}, {}, b"abc")
    assert [wire.call(method, "log").headers["x-cos-object-type"] for method in ("GET", "HEAD")] == ["appendable"] * 2
    wire.put("log", b"abc")
    assert wire.call("HEAD", "log").headers["x-cos-object-type"] == "normal"


def test_of_intelligent_tiering_the_tier_is_said(wire: Wire) -> None:
    """436/7745."""
    wire.put("warm", b"1", x_cos_storage_class="INTELLIGENT_TIERING")
    wire.put("plain", b"1", x_cos_storage_class="STANDARD_IA")
    assert wire.call("HEAD", "warm").headers["x-cos-storage-tier"] == "FREQUENT"
    assert "x-cos-storage-tier" not in wire.call("HEAD", "plain").headers


def test_a_copy_says_which_version_was_named(wire: Wire) -> None:
    """436/10881."""
    wire.put("from", b"1")
    place = f"{wire.host}/from"
    named = wire.call("PUT", "to", headers={"x-cos-copy-source": f"{place}?versionId=null"})
    assert (named.status, named.headers["x-cos-copy-source-version-id"]) == (200, "null")
    assert "x-cos-copy-source-version-id" not in wire.call("PUT", "to", headers={"x-cos-copy-source": place}).headers


def test_listings_name_the_app_id_the_tier_and_no_version_without_versioning(local_cloud: LocalCloud) -> None:
    """436/7734, 436/35521."""
    with new_bucket(local_cloud) as wire:
        wire.put("tiered", b"1", x_cos_storage_class="INTELLIGENT_TIERING")
        wire.put("u", b"1")
        for query, entry in (({}, "Contents"), ({"versions": ""}, "Version")):
            listed = wire.call("GET", "", query)
            assert listed.texts(f"{entry}/Owner/ID") == listed.texts(f"{entry}/Owner/DisplayName") == [
                local_cloud.app_id] * 2
            assert listed.texts(f"{entry}/StorageTier") == ["FREQUENT"]
        first = wire.call("GET", "", {"versions": "", "max-keys": "1"})
        assert (first.texts("Version/VersionId"), first.texts("NextVersionIdMarker")) == ([""], [""])
        rest = wire.call("GET", "", {"versions": "", "key-marker": "tiered", "version-id-marker": ""})
        assert rest.texts("Version/Key") == ["u"]
        status = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        wire.call("PUT", "", {"versioning": ""}, {}, status.encode())
        assert wire.call("GET", "", {"versions": ""}).texts("Version/VersionId") == ["null", "null"]


@pytest.mark.parametrize("header", ["127.0.0.1", "other-1250000000.cos.ap-beijing.myqcloud.com", "example.com"])
def test_a_target_with_a_host_is_asked_of_that_host(local_cloud: LocalCloud, wire: Wire, header: str) -> None:
    """RFC 9112 3.2.2: clients that were given a proxy send it so, whatever their Host says."""
    wire.put("a b", b"1")
    signed = authorization(wire.keys, "GET", "a b", wire.host)
    answer = send(local_cloud.port, "GET", f"http://{wire.host}/a%20b", {"host": header, "authorization": signed})
    assert (answer.status, answer.body) == (200, b"1")


def visit(cloud: LocalCloud, wire: Wire, path: str, method: str = "GET") -> Answer:
    return send(cloud.port, method, path, {"host": wire.host.replace(".cos.", ".cos-website.")})


def test_a_website_names_what_failed_in_headers(local_cloud: LocalCloud, wire: Wire) -> None:
    """As an answer of the service has them that was published: 302, ``Found``, ``Resource Found``."""
    before = visit(local_cloud, wire, "/")
    assert (before.status, before.headers["x-cos-error-code"]) == (404, "NoSuchWebsiteConfiguration")
    rule = ("<RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>"
            "<Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule>")
    document = ("<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
                f"<RoutingRules>{rule}</RoutingRules></WebsiteConfiguration>")
    assert wire.call("PUT", "", {"website": ""}, {}, document.encode()).status == 200
    wire.put("index.html", b"1", x_cos_acl="public-read")
    for method in ("GET", "HEAD"):
        moved = visit(local_cloud, wire, "/old/1", method)
        assert (moved.status, moved.headers["x-cos-error-code"], moved.headers["x-cos-error-message"]) == (
            302, "Found", "Resource Found") and moved.headers[TRACE]
        closed = visit(local_cloud, wire, "/none", method)
        assert (closed.status, closed.headers["x-cos-error-code"]) == (403, "AccessDenied") and closed.headers[TRACE]
        assert closed.headers["x-cos-error-message"]
        home = visit(local_cloud, wire, "/", method)
        assert home.status == 200 and not {TRACE, "x-cos-error-code"} & set(home.headers)
