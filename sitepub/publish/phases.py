"""Which files are written in which phase, and in which order files are deleted (pure)."""

from __future__ import annotations

from sitepub.publish.plan import Phase
from sitepub.site.fresh_files import is_data_of_pages, speaks_of_pages
from sitepub.site.hash_tokens import token_of
from sitepub.site.snapshot import SiteFile

_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_PAGE_SUFFIXES = (".html", ".htm", ".xhtml")
_CODE_SUFFIXES = (".js", ".mjs", ".css")


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
    pages), 3 the data of pages, 4 scripts and style sheets with fixed names, 5 those with a hash in their names, which
    the former name, 6 the rest. All of a rank are gone before the next rank begins, so a page or a style sheet that is
    still there never misses a file."""
    if speaks_of_pages(key):
        return 0
    if key.lower().endswith(_PAGE_SUFFIXES):
        return 1
    if "." not in key.rpartition("/")[2]:
        return 2
    if is_data_of_pages(key):
        return 3
    if not key.lower().endswith(_CODE_SUFFIXES):
        return 6
    return 4 if names_assets(key) else 5


def names_assets(key: str) -> bool:
    """Whether this may be a script or a style sheet with a fixed name, which names those with a hash in theirs."""
    return key.lower().endswith(_CODE_SUFFIXES) and token_of(key.rpartition("/")[2]) is None
