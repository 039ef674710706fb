from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.project import HeaderRule
from sitepub.errors import ConfigError, Position
from sitepub.site.hashed_names import has_content_hash, in_immutable_folder
from sitepub.site.headers import IMMUTABLE, REVALIDATE, SHORT, HeaderBook
from sitepub.site.snapshot import headers_hash

HASHED = """
    app.3f2a9c1b.js main.8e0d62a03f.css app.abc12345.js app.abcdef12.js app.deadbeef.js
    app.3f2a9c1b.js.map runtime~main.abcdef12.js 2.8e0d62a0.chunk.js chunk-vendors.8e0d62a0.js
    8e0d62a03f1b2c3d4e5f.png index-DiwrgTda.js index-DiwrgTda.js.map index-C0vGh6yI.css index-BUJuZ9mB.js
    react-CHdo91hT.svg index-B-9xP_2a.js index-_aBcD12-.js index-legacy-CwXq3zOa.js
    Inter-SemiBold-DiwrgTda.woff2 about.BzT1mXqL.css framework.BzT1mXqL.js index.md.Dk3fNnQx.lean.js
    chunk-5XKQ2ABC.js main-JFXJIT7R.js polyfills-B6TNHZQ6.js app-8e0d62a03f1b2c3d4e5f.js
    component---src-pages-index-js-8e0d62a03f1b2c3d4e5f.js workbox-3f2a9c1b.js bundle.ad660dcc.min.js
    main.0253249f.min.css main.3f2a9c1b.js.LICENSE.txt logo-8e0d62a03f1b2c3d4e5f8e0d62a03f1b.svg
    photo_hu8e0d62a03f1b2c3d4e5f8e0d62a03f1b_12345_600x0_resize.jpg
"""
NOT_HASHED = """
    index.html style.css a.js app.js jquery-ui.min.js bootstrap.bundle.js jquery-3.7.1.min.js
    app-1.0.0-beta.js d3.v7.min.js three.module.min.js highlight.pack.js font-awesome-4.7.0.css
    polyfills-es2015.js my-component.js photo-20240101.jpg photo.20240101a.jpg IMG_20240101_123456.jpg
    backup-20240101T1200.zip post-2024-01-01.png photo-IMG12345.jpg DSC01234.jpg holiday-DSC01234.jpg
    cafe2024.jpg bar-cafe2024.jpg feb20241.png Inter-SemiBold.woff2 OpenSans-ExtraBold.ttf
    Roboto-BoldItalic.woff2 fa-solid-900.woff2 KaTeX_Size1-Regular.woff2 logo-v2-Final.svg
    my-photo-of-a-Dog.jpg screenshot-OnePlus7.png doc-Windows1.png slides-JavaScript.svg
    fancybox-LeftArrow.png bg-TopRight.png lodash-NoConflict.js leaflet-MarkerIcon.png cert-ISO27001.pdf
    550e8400-e29b-41d4-a716-4466554abcde.png icon-192x192.png apple-touch-icon-180x180.png
    favicon-32x32.png report-TEMPLATE.js README-OVERVIEW.md search-index.json sitemap-12345678.txt LICENSE
    video-1080p.mp4
"""


@pytest.mark.parametrize("name", HASHED.split())
def test_a_content_hash_is_recognised(name: str) -> None:
    assert has_content_hash(name)


@pytest.mark.parametrize("name", NOT_HASHED.split())
def test_words_dates_and_versions_are_no_hash(name: str) -> None:
    assert not has_content_hash(name)


@given(st.text(), st.text())
def test_any_name_has_headers(name: str, folder: str) -> None:
    headers, _ = HeaderBook().of(f"{folder}/{name}", name, immutable_folder=in_immutable_folder(folder))
    assert set(headers) == {"Content-Type", "Cache-Control"}


@pytest.mark.parametrize(("folder", "expected"), [
    ("_next/static/chunks", True), ("docs/_next/static/css", True), ("_next/data/abc", False),
    ("_nuxt", True), ("_nuxt/builds", False), ("_nuxt/builds/meta", False), ("_astro", True),
    ("_app/immutable/chunks", True), ("_app", False),
    ("static/8e0d62a03f1b2c3d4e5f8e0d62a03f1b", True), ("static/js", False), ("", False),
    ("my_astro", False), ("_astronomy", False),
])
def test_folders_that_frameworks_fill_with_hashed_files(folder: str, expected: bool) -> None:
    assert in_immutable_folder(folder) is expected


@pytest.mark.parametrize(("path", "expected"), [
    ("index.html", REVALIDATE), ("app.3f2a9c1b.html", REVALIDATE), ("about/index.htm", REVALIDATE),
    ("assets/index-DiwrgTda.js", IMMUTABLE), ("assets/app.3f2a9c1b.json", IMMUTABLE),
    ("sw.js", REVALIDATE), ("service-worker.js", REVALIDATE), ("env.js", REVALIDATE),
    ("feed.xml", REVALIDATE), ("sitemap.xml", REVALIDATE),
    ("sitemap-posts-1.xml", REVALIDATE), ("sitemap.xml.gz", REVALIDATE),
    ("manifest.webmanifest", REVALIDATE),
    ("manifest.json", REVALIDATE), ("robots.txt", REVALIDATE),
    ("search.xml", REVALIDATE), ("search-index.json", REVALIDATE), ("posts.atom", REVALIDATE),
    ("style.css", SHORT), ("js/main.js", SHORT), ("images/photo.jpg", SHORT), ("data.json", SHORT),
    ("LICENSE", SHORT), ("workbox-3f2a9c1b.js", IMMUTABLE), ("my-env.js", SHORT),
])
def test_the_default_cache_control(path: str, expected: str) -> None:
    headers, digest = HeaderBook().of(path, path.rpartition("/")[2])
    assert headers["Cache-Control"] == expected
    assert headers["Content-Type"]
    assert digest == headers_hash(headers)


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
