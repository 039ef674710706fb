"""Which address the site takes for its own: the generator's setting, as the pages and the sitemap show it."""

from __future__ import annotations

from collections import Counter

from sitepub.check.addresses import WEB, parse
from sitepub.check.findings import Kind
from sitepub.check.reading import feeds, html
from sitepub.check.site import Source
from sitepub.site.snapshot import Snapshot

_SITEMAPS = ("sitemap.xml", "sitemap-index.xml", "sitemap_index.xml", "sitemap-0.xml")
_FEEDS = ("atom.xml", "feed.xml", "rss.xml", "rss2.xml", "index.xml")
_PLACEHOLDERS = ("example.com", "example.org", "example.net", "yoursite.com", "your-site.com", "your-domain.com",
                 "yourdomain.com", "your-docusaurus-site.example.com", "mysite.com")


def declared(snapshot: Snapshot, prefix: str, index: str) -> dict[str, str]:
    """Host → the path of the site below it (with a slash at both ends), of the entry page's canonical address, or else
    of the sitemap or the feed."""
    entry = snapshot.files.get(prefix + index)
    if entry is not None and entry.path is not None:
        data = Source(entry.key, str(entry.path)).data(html.LARGEST)
        try:
            references = html.read(data).references if data is not None else []
        except html.TooDeepError:
            references = []
        found = _hosts([one.written for one in references if one.kind is Kind.CANONICAL])
        if found:
            return found
    for name in (*_SITEMAPS, *_FEEDS):
        file = snapshot.files.get(prefix + name)
        data = Source(file.key, str(file.path)).data(feeds.LARGEST) if file is not None and file.path else None
        if data is not None:
            return _hosts([one.written for one in feeds.in_xml(data)][:1000], shortest=True)
    return {}


def _hosts(written: list[str], *, shortest: bool = False) -> dict[str, str]:
    addresses = [one for one in map(parse, written) if one is not None and one.scheme in WEB and one.host]
    if not addresses:
        return {}
    host = Counter(one.host for one in addresses).most_common(1)[0][0]
    paths = [one.path for one in addresses if one.host == host]
    path = min(paths, key=len) if shortest else paths[0]
    return {host: path[:path.rfind("/") + 1] or "/"}


def is_placeholder(host: str) -> bool:
    name = host.partition(":")[0].removeprefix("www.")
    return name in _PLACEHOLDERS or name.endswith((".example", ".example.com", ".invalid", ".test"))
