"""What is named by attributes that few pages have, by pictures in SVG, by modules, import maps and manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sitepub.check.findings import Kind
from sitepub.check.reading.scripts import imports_in
from tests.check.small_site import HOST, THERE, checked, found

L, I, S, C, F, A = (  # noqa: E741 - kinds by their first letters
    Kind.LINK, Kind.IMAGE, Kind.SCRIPT, Kind.STYLE, Kind.FILE, Kind.ANCHOR)

ATTRIBUTES: dict[tuple[str, str], Kind | None] = {
    ("form", "action"): L, ("button", "formaction"): L, ("input", "formaction"): L, ("a", "href"): L,
    ("area", "href"): L, ("link", "href"): L, ("video", "poster"): I, ("audio", "src"): F, ("embed", "src"): F,
    ("iframe", "src"): F, ("img", "src"): I, ("input", "src"): I, ("script", "src"): S, ("source", "src"): F,
    ("track", "src"): F, ("video", "src"): F, ("object", "data"): F,
    # Neither shown nor followed by a browser.
    ("blockquote", "cite"): None, ("del", "cite"): None, ("ins", "cite"): None, ("q", "cite"): None,
    ("a", "ping"): None, ("area", "ping"): None, ("html", "manifest"): None, ("menuitem", "icon"): None,
    ("p", "itemid"): None, ("base", "href"): None,
}
"""The attributes whose value is an address, as the npm package html-url-attributes 3.0 lists them from the standard."""


def test_every_attribute_of_the_standard_is_followed_or_passed_over_for_a_reason(tmp_path: Path) -> None:
    pages = {f"posts/{tag}-{name}.html": f'<{tag} rel=next type=image {name}="/no/{tag}/{name}">'
             for tag, name in ATTRIBUTES}
    findings = {one.target: one.kind for one in checked(tmp_path, {**THERE, **pages}).findings}
    assert findings == {f"/no/{tag}/{name}": kind for (tag, name), kind in ATTRIBUTES.items() if kind is not None}


BROKEN = [
    (L, '<form><button formaction="/no">', "/no"),
    (L, '<form method=POST><button formmethod=get formaction="/no">', "/no"),
    (L, '<form action="/no#x" method="">', "/no"), (L, f'<form action="https://{HOST}/no?a">', "/no"),
    *((L, f'<meta http-equiv=Refresh content="{content}">', "/no") for content in (
        "0;/no", "0; url=/no", "0;url = '/no' x", "5,/no", "5 /no", "0.5; URL=/no", ";/no", " 1 ;url='/no'")),
    (I, '<iframe srcdoc="&lt;img src=/no.png>"></iframe>', "/no.png"),
    (L, "<iframe srcdoc='<iframe srcdoc=\"&amp;lt;a href=/no>\">'></iframe>", "/no"),
    (L, '<svg><a xlink:href="/no"></a></svg>', "/no"), (S, '<svg><script href="/no.js"></script></svg>', "/no.js"),
    (I, '<svg><filter><feImage href="/no.png"/></filter></svg>', "/no.png"),
    (A, '<svg><use href="#no"/></svg>', "/posts/one/#no"),
    (A, '<svg><use xlink:href="#no"></use></svg>', "/posts/one/#no"),
    (A, '<svg><path fill="url(#no)"/></svg>', "/posts/one/#no"), (A, '<p style="filter: url(#no)">', "/posts/one/#no"),
    (A, "<svg><g clip-path=\"url('#no')\"/></svg>", "/posts/one/#no"),
    (A, '<svg><use href="/s.svg#no"/></svg>', "/s.svg#no"),
    (S, '<script type=importmap>{"imports": {"a": "/no.js", "b/": "/js/", "c": "/js/a.js"}}</script>', "/no.js"),
    (S, '<script type=importmap>{"scopes": {"/x/": {"a": "./no.js"}}}</script>', "/posts/one/no.js"),
    (L, '<script type=speculationrules>{"prefetch": [{"urls": ["/no", "/docs/"]}]}</script>', "/no"),
    (S, '<script type=module>import "./no.js"</script>', "/posts/one/no.js"),
    (S, '<script type=module>import a, {b as c} from "/no.js"; a()</script>', "/no.js"),
    (S, '<script type=module>import*as a from"../no.js"</script>', "/posts/no.js"),
    (S, '<script type=module>export {a} from "/no.js"</script>', "/no.js"),
    (S, '<script>if (a / 2) import("/no.js").then(x)</script>', "/no.js"),
    (S, f'<script type=module>import "https://{HOST}/no.js"</script>', "/no.js"),
    (S, '<script type=module>import "/js/a"</script>', "/js/a"),
]


@pytest.mark.parametrize("part", range(7))
def test_what_leads_nowhere_is_found_and_nothing_else(tmp_path: Path, part: int) -> None:
    cases = BROKEN[part::7]
    pages = {f"posts/{number}/index.html": page for number, (_kind, page, _target) in enumerate(cases)}
    there = {**THERE, "s.svg": '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="a"/></svg>'}
    by_page: dict[str, set[tuple[Kind, str]]] = {key: set() for key in pages}
    for finding in checked(tmp_path, {**there, **pages}).findings:
        for place in finding.places:
            by_page[place.key].add((finding.kind, finding.target))
            assert place.line == 1 and place.column > 1, (finding, pages[place.key])
    assert by_page == {f"posts/{number}/index.html": {(kind, target.replace("/posts/one/", f"/posts/{number}/"))}
                       for number, (kind, _page, target) in enumerate(cases)}


GOOD = [
    '<form action="/api/send" method="post"><button>', '<form method=dialog action="/no">', '<form action="">',
    '<form method=post><button formaction="/no">', '<form action="https://example.com/search">',
    '<form action="mailto:a@b.c">', '<form action="{{ url }}">', '<form action="?q">', '<button formaction="/docs/">',
    '<meta http-equiv=refresh content="30">', '<meta http-equiv=refresh content="5;">',
    '<meta http-equiv=refresh content="0; url=https://example.com/">', '<meta name=refresh content="0;/no">',
    '<iframe srcdoc="&lt;a href=#x>&lt;svg>&lt;use href=#y>"></iframe>',
    '<iframe srcdoc="&lt;base href=https://example.com/>&lt;img src=a.png>"></iframe>',
    '<svg><use href="/s.svg#a"/><use href="/s.svg"/><use href="https://example.com/s.svg#b"/></svg>',
    '<svg><symbol id="x"/><use href="#x"/><path fill="url(#x) red" stroke="none"/></svg>',
    '<img src="/s.svg#only-light"><img src="/s.svg#svgView(viewBox(0,0,1,1))"><img src="/s.svg#xywh=1,2,3,4">',
    '<script src="/js/a.js"></script><svg><use xlink:href="#icon-of-a-script"/></svg>',
    '<div style="behavior:url(#default#VML)">', '<style>a { filter: url(#no) }</style>',
    '<style type="text/x-template">a { background: url(/no.png) }</style>',
    '<script type=importmap>{"imports": {"vue": "https://example.com/vue.js", "x": null, "y": 5}}</script>',
    "<script type=importmap>no JSON</script><script type=speculationrules>[1]</script>",
    '<script type=importmap>{"imports": {"/old.js": "/js/a.js"}}</script><script type=module>import "/old.js"</script>',
    '<script type=module>import vue from "vue"; import("lodash"); import(`/${a}.js`); import(name + "/no.js")</script>',
    '<script type=module>// import "/no.js"\n/* import "/no.js" */ '
    'a = "import(\'/no.js\')"; b = `import "/no.js"`</script>',
    '<script>import "/no.js"</script>', '<script type="text/plain">import("/no.js")</script>',
    '<script type=module>a.import("/no.js"); a = /["/]import("\\/no.js")/.test(b)</script>',
    '<script type="application/json">{"a": "import(\'/no.js\')"}</script>',
    '<script type=module>import "data:text/javascript,0"; import "blob:x"; import "https://example.com/x.js"</script>',
]


def test_what_leads_somewhere_or_cannot_be_known_is_no_finding(tmp_path: Path) -> None:
    pages = {f"posts/{number}/index.html": page for number, page in enumerate(GOOD)}
    there = {**THERE, "s.svg": '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="a"/></svg>'}
    assert [(one.kind, one.target, one.places) for one in checked(tmp_path, {**there, **pages}).findings] == []


SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">\n%s\n</svg>'


def test_pictures_in_svg_are_read(tmp_path: Path) -> None:
    cases = {
        '<image href="no.png"/>': [(I, "/img/no.png")], '<image xlink:href="/img/a.png"/>': [],
        '<a href="/no/"><text/></a>': [(L, "/no/")], '<use href="#no"/>': [(A, "/img/7.svg#no")],
        '<g id="x"/><use href="#x"/><use xlink:href="6.svg#x"/>': [(A, "/img/6.svg#x")],
        '<script href="/no.js"/><use href="#of-the-script"/>': [(S, "/no.js")],
        '<style>@import "/no.css"; a { fill: url(#x); mask: url(/no.svg) }</style>': [(I, "/no.svg"), (C, "/no.css")],
        '<path style="fill:url(#no)"/>': [(A, "/img/7.svg#no")], '<path fill="url(#a)"/><g id="a"/>': [],
        '<image href="data:image/png;base64,AA=="/><image href="https://example.com/a.png"/>': [],
    }
    for drawn, expected in cases.items():
        findings = checked(tmp_path, {**THERE, "img/6.svg": SVG % "<g id='six'/>", "img/7.svg": SVG % drawn}).findings
        assert [(one.kind, one.target) for one in findings] == expected, drawn
        assert {(place.key, place.line) for one in findings for place in one.places} <= {("img/7.svg", 3)}
    damaged = {"a.svg": "<svg><image href='/no.png'>", "b.svg": "", "c.svg": "<html><image href='/no.png'/></html>"}
    assert checked(tmp_path / "d", {**THERE, **damaged, "x.html": '<svg><use href="/a.svg#x"/></svg>'}).findings == []


def test_a_picture_may_have_a_stylesheet_of_its_own(tmp_path: Path) -> None:
    files = {"a.svg": "<?xml-stylesheet type='text/css' href='no.css'?><svg/>",
             "sitemap.xml": '<?xml-stylesheet type="text/xsl" href="/no.xsl"?>\n<urlset></urlset>'}
    assert [(one.kind, one.target) for one in checked(tmp_path, {**THERE, **files}).findings] == [
        (C, "/no.css"), (C, "/no.xsl")]


def test_modules_are_followed_from_the_pages_that_load_them(tmp_path: Path) -> None:
    files = {
        "index.html": '<script type=module src="/app/main.js"></script><script src="/classic.js"></script>',
        "app/main.js": 'import{a}from"./a.js";import"../lib.mjs";\nexport * from "./gone.js";\nimport("./later.js")',
        "app/a.js": 'const s = `import "./in-text.js"`; '
                    '/* import "./in-comment.js" */\nlet r = a / b; import("/gone2.js")',
        "lib.mjs": 'import "vue"; import "./app/a.js"', "app/later.js": 'import x from "./extensionless"',
        "app/extensionless.js": "", "classic.js": 'import "./not-of-a-classic-script.js"; import("./gone3.js")',
        "node/tool.mjs": 'import "./not-loaded-by-a-page.js"',
    }
    findings = checked(tmp_path, files).findings
    assert [(one.target, one.places[0].key, one.places[0].line, one.places[0].column) for one in findings] == [
        ("/app/extensionless", "app/later.js", 1, 16), ("/app/gone.js", "app/main.js", 2, 16),
        ("/gone2.js", "app/a.js", 2, 24), ("/gone3.js", "classic.js", 1, 48)]
    assert findings[0].hint == "the file is called /app/extensionless.js: browsers add no ending"


@pytest.mark.parametrize(("script", "written"), [
    ('a = 1 / 2; import("/x.js")', ["/x.js"]), ('if (a) /"/.test(b); import("/x.js")', ["/x.js"]),
    ('a = (1) / 2 + "/" ; import("/x.js")', ["/x.js"]), ('return /[/"]/; import("/x.js")', ["/x.js"]),
    ('a = `${b ? `"${c}` : {d: 1}.d}"`; import("/x.js")', ["/x.js"]), ("a = '\\'import(\"/x.js\")'", []),
    ('a = `${import("/x.js")}`', ["/x.js"]), ('a = `${b}import("/x.js")`', []),
    ("a /* ' */; import('/x.js')", ["/x.js"]),
    ('// "\nimport("/x.js")', ["/x.js"]), ('if (a) {} /"/.test(b); import("/x.js")', []),
    ('import(/* webpackChunkName: "x" */ "/x.js")', ["/x.js"]), ('a = "b\nimport("/x.js")', ["/x.js"]),
    ('x = {from: "/x.js"}', []), ('from = "/x.js"', []), ('$import("/x.js")', []),
    ('import  a\nfrom\n"/x.js"', ["/x.js"])])
def test_only_code_counts(script: str, written: list[str]) -> None:
    assert [one.written for one in imports_in(script, module=True)] == written


MANIFEST = {
    "start_url": "/no1", "scope": "/no-scope/", "id": "/no-id", "icons": [{"src": "no2.png"}, {"src": "/img/a.png"}],
    "screenshots": [{"src": "/no3.png"}], "shortcuts": [{"url": "/no4", "icons": [{"src": "/no5.png"}]}],
    "share_target": {"action": "/of-the-service-worker"}, "related_applications": [{"url": "https://example.com/"}],
    "file_handlers": [{"action": "/no6"}], "protocol_handlers": [{"protocol": "web+x", "url": "/docs/?x=%s"}]}


@pytest.mark.parametrize("key", ["app/manifest.json", "app/site.webmanifest"])
def test_manifests_are_read(tmp_path: Path, key: str) -> None:
    files = {**THERE, "index.html": f'<link rel=manifest href="/{key}">', key: json.dumps(MANIFEST, indent=1)}
    findings = checked(tmp_path, files).findings
    assert [(one.kind, one.target) for one in findings] == [
        (L, "/no1"), (L, "/no4"), (L, "/no6"), (I, "/app/no2.png"), (I, "/no3.png"), (I, "/no5.png")]
    assert (findings[0].places[0].key, findings[0].places[0].line) == (key, 2)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"icons": {"16": "no.png"}, "start_url": 5}', "[" * 100_000,
                                  '{"start_url": "https://example.com/", "icons": [null, {"src": "data:x"}]}'])
def test_other_json_is_no_manifest(tmp_path: Path, text: str) -> None:
    files = {**THERE, "index.html": '<link rel=manifest href="/m.json">', "m.json": text}
    assert checked(tmp_path, files).findings == []


def test_feeds_in_json_are_read(tmp_path: Path) -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": f"https://{HOST}/", "feed_url": "/no",
            "items": [{"id": "/no", "url": f"https://{HOST}/no1", "image": "/no2.png",
                       "attachments": [{"url": "/no3.mp3"}]}]}
    link = '<link rel=alternate type="application/feed+json" href="/feed.json">'
    findings = checked(tmp_path, {**THERE, "index.html": link, "feed.json": json.dumps(feed)}).findings
    assert [(one.kind, one.target) for one in findings] == [
        (Kind.FEED, "/no1"), (Kind.FEED, "/no2.png"), (Kind.FEED, "/no3.mp3")]


def test_attributes_of_tables_are_followed(tmp_path: Path) -> None:
    assert [one.target for one in found(tmp_path, '<table><tr background="/no.png"><td>')] == ["/no.png"]
