"""Headers of `_headers` that COS keeps with a file: which file gets which, and those that need an edge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sitepub.config.bucket_settings import HeaderRule, Website
from sitepub.config.project import Host
from sitepub.config.site_rules import EdgeHeader
from sitepub.errors import ConfigError
from sitepub.site.address_rules.header_rules import RECOMMENDED, compile_headers
from sitepub.site.address_rules.headers_file import read_headers
from sitepub.site.index.label import label
from sitepub.site.rescan import KeptSnapshot
from sitepub.site.scan import scan
from sitepub.site.snapshot import Snapshot
from tests.site.sample import project, write

FILES = {"index.html": "<p>", "404.html": "<p>", "docs/index.html": "<p>", "about.html": "<p>", "a.css": "a{}",
         "assets/b.css": "b{}", "assets/deep/c.js": "c", "fonts/caf\u00e9.woff2": "f"}


def scanned(folder: Path, blocks: str = "", redirects: str = "", **values: Any) -> Snapshot:
    write(folder, {**FILES, **({"_headers": blocks} if blocks else {}),
                   **({"_redirects": redirects} if redirects else {})})
    return scan(project(folder, **values), folder, environ={})


def header(snapshot: Snapshot, name: str) -> dict[str, str]:
    """Key → value, of the files that have it."""
    return {file.key: file.headers[name] for file in snapshot if name in file.headers}


@pytest.mark.parametrize(("address", "keys"), [
    ("/*", sorted(FILES)),
    ("/", ["index.html"]),
    ("/index.html", ["index.html"]),
    ("/docs/", ["docs/index.html"]),
    ("/docs/*", ["docs/index.html"]),
    ("/*.css", ["a.css", "assets/b.css"]),
    ("/assets/*", ["assets/b.css", "assets/deep/c.js"]),
    ("/assets/:name", ["assets/b.css"]),
    ("/assets/:folder/:name", ["assets/deep/c.js"]),
    ("/assets/*.js", ["assets/deep/c.js"]),
    ("/fonts/caf%C3%A9.woff2", ["fonts/caf\u00e9.woff2"]),
    ("/about", []),
])
def test_which_files_an_address_means(tmp_path: Path, address: str, keys: list[str]) -> None:
    snapshot = scanned(tmp_path, f"{address}\n  Content-Language: de\n")
    assert sorted(header(snapshot, "Content-Language")) == keys
    assert [problem.position is not None and problem.position.line for problem in snapshot.warnings] == (
        [] if keys else [1])


def test_an_address_without_html_is_one_where_the_website_serves_it(tmp_path: Path) -> None:
    snapshot = scanned(tmp_path, "/about\n  Content-Language: de\n", website=Website(ignore_html_ext=True))
    assert sorted(header(snapshot, "Content-Language")) == ["about.html"]


def test_later_blocks_count_lists_are_joined_and_a_header_is_taken_back(tmp_path: Path) -> None:
    snapshot = scanned(tmp_path, "/*\n  Cache-Control: max-age=60\n  Content-Language: de\n"
                                 "/assets/*\n  cache-control: max-age=99\n  Content-Language: en\n"
                                 "/assets/deep/*\n  ! Cache-Control\n")
    assert header(snapshot, "Cache-Control")["a.css"] == "max-age=60"
    assert header(snapshot, "Cache-Control")["assets/b.css"] == "max-age=99"
    assert header(snapshot, "Cache-Control")["assets/deep/c.js"] == "public, max-age=300", "sitepub's own again"
    assert header(snapshot, "Content-Language")["assets/b.css"] == "de, en"


def test_a_header_that_is_taken_back_and_set_again_in_one_block_is_not_joined(tmp_path: Path) -> None:
    snapshot = scanned(tmp_path, "/*\n  Content-Language: de\n/docs/\n  ! Content-Language\n  Content-Language: fr\n")
    assert header(snapshot, "Content-Language")["docs/index.html"] == "fr"
    made, said = at_edges("/*\n  Content-Security-Policy: a\n/about/\n  ! Content-Security-Policy\n"
                          "  Content-Security-Policy: b\n")
    assert not said and [(one.path, one.action, one.value) for one in made] == [
        ("/*", "set", "a"), ("/about/", "set", "b")]


def test_headers_of_the_configuration_come_after(tmp_path: Path) -> None:
    snapshot = scanned(tmp_path, "/*\n  Cache-Control: max-age=60\n",
                       headers=(HeaderRule("*.css", {"Cache-Control": "no-store"}),))
    assert header(snapshot, "Cache-Control")["a.css"] == "no-store"
    assert header(snapshot, "Cache-Control")["index.html"] == "max-age=60"


@pytest.mark.parametrize("values", [{}, {"headers_file": False, "redirects_file": False}])
def test_the_files_are_never_published(tmp_path: Path, values: dict[str, Any]) -> None:
    snapshot = scanned(tmp_path, "/*\n  Content-Language: de\n", "/old /docs/\n", **values)
    assert set(snapshot.files) == set(FILES)
    assert bool(header(snapshot, "Content-Language")) == bool(snapshot.rules) == (not values)
    assert not snapshot.left_out


def test_a_named_file_is_read_in_place_of_the_usual_one(tmp_path: Path) -> None:
    write(tmp_path, {"mine/_h": "/*\n  Content-Language: fr\n", "site/rules.txt": "/old /docs/\n"})
    snapshot = scanned(tmp_path / "site", "/*\n  Content-Language: de\n", headers_file=tmp_path / "mine/_h",
                       redirects_file=tmp_path / "site/rules.txt")
    assert set(header(snapshot, "Content-Language").values()) == {"fr"}
    assert set(snapshot.files) == set(FILES), "a named file in the web root is no page either"
    assert len(snapshot.rules.redirects) == 1
    with pytest.raises(ConfigError, match="cannot be read"):
        scanned(tmp_path / "site", headers_file=tmp_path / "none")


def test_a_named_file_that_changes_is_a_change_of_the_site(tmp_path: Path) -> None:
    write(tmp_path, {"site/index.html": "<p>", "h": "/*\n  Content-Language: de\n"})
    where = project(tmp_path / "site", headers_file=tmp_path / "h", file=tmp_path / "serverless.yml")
    labels = [label(where, tmp_path / "site", {})]
    write(tmp_path, {"h": "/*\n  Content-Language: en\n"})
    labels.append(label(where, tmp_path / "site", {}))
    (tmp_path / "h").unlink()
    assert None not in labels and labels[0] != labels[1]
    assert label(where, tmp_path / "site", {}) is None


def test_a_folder_of_that_name_is_published(tmp_path: Path) -> None:
    snapshot = scanned(tmp_path / "site")
    write(tmp_path / "site", {"_headers/one.html": "<p>"})
    assert "_headers/one.html" in scan(project(tmp_path / "site"), tmp_path / "site", environ={}).files
    assert "_headers" not in snapshot.files


def test_every_mistake_in_both_files_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        scanned(tmp_path, "/a\nX\n", "/old\n")
    assert len(caught.value.problems) == 2
    with pytest.raises(ConfigError) as caught:
        scanned(tmp_path, "/*\n  X-Frame-Options: DENY\n", "/:a/:b /docs/\n")
    assert [problem.position.line for problem in caught.value.problems if problem.position] == [2, 1]
    kept = scanned(tmp_path, "/*\n  X-Frame-Options: DENY\n", "/:a/:b /docs/\n", unsupported_rules_warn=True)
    assert len(kept.warnings) == 2 and not kept.rules


def test_the_rescan_gives_what_a_scan_gives(tmp_path: Path) -> None:
    where = project(tmp_path)
    write(tmp_path, FILES)
    kept = KeptSnapshot(where, tmp_path, environ={})
    assert kept.snapshot() == scan(where, tmp_path, environ={})
    steps: list[dict[str, str]] = [
        {"_headers": "/*.css\n  Cache-Control: max-age=1\n"}, {"a.css": "changed"},
        {"_redirects": "/old /docs/\n/ext https://example.com/\n"}, {"new.css": "n"},
        {"ext/index.html": "a page of its own"}, {"old.html": "hidden by the rule if it stayed one"}]
    for step in steps:
        write(tmp_path, step)
        kept.touch([tmp_path / name for name in step])
        now = kept.snapshot()
        assert now == scan(where, tmp_path, environ={}), step
    assert sorted(set(now.files) - set(FILES)) == [
        "ext", "ext/index.html", "new.css", "old", "old.html", "old/index.html"]
    assert now.files["ext/index.html"].data is None
    (tmp_path / "_headers").unlink()
    kept.touch([tmp_path / "_headers"])
    assert header(kept.snapshot(), "Cache-Control")["a.css"] == "public, max-age=300"


# What needs an edge

HOSTS = (Host("www.example.com", edge="edgeone", https={"switch": "on"}), Host("cdn.example.com"))


def at_edges(text: str, hosts: tuple[Host, ...] = HOSTS, *, recommended: bool = False
             ) -> tuple[list[EdgeHeader], list[str]]:
    blocks, problems = read_headers(text, "_headers")
    assert not problems
    done = compile_headers(blocks, hosts, recommended=recommended)
    return list(done.edge), [problem.message for problem in (*done.refused, *done.warnings)]


def test_headers_that_cos_does_not_keep_go_to_the_edges() -> None:
    assert at_edges("/*\n  X-Frame-Options: DENY\n/a/*\n  ! X-Frame-Options\n  X-Robots-Tag: noindex\n") == ([
        EdgeHeader("/*", "set", "X-Frame-Options", "DENY"), EdgeHeader("/a/*", "del", "X-Frame-Options"),
        EdgeHeader("/a/*", "set", "X-Robots-Tag", "noindex")], [])


def test_of_blocks_at_one_address_lists_are_joined_for_edges_where_the_last_rule_counts() -> None:
    made, said = at_edges("/a/*\n  X-Robots-Tag: noindex\n  X-Frame-Options: DENY\n"
                          "/*\n  X-Robots-Tag: nosnippet\n/b\n  X-Robots-Tag: none\n")
    assert not said
    robots = [(one.path, one.value) for one in made if one.name == "X-Robots-Tag"]
    assert robots == [("/a/*", "noindex"), ("/*", "nosnippet"), ("/a/*", "noindex, nosnippet"),
                      ("/b", "nosnippet, none")]


@pytest.mark.parametrize(("text", "words"), [
    ("/*\n  Set-Cookie: a=b\n", "edges do not let it be set"),
    ("/*\n  Server: mine\n", "edges do not let it be set"),
    ("/*\n  X-Word: caf\u00e9\n", "in ASCII only"),
    ("/*\n  X-Long: " + "a" * 1_001 + "\n", "at most 1,000 characters"),
    ("/*\n  X_Under: a\n", "letters, digits and hyphens"),
    ("/:year/*\n  X-A: a\n", "by the CDN, which serves cdn.example.com"),
    ("/fonts/*.woff2\n  X-A: a\n", "by the CDN, which serves cdn.example.com"),
    ("https://cdn.example.com/*\n  Cache-Control: no-store\n", "which all hosts of the site serve"),
    ("https://other.example/*\n  X-A: a\n", "not a host of this site"),
    ("/a/*\n  X-Robots-Tag: a\n/*.js\n  X-Robots-Tag: b\n", "an address may be both"),
])
def test_what_no_edge_can_do_is_said(text: str, words: str) -> None:
    _made, said = at_edges(text)
    assert [words in one for one in said] == [True]


def test_without_an_edge_they_are_refused() -> None:
    for hosts in ((), (Host("a.example.com", edge="cos"),), (Host("b.example.com", only_refresh=True),)):
        made, said = at_edges("/*\n  X-Frame-Options: DENY\n", hosts)
        assert not made and "no host of the site has an edge" in said[0]


def test_the_recommended_set_stands_below_that_of_the_file() -> None:
    made, said = at_edges("/*\n  X-Frame-Options: DENY\n", recommended=True)
    assert not said
    assert [one.name for one in made] == [*(one.name for one in RECOMMENDED), "X-Frame-Options"]
    assert next(one.host for one in made if one.name == "Strict-Transport-Security") == "www.example.com"
    made, said = at_edges("", (), recommended=True)
    assert not made and "securityHeaders has no effect" in said[0]
