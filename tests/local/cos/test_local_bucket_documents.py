"""The documents that configure a bucket: what is taken, what is refused, what they decide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.local.base.errors import ServiceError
from sitepub.local.cos.access import referer
from sitepub.local.cos.bucket import cors_rules, logging_document, tagging, website_document
from sitepub.local.cos.bucket.configuration import DOCUMENTS
from sitepub.local.cos.bucket.lifecycle import check_lifecycle
from sitepub.local.cos.bucket.website_document import RoutingRule, WebsiteConfiguration

ORIGIN = "<AllowedOrigin>https://*.example.com</AllowedOrigin>"
RULE = (
    f"<CORSRule><ID>one</ID>{ORIGIN}<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>"
    "<AllowedHeader>x-cos-meta-*</AllowedHeader><AllowedHeader>Range</AllowedHeader>"
    "<ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>"
)
ANY = (
    "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod>"
    "<AllowedHeader>*</AllowedHeader></CORSRule>"
)


def cors(inner: str) -> cors_rules.Cors:
    return cors_rules.parse(f"<CORSConfiguration>{inner}</CORSConfiguration>".encode())


def ask(origin: str, method: str, headers: str = "") -> dict[str, str]:
    return {
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers,
    }


def test_a_preflight_answers_what_the_first_matching_rule_says() -> None:
    found = cors_rules.preflight(cors(RULE + ANY), ask("https://a.example.com", "PUT", "X-Cos-Meta-a, range"))
    assert found == {
        "Access-Control-Allow-Origin": "https://a.example.com", "Access-Control-Allow-Methods": "GET,PUT",
        "Access-Control-Allow-Headers": "x-cos-meta-a,range", "Access-Control-Expose-Headers": "ETag",
        "Access-Control-Max-Age": "600", "Vary": "Origin",
    }
    found = cors_rules.preflight(cors(RULE + ANY), ask("http://elsewhere", "HEAD", "anything"))
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Max-Age" not in found


@pytest.mark.parametrize("question", [
    ask("https://example.com", "GET"), ask("http://a.example.com", "GET"),
    ask("https://a.example.com", "DELETE"), ask("https://a.example.com", "GET", "authorization"),
    ask("https://a.example.com.evil", "GET"),
])
def test_a_preflight_that_no_rule_allows_is_forbidden(question: dict[str, str]) -> None:
    with pytest.raises(ServiceError) as caught:
        cors_rules.preflight(cors(RULE), question)
    assert (caught.value.code, caught.value.status) == ("AccessForbidden", 403)


def test_a_preflight_without_rules_is_forbidden_and_without_a_question_bad() -> None:
    with pytest.raises(ServiceError) as caught:
        cors_rules.preflight(None, ask("https://a.example.com", "GET"))
    assert caught.value.status == 403
    with pytest.raises(ServiceError) as caught:
        cors_rules.preflight(cors(RULE), {"Origin": "https://a.example.com"})
    assert caught.value.status == 400


def test_an_answer_to_another_origin_carries_the_rules_headers_or_none() -> None:
    found = cors_rules.actual(cors(RULE), "GET", {"Origin": "https://a.example.com"})
    assert found["Access-Control-Allow-Origin"] == "https://a.example.com"
    assert cors_rules.actual(cors(RULE), "GET", {"Origin": "https://evil"}) == {}
    assert cors_rules.actual(cors(RULE), "GET", {}) == {}
    assert cors_rules.actual(None, "GET", {"Origin": "https://a.example.com"}) == {}
    vary = cors(RULE + "<ResponseVary>true</ResponseVary>")
    assert cors_rules.actual(vary, "GET", {}) == {"Vary": "Origin"}


def test_cors_rules_read_back_as_they_were_put() -> None:
    found = cors(RULE + ANY + "<ResponseVary>true</ResponseVary>")
    assert cors_rules.parse(cors_rules.render(found).encode()) == found


@pytest.mark.parametrize(("inner", "code"), [
    ("", "MalformedXML"),
    (RULE * 101, "InvalidArgument"),
    (RULE.replace("GET", "PATCH"), "InvalidArgument"),
    (RULE.replace("GET", ""), "MalformedXML"),
    (RULE.replace(ORIGIN, ""), "MalformedXML"),
    (RULE.replace("https://*.example.com", "https://*.*.com"), "InvalidArgument"),
    (RULE.replace("https://*.example.com", "example.com"), "InvalidArgument"),
    (RULE.replace("600", "-1"), "MalformedXML"),
    (RULE.replace(">ETag<", ">*<"), "InvalidArgument"),
    (RULE.replace("ID>", "Id>"), "MalformedXML"),
])
def test_cors_rules_are_refused(inner: str, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        cors(inner)
    assert caught.value.code == code


def tags(*pairs: tuple[str, str]) -> bytes:
    inner = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in pairs)
    return f"<Tagging><TagSet>{inner}</TagSet></Tagging>".encode()


def test_tags_read_back_as_xml_and_as_a_header() -> None:
    pairs = (("环境", "prod a/b"), ("empty", ""))
    found = tagging.parse(tags(*pairs), 10)
    assert found == pairs
    assert tagging.parse(tagging.render(found).encode(), 10) == pairs
    assert tagging.stored(tagging.to_header(found)) == pairs


@pytest.mark.parametrize("pairs", [
    [("a", "1"), ("a", "2")], [(str(number), "x") for number in range(11)], [("", "x")], [("k" * 128, "x")],
    [("k", "v" * 256)], [("k!", "v")],
])
def test_tags_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ServiceError) as caught:
        tagging.parse(tags(*pairs), 10)
    assert caught.value.code == "InvalidTag"


def lifecycle(inner: str, times: int = 1) -> bytes:
    return f"<LifecycleConfiguration>{f'<Rule>{inner}</Rule>' * times}</LifecycleConfiguration>".encode()


GOOD = "<Status>Enabled</Status><Filter><Prefix>log/</Prefix></Filter>"
EXPIRE = "<Expiration><Days>30</Days></Expiration>"


@pytest.mark.parametrize("inner", [
    GOOD + EXPIRE,
    GOOD + "<ID>a</ID><Transition><Days>0</Days><StorageClass>ARCHIVE</StorageClass></Transition>",
    GOOD + "<Expiration><Date>2030-01-01T00:00:00+08:00</Date></Expiration>",
    GOOD + "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
    "</AbortIncompleteMultipartUpload>",
    GOOD + "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>",
    GOOD + EXPIRE + "<Transation><Days>30</Days></Transation>",
])
def test_a_lifecycle_rule_is_taken(inner: str) -> None:
    check_lifecycle(lifecycle(inner))


@pytest.mark.parametrize("body", [
    b"<LifecycleConfiguration/>",
    lifecycle(EXPIRE),
    lifecycle("<Status>Enabled</Status>" + EXPIRE),
    lifecycle(GOOD),
    lifecycle(GOOD + "<Expiration/>"),
    lifecycle(GOOD + "<Expiration><Days>0</Days></Expiration>"),
    lifecycle(GOOD + "<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>"),
    lifecycle(GOOD + "<Expiration><Date>tomorrow</Date></Expiration>"),
    lifecycle(GOOD + "<Transition><Days>1</Days></Transition>"),
    lifecycle(GOOD.replace("Enabled", "On") + EXPIRE),
    lifecycle("<ID>same</ID>" + GOOD + EXPIRE, times=2),
    lifecycle(GOOD + EXPIRE, times=1001),
])
def test_a_lifecycle_rule_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        check_lifecycle(body)
    assert caught.value.code in ("MalformedXML", "InvalidArgument")


def referer_rule(kind: str, empty: str, *domains: str, status: str = "Enabled") -> bytes:
    listed = "".join(f"<Domain>{domain}</Domain>" for domain in domains)
    return (
        f"<RefererConfiguration><Status>{status}</Status><RefererType>{kind}</RefererType>"
        f"<DomainList>{listed}</DomainList><EmptyReferConfiguration>{empty}</EmptyReferConfiguration>"
        "</RefererConfiguration>"
    ).encode()


@pytest.mark.parametrize(("header", "permitted"), [
    ("https://www.example.com/page", True), ("http://blog.example.com:8080/", True),
    ("https://evil.com/www.example.com", False), ("", False), ("https://example.org/site/x", True),
    ("https://example.org/other", False),
])
def test_a_white_list_lets_listed_sites_link(header: str, permitted: bool) -> None:
    rule = referer.parse(referer_rule("White-List", "Deny", "*.example.com", "http://example.org/site"))
    assert rule.permits(header) is permitted


def test_a_black_list_an_empty_referer_and_a_rule_that_is_off() -> None:
    black = referer.parse(referer_rule("Black-List", "Allow", "evil.com"))
    assert not black.permits("http://evil.com/a")
    assert black.permits("http://good.com/a")
    assert black.permits("")
    off = referer.parse(referer_rule("White-List", "Deny", "a.com", status="Disabled"))
    assert off.permits("http://b.com/")


@pytest.mark.parametrize(("check", "body"), [
    (referer.parse, referer_rule("Grey-List", "Deny", "a")),
    (referer.parse, referer_rule("White-List", "Perhaps", "a")),
    (referer.parse, referer_rule("White-List", "Deny")),
    (referer.parse, b"<RefererConfiguration/>"),
    (logging_document.parse, b"<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>"),
    (logging_document.parse, b"<BucketLoggingStatus><Other/></BucketLoggingStatus>"),
])
def test_other_documents_are_refused(check: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        check(body)
    assert caught.value.code == "MalformedXML"


PARTS = st.one_of(
    st.sampled_from([inner.encode() for inner in (RULE, ANY, GOOD, EXPIRE)]), st.binary(max_size=20),
    st.sampled_from([
        b"<WebsiteConfiguration>", b"</WebsiteConfiguration>", b"<CORSConfiguration>",
        b"</CORSConfiguration>", b"<Tagging>", b"<TagSet>", b"</TagSet></Tagging>",
        b"<RefererConfiguration>", b"<Status>Enabled</Status>",
        b"<IndexDocument><Suffix>i</Suffix></IndexDocument>", b"<ErrorDocument><Key>k</Key></ErrorDocument>",
        b"<BucketLoggingStatus>", b"</BucketLoggingStatus>", b'{"version":"2.0","statement":[', b"{}", b"]}",
    ]),
)


@given(st.sampled_from(sorted(DOCUMENTS)), st.lists(PARTS, max_size=6).map(b"".join))
def test_whatever_is_put_is_taken_or_refused_with_a_documented_error(kind: str, body: bytes) -> None:
    try:
        DOCUMENTS[kind].check(body)
    except ServiceError as error:
        assert 400 <= error.status < 500
    else:
        assert DOCUMENTS[kind].render(body)


@given(st.text(min_size=1), st.text())
def test_a_website_configuration_holds_any_key_that_xml_can_carry(key: str, prefix: str) -> None:
    document = website_document.render(WebsiteConfiguration(
        "index.html", key, rules=(RoutingRule(key_prefix="a", replace_prefix_with=prefix),)))
    try:
        found = website_document.parse(document.encode("utf-8", "surrogatepass"))
    except ServiceError as error:
        assert error.code == "MalformedXML"
    else:
        assert found.error_document == key.strip()
        assert found.rules[0].replace_prefix_with == prefix.strip()
