"""References and ids of an SVG file (SVG 2). What has a script in it may make elements that the file does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.parsers import expat

from sitepub.check.findings import Kind
from sitepub.check.reading.css import references_in as in_css
from sitepub.check.reading.page import Page
from sitepub.check.reading.reference import Reference
from sitepub.check.reading.xml_parser import parser_of

LARGEST = 16 * 1024 * 1024
_OWN = re.compile(r"url\([ \t\n]{0,20}[\"']?(#[^\"')\s]{1,200})")
_PAINTED = ("fill", "stroke", "filter", "mask", "clip-path", "marker", "marker-start", "marker-mid", "marker-end")
_IN_PLACE = frozenset({"use", "textpath", "mpath"})
"""Elements that show nothing without the part that they name."""


class _NotSvgError(Exception):
    """Another kind of XML."""


def element(tag: str, attributes: Mapping[str, str | None]) -> Iterator[Reference]:
    """What an element names, in a file or in a page. ``tag``: in lower case, without its prefix."""
    written = attributes.get("href") or attributes.get("xlink:href")
    if written and tag in _IN_PLACE:
        yield Reference(Kind.IMAGE, written, loaded=True, weighs=True, part=True)
    elif written and tag in ("image", "feimage"):
        yield Reference(Kind.IMAGE, written, loaded=True, upgraded=True, weighs=True)


def painted(attributes: Mapping[str, str | None]) -> Iterator[Reference]:
    """Gradients, filters and the like that attributes name by ``url(#…)``."""
    for name in _PAINTED:
        yield from own_parts(attributes.get(name) or "")


def own_parts(style: str) -> Iterator[Reference]:
    """``url(#…)`` in a value or a ``style`` attribute: a part of the document itself."""
    if "url(" in style:
        for found in _OWN.finditer(style):
            if not found[1].startswith("#default#"):  # of Internet Explorer: a behaviour, no element
                yield Reference(Kind.IMAGE, found[1], part=True)


class _Reader:
    def __init__(self) -> None:
        self.page = Page()
        self.scripted = False
        self.parser = parser_of(self._start, self._end, self._text, self._instruction)
        self._root = False
        self._style: list[str] | None = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2].lower()
        if not self._root:
            if tag != "svg":
                raise _NotSvgError
            self._root = True
        if "id" in attributes:
            self.page.anchors.add(attributes["id"])
        if tag == "script":
            self.scripted = True
            written = attributes.get("href") or attributes.get("xlink:href")
            self._take([Reference(Kind.SCRIPT, written, loaded=True)] if written else [])
        elif tag == "a":
            written = attributes.get("href") or attributes.get("xlink:href")
            self._take([Reference(Kind.LINK, written)] if written else [])
        elif tag == "style":
            self._style = []
        self._take(element(tag, attributes))
        self._take(painted(attributes))
        style = attributes.get("style", "")
        if "(" in style:
            self._take(in_css(style))
            self._take(own_parts(style))

    def _text(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)

    def _end(self, name: str) -> None:
        if self._style is not None and name.rpartition(":")[2].lower() == "style":
            self._take(in_css("".join(self._style)))
            self._style = None

    def _instruction(self, target: str, data: str) -> None:
        self._take(stylesheet(target, data))

    def _take(self, found: Iterator[Reference] | list[Reference]) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        self.page.references += (one._replace(line=line, column=column) for one in found)


_HREF = re.compile(r"(?<![\w-])href[ \t\n]{0,20}=[ \t\n]{0,20}(?:\"([^\"]{1,2000})\"|'([^']{1,2000})')")


def stylesheet(target: str, data: str) -> Iterator[Reference]:
    """What ``<?xml-stylesheet href="…"?>`` names."""
    found = _HREF.search(data) if target == "xml-stylesheet" else None
    if found is not None:
        yield Reference(Kind.STYLE, found[1] or found[2], loaded=True)


def read(data: bytes) -> Page | None:
    """``None``: it is no SVG, or damaged: what it lacks is then not known."""
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except (_NotSvgError, expat.ExpatError, ValueError, LookupError):
        return None
    if reader.scripted:
        reader.page.without_own_parts()
    return reader.page
