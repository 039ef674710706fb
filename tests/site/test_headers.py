from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.project import HeaderRule
from sitepub.errors import ConfigError, Position
from sitepub.site.headers import IMMUTABLE, REVALIDATE, SHORT, HeaderBook
from sitepub.site.snapshot import headers_hash


@given(st.text(), st.text())
def test_any_name_has_headers(name: str, folder: str) -> None:
    headers, _ = HeaderBook().of(f"{folder}/{name}", name)
    assert set(headers) == {"Content-Type", "Cache-Control"}


@pytest.mark.parametrize(("path", "expected"), [(path, expected) for expected, paths in {
    REVALIDATE: """
        index.html app.3f2a9c1b.html about/index.htm sw.js service-worker.js env.js blog/registerSW.js
        feed.xml sitemap.xml sitemap-posts-1.xml sitemap.xml.gz manifest.webmanifest manifest.json robots.txt search.xml
        search-index.json posts.atom page-data/index/page-data.json page-data/sq/d/123.json about.txt index.txt
        blog/first.rsc blog/__data.json blog/_payload.json flutter_bootstrap.js flutter.js flutter_service_worker.js
        main.dart.js version.json assets/AssetManifest.json _framework/blazor.boot.json remoteEntry.js q-data.json
        about.data all.atom.xml podcast.xml rss_full.xml data.json index.json locales/en.json llms.txt LICENSE.txt
        workbox-sw.js firebase-messaging-sw.js my.sw.js widget-loader.js asset-manifest.json _next/data/abc/about.json
        """,
    SHORT: "style.css js/main.js images/photo.jpg LICENSE my-env.js data.csv fonts/a.woff2 bootstrap.js sweep.js",
}.items() for path in paths.split()])
def test_the_default_cache_control(path: str, expected: str) -> None:
    headers, digest = HeaderBook().of(path, path.rpartition("/")[2])
    assert headers["Cache-Control"] == expected
    assert headers["Content-Type"]
    assert digest == headers_hash(headers)


@pytest.mark.parametrize("path", ["assets/index-C0vGh6yI.js", "workbox-3f2a9c1b.js", "assets/app.3f2a9c1b.json"])
def test_a_file_with_a_hash_in_its_name_is_kept_for_a_year_but_no_page_is(path: str) -> None:
    assert HeaderBook().of(path, path, hashed=True)[0]["Cache-Control"] == IMMUTABLE
    assert HeaderBook().of("a.html", "a.html", hashed=True)[0]["Cache-Control"] == REVALIDATE


def book(*rules: tuple[str, dict[str, str]]) -> HeaderBook:
    return HeaderBook([HeaderRule(pattern, headers) for pattern, headers in rules])


def headers_of(made: HeaderBook, path: str) -> dict[str, str]:
    return dict(made.of(path, path.rpartition("/")[2])[0])


def test_later_rules_win_header_by_header() -> None:
    made = book(("*.css", {"cache-control": "max-age=1", "X-Cos-Meta-Team": "a"}),
                ("/css/**", {"Cache-Control": "max-age=2"}))
    assert headers_of(made, "css/a.css") == {
        "Cache-Control": "max-age=2", "Content-Type": "text/css; charset=utf-8", "x-cos-meta-team": "a"}
    assert headers_of(made, "b.css")["Cache-Control"] == "max-age=1"
    assert headers_of(made, "other/css/a.css")["Cache-Control"] == "max-age=1"
    assert headers_of(made, "index.html")["Cache-Control"] == REVALIDATE


def test_an_empty_value_removes_a_default_and_a_type_can_be_set() -> None:
    made = book(("*.bin", {"Cache-Control": "", "Content-Type": "font/woff2"}),
                ("*.gz", {"Content-Encoding": "gzip", "Content-Type": "text/html; charset=utf-8"}),
                ("docs/*", {"Content-Type": "text/html; charset=utf-8"}))
    assert headers_of(made, "a.bin") == {"Content-Type": "font/woff2"}
    assert headers_of(made, "a.html.gz")["Content-Encoding"] == "gzip"
    assert headers_of(made, "docs/page")["Cache-Control"] == REVALIDATE, "it is a page now"


