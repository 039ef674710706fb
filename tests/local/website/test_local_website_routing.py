"""What the website endpoint decides, as a table of cases, and its configuration document."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.local.base.errors import ServiceError
from sitepub.local.cos.bucket.website_document import RoutingRule, WebsiteConfiguration, parse, render
from sitepub.local.website.routing import (
    Decision,
    ErrorPage,
    Look,
    Redirect,
    Serve,
    Visit,
    route,
)

SITE = ("index.html", "about.html", "docs/index.html", "docs/guide.html", "404.html", "logo.png", "feed")
PLAIN = WebsiteConfiguration("index.html", error_document="404.html")
PRETTY = WebsiteConfiguration("index.html", error_document="404.html", auto_addressing=True)
APP = WebsiteConfiguration("index.html", error_document="index.html", original_http_status=False)
HTTPS = WebsiteConfiguration("index.html", redirect_protocol="https")
HOST = "http://site.example"


def decide(
    website: WebsiteConfiguration, path: str, *, keys: Iterable[str] = SITE, denied: Iterable[str] = (),
    query: str = "", enforce_https: bool = False,
) -> Decision:
    known, hidden = set(keys), set(denied)

    def look(key: str) -> Look:
        if key in hidden:
            return Look.DENIED
        return Look.FOUND if key in known else Look.MISSING

    return route(website, Visit(path, query, "http", "site.example", enforce_https), look)


@pytest.mark.parametrize(("website", "path", "expected"), [
    (PLAIN, "/", Serve("index.html")),
    (PLAIN, "/docs/", Serve("docs/index.html")),
    (PLAIN, "/docs", Serve("404.html", 404)),
    (PLAIN, "/about.html", Serve("about.html")),
    (PLAIN, "/about", Serve("404.html", 404)),
    (PLAIN, "/nowhere/", Serve("404.html", 404)),
    (PRETTY, "/", Serve("index.html")),
    (PRETTY, "/about", Serve("about.html")),
    (PRETTY, "/docs/guide", Serve("docs/guide.html")),
    (PRETTY, "/docs", Serve("404.html", 404)),
    (PRETTY, "/logo.png", Serve("logo.png")),
    (PRETTY, "/feed", Serve("feed")),
    (PRETTY, "/about.html", Redirect(f"{HOST}/about", 302)),
    (PRETTY, "/missing.html", Serve("404.html", 404)),
    (APP, "/any/route", Serve("index.html", 200)),
    (WebsiteConfiguration("index.html"), "/no", ErrorPage(404, "NoSuchKey", "no")),
    (WebsiteConfiguration("index.html"), "/no/", ErrorPage(404, "NoSuchKey", "no/index.html")),
    (WebsiteConfiguration("index.html", "gone.html"), "/no", ErrorPage(404, "NoSuchKey", "no", "gone.html")),
])
def test_a_path_is_answered_with(website: WebsiteConfiguration, path: str, expected: Decision) -> None:
    assert decide(website, path) == expected


def test_a_page_keeps_its_long_address_when_another_file_has_the_short_one() -> None:
    assert decide(PRETTY, "/about.html", keys=["about", "about.html"]) == Serve("about.html")


def test_https_is_forced_with_path_and_query() -> None:
    found = decide(HTTPS, "/中 文/a.html", query="q=1", enforce_https=True)
    assert found == Redirect("https://site.example/%E4%B8%AD%20%E6%96%87/a.html?q=1", 301)
    assert decide(HTTPS, "/") == Serve("index.html")


@pytest.mark.parametrize(("rule", "path", "expected"), [
    (RoutingRule(key_prefix="old/", replace_prefix_with="new/"), "/old/a b", f"{HOST}/new/a%20b"),
    (RoutingRule(key_prefix="old/", replace_prefix_with=""), "/old/a", f"{HOST}/a"),
    (RoutingRule(key_prefix="old/", replace_key_with="moved.html"), "/old/a", f"{HOST}/moved.html"),
    (RoutingRule(key_prefix="old/", protocol="https", replace_key_with="m"), "/old/", "https://site.example/m"),
    (RoutingRule(error_code=404, replace_key_with="sorry.html"), "/none", f"{HOST}/sorry.html"),
])
def test_a_routing_rule_redirects(rule: RoutingRule, path: str, expected: str) -> None:
    website = WebsiteConfiguration("index.html", "404.html", rules=(rule,))
    assert decide(website, path) == Redirect(expected, 302)


def test_a_prefix_rule_comes_before_the_file_and_an_error_rule_before_the_error_document() -> None:
    rules = (RoutingRule(key_prefix="about", replace_key_with="feed"),
             RoutingRule(error_code=403, replace_key_with="login"),
             RoutingRule(error_code=404, replace_key_with="first"),
             RoutingRule(error_code=404, replace_key_with="second"))
    website = WebsiteConfiguration("index.html", "404.html", rules=rules)
    assert decide(website, "/about.html") == Redirect(f"{HOST}/feed", 302)
    assert decide(website, "/x") == Redirect(f"{HOST}/first", 302)
    assert decide(website, "/secret", denied=["secret"]) == Redirect(f"{HOST}/login", 302)


def test_what_a_visitor_may_not_read_is_forbidden_not_missing() -> None:
    everything = [*SITE, "secret.html", "index.html"]
    assert decide(PLAIN, "/secret.html", denied=["secret.html"]) == Serve("404.html", 403)
    assert decide(PLAIN, "/", denied=everything) == ErrorPage(403, "AccessDenied", "index.html", "404.html")


FULL = WebsiteConfiguration(
    "index.html", "404.html", False, redirect_protocol="https", auto_addressing=True, charity_404=True, rules=(
        RoutingRule(error_code=404, protocol="http", replace_key_with="a&b.html", url_redirect=False),
        RoutingRule(key_prefix="旧/", replace_prefix_with="", url_redirect=True)),
)


def test_a_configuration_reads_back_as_it_was_put() -> None:
    assert parse(render(FULL).encode()) == FULL
    assert parse(render(PLAIN).encode()) == PLAIN
    assert render(FULL).count("<URLRedirect>Enabled</URLRedirect>") == 1
    assert render(FULL).count("<URLRedirect>Disabled</URLRedirect>") == 1
    silent = WebsiteConfiguration("index.html", rules=(RoutingRule(error_code=404, replace_key_with="e.html"),))
    assert render(silent).count("<URLRedirect>Enabled</URLRedirect>") == 1, "as the service adds it"


INDEX = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>"


def rule(condition: str, redirect: str) -> str:
    inner = f"<Condition>{condition}</Condition><Redirect>{redirect}</Redirect>"
    return f"{INDEX}<RoutingRules><RoutingRule>{inner}</RoutingRule></RoutingRules>"


CODE = "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>"
PREFIX = "<KeyPrefixEquals>a/</KeyPrefixEquals>"
WITH_KEY = "<ReplaceKeyWith>b</ReplaceKeyWith>"
WITH_PREFIX = "<ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith>"
MANY = f"<RoutingRule><Condition>{PREFIX}</Condition><Redirect>{WITH_KEY}</Redirect></RoutingRule>" * 101


@pytest.mark.parametrize(("inner", "code"), [
    ("", "MalformedXML"),
    ("<IndexDocument/>", "MalformedXML"),
    ("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>", "InvalidArgument"),
    (f"{INDEX}{INDEX}", "MalformedXML"),
    (f"{INDEX}<ErrorDocument/>", "MalformedXML"),
    (f"{INDEX}<ErrorDocument><Key>e</Key><OriginalHttpStatus>Yes</OriginalHttpStatus></ErrorDocument>",
     "MalformedXML"),
    (f"{INDEX}<RedirectAllRequestsTo><Protocol>ftp</Protocol></RedirectAllRequestsTo>", "MalformedXML"),
    (f"{INDEX}<RedirectAllRequestsTo/>", "MalformedXML"),
    (f"{INDEX}<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>", "MalformedXML"),
    (f"{INDEX}<AutoAddressing/>", "MalformedXML"),
    (f"{INDEX}<Surprise/>", "MalformedXML"),
    (rule(CODE + PREFIX, WITH_KEY), "MalformedXML"),
    (rule("", WITH_KEY), "MalformedXML"),
    (rule(PREFIX, WITH_KEY + WITH_PREFIX), "MalformedXML"),
    (rule(PREFIX, ""), "MalformedXML"),
    (rule(CODE, WITH_PREFIX), "InvalidArgument"),
    (rule(CODE.replace("404", "500"), WITH_KEY), "InvalidArgument"),
    (rule("<KeyPrefixEquals/>", WITH_KEY), "InvalidArgument"),
    (rule(PREFIX, WITH_KEY + "<Protocol>ftp</Protocol>"), "MalformedXML"),
    (f"{INDEX}<RoutingRules>{MANY}</RoutingRules>", "InvalidArgument"),
])
def test_a_configuration_is_refused(inner: str, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(f"<WebsiteConfiguration>{inner}</WebsiteConfiguration>".encode())
    assert (caught.value.code, caught.value.status) == (code, 400)


@pytest.mark.parametrize("body", [
    b"", b"<WebsiteConfiguration>", b"<Other/>", b"\xff\xfe",
    b'<!DOCTYPE w [<!ENTITY a "b">]><WebsiteConfiguration>&a;</WebsiteConfiguration>',
])
def test_what_is_no_such_document_is_malformed(body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(body)
    assert caught.value.code == "MalformedXML"


def test_a_configuration_over_64_kb_is_too_large() -> None:
    with pytest.raises(ServiceError) as caught:
        parse(b"<WebsiteConfiguration>" + b" " * 65_536 + b"</WebsiteConfiguration>")
    assert caught.value.code == "EntityTooLarge"


CONFIGURATIONS = st.builds(
    WebsiteConfiguration, st.just("index.html"), error_document=st.sampled_from([None, "404.html", "none"]),
    original_http_status=st.sampled_from([None, True, False]), auto_addressing=st.booleans(),
    rules=st.lists(st.builds(RoutingRule, error_code=st.sampled_from([403, 404]), replace_key_with=st.text()),
                   max_size=2).map(tuple),
)
KEYS = st.sampled_from(SITE)
PATHS = st.one_of(st.text(), KEYS, KEYS.map(lambda key: key.removesuffix(".html"))).map("/".__add__)


@given(CONFIGURATIONS, PATHS, st.sets(st.sampled_from(SITE)), st.sets(st.sampled_from(SITE)))
def test_nothing_is_served_that_is_not_there_or_not_readable(
    website: WebsiteConfiguration, path: str, keys: set[str], denied: set[str]
) -> None:
    found = decide(website, path, keys=keys, denied=denied)
    if isinstance(found, Serve):
        assert found.key in keys - denied
    if isinstance(found, Redirect):
        assert found.location.isascii() and found.location.isprintable()
        assert found.location.startswith(f"{HOST}/")
        assert not found.location.startswith(f"{HOST}//")


@given(CONFIGURATIONS, st.sets(st.sampled_from(SITE)))
def test_a_hidden_ending_leads_to_the_same_page_in_one_step(
    website: WebsiteConfiguration, keys: set[str]
) -> None:
    for key in keys:
        found = decide(website, f"/{key}", keys=keys)
        if isinstance(found, Redirect):
            found = decide(website, found.location.removeprefix(HOST), keys=keys)
        assert found == Serve(key)
