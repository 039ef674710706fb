"""Which files are written in which phase, and in which order files are deleted (pure)."""

from __future__ import annotations

import re

from sitepub.publish.plan import Phase
from sitepub.site.snapshot import SiteFile

_SPEAKS_OF_PAGES = re.compile(
    r"""(?: sw | service-?worker | [\w.-]+[-.]sw | firebase-messaging-sw | ngsw-worker )\.m?js
    | ngsw\.json
    | sitemap[\w.-]*\.(?:xml|txt)(?:\.gz)? | [\w.-]+-sitemap\.xml
    | (?: rss2? | atom | feed | index )\.xml | feed\.json
    | (?: search | local-search | content | db )\.(?:xml|json)
    | search[-_.]?(?:index|data|docs)?[\w.-]*\.json
    | (?: lunr | fuse )[-_.]?index[\w.-]*\.json
    | pagefind-entry\.json
    | robots\.txt
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ITS_SUFFIXES = (".js", ".mjs", ".json", ".xml", ".txt", ".gz")
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_PAGE_SUFFIXES = (".html", ".htm", ".xhtml")


def _speaks_of_pages(key: str) -> bool:
    name = key.rpartition("/")[2]
    return name.lower().endswith(_ITS_SUFFIXES) and _SPEAKS_OF_PAGES.fullmatch(name) is not None


def phase_of(file: SiteFile) -> Phase:
    """Assets first, pages next; what speaks of pages (service workers, feeds, sitemaps, search indexes)
    comes last, so that it never names a page that is not live yet."""
    content_type = file.headers.get("Content-Type", "")
    if _speaks_of_pages(file.key) or content_type.startswith(_FEEDS):
        return Phase.LAST
    if file.is_page or content_type.startswith("application/xhtml+xml"):
        return Phase.PAGES
    return Phase.ASSETS


def deletion_rank(key: str) -> int:
    """Deletions go the other way round: 0 what speaks of pages, 1 pages, 2 names without a suffix (which
    may be pages), 3 the rest. All of a rank are gone before the next rank begins, so a page that is still
    there never misses a file."""
    if _speaks_of_pages(key):
        return 0
    if key.lower().endswith(_PAGE_SUFFIXES):
        return 1
    return 2 if "." not in key.rpartition("/")[2] else 3
