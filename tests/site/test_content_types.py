from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.site.content_types import content_type
from tests.site.sample import write


@pytest.mark.parametrize(("name", "expected"), [
    ("index.html", "text/html; charset=utf-8"),
    ("OLD.HTM", "text/html; charset=utf-8"),
    ("app.css", "text/css; charset=utf-8"),
    ("app.js", "text/javascript; charset=utf-8"),
    ("app.mjs", "text/javascript; charset=utf-8"),
    ("data.json", "application/json; charset=utf-8"),
    ("app.js.map", "application/json; charset=utf-8"),
    ("site.webmanifest", "application/manifest+json; charset=utf-8"),
    ("logo.svg", "image/svg+xml; charset=utf-8"),
    ("sitemap.xml", "application/xml; charset=utf-8"),
    ("posts.atom", "application/atom+xml; charset=utf-8"),
    ("posts.rss", "application/rss+xml; charset=utf-8"),
    ("robots.txt", "text/plain; charset=utf-8"),
    ("README.md", "text/markdown; charset=utf-8"),
    ("meeting.ics", "text/calendar; charset=utf-8"),
    ("captions.vtt", "text/vtt; charset=utf-8"),
    ("module.wasm", "application/wasm"),
    ("photo.avif", "image/avif"),
    ("photo.webp", "image/webp"),
    ("photo.JPG", "image/jpeg"),
    ("favicon.ico", "image/x-icon"),
    ("inter.woff", "font/woff"),
    ("inter.woff2", "font/woff2"),
    ("film.mp4", "video/mp4"),
    ("film.webm", "video/webm"),
    ("model.glb", "model/gltf-binary"),
    ("paper.pdf", "application/pdf"),
    ("page.html.gz", "application/gzip"),
    ("LICENSE", "text/plain; charset=utf-8"),
    ("CNAME", "text/plain; charset=utf-8"),
    ("apple-app-site-association", "application/json; charset=utf-8"),
    ("clip.mpg", "video/mpeg"), ("old.flv", "video/x-flv"), ("phone.3gp", "video/3gpp"), ("clip.wmv", "video/x-ms-wmv"),
    ("talk.aiff", "audio/x-aiff"), ("book.m4b", "audio/mp4"), ("voice.amr", "audio/amr"),
    ("song.lrc", "text/plain; charset=utf-8"), ("tool.py", "text/plain; charset=utf-8"),
    ("graph.ttl", "text/turtle; charset=utf-8"), ("terms.rdf", "application/rdf+xml; charset=utf-8"),
    ("captions.ttml", "application/ttml+xml; charset=utf-8"), ("proxy.pac",
                                                               "application/x-ns-proxy-autoconfig; charset=utf-8"),
    ("slides.ppsx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow"),
    ("form.ofd", "application/ofd"), ("phone.mobileconfig", "application/x-apple-aspen-config"),
    ("data", "application/octet-stream"),
    ("thing.unknown", "application/octet-stream"),
    (".nojekyll", "application/octet-stream"),
    ("中文.html", "text/html; charset=utf-8"),
    ("trailing.", "application/octet-stream"),
])
def test_a_name_has_its_type_whatever_the_machine_thinks(name: str, expected: str) -> None:
    assert content_type(name) == expected


@pytest.mark.parametrize(("name", "content", "expected"), [
    ("atom.xml", '<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">', "application/atom+xml"),
    ("feed.xml", '\ufeff<?xml version="1.0"?><!-- by <rss> --><feed>', "application/atom+xml"),
    ("rss.xml", '<rss version="2.0">', "application/rss+xml"),
    ("index.xml", '<?xml-stylesheet href="a.xsl"?><rss>', "application/rss+xml"),
    ("rss.xml", '<rdf:RDF xmlns:rdf="x">', "application/rss+xml"),
    ("feed.xml", "<urlset>", "application/xml"),
    ("feed.xml", "", "application/xml"),
    ("feed.xml", "<!-- " + "x" * 600 + " --><feed>", "application/xml"),
    ("other.xml", "<feed>", "application/xml"),
])
def test_a_feed_is_known_by_its_root_element(tmp_path: Path, name: str, content: str, expected: str) -> None:
    write(tmp_path, {name: content})
    assert content_type(name, str(tmp_path / name)) == expected + "; charset=utf-8"
