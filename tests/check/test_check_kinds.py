"""Each kind of finding: what is one, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.check.answers import Rule, Website
from sitepub.check.findings import Kind
from sitepub.check.reading.css import references_in
from tests.check.small_site import HOST, THERE, checked, found

L, I, S, C, F = Kind.LINK, Kind.IMAGE, Kind.SCRIPT, Kind.STYLE, Kind.FILE  # noqa: E741 - kinds by their first letters

BROKEN = [
    # links
    (L, '<a href="/nowhere/">', "/nowhere/"), (L, '<a href="nowhere">', "/posts/one/nowhere"),
    (L, '<a href="../two/">', "/posts/two/"), (L, '<a href="./x.html?a=1#b">', "/posts/one/x.html"),
    (L, f'<a href="https://{HOST}/nowhere">', "/nowhere"), (L, f'<a href="//{HOST.upper()}/nowhere">', "/nowhere"),
    (L, '<area href="/nowhere">', "/nowhere"), (L, '<a href=" \n/no\twhere ">', "/nowhere"),
    (L, '<a href="/%E4%BD%A0/">', "/你/"), (L, '<a href="/empty/">', "/empty/"), (L, '<a href="/about">', "/about"),
    (L, '<meta http-equiv="refresh" content="3; URL=\'/nowhere\'">', "/nowhere"),
    (L, '<link rel="alternate" type="application/rss+xml" href="/feed.xml">', "/feed.xml"),
    (L, '<link rel="next" href="/page/2/">', "/page/2/"), (L, '<a href="\\nowhere\\">', "/nowhere/"),
    (L, '<a href="//docs/index.html">x</a><a href="/docs//index.html">', "/docs//index.html"),
    (L, '<svg><a href="/nowhere"></a></svg>', "/nowhere"), (L, '<base href="/docs/"><a href="x">', "/docs/x"),
    (L, '<a href="/a&amp;b">', "/a&b"), (L, '<A HREF=/nowhere>', "/nowhere"),
    (L, '<a href="/docs/%252e">', "/docs/%2e"), (L, '<a href="/../../nowhere">', "/nowhere"),
    # pictures
    (I, '<img src="b.png">', "/posts/one/b.png"), (I, '<img src="/img/a.png" srcset="/img/a.png 1x, /img/b.png 2x">',
                                                   "/img/b.png"),
    (I, '<img data-src="/img/b.png">', "/img/b.png"), (I, '<img data-original="/img/b.png">', "/img/b.png"),
    (I, '<picture><source srcset="/img/b.webp 480w, /img/a.png 800w"></picture>', "/img/b.webp"),
    (I, '<video poster="/img/b.png"></video>', "/img/b.png"), (I, '<link rel="icon" href="/favicon.ico">',
    "/favicon.ico"),
    (I, '<link rel="shortcut icon" href="/favicon.ico">', "/favicon.ico"),
    (I, f'<meta property="og:image" content="https://{HOST}/img/b.png">', "/img/b.png"),
    (I, '<div style="background: url(/img/b.png) no-repeat">', "/img/b.png"),
    (I, "<div style=\"background: url('/img/b.png')\">", "/img/b.png"),
    (I, "<style>a { background: URL( \"/img/b.png\" ) }</style>", "/img/b.png"),
    (I, "<style>a { background: image-set('/img/a.png' 1x, '/img/b.png' 2x) }</style>", "/img/b.png"),
    (I, '<svg><image href="/img/b.svg"/></svg>', "/img/b.svg"), (I, '<svg><use xlink:href="/s.svg#a"/></svg>',
    "/s.svg"),
    (I, '<input type=image src="/img/b.png">', "/img/b.png"), (I, '<body background="/img/b.png">', "/img/b.png"),
    (I, '<link rel=preload as=image imagesrcset="/img/b.png 2x" href="/img/a.png">', "/img/b.png"),
    (I, '<noscript><img src="/img/b.png"></noscript>', "/img/b.png"), (I, '<img src="/docs/">', "/docs/"),
    # scripts and stylesheets
    (S, '<script src="/js/b.js"></script>', "/js/b.js"), (S, '<script type=module src="b.js"></script>',
                                                          "/posts/one/b.js"),
    (S, '<link rel="modulepreload" href="/js/b.js">', "/js/b.js"), (S, '<link rel=preload as=script href="/js/b.js">',
                                                                    "/js/b.js"),
    (S, '<script src="/js/a.js?v=1"></script><script defer src="/js/b.js?v=1"></script>', "/js/b.js"),
    (S, '<script src="/docs/"></script>', "/docs/"),
    (C, '<link rel="stylesheet" href="/css/b.css">', "/css/b.css"), (C, '<link rel="preload stylesheet" href="b.css">',
                                                                     "/posts/one/b.css"),
    (C, '<link rel="alternate stylesheet" href="/css/b.css">', "/css/b.css"),
    (C, '<style>@import "/css/b.css";</style>', "/css/b.css"), (C, '<style>@import url(/css/b.css) print;</style>',
                                                                "/css/b.css"),
    (C, '<link rel="preload" as="style" href="/css/b.css">', "/css/b.css"),
    # what else a page loads
    (F, '<video src="/v.mp4"></video>', "/v.mp4"), (F, '<video><source src="/v.mp4"></video>', "/v.mp4"),
    (F, '<audio src="/v.mp3"></audio>', "/v.mp3"), (F, '<video><track src="/v.vtt"></video>', "/v.vtt"),
    (F, '<iframe src="/frame.html"></iframe>', "/frame.html"), (F, '<object data="/v.swf"></object>', "/v.swf"),
    (F, '<embed src="/v.pdf">', "/v.pdf"), (F, '<link rel="manifest" href="/site.webmanifest">', "/site.webmanifest"),
    (F, '<style>@font-face { src: url("/fonts/b.woff2") format("woff2"), local("x") }</style>', "/fonts/b.woff2"),
    (F, '<link rel=preload as=font href="/fonts/b.woff2" crossorigin>', "/fonts/b.woff2"),
    # addresses of the site in full
    (Kind.CANONICAL, f'<link rel="canonical" href="https://{HOST}/nowhere/">', "/nowhere/"),
    (Kind.CANONICAL, '<link rel="canonical" href="/nowhere/">', "/nowhere/"),
    (Kind.CANONICAL, f'<meta property="og:url" content="http://{HOST}/nowhere/">', "/nowhere/"),
]


@pytest.mark.parametrize(("css", "address"), [
    (r"a{src:url(a\20 b.png)}", "a b.png"), (r"a{src:url(a\2e png)}", "a.png"), (r"a{src:url(a\)b.png)}", "a)b.png"),
    (r"a{src:url(a\000020b.png)}", "a b.png"), (r'a{src:url("a\20 b.png")}', "a b.png"),
    (r"a{src:url(a\ b.png)}", "a b.png"),
])
def test_escapes_of_stylesheets(css: str, address: str) -> None:
    assert [one.written for one in references_in(css)] == [address]


@pytest.mark.parametrize("part", range(8))
def test_what_leads_nowhere_is_found_and_nothing_else(tmp_path: Path, part: int) -> None:
    """Each in a page of its own, a part of all in one site: of one finding not all places are kept."""
    cases = BROKEN[part::8]
    pages = {f"posts/{number}/index.html": page for number, (_kind, page, _target) in enumerate(cases)}
    by_page: dict[str, set[tuple[Kind, str]]] = {key: set() for key in pages}
    for finding in checked(tmp_path, {**THERE, **pages}).findings:
        for place in finding.places:
            assert place.line == 1 and place.column > 1, (finding, pages[place.key])
            by_page[place.key].add((finding.kind, finding.target))
    expected = {f"posts/{number}/index.html": {(kind, target.replace("/posts/one/", f"/posts/{number}/"))}
                for number, (kind, _page, target) in enumerate(cases)}
    assert by_page == expected


GOOD = [
    "/", "/index.html", "/docs/", "/docs/index.html", "/about.html", "/img/a.png", "/img/a%20b.png", "/img/a b.png",
    "/%E5%9B%BE/%E7%89%87.png", "/图/片.png", "/你好/", "/docs/#Intro", "/docs/#old", "/你好/#标题",
    "/你好/#%E6%A0%87%E9%A2%98", "/docs/?x=1#Intro", "../../docs/", "../../docs/../about.html#x", "/docs/#",
    "/docs/#top",
    "#", "#TOP", "", "?page=2", ".", "./", "mailto:a@b.c", "tel:+1", "javascript:void(0)", "data:text/html,x", "blob:x",
    "https://other.example.com/x", "//other.example.com/x", "weixin://dl", "{{ url }}", "/tags/${tag}", "<%= url %>",
    "/docs/#:~:text=Intro", "/docs/#!/route", "/#/route", f"https://{HOST}/docs/", f"http://{HOST}:80/docs/",
    f"https://user@{HOST}/docs/", f"HTTPS://{HOST.upper()}./docs/", "/files/a.pdf#page=3", "/docs/./", "/docs/%2e%2e/",
    "ftp://x/y", "magnet:?xt=x", "about:blank", "/css/../docs/", "\\docs\\", "https://[::2]/x", "https://例子.中国/x",
]


def test_what_leads_somewhere_or_elsewhere_is_no_finding(tmp_path: Path) -> None:
    links = "\n".join(f'<a href="{one}">x</a>' for one in GOOD)
    assert [(one.kind, one.target) for one in found(tmp_path, links)] == []


@pytest.mark.parametrize("page", [
    '<template><a href="/nowhere"></a><img src="/nowhere.png"></template>', '<!-- <a href="/nowhere"> -->',
    "<script>var a = '<a href=\"/nowhere\">'</script>", '<script type="text/html"><img src="/nowhere"></script>',
    '<textarea><a href="/nowhere"></textarea>', '<img src="">', '<img>', '<a>', '<a name="x">', '<script></script>',
    '<style>/* url(/nowhere.png) */ a::after { content: "url(/nowhere.png)" }</style>',
    '<form action="/nowhere" method=post>',
    '<style>@namespace svg url(http://www.w3.org/2000/svg);</style>', '<blockquote cite="/nowhere">',
    '<link rel="preconnect" href="https://fonts.example.com">', '<link rel="dns-prefetch" href="//x">',
    '<script>sprite()</script><svg><use href="#a"/><g style="fill:url(#b)"/></svg>',
    '<img src="data:image/png;base64,AA==" data-src="/img/a.png">',
    '<a href="/docs/" download>', '<meta name="description" content="/nowhere">', '<img srcset=", ,">',
    '<img srcset="data:image/png;base64,AA== 1x, /img/a.png 2x">', '<div style="background:url()">',
    '<meta name="twitter:player" content="/nowhere">', '<a href="/docs/"><p id="x"></a><a href="#x">'])
def test_what_a_browser_does_not_follow_is_passed_over(tmp_path: Path, page: str) -> None:
    assert [(one.kind, one.target) for one in found(tmp_path, page)] == []


ANCHORS = [
    ("#nowhere", "/posts/one/#nowhere"), ("#Bar", "/posts/one/#Bar"), ("/docs/#intro", "/docs/#intro"),
    ("/docs/#Nowhere", "/docs/#Nowhere"), ("/docs/index.html#x", "/docs/#x"),
    ("/你好/#标题2", "/你好/#标题2"), ("/你好/#%E6%A0%87", "/你好/#标"), ("index.html#nowhere", "/posts/one/#nowhere"),
    (f"https://{HOST}/docs/#nowhere", "/docs/#nowhere"), ("/about.html?x=1#y", "/about.html#y"),
    ("../one/#nowhere", "/posts/one/#nowhere"), ("/docs/#old:~:text=a", ""), ("/docs/#Intro%20", "/docs/#Intro "),
]


@pytest.mark.parametrize(("href", "target"), ANCHORS)
def test_anchors_are_looked_for_in_the_page_that_is_meant(tmp_path: Path, href: str, target: str) -> None:
    findings = found(tmp_path, f'<p id="foo"><p id="bar"><a href="#foo">x</a>\n<a href="{href}">x</a>')
    assert [(one.kind, one.target) for one in findings] == ([(Kind.ANCHOR, target)] if target else [])
    assert all((place.line, place.column) == (2, 10) for one in findings for place in one.places)


@pytest.mark.parametrize(("src", "name"), [
    ("/IMG/a.png", "img/a.png"), ("/img/A.png", "img/a.png"), ("/img/a.PNG", "img/a.png"), ("/Docs/",
    "docs/index.html"),
    ("/docs/Index.html", "docs/index.html"), ("/About.html", "about.html"), ("/upper/case.html", "Upper/Case.html"),
    ("/JS/A.JS", "js/a.js"), ("/Img/A%20b.png", "img/a b.png"), ("/DOCS", "docs/index.html"),
    ("../../Files/a.pdf", "files/a.pdf")])
def test_names_that_differ_in_case_are_found(tmp_path: Path, src: str, name: str) -> None:
    findings = found(tmp_path, f'<a href="{src}">')
    assert [one.kind for one in findings] == [Kind.CASE]
    assert findings[0].message.endswith(f"the file is called {name}")


def test_a_name_in_decomposed_accents_is_another_one(tmp_path: Path) -> None:
    findings = checked(tmp_path, {"index.html": '<img src="cafe%CC%81.png"><img src="caf%C3%A9.png">',
                                  "café.png": "1"}).findings
    assert [(one.kind, one.count) for one in findings] == [(Kind.CASE, 1)]


@pytest.mark.parametrize("href", ["/docs", "../../docs", f"https://{HOST}/docs", "/docs?x=1", "/docs#Intro", "/你好",
                                  "/%E4%BD%A0%E5%A5%BD", "../../docs/../docs", "//" + HOST + "/docs", "/posts/one"])
def test_a_folder_without_its_slash_is_404(tmp_path: Path, href: str) -> None:
    findings = found(tmp_path, f'<a href="{href}">')
    assert [one.kind for one in findings] == [Kind.SLASH]


@pytest.mark.parametrize(("page", "count"), [
    ('<script src="http://cdn.example.com/a.js"></script>', 1), ('<img src="http://cdn.example.com/a.png">', 1),
    ('<link rel=stylesheet href="http://cdn.example.com/a.css">', 1), (f'<img src="http://{HOST}/img/a.png">', 1),
    ('<iframe src="http://cdn.example.com/"></iframe>', 1), ('<video src="http://cdn.example.com/a.mp4"></video>', 1),
    ('<img srcset="http://cdn.example.com/a.png 2x">', 1), ('<style>@import "http://cdn.example.com/a.css"</style>', 1),
    ('<div style="background:url(http://cdn.example.com/a.png)">', 1), ('<embed src="http://cdn.example.com/a">', 1),
    ('<link rel=preload as=font href="http://cdn.example.com/a.woff">', 1),
    ('<base href="http://x.org/"><img src="a">', 1),
    ('<a href="http://cdn.example.com/a">', 0), ('<img src="//cdn.example.com/a.png">', 0),
    ('<img src="https://cdn.example.com/a.png">', 0), ('<link rel=canonical href="http://other.example.com/">', 0),
    ('<meta http-equiv="Content-Security-Policy" content="upgrade-insecure-requests"><img src="http://x.org/a">', 0),
    ('<meta property="og:image" content="http://x.org/a.png">', 0), ('<img src="http://localhost/a.png">', 0)])
def test_plain_http_in_a_page_of_https(tmp_path: Path, page: str, count: int) -> None:
    def mixed(https: bool) -> int:
        return sum(one.kind is Kind.MIXED for one in found(tmp_path, page, https=https))

    assert (mixed(https=True), mixed(https=False)) == (count, 0)


@pytest.mark.parametrize("href", [
    "http://localhost:4000/x/", "http://localhost", "https://127.0.0.1:8080/", "http://0.0.0.0:8000/",
    "http://[::1]:3000/",
    "file:///Users/me/site/a.png", "http://LOCALHOST/x", "//localhost:1313/", "http://app.localhost:5173/",
    "C:\\Users\\me\\a.png", "http://127.1.2.3/"])
def test_addresses_of_the_developers_computer(tmp_path: Path, href: str) -> None:
    assert [one.kind for one in found(tmp_path, f'<a href="{href}">')] == [Kind.LOCAL]


@pytest.mark.parametrize(("page", "count"), [
    ('<a href="http://localhost:3000/">http://localhost:3000</a>', 0), ('<a href="http://localhost:3000/x">here</a>',
    1),
    ('<a href="http://localhost:3000/x"><code>localhost:3000/x</code></a>', 0),
    ('<a href="http://localhost:3000/x">http://localhost:3000</a>', 1), ('<img src="http://localhost:3000/">', 1),
    ('<a href="http://127.0.0.1:8080">127.0.0.1:8080</a>', 0)])
def test_a_manual_may_name_the_readers_own_computer(tmp_path: Path, page: str, count: int) -> None:
    assert sum(one.kind is Kind.LOCAL for one in found(tmp_path, page)) == count


STAGES = {"test.example.net": "testing", "blog-testing-1250000000.cos-website.ap-guangzhou.myqcloud.com": "testing"}


@pytest.mark.parametrize(("page", "count"), [
    ('<a href="https://test.example.net/docs/">', 1), ('<a href="http://TEST.example.net/">', 1),
    ('<img src="https://test.example.net/a.png">', 1), ('<link rel=canonical href="https://test.example.net/">', 1),
    ('<a href="//test.example.net/x">', 1), ('<script src="https://test.example.net/a.js"></script>', 1),
    ('<a href="https://blog-testing-1250000000.cos-website.ap-guangzhou.myqcloud.com/">', 1),
    ('<a href="https://blog-dev-1250000000.cos-website.ap-shanghai.myqcloud.com/">', 1),
    ('<meta property="og:url" content="https://test.example.net/">', 1), ('<a href="https://test.example.net:443/">',
    1),
    ('<a href="https://blog-dev-1260000000.cos-website.ap-shanghai.myqcloud.com/">', 0),
    ('<a href="https://test2.example.net/">', 0),
    ('<img src="https://pics-1250000000.cos.ap-beijing.myqcloud.com/a">', 0)])
def test_addresses_of_other_stages(tmp_path: Path, page: str, count: int) -> None:
    findings = found(tmp_path, page, stages=STAGES, account="1250000000")
    assert [one.kind for one in findings] == [Kind.STAGE] * count


@pytest.mark.parametrize(("page", "count"), [
    ('<link rel=canonical href="https://test.example.net/x/">', 0), ('<a href="https://test.example.net/x/">', 1),
    ('<link rel=canonical href="https://blog-testing-1250000000.cos-website.ap-guangzhou.myqcloud.com/">', 1)])
def test_a_stage_without_domains_may_name_those_of_another(tmp_path: Path, page: str, count: int) -> None:
    assert len(found(tmp_path, page, stages=STAGES, has_hosts=False)) == count


@pytest.mark.parametrize(("reference", "count"), [
    ('<link rel=stylesheet href="css/a.css">', 1), ('<img src="./img/a.png">', 1), ('<script src="js/a.js"></script>',
    1),
    ('<img srcset="img/a.png 2x">', 1), ('<style>a{background:url(img/a.png)}</style>', 1),
    ('<link rel=stylesheet href="/css/a.css">', 0), ('<a href="docs/">', 0), ('<img src="https://x.org/a.png">', 0),
    ('<base href="/"><img src="img/a.png">', 0), ('<img src="data:image/png;base64,AA==">', 0)])
def test_the_error_document_is_shown_in_any_folder(tmp_path: Path, reference: str, count: int) -> None:
    findings = checked(tmp_path, {**THERE, "404.html": reference}).findings
    assert [one.kind for one in findings] == [Kind.ERROR_PAGE] * count


def test_a_stylesheet_is_seen_from_where_it_lies(tmp_path: Path) -> None:
    sheet = "a{background:url(a.png)}\n@font-face{src:url('../fonts/a.woff2'),url(\"../fonts/b.woff?#iefix\")}"
    findings = checked(tmp_path, {**THERE, "css/b.css": sheet}).findings
    assert [(one.kind, one.target, one.places[0].line, one.places[0].column) for one in findings] == [
        (Kind.IMAGE, "/css/a.png", 1, 18), (Kind.FILE, "/fonts/b.woff", 2, 45)]


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc>https://{host}/docs/</loc></url>
  <url><loc>
    https://{host}/nowhere/ </loc><lastmod>2024-01-01</lastmod></url>
</urlset>"""
RSS = """<rss version="2.0"><channel><link>https://{host}/</link><item><link>https://{host}/nowhere/</link>
<guid isPermaLink="false">https://{host}/no-address</guid><enclosure url="https://{host}/img/a.png"/></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link href="/atom2.xml" rel="self"/><link href="https://{host}/"/>
<entry><link href="https://{host}/nowhere/"/><id>https://{host}/no-address/</id></entry></feed>"""


