from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.bucket_settings import HeaderRule
from sitepub.config.load import load_project
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
        blog/_payload.js blog/state.js searchindex.js search_index.js search-data.js lunr-index.js OneSignalSDKWorker.js
        OneSignalSDKUpdaterWorker.js docs/README.md guide.markdown map/points.geojson roads.topojson
        """,
    SHORT: "style.css js/main.js images/photo.jpg LICENSE my-env.js data.csv fonts/a.woff2 bootstrap.js sweep.js "
           "search.js research.js estate.js",
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


def rules_of(tmp_path: Path, headers: str) -> HeaderBook:
    (tmp_path / "serverless.yml").write_text(f"component: website\nname: a\ninputs:\n  src: .\n  headers: {headers}\n")
    return HeaderBook(load_project(tmp_path / "serverless.yml", environ={}).headers)


PATHS = ["index.html", "a/b.html", "app.js", "LICENSE", "a/CNAME", ".well-known/apple-app-site-association",
         ".well-known/assetlinks.json", "v1.2/data", ".nojekyll", "assets/x.js", "assets/y"]
NO_EXTENSION = {"LICENSE", "a/CNAME", ".well-known/apple-app-site-association", "v1.2/data", ".nojekyll", "assets/y"}


@pytest.mark.parametrize(("rule", "meant"), [
    ("match: no-extension", NO_EXTENSION),
    ("match: no-extension, files: .well-known/", {".well-known/apple-app-site-association"}),
    ("match: no-extension, files: ['*', '!assets/']", NO_EXTENSION - {"assets/y"}),
    ("files: '!*.*'", NO_EXTENSION - {".nojekyll"}),
    ("files: ['*', '!*.*']", NO_EXTENSION - {".nojekyll"}),
    ("files: ['!*.{html,js}']", set(PATHS) - {"index.html", "a/b.html", "app.js", "assets/x.js"}),
    ("files: '*.{html,js}'", {"index.html", "a/b.html", "app.js", "assets/x.js"}),
    ("files: '{a,assets}/**'", {"a/b.html", "a/CNAME", "assets/x.js", "assets/y"}),
    ("files: [/assets/, '!*.js', '*.js']", {"assets/y", "assets/x.js", "app.js"}),
    ("files: ['*.js', '!/assets/']", {"app.js"}),
    ("files: ['!assets']", set(PATHS) - {"assets/x.js", "assets/y"}),
    ("files: ['*', '!a/*', '!*.js', 'a/*.html']", set(PATHS) - {"a/CNAME", "app.js", "assets/x.js"}),
])
def test_which_files_a_rule_is_for(tmp_path: Path, rule: str, meant: set[str]) -> None:
    made = rules_of(tmp_path, f"[{{{rule}, set: {{x-cos-meta-mark: yes}}}}]")
    assert {path for path in PATHS if "x-cos-meta-mark" in headers_of(made, path)} == meant


def test_the_short_form_takes_negations_and_braces_too(tmp_path: Path) -> None:
    made = rules_of(tmp_path, "{'!*.{js,html}': {Content-Type: application/json}}")
    assert headers_of(made, "LICENSE")["Content-Type"] == "application/json"
    assert headers_of(made, "a.js")["Content-Type"].startswith("text/javascript")


def test_default_takes_back_what_rules_before_it_set() -> None:
    made = book(("/docs/", {"Content-Type": "text/plain", "Cache-Control": "", "Content-Language": "de",
                            "x-cos-meta-kind": "doc"}),
                ("*.{css,html}", {"Content-Type": "default", "Cache-Control": "Default", "Content-Language": "default",
                                  "x-cos-meta-kind": "default"}))
    assert headers_of(made, "docs/a.js") == {"Content-Type": "text/plain", "Content-Language": "de",
                                             "x-cos-meta-kind": "doc"}
    for name in ("a.css", "a.html"):
        plain = headers_of(book(), name)
        assert headers_of(made, f"docs/{name}") == {**plain, "x-cos-meta-kind": "default"}
    page = book(("*", {"Content-Type": "text/html; charset=utf-8"}), ("*.bin", {"Content-Type": "default"}))
    assert headers_of(page, "a.bin") == headers_of(book(), "a.bin"), "no page any more, so not cached like one"


def test_a_negated_pattern_that_is_none_is_told_with_its_own_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        rules_of(tmp_path, "[{files: ['*.js', '!a\\\\'], set: {Expires: '0'}}]".replace("\\\\", "\\"))
    position = caught.value.problems[0].position
    assert position is not None and (position.line, position.column) == (5, 30)


@pytest.mark.parametrize("name", ["x-cos-meta-a_b", "X-Cos-Meta-A_B", "x-cos-meta-_", "x-cos-meta-build_number"])
def test_metadata_has_no_underscore_in_its_name(name: str) -> None:
    with pytest.raises(ConfigError, match="underscore") as caught:
        HeaderBook([HeaderRule("*", {name: "1"})])
    assert name.lower().replace("_", "-") in str(caught.value.problems[0].hint)


def test_metadata_of_one_file_has_four_kilobytes_together_wherever_its_rules_stand() -> None:
    parts = [HeaderRule(pattern, {f"x-cos-meta-{number}": "ä" * 900})
             for number, pattern in enumerate(("*", "*.html", "/docs/**"))]
    book = HeaderBook(parts)
    assert len(book.of("a.css", "a.css")[0]["x-cos-meta-0"]) == 900
    assert "x-cos-meta-1" in book.of("a.html", "a.html")[0]
    with pytest.raises(ConfigError, match="5436 bytes together, and COS keeps 4096"):
        book.of("docs/a.html", "a.html")
