"""New 404s, redirects of the configuration, sizes, the address that a site takes for its own, places in the sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.check.answers import Answers, Rule, Website
from sitepub.check.check import check, pages_of
from sitepub.check.declared import declared, is_placeholder
from sitepub.check.findings import Kind
from sitepub.check.gone import Was, gone
from sitepub.check.redirects import about_redirects
from sitepub.check.site import Site
from sitepub.check.sizes import largest, too_large
from sitepub.check.sources import find_sources
from sitepub.config.project import Checks
from sitepub.errors import ConfigError
from tests.check.real_sites import report_of, write
from tests.check.small_site import checked, snapshot_of

NEW = {"index.html": "1", "about.html": "2", "posts/hello/index.html": "3", "posts/second/index.html": "4",
       "docs/a/index.html": "5", "docs/b/index.html": "6", "new.pdf": "7", "404.html": "8", "x/index.html": "9"}
"""Keys of the new site with their MD5."""


def _gone(*keys: str, website: Website | None = None, md5: str = "",
          ignored: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    answers = Answers(dict.fromkeys(NEW, 1), website or Website(error="404.html"))
    return [(one.target, one.hint) for one in gone([Was(key, md5) for key in keys], answers, NEW, "404.html", ignored)]


@pytest.mark.parametrize(("key", "address", "new"), [
    ("2024/01/hello/index.html", "/2024/01/hello/", "posts/hello/"), ("hello.html", "/hello.html", "posts/hello/"),
    ("second/index.html", "/second/", "posts/second/"), ("blog/about.html", "/blog/about.html", "about.html"),
    ("nothing/like/it.html", "/nothing/like/it.html", ""), ("Hello/index.html", "/Hello/", "posts/hello/"),
    ("2024/01/02/index.html", "/2024/01/02/", ""), ("old/new.pdf", "/old/new.pdf", "new.pdf"),
    ("feed.xml", "/feed.xml", ""), ("about/index.html", "/about/", "about.html")])
def test_pages_that_are_gone_with_the_redirect_that_helps(key: str, address: str, new: str) -> None:
    [(target, hint)] = _gone(key)
    assert target == address
    assert (f"replaceKeyWith: {new}}}" in hint and f"keyPrefixEquals: {address[1:]}}}" in hint) if new else hint == ""


def test_the_same_content_under_another_name() -> None:
    [(_target, hint)] = _gone("page-17.html", md5="5")
    assert "replaceKeyWith: docs/a/" in hint


@pytest.mark.parametrize(("key", "website"), [
    ("img/old.png", Website()), ("js/app.abc.js", Website()), ("about.html", Website()),
    ("old/x.html", Website(rules=(Rule(prefix="old/", replace_with="index.html"),))),
    ("old/x.html", Website(rules=(Rule(prefix="old/x", replace_with="docs/a/"),))),
    ("old.html", Website(no_extension=True, rules=(Rule(prefix="old", replace_with="about"),)))])
def test_what_nobody_comes_to_or_still_answers_is_not_missed(key: str, website: Website) -> None:
    assert _gone(key, website=website) == []


@pytest.mark.parametrize(("pattern", "left"), [("/old/*", ["/other.html"]), ("*.html", ["/old/"]), ("*", []),
                                               ("/old", ["/old/", "/other.html"])])
def test_pages_that_may_go(pattern: str, left: list[str]) -> None:
    assert [target for target, _hint in _gone("old/index.html", "other.html", ignored=(pattern,))] == left


def test_a_folder_that_was_renamed_is_one_rule() -> None:
    found = _gone("guide/a/index.html", "guide/b/index.html", "guide/c/index.html")
    assert [target for target, _hint in found] == ["/guide/a/", "/guide/b/", "/guide/c/"]
    rule = "keyPrefixEquals: guide/}, redirect: {replaceKeyPrefixWith: docs/}"
    assert [rule in hint for _target, hint in found] == [True, True, False]


@pytest.mark.parametrize(("rule", "words"), [
    (Rule(prefix="docs/", replace_with="about.html"), ["hides 2 files"]),
    (Rule(prefix="d", replace_prefix_with="old-d"), ["hides 2 files"]),
    (Rule(prefix="docs/", replace_prefix_with="docs/new/"), ["never ends", "hides 2 files"]),
    (Rule(prefix="old/", replace_with="nowhere.html"), ["there is no nowhere.html"]),
    (Rule(prefix="old/", replace_with="old/index.html"), ["never ends"]),
    (Rule(status=404, replace_with="nowhere.html"), ["never ends"]), (Rule(status=404, replace_with="index.html"), []),
    (Rule(prefix="old/", replace_prefix_with="docs/"), []), (Rule(prefix="old/", replace_with="docs/a/"), []),
    (Rule(prefix="old/", replace_with="/about.html"), []), (Rule(status=403, replace_with="about.html"), [])])
def test_redirects_of_the_configuration(rule: Rule, words: list[str]) -> None:
    answers = Answers(dict.fromkeys(NEW, 1), Website(error="404.html", rules=(rule,)))
    found = list(about_redirects(answers, frozenset(NEW)))
    assert len(found) == len(words)
    assert all(word in one.message for word, one in zip(words, found, strict=True))


@pytest.mark.parametrize(("checks", "targets"), [
    (Checks(files={"*.js": 10}), ["js/big.js"]), (Checks(files={"*.js": 20}), []), (Checks(total=40), ["total"]),
    (Checks(files={"/js/": 10}), ["js/big.js"]), (Checks(files={"**/*.{js,css}": 4}), ["css/a.css", "js/big.js"]),
    (Checks(files={"big.*": 10}), ["js/big.js"]), (Checks(files={"*.js": 10, "js/*": 9}), ["js/big.js"] * 2),
    (Checks(total=10_000), []), (Checks(files={"*": 0}), ["css/a.css", "index.html", "js/big.js"]),
    (Checks(files={"*.png": 1}), []), (Checks(total=30, files={"*.css": 4}), ["css/a.css", "total"])])
@pytest.mark.parametrize("prefix", ["", "blog/"])
def test_sizes_of_files_and_of_the_whole(tmp_path: Path, checks: Checks, targets: list[str], prefix: str) -> None:
    snapshot = snapshot_of(tmp_path, {f"{prefix}js/big.js": "x" * 20, f"{prefix}css/a.css": "x" * 5,
                                      f"{prefix}index.html": "x" * 21})
    found = sorted(one.target.removeprefix(prefix) for one in too_large(checks, snapshot, prefix))
    assert found == targets
    assert [file.size for file in largest(snapshot, 2)] == [21, 20]


def test_a_pattern_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is none"):
        list(too_large(Checks(files={"x" * 5000: 1}), snapshot_of(tmp_path, {"index.html": "x"})))


@pytest.mark.parametrize(("page", "limit", "over"), [
    ('<script src="/a.js"></script>', 1000, False), ('<script src="/a.js"></script>', 600, True),
    ('<script src="/a.js"></script><script src="a.js?x"></script>', 700, False), ('<img src="a.js">' * 9, 800, False),
    ('<link rel=stylesheet href=/b.css><script src=/a.js></script>', 700, True), ('<a href="/a.js">', 600, False),
    ('<img srcset="/a.js 1x">', 600, False), ('<iframe src="/a.js"></iframe>', 600, False), ("x" * 601, 600, True),
    ('<script src="https://other.example.org/a.js"></script>', 600, False), ('<div style="background:url(a.js)">',
    600, False)])
def test_the_weight_of_a_page(tmp_path: Path, page: str, limit: int, over: bool) -> None:
    found = [one for one in checked(tmp_path, {"index.html": page, "a.js": "x" * 590, "b.css": "x" * 90},
                                    page_limit=limit).findings if one.kind is Kind.SIZE]
    assert len(found) == over


@pytest.mark.parametrize(("files", "expected"), [
    ({"index.html": '<link rel=canonical href="https://me.example.org/">'}, {"me.example.org": "/"}),
    ({"index.html": '<link rel=canonical href="https://me.example.org/blog/">'}, {"me.example.org": "/blog/"}),
    ({"index.html": '<meta property="og:url" content="https://me.example.org/blog/index.html">'},
     {"me.example.org": "/blog/"}),
    ({"index.html": "", "sitemap.xml": "<urlset><url><loc>https://me.example.org/blog/a/</loc></url>"
      "<url><loc>https://me.example.org/blog/</loc></url></urlset>"}, {"me.example.org": "/blog/"}),
    ({"index.html": "", "atom.xml": '<feed><link href="https://me.example.org/"/></feed>'}, {"me.example.org": "/"}),
    ({"index.html": '<link rel=canonical href="/">'}, {}), ({"index.html": ""}, {}), ({}, {})])
def test_the_address_that_a_site_takes_for_its_own(tmp_path: Path, files: dict[str, str],
                                                   expected: dict[str, str]) -> None:
    assert declared(snapshot_of(tmp_path, files), "", "index.html") == expected


@pytest.mark.parametrize(("host", "expected"), [
    ("example.com", True), ("www.example.com", True), ("yoursite.com", True), ("blog.example.org", False),
    ("my.test", True), ("example.com.cn", False), ("notexample.com", False)])
def test_addresses_that_stand_for_nothing(host: str, expected: bool) -> None:
    assert is_placeholder(host) is expected


def test_faults_are_found_in_the_sources(tmp_path: Path) -> None:
    """In the post of the page, not in another one; not in what was built."""
    files = {"public/hello/index.html": '<img src="/img/nowhere.png"><a href="/old-menu/">',
             "public/other/index.html": '<a href="/old-menu/">', "public/404.html": "",
             "source/_posts/a-first.md": "/img/nowhere.png", "source/_posts/hello.md": "text\n![x](/img/nowhere.png)",
             "source/_posts/z.md": "/img/nowhere.png.bak", "_config.yml": "theme: t\n",
             "node_modules/hexo-theme-t/_config.yml": "menu:\n  Old: /old-menu/\n",
             "node_modules/other/x.yml": "/old-menu/"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    public = tmp_path / "public"
    snapshot = snapshot_of(public, {name.removeprefix("public/"): text for name, text in files.items()
                                    if name.startswith("public/")})
    findings = check(Site(keys={file.key: 1 for file in snapshot}, pages=pages_of(snapshot)), snapshot).findings
    assert find_sources(tmp_path, public, findings) == {
        "/img/nowhere.png": ("source/_posts/hello.md", 2, 6),
        "/old-menu/": ("node_modules/hexo-theme-t/_config.yml", 2, 8)}
    assert find_sources(public, public, findings) == {}, "a folder that is published as it is"


@pytest.mark.parametrize(("inputs", "page", "remarks"), [
    ("", '<link rel=canonical href="https://www.example.com/">', ["set the real one"]),
    ("  hosts: [{host: www.example.net}]\n", '<link rel=canonical href="https://me.example.org/">',
     ["its hosts are www.example.net"]),
    ("  hosts: [{host: www.example.net}]\n", '<link rel=canonical href="https://www.example.net/">', []),
    ("", '<link rel=canonical href="https://me.example.org/">', []), ("", "<div>" * 30_000, ["not read: index.html"]),
    ("", "<p>", [])])
def test_remarks_are_no_findings(tmp_path: Path, inputs: str, page: str, remarks: list[str]) -> None:
    config = f"component: website\nname: s\ninputs:\n  src: ./src\n{inputs}"
    write(tmp_path, {"serverless.yml": config, "src/index.html": page, "src/404.html": ""})
    report = report_of(tmp_path, "")
    assert report.findings == () and len(report.remarks) == len(remarks)
    assert all(words in remark for words, remark in zip(remarks, report.remarks, strict=True))