@pytest.mark.parametrize(("key", "text", "kind", "line"), [
    ("sitemap.xml", SITEMAP, Kind.SITEMAP, 4), ("sub/sitemap.xml", SITEMAP, Kind.SITEMAP, 4),
    ("sitemap-index.xml", "<sitemapindex><sitemap><loc>https://{host}/nowhere/</loc></sitemap></sitemapindex>",
     Kind.SITEMAP, 1),
    ("sitemap.txt", "https://{host}/docs/\nhttps://{host}/nowhere/\n", Kind.SITEMAP, 2),
    ("robots.txt", "User-agent: *\nSitemap: https://{host}/nowhere/\n", Kind.SITEMAP, 2),
    ("feed.xml", RSS, Kind.FEED, 1), ("index.xml", RSS, Kind.FEED, 1), ("blog/rss.xml", RSS, Kind.FEED, 1),
    ("atom.xml", ATOM, Kind.FEED, 2), ("x.atom", ATOM, Kind.FEED, 2), ("y.rss", RSS, Kind.FEED, 1)])
@pytest.mark.parametrize("host", [HOST, "me.example.org"])
def test_sitemaps_and_feeds(tmp_path: Path, key: str, text: str, kind: Kind, line: int, host: str) -> None:
    """Under another host, too, that the site takes for its own."""
    findings = checked(tmp_path, {**THERE, key: text.format(host=host)}, also={"me.example.org": "/"}).findings
    assert [(one.kind, one.target, one.places[0].line) for one in findings] == [(kind, "/nowhere/", line)]


