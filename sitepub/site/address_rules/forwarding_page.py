"""The small page that forwards visitors, where no layer can redirect."""

from __future__ import annotations

import hashlib
from html import escape

from sitepub.site.snapshot import SiteFile, headers_hash

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Moved to {text}</title>
<link rel="canonical" href="{link}">
<meta http-equiv="refresh" content="0; url={link}">
</head>
<body>
<p>This page is at <a href="{link}">{text}</a>.</p>
</body>
</html>
"""
HEADERS = {"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8"}


def forwarding_page(target: str) -> bytes:
    """``target``: a path of the same host, or a whole address; may hold a query and a fragment."""
    return _PAGE.format(link=escape(target, quote=True), text=escape(target)).encode("utf-8", "replace")


def page_file(key: str, target: str) -> SiteFile:
    """The page as an object of the site."""
    data = forwarding_page(target)
    return SiteFile(key, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest(), HEADERS,
                    headers_hash(HEADERS), data=data)
