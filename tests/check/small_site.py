"""Small sites for the tests of checks: files by name, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitepub.check.answers import Website
from sitepub.check.check import Checked, check, pages_of
from sitepub.check.findings import Finding
from sitepub.check.site import Site
from sitepub.site.content_types import content_type
from sitepub.site.snapshot import SiteFile, Snapshot

HOST = "www.example.net"
THERE = {
    "index.html": "<p id=top2>", "404.html": "<p>", "img/a.png": "1", "img/a b.png": "1", "图/片.png": "1",
    "js/a.js": "1",
    "css/a.css": "", "docs/index.html": '<p id="Intro"><a name="old">', "about.html": "<p id=x>", "files/a.pdf": "1",
    "empty/x.txt": "1", "你好/index.html": '<h2 id="标题">', "fonts/a.woff2": "1", "Upper/Case.html": "<p>",
}
"""What lies beside the page that a case writes."""


def snapshot_of(folder: Path, files: Mapping[str, str | bytes], charset: str = "utf-8") -> Snapshot:
    """Written below the folder."""
    made = {}
    for key, content in files.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode(charset) if isinstance(content, str) else content
        path.write_bytes(data)
        kind = content_type(key) or "application/octet-stream"
        headers = {"Content-Type": f"{kind.partition(';')[0]}; charset={charset}" if kind.startswith("text/") else kind}
        made[key] = SiteFile(key, len(data), f"{hash(data) & (1 << 128) - 1:032x}", headers, "", path)
    return Snapshot(made, folder)


def checked(folder: Path, files: Mapping[str, str | bytes], *, website: Website | None = None,
            processes: int | None = None, charset: str = "utf-8", stays: Mapping[str, int] | None = None,
            **known: Any) -> Checked:
    snapshot = snapshot_of(folder, files, charset)
    keys = {**(stays or {}), **{file.key: file.size for file in snapshot}}
    site = Site(keys=keys, pages=pages_of(snapshot), website=website or Website(error="404.html"),
                **{"hosts": frozenset({HOST}), "https": True, **known})
    return check(site, snapshot, processes=processes)


def found(folder: Path, page: str, key: str = "posts/one/index.html", **known: Any) -> list[Finding]:
    """What is found in one page beside :data:`THERE`."""
    return checked(folder, {**THERE, key: page}, **known).findings
