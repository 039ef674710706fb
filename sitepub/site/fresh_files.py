"""Files that must fit the pages of one deploy: what a page loads beside itself, and what speaks of pages.

Browsers ask for them each time (``headers``), and they go live in phases of their own (``publish.phases``). The names
are those of the tools' own output.
"""

from __future__ import annotations

import re

_DATA_NAMES = frozenset({
    "page-data.json", "app-data.json", "chunk-map.json", "webpack.stats.json",  # Gatsby
    "__data.json",  # SvelteKit
    "_payload.json", "_payload.js", "payload.json", "payload.js", "state.js",  # Nuxt
    "q-data.json",  # Qwik
    "index.pagecontext.json",  # Vike
    "hashmap.json",  # VitePress
    "blazor.boot.json",
})
_DATA_FOLDERS = ("page-data/", "_next/data/", "_nuxt/static/", "_nuxt/builds/")
_DATA_SUFFIXES = (".rsc", ".data", ".pagecontext.json")
"""Of Next, React Router and Vike."""
_LOADERS = frozenset({
    "flutter.js", "flutter_bootstrap.js", "main.dart.js", "main.dart.mjs", "main.dart.wasm",
    "blazor.webassembly.js", "blazor.web.js", "blazor.server.js", "dotnet.js",
    "remoteentry.js", "registersw.js", "loader.js", "bootstrap-loader.js", "importmap.js", "systemjs-importmap.json",
    "env.js", "env-config.js", "runtime-config.js", "env.mjs", "env-config.mjs", "runtime-config.mjs"})
"""Scripts with a fixed name that load those with a hash, or hold settings: Flutter, Blazor, module federation,
vite-plugin-pwa, env.js."""
_ASKED_EACH_TIME = frozenset({
    "json", "json5", "ndjson", "jsonl", "xml", "txt", "webmanifest", "appcache", "rss", "atom", "ics", "jsonfeed",
    "jsonld", "rsc", "data", "geojson", "topojson", "md", "markdown"})
"""Data: pages are made of it (docsify's are Markdown), or it is made of pages."""
_WORKER = re.compile(r"(?:[^/]*[-._])?(?:sw|service-?worker|service_worker|ngsw-worker)\.m?js"
                     r"|OneSignalSDK[\w.-]*\.js", re.IGNORECASE)
_SEARCH = re.compile(r"(?:local-)?search\.(?:xml|json)|(?:content|db|index)\.(?:xml|json)"
                     r"|(?:search|lunr|fuse)[-_.]?(?:index|data|docs)?[\w.-]*\.json"
                     r"|(?:search|lunr|fuse)[-_.]?(?:index|data|docs)\.js", re.IGNORECASE)
_SPEAKING = (".xml", ".txt", ".gz", ".rss", ".atom", ".jsonfeed", ".json", ".js", ".mjs")
"""How the names end of all that speaks of pages."""
_FEED_WORDS = ("rss", "atom", "feed", "sitemap")


def is_asked_each_time(name: str) -> bool:
    """Should browsers ask for it each time, as they do for pages? ``name``: the last part of a path, of a file that
    carries no hash of its content."""
    lower = name.lower()
    if lower.rpartition(".")[2] in _ASKED_EACH_TIME or lower in _LOADERS or is_service_worker(name):
        return True
    if lower in _DATA_NAMES or _SEARCH.fullmatch(name) is not None:
        return True
    return lower.endswith("loader.js") or _is_packed_sitemap(lower)


def is_data_of_pages(key: str) -> bool:
    """Does a page need this file to be complete, and does the file name scripts by their hash?"""
    lower = key.lower()
    name = lower.rpartition("/")[2]
    if name in _DATA_NAMES or name.endswith(_DATA_SUFFIXES):
        return True
    if lower.endswith(".json"):
        return any(lower.startswith(folder) or f"/{folder}" in lower for folder in _DATA_FOLDERS)
    return lower.endswith(".txt") and not speaks_of_pages(key)  # Next: about.txt beside about.html


def is_service_worker(name: str) -> bool:
    return _WORKER.fullmatch(name) is not None


def speaks_of_pages(key: str) -> bool:
    """Service workers, sitemaps, feeds, search indexes: they name pages."""
    name = key.rpartition("/")[2]
    lower = name.lower()
    if not lower.endswith(_SPEAKING):
        return False
    if lower.endswith((".xml", ".txt")) and any(word in lower for word in _FEED_WORDS):
        return True
    return (lower.endswith((".rss", ".atom", ".jsonfeed")) or _is_packed_sitemap(lower)
            or lower in ("ngsw.json", "feed.json", "pagefind-entry.json", "robots.txt", "llms.txt", "llms-full.txt")
            or is_service_worker(name) or _SEARCH.fullmatch(name) is not None)


def _is_packed_sitemap(lower: str) -> bool:
    return lower.endswith((".xml.gz", ".txt.gz")) and "sitemap" in lower