def test_the_same_headers_have_the_same_hash_in_any_order() -> None:
    one = book(("*", {"Expires": "0", "Content-Language": "de"})).of("a.js", "a.js")
    two = book(("*", {"content-language": "de"}), ("a.js", {"expires": "0"})).of("a.js", "a.js")
    assert one == two


def test_every_mistake_in_the_rules_is_told_at_once_with_its_place() -> None:
    where = [Position("serverless.yml", line) for line in range(1, 7)]
    rules = [
        HeaderRule("*", {"Cach-Control": "x"}, where[0]),
        HeaderRule("*", {"Strict-Transport-Security": "max-age=1"}, where[1]),
        HeaderRule("*", {"Cache-Control": "a\r\nSet-Cookie: b"}, where[2]),
        HeaderRule("*", {"Content-Type": ""}, where[3]),
        HeaderRule("!*.js", {"Cache-Control": "x"}, where[4]),
        HeaderRule("*", {"x-cos-meta-big": "x" * 3000, "Access-Control-Allow-Origin": "*"}, where[5]),
    ]
    with pytest.raises(ConfigError) as caught:
        HeaderBook(rules)
    problems = caught.value.problems
    assert [problem.position.line for problem in problems if problem.position] == [1, 2, 3, 4, 5, 6, 6]
    assert problems[0].hint == "did you mean Cache-Control?"
    assert "CDN" in (problems[1].hint or "")
    assert "`cors`" in (problems[6].hint or "")


@pytest.mark.parametrize(("name", "content", "kind", "encoding"), [
    ("logo.svgz", b"\x1f\x8b\x08", "image/svg+xml; charset=utf-8", "gzip"),
    ("logo.svgz", b"<svg/>", "image/svg+xml; charset=utf-8", None),
    ("app.js.gz", b"\x1f\x8b\x08", "text/javascript; charset=utf-8", "gzip"),
    ("app.JS.GZ", b"\x1f\x8b\x08", "text/javascript; charset=utf-8", "gzip"),
    ("app.js.gz", b"console.log()", "application/gzip", None),
    ("site.css.br", b"\x0b\x02", "text/css; charset=utf-8", "br"),
    ("index.html.gz", b"\x1f\x8b\x08", "text/html; charset=utf-8", "gzip"),
    ("game.wasm.br", b"\x0b\x02", "application/wasm", "br"),
    ("game.data.gz", b"\x1f\x8b\x08", "application/octet-stream", "gzip"),
    ("game.framework.js.br", b"\x0b", "text/javascript; charset=utf-8", "br"),
    ("game.symbols.json.gz", b"\x1f\x8b\x08", "application/json; charset=utf-8", "gzip"),
    ("app.mjs.zst", b"\x28\xb5\x2f\xfd", "text/javascript; charset=utf-8", "zstd"),
    ("app.mjs.zst", b"text", "application/zstd", None),
    ("app.js.map.gz", b"\x1f\x8b\x08", "application/json; charset=utf-8", "gzip"),
    ("sitemap.xml.gz", b"\x1f\x8b\x08", "application/gzip", None),
    ("backup.sql.gz", b"\x1f\x8b\x08", "application/gzip", None),
    ("site.tar.gz", b"\x1f\x8b\x08", "application/gzip", None),
    ("points.json.gz", b"\x1f\x8b\x08", "application/gzip", None),
    ("js.gz", b"\x1f\x8b\x08", "application/gzip", None),
    ("gz", b"\x1f\x8b\x08", "application/octet-stream", None),
])
def test_packed_files_say_what_is_in_them(tmp_path: Path, name: str, content: bytes, kind: str,
                                          encoding: str | None) -> None:
    (tmp_path / name).write_bytes(content)
    headers, _ = HeaderBook().of(name, name, full_path=str(tmp_path / name))
    assert (headers["Content-Type"], headers.get("Content-Encoding")) == (kind, encoding)


def test_a_packed_file_with_a_hash_in_its_name_is_kept_and_a_packed_page_is_not(tmp_path: Path) -> None:
    for name, expected in (("index-C0vGh6yI.js.gz", IMMUTABLE), ("index.html.gz", REVALIDATE)):
        (tmp_path / name).write_bytes(b"\x1f\x8b")
        headers, _ = HeaderBook().of(name, name, hashed=True, full_path=str(tmp_path / name))
        assert headers["Cache-Control"] == expected
