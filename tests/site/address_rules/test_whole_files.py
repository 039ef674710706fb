"""Whole files of the forms that published projects have: a single-page app that lists its views, a blog with old
addresses in Chinese, written raw and encoded, comments and mixed spaces, security headers with a long policy."""

from __future__ import annotations

import pytest

from sitepub.config.project import Host
from sitepub.site.address_rules.header_rules import compile_headers
from sitepub.site.address_rules.headers_file import read_headers
from sitepub.site.address_rules.redirects_file import read_redirects
from tests.site.address_rules.test_redirect_rules import compiled

APP = """\
# moved
/people/:person            /members/:person      301
/people                    /members              301

# views that the script shows
/members                   /index.html    200
/news                      /index.html    200

# all else
/*                         /index.html    200
"""
BLOG = """\
# \u5206\u7c7b
/categories/\u65e7/  /categories/\u65b0/  301
/categories/%E6%97%A7/  /categories/%E6%96%B0/  301
/categories/%E6%97%A7/*  /categories/%E6%96%B0/:splat  301
/tags/old/  /tags/  301
/tags/old/*  /tags/  301
/feed /feed.xml 301
/feed/ /feed.xml 301
/sitemap_index.xml /sitemap-index.xml 301
"""
FUNCTIONS = """\
/api/*  /.netlify/functions/:splat  200
http://old.example.com/*  https://www.example.com/:splat  301!
/shop  https://shop.example.com/?from=site  302  # the shop
/  /en/  302  Language=en
"""
SECURE = """\
# works on both services
/*
  Content-Security-Policy: default-src 'self'; img-src 'self' data: blob:; script-src 'self' https://cdn.example.com
  X-Frame-Options: DENY
  Permissions-Policy: camera=(), geolocation=(), microphone=()
  Strict-Transport-Security: max-age=63072000; includeSubDomains; preload

/about/
  ! Content-Security-Policy
  Content-Security-Policy: default-src 'none'

# a year
/assets/*.js
  Cache-Control: public, max-age=31536000, immutable
/*.mesh
\tContent-Type: binary/octet-stream
/sw.js
  Cache-Control: no-cache, no-store, must-revalidate

https://:branch.project.pages.dev/*
  X-Robots-Tag: noindex
"""
KEYS = ("index.html", "categories/\u65b0/index.html", "tags/index.html", "feed.xml", "sitemap-index.xml",
        "en/index.html")


@pytest.mark.parametrize(("text", "refused", "made"), [
    (APP, ["/people/:person"], ["members", "members/index.html", "news", "news/index.html"]),
    (BLOG, [], ["feed", "feed/index.html"]),
    (FUNCTIONS, ["/api/*", "/ /en/"], ["shop", "shop/index.html"]),
])
def test_redirects(text: str, refused: list[str], made: list[str]) -> None:
    _rules, problems = read_redirects(text, "_redirects")
    assert not problems
    done = compiled(text, keys=KEYS)
    assert [any(f"`{one}" in problem.message for problem in done.refused) for one in refused] == [True] * len(refused)
    assert len(done.refused) == len(refused) and sorted(done.files) == made
    assert done.error == ("index.html" if text is APP else "")


def test_headers() -> None:
    blocks, problems = read_headers(SECURE, "_headers")
    assert not problems and len(blocks) == 6
    done = compile_headers(blocks, (Host("www.example.com", edge="edgeone"),), recommended=False)
    assert not done.refused and [len(one.headers) for one in done.stored] == [1, 1, 1]
    assert [(one.path, one.name) for one in done.edge] == [
        ("/*", "Content-Security-Policy"), ("/*", "X-Frame-Options"), ("/*", "Permissions-Policy"),
        ("/*", "Strict-Transport-Security"), ("/about/", "Content-Security-Policy")]
    [warning] = done.warnings
    assert ":branch.project.pages.dev is not a host of this site" in warning.message
    none = compile_headers(blocks, (), recommended=False)
    assert [problem.position.line for problem in none.refused if problem.position] == [3, 4, 5, 6, 10]
