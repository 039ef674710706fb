"""What `_headers` and `_redirects` become on the CDN and on EdgeOne: whose rule is whose, and in which order (pure)."""

from __future__ import annotations

from typing import Any

import pytest

from sitepub.config.project import Host
from sitepub.config.site_rules import EdgeHeader, EdgeRedirect, HostRules
from sitepub.domains.edges.cdn_site_rules import header_rules, redirect_rules, with_redirects
from sitepub.domains.edges.cdn_wanted import update_leaves, wanted_config
from sitepub.domains.edges.edge import WantedDomain
from sitepub.domains.edges.edgeone_site_rules import is_as_wanted, lines_of, site_rule
from sitepub.domains.hosts.settings import _either
from sitepub.errors import ConfigError

FRAMES = EdgeHeader("/*", "set", "X-Frame-Options", "DENY")
ROBOTS = EdgeHeader("/docs/*", "del", "X-Robots-Tag")
OLD = EdgeRedirect("/old", "/new", 301)
NEWS = EdgeRedirect("/news/*", "https://example.com/blog/:splat", 302)
RULES = HostRules((FRAMES, ROBOTS), (OLD, NEWS))
THEIRS = {"HeaderMode": "set", "HeaderName": "X-Theirs", "HeaderValue": "1", "RuleType": "all", "RulePaths": ["*"]}


def wanted(rules: HostRules | None, before: HostRules | None = None, **of_host: Any) -> WantedDomain:
    return WantedDomain(Host("a.example.com", rules=rules, **of_host), "b-125", "ap-guangzhou", "b-125.cos-website.x",
                        "http", rules_before=before or HostRules())


@pytest.mark.parametrize(("path", "rule"), [
    ("/*", ("all", "*")), ("/docs/*", ("directory", "/docs/")), ("/*.js", ("file", "js")),
    ("/a.html", ("path", "/a.html")), ("/", ("path", "/")), ("/caf\u00e9 1.html", ("path", "/caf%C3%A9%201.html")),
])
def test_paths_of_the_cdn(path: str, rule: tuple[str, str]) -> None:
    [made] = header_rules(HostRules((EdgeHeader(path, "set", "X-A", "1"),)))
    assert (made["RuleType"], made["RulePaths"]) == (rule[0], [rule[1]])


def test_redirects_of_the_cdn_stand_in_the_opposite_order_of_the_file() -> None:
    assert redirect_rules(RULES) == [
        {"RedirectStatusCode": 302, "Pattern": "/news/*", "RedirectUrl": "/blog/$1", "FullMatch": False,
         "RedirectHost": "https://example.com"},
        {"RedirectStatusCode": 301, "Pattern": "/old", "RedirectUrl": "/new", "FullMatch": True}]


def names(config: dict[str, Any]) -> list[str]:
    return [one["HeaderName"] for one in config["ResponseHeader"]["HeaderRules"]]


def test_ours_stand_above_those_of_others_and_go_when_they_are_not_wanted_any_more() -> None:
    there: dict[str, Any] = {"ResponseHeader": {"Switch": "on", "HeaderRules": [THEIRS]}}
    first = wanted_config(wanted(RULES), there)
    assert names(first) == ["X-Frame-Options", "X-Robots-Tag", "X-Theirs", "Content-Disposition",
                            "x-cos-force-download"]
    again = wanted_config(wanted(RULES, RULES), first)
    assert again["ResponseHeader"] == first["ResponseHeader"] and again["UrlRedirect"] == first["UrlRedirect"]
    less = wanted_config(wanted(HostRules((FRAMES,)), RULES), first)
    assert names(less)[:2] == ["X-Frame-Options", "X-Theirs"]
    none = wanted_config(wanted(HostRules(), RULES), first)
    assert names(none)[0] == "X-Theirs" and none["UrlRedirect"] == {"Switch": "off", "PathRules": []}
    unknown = wanted_config(wanted(None, RULES), first)
    assert names(unknown) == names(first) and "UrlRedirect" not in unknown


