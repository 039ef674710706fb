"""Random sites whose pages need files that have the hash of their content in their names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from sitepub.site.snapshot import SiteFile, Snapshot, headers_hash
from tests.publish.memory_cloud import MULTIPART_FROM, MemoryCloud

BUCKET = "site-1250000000"


def site_file(key: str, data: bytes, content_type: str = "text/plain", age: int = 0) -> SiteFile:
    headers = {"Content-Type": content_type, "Cache-Control": f"max-age={age}"}
    return SiteFile(key, len(data), hashlib.md5(data).hexdigest(), headers, headers_hash(headers), data=data)


def snapshot(*files: SiteFile) -> Snapshot:
    return Snapshot({file.key: file for file in files})


def plain(**contents: str) -> Snapshot:
    """``plain(a="1")``: a site of one file ``a.txt`` with the text 1."""
    return snapshot(*(site_file(f"{name}.txt", text.encode()) for name, text in contents.items()))


@dataclass(frozen=True)
class Part:
    content: int
    age: int


contents = st.integers(0, 4)
parts = st.builds(Part, contents, st.integers(0, 1))


def _text(content: int) -> str:
    # The last kind is large enough for an opaque ETag, the first one empty.
    return "" if content == 0 else f"content {content} " * (MULTIPART_FROM // 8 if content == 4 else 1)


@st.composite
def sites(draw: st.DrawFn) -> Snapshot:
    """Assets with hashed names, pages that need some of them, plain files and a feed that names pages."""
    files: list[SiteFile] = []
    assets: list[str] = []
    for number, part in draw(st.dictionaries(st.integers(0, 3), parts, max_size=4)).items():
        data = _text(part.content).encode()
        key = f"assets/a{number}.{hashlib.md5(data).hexdigest()[:8]}.css"
        assets.append(key)
        files.append(site_file(key, data, "text/css", part.age))
    pages = draw(st.dictionaries(st.integers(0, 3), parts, min_size=1, max_size=4))
    for number, part in pages.items():
        needed = draw(st.lists(st.sampled_from(assets), unique=True, max_size=3)) if assets else []
        text = _text(part.content) + "".join(f"<needs {key}>" for key in needed)
        files.append(site_file(f"p{number}.html", text.encode(), "text/html", part.age))
    if draw(st.booleans()) and assets:
        needed = draw(st.lists(st.sampled_from(assets), unique=True, max_size=2))
        text = _text(draw(contents)) + "".join(f"<needs {key}>" for key in needed)
        files.append(site_file("main.css", text.encode(), "text/css"))
    for number, part in draw(st.dictionaries(st.integers(0, 2), parts, max_size=3)).items():
        files.append(site_file(f"plain{number}.txt", _text(part.content).encode(), age=part.age))
    if draw(st.booleans()):
        files.append(site_file("feed.xml", ",".join(map(str, pages)).encode(), "application/rss+xml"))
    return snapshot(*files)


foreign_objects = st.dictionaries(
    st.sampled_from(["notes.md", "plain0.txt", "plain1.txt", "p0.html", "old/x.css", "zzz"]),
    st.sampled_from(["content 1 ", "content 2 ", "mine", ""]), max_size=4)


def check_pages_whole(cloud: MemoryCloud, foreign: Mapping[str, str] | None = None) -> None:
    """Every live page and style sheet finds every file that it needs."""
    objects = cloud.bucket(BUCKET).objects
    for key, there in objects.items():
        if key.endswith((".html", "main.css")) and key not in (foreign or {}):
            for needed in re.findall(r"<needs (.*?)>", there.data.decode()):
                assert needed in objects, f"{key} is live and needs {needed}, which is not"


def live(cloud: MemoryCloud) -> dict[str, tuple[bytes, Mapping[str, str]]]:
    return {key: (there.data, there.headers) for key, there in cloud.bucket(BUCKET).objects.items()}


def as_published(site: Snapshot) -> dict[str, tuple[bytes, Mapping[str, str]]]:
    return {file.key: (file.data or b"", file.headers) for file in site}
