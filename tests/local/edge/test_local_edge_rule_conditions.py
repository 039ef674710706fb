"""Conditions and redirects of EdgeOne's rule engine and of the CDN, as the embedded edge decides them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.rule_checks import check_action
from sitepub.local.edge.domains import PathMatch
from sitepub.local.edge.rules import matches, redirected
from sitepub.local.edge.settings import cdn_redirects, edgeone_redirect
from sitepub.local.services.rule_conditions import read_condition

HOST, PATH = "${http.request.host}", "${http.request.uri.path}"


@pytest.mark.parametrize(("condition", "host", "path", "holds"), [
    (f"{HOST} in ['a.com']", "a.com", "/x", True),
    (f"{HOST} in ['a.com', 'b.com']", "b.com", "/x", True),
    (f"{HOST} in ['a.com']", "b.com", "/x", False),
    (f"{HOST} in ['*.a.com']", "www.a.com", "/x", True),
    (f"{HOST} in ['a.com'] and {PATH} in ['/x','/y']", "a.com", "/y", True),
    (f"{HOST} in ['a.com'] and {PATH} in ['/x']", "a.com", "/x/", False),
    (f"{PATH} in ['/files/*']", "a.com", "/files/deep/one", True),
    (f"{PATH} matches '^/vendor/'", "a.com", "/vendor/a.js", True),
    (f"{PATH} matches '^/vendor/'", "a.com", "/a/vendor/", False),
    (f"{PATH} matches '[.]css$'", "a.com", "/a.css", True),
])
def test_conditions_on_host_and_path(condition: str, host: str, path: str, holds: bool) -> None:
    found = read_condition(condition)
    assert found is not None
    assert (found.of_host(host) and found.of_path(path)) is holds
    assert matches(PathMatch("condition", (condition,)), path) is found.of_path(path)


@pytest.mark.parametrize("condition", [
    "", "*", f"{HOST} in []", f"{HOST} like ['a']", f"not {HOST} in ['a.com']",
    f"{HOST} in ['a.com'] or {PATH} in ['/']", "${http.request.ip.country} in ['CN']", f"{HOST} in ['a.com'] and",
    f"{PATH} matches '('", f"{PATH} matches '(?=a)'", f"{HOST} in ['a.com'] {PATH} in ['/']",
])
def test_what_the_edge_cannot_decide_it_does_not_carry_out(condition: str) -> None:
    assert read_condition(condition) is None


@given(st.text(alphabet="${}http.request.host uri.path in matches and ['*/a", max_size=80))
def test_no_condition_ends_in_a_traceback(condition: str) -> None:
    found = read_condition(condition)
    assert found is None or isinstance(found.of_path("/a"), bool)


def test_of_redirects_that_match_the_last_one_counts() -> None:
    rules = cdn_redirects({"UrlRedirect": {"Switch": "on", "PathRules": [
        {"RedirectStatusCode": 301, "Pattern": "/old/*", "RedirectUrl": "/new/$1", "FullMatch": False},
        {"RedirectStatusCode": 302, "Pattern": "/old/a.html", "RedirectUrl": "/a", "RedirectHost": "https://b.com"}]}})
    found = redirected(rules, "/old/x/y")
    assert found is not None and (found[0].status, found[1]) == (301, "/new/x/y")
    found = redirected(rules, "/old/a.html")
    assert found is not None and (found[0].scheme, found[0].host, found[1]) == ("https", "b.com", "/a")
    assert redirected(rules, "/old") is None and redirected(rules, "/oldaxhtml") is None
    assert cdn_redirects({"UrlRedirect": {"Switch": "off", "PathRules": []}}) == cdn_redirects({}) == ()


@pytest.mark.parametrize(("given_", "path", "answer"), [
    ({"URLPath": {"Action": "custom", "Value": "/new"}}, "/old/x", "/new"),
    ({"URLPath": {"Action": "regex", "Regex": "^/old/(.*)$", "Value": "/new/$1/$2"}}, "/old/x", "/new/x/"),
    ({"URLPath": {"Action": "follow"}, "HostName": {"Action": "custom", "Value": "b.com"}}, "/old/x", "/old/x"),
    ({"URLPath": {"Action": "regex", "Regex": "^/other$", "Value": "/new"}}, "/old/x", None),
])
def test_redirects_of_edgeone(given_: dict[str, Any], path: str, answer: str | None) -> None:
    made = edgeone_redirect((f"{PATH} in ['/old/*']",), {"StatusCode": 308, "Protocol": "follow", **given_})
    found = redirected((made,), path)
    assert (found[1] if found is not None else None) == answer
    assert redirected((made,), "/elsewhere") is None


@pytest.mark.parametrize("wrong", [
    {"StatusCode": 300}, {"URLPath": {"Action": "custom", "Value": "new"}}, {"URLPath": {"Action": "custom"}},
    {"HostName": {"Action": "custom"}}, {"URLPath": {"Action": "regex", "Regex": "(", "Value": "/a"}},
])
def test_a_redirect_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    right = {"StatusCode": 301, "URLPath": {"Action": "custom", "Value": "/a"}}
    check_action({"Name": "AccessURLRedirect", "AccessURLRedirectParameters": right})
    with pytest.raises(ApiError):
        check_action({"Name": "AccessURLRedirect", "AccessURLRedirectParameters": {**right, **wrong}})
