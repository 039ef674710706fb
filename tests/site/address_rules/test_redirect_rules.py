"""What redirects come to: on the bucket, on edges, as pages; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.bucket_settings import RedirectRule, Website
from sitepub.config.project import Host, Project
from sitepub.local.cos.bucket.website_document import RoutingRule, WebsiteConfiguration
from sitepub.local.website.routing import Look, Redirect, Visit, route
from sitepub.site.address_rules.redirect_rules import compile_redirects
from sitepub.site.address_rules.redirected import Redirected
from sitepub.site.address_rules.redirects_file import read_redirects
from sitepub.site.snapshot import SiteFile
from tests.site.sample import project

KEYS = ("index.html", "404.html", "app.html", "docs/index.html", "blog/one.html", "blog/two.html", "assets/a.css")
EDGEONE = (Host("www.example.com", edge="edgeone"),)
CDN = (Host("www.example.com"),)


def compiled(text: str, *, keys: tuple[str, ...] = KEYS, **values: Any) -> Redirected:
    rules, problems = read_redirects(text, "_redirects")
    assert not problems
    where: Project = project(Path("/site"), **values)
    files = {where.key_prefix + key: SiteFile(where.key_prefix + key, 1, "0" * 32, {"Content-Type": "text/html"}, "h")
             for key in keys}
    return compile_redirects(rules, where, files)


def routing(text: str, **values: Any) -> list[tuple[str | None, str | None, str | None]]:
    done = compiled(text, **values)
    assert not done.refused, done.refused
    return [(one.key_prefix, one.replace_key_with, one.replace_key_prefix_with) for one in done.routing]


@pytest.mark.parametrize(("text", "rules"), [
    ("/old /docs/", [("old", "docs/", None)]),
    ("/old/ /docs/", [("old", "docs/", None)]),
    ("/home /", [("home", "index.html", None)]),
    ("/old.html /app.html 302", [("old.html", "app.html", None)]),
    ("/news/* /blog/:splat", [("news/", None, "blog/")]),
    ("/news* /blog/:splat", [("news", None, "blog/")]),
    ("/news/* /docs/", [("news/", "docs/", None)]),
    ("/caf%C3%A9/* /coffee%20house/:splat", [("caf\u00e9/", None, "coffee house/")]),
    ("/blog/* /docs/:splat 301!", [("blog/", None, "docs/")]),
    ("/a/* /x/:splat\n/a/b/* /y/:splat\n/c /docs/", [("a/", None, "x/"), ("c", "docs/", None)]),
    ("/a/b/* /y/:splat\n/a/* /x/:splat\n", [("a/b/", None, "y/"), ("a/", None, "x/")]),
    ("/n /docs/\n/news/* /blog/:splat", [("news/", None, "blog/"), ("n", "docs/", None)]),
])
def test_routing_rules_of_the_bucket(text: str, rules: list[tuple[str, str | None, str | None]]) -> None:
    assert routing(text) == rules


def test_a_site_below_a_prefix_has_its_redirects_there() -> None:
    assert routing("/old /docs/\n/home /", key_prefix="v1/") == [("v1/home", "v1/", None), ("v1/old", "v1/docs/", None)]


@pytest.mark.parametrize(("line", "words"), [
    ("/* /docs/:splat", "again and again"),
    ("/* https://example.com/:splat", "within the website only"),
    ("/* /docs/ 301!", "again and again"),
    ("/news/:year/:slug /blog/:slug", "no placeholders"),
    ("/a/*.html /b/:splat", "with a `*` at its end"),
    ("/news/* /blog/:splat.html", "nothing behind it"),
    ("/news/* /news/new/:splat", "again and again"),
    ("/news/* https://example.com/:splat", "within the website only"),
    ("/blog/* /docs/:splat", "blog/one.html is there"),
    ("/news/* /blog/:splat?old=1", "without query and fragment"),
    ("/store id=:id /docs/:id", "parameters of the query"),
    ("/ /docs/ 302 Country=de", "the condition Country=de"),
    ("/api/* https://api.example.com/:splat 200", "pass no request on"),
    ("/docs/* /docs/index.html 200", "one page for all addresses"),
    ("/x /missing.html 200", "no file at /missing.html"),
    ("/* /missing.html 404", "no file at /missing.html"),
    ("/blog/* /docs/ 404", "blog/one.html is there"),
    ("/en/* /app.html 404", "one page for all addresses"),
    ("/gone 410", "COS answers 404"),
    ("/blog/one.html 404!", "would be served"),
    ("/app.html /docs/ 200!", "app.html is at this address"),
])
def test_what_the_bucket_cannot_do_is_refused_with_its_line(line: str, words: str) -> None:
    done = compiled(f"# comment\n  {line}\n")
    [problem] = done.refused
    assert words in problem.message
    assert str(problem.position) == "_redirects:2:3"
    assert not done.routing and not done.files


@pytest.mark.parametrize(("line", "keys"), [
    ("/old https://example.com/", ["old", "old/index.html"]),
    ("/old/ /docs/?a=b#c", ["old", "old/index.html"]),
    ("/old.php https://example.com/", ["old.php"]),
    ("/doc /app.html", ["doc", "doc/index.html"]),
    ("/app /app.html 301", ["app", "app/index.html"]),
])
def test_a_single_address_becomes_a_page_where_no_layer_can_redirect(line: str, keys: list[str]) -> None:
    done = compiled(line)
    assert sorted(done.files) == keys and not done.refused and not done.routing
    [warning] = done.warnings
    assert "becomes a page" in warning.message and "301" in warning.message


def test_a_page_forwards_and_names_the_new_address() -> None:
    page = next(iter(compiled('/old https://example.com/?q="<x>"').files.values()))
    text = (page.data or b"").decode()
    assert '<meta http-equiv="refresh" content="0; url=https://example.com/?q=&quot;&lt;x&gt;&quot;">' in text
    assert '<link rel="canonical" href="https://example.com/?q=&quot;&lt;x&gt;&quot;">' in text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.size == len(page.data or b"")


@pytest.mark.parametrize(("line", "website"), [
    ("/blog/one.html https://example.com/", Website()), ("/docs/ https://example.com/", Website()),
    ("/ https://example.com/", Website()), ("/app https://example.com/", Website(ignore_html_ext=True)),
    ("/blog/one.html /docs/", Website()), ("/blog/one.html 404", Website()),
])
def test_a_page_that_is_there_is_never_replaced(line: str, website: Website) -> None:
    done = compiled(line, website=website)
    assert not done.files and not done.routing and not done.refused
    [warning] = done.warnings
    assert "is at this address, and is served" in warning.message


def test_of_101_redirects_the_last_become_pages_and_those_of_the_configuration_count() -> None:
    text = "".join(f"/old{number:03} /docs/\n" for number in range(100)) + "/news/* /blog/:splat\n"
    theirs = Website(redirect_rules=(RedirectRule(key_prefix="x/", replace_key_with="y"),))
    done = compiled(text, website=theirs)
    assert not done.refused
    assert len(done.routing) == 99
    assert RedirectRule(key_prefix="news/", replace_key_prefix_with="blog/") in done.routing
    assert sorted(done.files) == ["old098", "old098/index.html", "old099", "old099/index.html"]
    many = compiled("".join(f"/old{number:03}/* /blog/:splat\n" for number in range(120)))
    assert len(many.routing) == 100 and len(many.refused) == 20
    assert "room for 100 redirects" in many.refused[0].message


def test_the_page_for_missing_addresses() -> None:
    app = compiled("/* /index.html 200")
    assert (app.error, app.error_status, app.refused) == ("index.html", 200, [])
    missing = compiled("/* /404.html 404\n/en/* /404.html 404")
    assert (missing.error, missing.error_status) == ("404.html", 404)
    said = compiled("/* /index.html 200", website=Website(error="404.html", error_is_default=False))
    [problem] = said.refused
    assert "serverless.yml says `error: 404.html`" in problem.message


def test_a_rewrite_of_one_address_is_a_copy_of_the_file() -> None:
    done = compiled("/about /docs/ 200\n/blog/one.html /app.html 200")
    assert {key: file.headers["Content-Type"] for key, file in done.files.items()} == {
        "about": "text/html", "about/index.html": "text/html"}
    assert "is served" in done.warnings[0].message


@pytest.mark.parametrize(("text", "words"), [
    ("/blog/x /docs/\n/blog/x/* /docs/:splat\n", ""),
    ("/news/x /docs/\n/news/* /blog/:splat\n", "from line 2, too"),
    ("/news/x.html /docs/\n/news/* /blog/:splat\n", ""),
    ("/news/x https://example.com/\n/news/* /blog/:splat\n", "within the website only"),
    ("/news/x /app.html 200\n/news/* /blog/:splat\n", "line 2 redirects this address"),
])
def test_a_single_address_within_a_splat(text: str, words: str) -> None:
    done = compiled(text)
    assert [words in problem.message for problem in done.refused] == ([True] if words else [])
    assert not done.files


def test_rules_that_never_count_are_said() -> None:
    done = compiled("/a/* /x/:splat\n/a/b /docs/\n/c /docs/\n/c /app.html\nhttps://other.example/* /docs/\n")
    assert [(problem.position.line, "no effect" in problem.message) for problem in done.warnings[:3]
            if problem.position] == [(2, True), (4, True), (5, True)]
    assert len(done.routing) == 2


@pytest.mark.parametrize(("line", "paths"), [
    ("/old https://example.com/new 301", ["/old", "/old/"]),
    ("/news/* https://example.com/:splat 302", ["/news/*"]),
    ("https://www.example.com/old /docs/ 301", ["/old", "/old/"]),
    ("/blog/one.html /docs/ 301!", ["/blog/one.html"]),
    ("/* https://example.com/:splat 301!", ["/*"]),
])
@pytest.mark.parametrize("hosts", [EDGEONE, CDN])
def test_redirects_of_an_edge(line: str, paths: list[str], hosts: tuple[Host, ...]) -> None:
    done = compiled(line, hosts=hosts)
    assert not done.refused and not done.files
    assert [one.path for one in done.edge] == paths


@pytest.mark.parametrize("hosts", [EDGEONE, CDN])
def test_no_edge_redirects_an_address_to_itself(hosts: tuple[Host, ...]) -> None:
    done = compiled("/guide /guide/\n/left/ /left\n", hosts=hosts)
    assert [(one.path, one.to) for one in done.edge] == [("/guide", "/guide/"), ("/left/", "/left")]
    for line in ("/* /docs/ 301!", "/old/* /old/new/:splat", "/:lang/x /en/x"):
        if hosts is EDGEONE or ":lang" not in line:
            [problem] = compiled(line, hosts=hosts).refused
            assert "again and again" in problem.message


def test_an_address_without_its_slash_becomes_a_page_and_the_real_one_stays() -> None:
    done = compiled("/docs /docs/")
    assert sorted(done.files) == ["docs"] and not done.refused
    assert not sorted(compiled("/guide /guide/").files).count("guide/index.html"), "it would lead to itself"


def test_the_same_rule_written_raw_and_encoded_is_one() -> None:
    done = compiled("/caf\u00e9/ /docs/ 301\n/caf%C3%A9/ /docs/ 301\n")
    assert len(done.routing) == 1 and not [one for one in done.warnings if "no effect" in one.message]


def test_edgeone_does_more_than_the_cdn() -> None:
    for line, words in (("/news/:year/:slug /:slug-:year", "no placeholders"),
                        ("/news/* /blog/:splat 308", "301 and 302 only")):
        assert not compiled(line, hosts=EDGEONE).refused
        [problem] = compiled(line, hosts=CDN).refused
        assert words in problem.message
    assert sorted(compiled("/old /docs/ 308", hosts=CDN).files) == ["old", "old/index.html"]


def test_the_cdn_has_room_for_ten() -> None:
    text = "".join(f"/old{number} /docs/\n" for number in range(7)) + "/news/* /blog/x/:splat\n"
    done = compiled(text, hosts=CDN)
    assert len(done.edge) == 9 and not done.refused
    assert sorted(done.files) == sorted(f"old{number}{end}" for number in (4, 5, 6) for end in ("", "/index.html"))


def test_a_host_that_the_bucket_serves_itself_needs_the_bucket_to_do_it() -> None:
    both = (*EDGEONE, Host("cos.example.com", edge="cos"))
    done = compiled("/news/* /blog/x/:splat\n/old /docs/", hosts=both)
    assert len(done.edge) == 3 and len(done.routing) == 1
    assert sorted(done.files) == ["old", "old/index.html"]
    [problem] = compiled("/news/* https://example.com/:splat", hosts=both).refused
    assert "within the website only" in problem.message


_names = st.sampled_from(["a", "b", "ab", "a/b", "a/c", "b/a"])
_lines = st.one_of(
    st.tuples(_names, _names).map(lambda two: f"/{two[0]} /{two[1]}/x"),
    st.tuples(_names, _names).map(lambda two: f"/{two[0]}/* /{two[1]}/y/:splat"),
    st.tuples(_names, _names).map(lambda two: f"/{two[0]}/* /{two[1]}/z"))


@given(st.lists(_lines, max_size=6), st.lists(st.sampled_from(["a", "b", "ab", "a/b", "c", "a/index.html", "b/x"])))
def test_the_endpoint_answers_each_address_as_the_first_rule_that_matches_says(
    lines: list[str], keys: list[str]
) -> None:
    """Or with what is there. An address that only begins like a single one is not meant, and not looked at."""
    rules, _problems = read_redirects("\n".join(lines), "_redirects")
    there = ("index.html", *keys)
    done = compiled("\n".join(str(rule) for rule in rules), keys=there)
    refused = {problem.position.line for problem in done.refused if problem.position}
    website = WebsiteConfiguration("index.html", rules=tuple(
        RoutingRule(key_prefix=one.key_prefix, replace_key_with=one.replace_key_with,
                    replace_prefix_with=one.replace_key_prefix_with) for one in done.routing))
    objects = {*there, *done.files}
    for path in ("/a", "/b", "/ab", "/a/b", "/a/c", "/b/a", "/a/b/c", "/b/x", "/index.html", "/ab/q"):
        first = next((rule for rule in rules if rule.address.match(path) is not None), None)
        answer = route(website, Visit(path, host="h"), lambda key: Look.FOUND if key in objects else Look.MISSING)
        if path[1:] in there:
            assert not isinstance(answer, Redirect), (path, answer)
        elif first is not None and not any(rules.index(rule) + 1 in refused for rule in rules):
            captured = first.address.match(path) or {}
            target = first.to.replace(":splat", captured.get("splat", ""))
            page = done.files.get(path[1:])
            if page is not None:
                assert f'url={target}"'.encode() in (page.data or b"")
            else:
                assert isinstance(answer, Redirect) and answer.location == f"http://h{target}", (path, answer)