def test_rules_of_the_configuration_win_and_their_redirects_stay() -> None:
    theirs = [{"redirectStatusCode": 301, "pattern": "/x", "redirectUrl": "/y"}]
    asked = wanted(RULES, settings={"responseHeader": {"switch": "on", "headerRules": [
        {"headerMode": "set", "headerName": "X-Frame-Options", "headerValue": "SAMEORIGIN", "ruleType": "all",
         "rulePaths": ["*"]}]}, "urlRedirect": {"switch": "on", "pathRules": theirs}})
    made = wanted_config(asked, {})
    assert names(made)[:3] == ["X-Frame-Options", "X-Robots-Tag", "X-Frame-Options"]
    assert [one["Pattern"] for one in made["UrlRedirect"]["PathRules"]] == ["/news/*", "/old", "/x"]


def test_what_the_owner_switched_off_is_not_switched_on_for_ours() -> None:
    off: dict[str, Any] = {"ResponseHeader": {"Switch": "off", "HeaderRules": [THEIRS]}}
    with pytest.raises(ConfigError, match="switched off"):
        wanted_config(wanted(RULES), off)
    assert "ResponseHeader" not in wanted_config(wanted(HostRules()), off)
    redirects = {"Switch": "off", "PathRules": [{"RedirectStatusCode": 301, "Pattern": "/x", "RedirectUrl": "/y"}]}
    with pytest.raises(ConfigError, match="switched off"):
        with_redirects(wanted(RULES), redirects, None)


def test_a_plan_shows_the_lists_before_and_after() -> None:
    leaves = {leaf.path: leaf for leaf in update_leaves(wanted(RULES), {
        "ResponseHeader": {"Switch": "on", "HeaderRules": [THEIRS]}})}
    assert "DENY" in str(leaves["ResponseHeader.HeaderRules"])
    assert "/news/*" in str(leaves["UrlRedirect.PathRules"])


def test_one_rule_of_edgeone_holds_all_with_the_first_redirect_last() -> None:
    rule = site_rule("a.example.com", HostRules((FRAMES, ROBOTS), (
        OLD, NEWS, EdgeRedirect("/y/:year/:name.html", "/blog/:name-:year/", 308))))
    assert rule is not None
    [branch] = rule["Branches"]
    assert branch["Condition"] == "${http.request.host} in ['a.example.com']"
    below = [one["Branches"][0] for one in branch["SubRules"]]
    assert [one["Condition"].removeprefix("${http.request.uri.path} ") for one in below] == [
        "matches '^/(.*)$'", "matches '^/docs/(.*)$'", "matches '^/y/([^/]+)/([^/]+)[.]html$'",
        "matches '^/news/(.*)$'", "in ['/old']"]
    year = below[2]["Actions"][0]["AccessURLRedirectParameters"]
    assert year["URLPath"] == {"Action": "regex", "Regex": "^/y/([^/]+)/([^/]+)[.]html$", "Value": "/blog/$2-$1/"}
    news = below[3]["Actions"][0]["AccessURLRedirectParameters"]
    assert (news["StatusCode"], news["Protocol"], news["HostName"]["Value"]) == (302, "https", "example.com")
    assert site_rule("a.example.com", HostRules()) is None and site_rule("a.example.com", None) is None
    assert lines_of(RULES)[0] == "/*: set X-Frame-Options: DENY"


def test_an_answer_with_more_in_it_is_the_same_rule_and_a_changed_one_is_not() -> None:
    rule = site_rule("a.example.com", RULES)
    assert rule is not None
    assert is_as_wanted({**rule, "RuleId": "rule-1", "RulePriority": 7, "CustomVariables": None}, rule)
    assert not is_as_wanted({**rule, "Status": "disable"}, rule)
    assert not is_as_wanted(None, rule) and not is_as_wanted(rule, None) and is_as_wanted(None, None)


def test_after_a_kill_the_rules_of_before_and_now_are_known_as_ours() -> None:
    assert _either(HostRules((FRAMES,)), HostRules((ROBOTS,), (OLD,))) == HostRules((FRAMES, ROBOTS), (OLD,))
    assert _either(None, RULES) == _either(RULES, None) == _either(RULES, RULES) == RULES
    assert _either(None, HostRules()) is None
