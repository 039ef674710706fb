"""Addresses in sitemaps (sitemaps.org 0.9), RSS, Atom and robots.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from sitepub.check.findings import Kind
from sitepub.check.reading.reference import Reference
from sitepub.check.reading.svg import stylesheet
from sitepub.check.reading.xml_parser import parser_of

LARGEST = 52_428_800
"""Bytes of a sitemap, by its own rules."""
_ROOTS = {"urlset": Kind.SITEMAP, "sitemapindex": Kind.SITEMAP, "rss": Kind.FEED, "feed": Kind.FEED, "RDF": Kind.FEED,
          "rdf:RDF": Kind.FEED}
_TEXTS = {
    Kind.SITEMAP: frozenset({"loc", "image:loc", "video:thumbnail_loc", "video:content_loc", "video:player_loc"}),
    Kind.FEED: frozenset({"link", "guid", "url", "comments", "atom:uri", "logo", "icon"}),
}
_ATTRIBUTES = {"link": "href", "atom:link": "href", "xhtml:link": "href", "enclosure": "url", "media:content": "url",
               "media:thumbnail": "url", "content": "src", "itunes:image": "href",
               "podcast:transcript": "url", "podcast:chapters": "url"}
_ROBOTS = re.compile(r"^[ \t]{0,20}sitemap[ \t]{0,20}:[ \t]{0,20}(\S{1,2048})", re.IGNORECASE | re.MULTILINE)
_HUB = ("hub", "self", "search", "next", "prev", "previous", "first", "last", "edit", "replies", "license",
        "via", "related")


class _OtherXmlError(Exception):
    """It is neither a sitemap nor a feed."""


class _Reader:
    """Collects the addresses of one document."""

    def __init__(self) -> None:
        self.found: list[Reference] = []
        self.parser = parser_of(self._start, self._end, self._text, self._instruction)
        self._kind: Kind | None = None
        self._words: list[str] = []
        self._within = ""
        self._at = (0, 0)
        self._permalink = True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._kind is None:
            self._kind = _ROOTS.get(name)
            if self._kind is None:
                raise _OtherXmlError
            return
        written = attributes.get(_ATTRIBUTES.get(name, ""))
        place = (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        if written and attributes.get("rel", "alternate") not in _HUB:
            self.found.append(Reference(self._kind, written, line=place[0], column=place[1]))
        if name in _TEXTS[self._kind]:
            self._within, self._words, self._at = name, [], place
            self._permalink = attributes.get("isPermaLink", "true") != "false"

    def _instruction(self, target: str, data: str) -> None:
        for one in stylesheet(target, data):
            self.found.append(one._replace(line=self.parser.CurrentLineNumber,
                                           column=self.parser.CurrentColumnNumber + 1))

    def _text(self, text: str) -> None:
        if self._within:
            self._words.append(text)

    def _end(self, name: str) -> None:
        if name != self._within or self._kind is None:
            return
        written = "".join(self._words).strip()
        is_address = name != "guid" or (self._permalink and written.startswith(("http://", "https://", "/")))
        if written and is_address:
            self.found.append(Reference(self._kind, written, line=self._at[0], column=self._at[1]))
        self._within = ""


def in_xml(data: bytes) -> list[Reference]:
    """Nothing for a document of another kind. A document that ends in the middle gives what stands before."""
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except _OtherXmlError:
        return []
    except (expat.ExpatError, ValueError, LookupError):
        pass
    return reader.found


def in_robots(text: str) -> Iterator[Reference]:
    """The sitemaps that robots.txt names."""
    line, at = 1, 0
    for found in _ROBOTS.finditer(text):
        line += text.count("\n", at, found.start(1))
        at = found.start(1)
        yield Reference(Kind.SITEMAP, found[1], line=line, column=at - text.rfind("\n", 0, at))


def in_text_sitemap(text: str) -> Iterator[Reference]:
    """A sitemap of one address a line; nothing when a line is none."""
    lines = text.removeprefix("\ufeff").splitlines()
    if all(line.startswith(("http://", "https://")) for line in lines if line.strip()):
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield Reference(Kind.SITEMAP, line.strip(), line=number, column=1)
