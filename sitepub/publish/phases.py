"""Which files are written in which phase, and in which order files are deleted (pure)."""

from __future__ import annotations

from sitepub.publish.plan import Phase
from sitepub.site.fresh_files import is_data_of_pages, speaks_of_pages
from sitepub.site.snapshot import SiteFile

_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_PAGE_SUFFIXES = (".html", ".htm", ".xhtml")


def phase_of(file: SiteFile) -> Phase:
    """Assets first; then data that pages load (it names scripts by their hash), then pages; what speaks of pages
    (service workers, feeds, sitemaps, search indexes) comes last, so that it never names a page that is not live.
    """
    content_type = file.headers.get("Content-Type", "")
    if speaks_of_pages(file.key) or content_type.startswith(_FEEDS):
        return Phase.LAST
    if file.is_page or content_type.startswith("application/xhtml+xml"):
        return Phase.PAGES
    if is_data_of_pages(file.key):
        return Phase.DATA
    return Phase.ASSETS


def deletion_rank(key: str) -> int:
    """Deletions go the other way round: 0 what speaks of pages, 1 pages, 2 names without a suffix (which may be
    pages), 3 the data of pages, 4 the rest. All of a rank are gone before the next rank begins, so a page that is still
    there never misses a file."""
    if speaks_of_pages(key):
        return 0
    if key.lower().endswith(_PAGE_SUFFIXES):
        return 1
    if "." not in key.rpartition("/")[2]:
        return 2
    return 3 if is_data_of_pages(key) else 4