@pytest.mark.parametrize(("key", "text"), [
    ("data.xml", "<data><link>/nowhere</link></data>"), ("x.xml", "no xml"), ("y.xml", ""), ("readme.txt", "/nowhere"),
    ("sitemap.xml", "<urlset><url><loc>https://other.example.org/x</loc></url></urlset>"),
    ("robots.txt", "Disallow: /nowhere"), ("sitemap.txt", "no address"), ("cut.xml", "<urlset><url><loc>https://"),
    ("browserconfig.xml", "<browserconfig><square src='/nowhere'/></browserconfig>"),
    ("z.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')])
def test_other_texts_are_none_of_them(tmp_path: Path, key: str, text: str) -> None:
    assert checked(tmp_path, {**THERE, key: text}).findings == []


@pytest.mark.parametrize(("website", "good", "bad"), [
    (Website(error="404.html", no_extension=True), ["/about", "/about.html"], ["/nowhere"]),
    (Website(error="404.html", app=True), ["/nowhere", "/a/b/"], ["/nowhere.pdf"]),
    (Website(error="404.html", rules=(Rule(prefix="old/", replace_prefix_with="docs/"),)), ["/old/"], ["/old/x"]),
    (Website(error="404.html", rules=(Rule(prefix="old", replace_with="about.html"),)), ["/old", "/old/x/y"], ["/ol"]),
    (Website(error="404.html", rules=(Rule(status=404, replace_with="index.html"),)), ["/nowhere"], ["/nowhere.zip"]),
    (Website(error="404.html", rules=(Rule(status=404, replace_with="gone.html"),)), ["/docs/"], []),
    (Website(index="about.html", error=""), ["/docs/index.html"], ["/docs/"]),
    (Website(error="404.html", rules=(Rule(prefix="a/", replace_prefix_with="b/"),
                                      Rule(prefix="b/", replace_prefix_with="docs/"))), ["/a/", "/b/"], ["/a/x"]),
], ids=range(8))
def test_the_settings_of_the_endpoint_are_understood(tmp_path: Path, website: Website, good: list[str],
                                                     bad: list[str]) -> None:
    page = "".join(f'<a href="{one}">' for one in (*good, *bad))
    findings = [one for one in found(tmp_path, page, website=website) if one.kind is Kind.LINK]
    assert [one.target for one in findings] == bad


def test_a_redirect_in_a_circle(tmp_path: Path) -> None:
    rules = (Rule(prefix="a/", replace_prefix_with="b/"), Rule(prefix="b/", replace_prefix_with="a/"))
    findings = found(tmp_path, '<a href="/a/x">', website=Website(error="404.html", rules=rules))
    assert [one.kind for one in findings] == [Kind.REDIRECT]


@pytest.mark.parametrize(("ignore", "left"), [
    ("/nowhere/", 1), ("/no*", 0), ("*", 0), ("/nowhere/*", 0), ("/*/x", 0), ("/nowhere/x", 0), ("nowhere", 1),
    ("/n*w*x", 0),
    ("*/x", 0), ("/nowhere/x*x", 1)])
def test_addresses_that_are_not_checked(tmp_path: Path, ignore: str, left: int) -> None:
    assert len(found(tmp_path, '<a href="/nowhere/x">', ignored=(ignore,))) == left


def test_what_stays_live_counts_as_there(tmp_path: Path) -> None:
    assert found(tmp_path, '<img src="/old.png"><a href="/others/">',
    stays={"old.png": 1, "others/index.html": 1}) == []


def test_a_site_in_a_folder_of_the_bucket(tmp_path: Path) -> None:
    """What lies outside of the folder is known of only when others are."""
    pages = {"blog/index.html": '<a href="/blog/x.html"><a href="/x.html"><a href="/shop/">', "blog/x.html": ""}
    alone, known = (checked(tmp_path, pages, prefix="blog/", others_known=others).findings for others in (False, True))
    assert [(one.target, one.hint) for one in alone] == [("/x.html", "the site lies below /blog/: write /blog/x.html")]
    assert [one.target for one in known] == ["/shop/", "/x.html"]


@pytest.mark.parametrize("charset", ["gbk", "big5", "utf-16", "shift_jis"])
def test_pages_in_other_encodings(tmp_path: Path, charset: str) -> None:
    page = '<p id="中"><a href="#中">\n中文 <a href="/中/">'
    findings = checked(tmp_path, {"index.html": page}, charset=charset).findings
    assert [(one.kind, one.target, one.places[0].line, one.places[0].column) for one in findings] == [
        (Kind.LINK, "/中/", 2, 13)]


@pytest.mark.parametrize(("href", "hint"), [
    ("/about", "ignoreHtmlExt"), ("/%25E4%25BD%25A0%25E5%25A5%25BD/", "percent-encoded twice"),
    ("/%C4%E3%BA%C3/", "gb18030"), ("//docs/", ""), ("/docs//", "one slash"), ("/empty/", "")])
def test_hints(tmp_path: Path, href: str, hint: str) -> None:
    findings = found(tmp_path, f'<a href="{href}">')
    assert hint in "".join(one.hint for one in findings)


def test_the_same_fault_on_many_pages_is_one_finding(tmp_path: Path) -> None:
    pages = {f"p/{number:03}.html": "<nav>\n  <a href='/nowhere/'>" for number in range(250)}
    alone, together = (checked(tmp_path, pages, processes=processes) for processes in (None, 2))
    assert alone == together
    assert [(one.count, len(one.places), one.places[0].key, one.places[0].line, one.places[0].column)
            for one in alone.findings] == [(250, 10, "p/000.html", 2, 12)]
    assert alone.pages == 250


@pytest.mark.parametrize(("page", "places"), [
    ('<a href="/no">a</a>\n<a href="/no">b</a>', [(1, 10), (2, 10)]),
    ('<link rel="alternate" href="/no.xml">\n\n <a href="/no.xml">', [(1, 29), (3, 11)]),
    ('<a href="/no">a</a> <a href="/no">b</a>', [(1, 10), (1, 30)]),
    ('<a href="/no">\n<!-- <a href="/no"> -->\n<a href="/no">', [(1, 10), (3, 10)]),
    ("<a href='/no'>\n<a href=/no>\n<a href=\"/no\">", [(1, 10), (2, 9), (3, 10)]),
    ('<a href="/no">/no</a>\n<a href="/no">/no</a>', [(1, 10), (2, 10)]),
    ('<a href="/n?a&amp;b">\n<a href="/n?a&b">', [(1, 10), (2, 10)]),
    ('<a href="/不">\n<a href="/不">', [(1, 10), (2, 10)]),
    ('<a href="/nob">\n<a href="/no">\n<a href="/no">', [(2, 10), (3, 10)]),
    ('<img src="no.png">\n<div style="background: url(no.png)">', [(1, 11), (2, 29)]),
])
def test_a_link_that_stands_twice_has_two_places(tmp_path: Path, page: str, places: list[tuple[int, int]]) -> None:
    finding = max(found(tmp_path, page), key=lambda one: one.count)
    assert [(place.line, place.column) for place in finding.places] == places
