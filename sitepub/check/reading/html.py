"""References and anchors of a page. Parsed by Lexbor, which reads HTML as browsers do.

What a script adds later is not seen, and what stands in a ``<template>`` is not shown: neither is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sitepub.check.findings import Kind
from sitepub.check.reading.css import IMAGES
from sitepub.check.reading.css import references_in as in_css
from sitepub.check.reading.reference import Reference
from sitepub.check.reading.srcset import addresses_in

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

LARGEST = 32 * 1024 * 1024
"""Bytes of a page that is read."""
_DEEPEST = 20_000
"""Elements that are open at once: the parser's time grows with their square."""
_MAY_BE_LOCAL = re.compile(r"localhost|127\.|0\.0\.0\.0|\[::1\]")
_LAZY = ("data-src", "data-original", "data-lazy-src")
_IGNORED_RELATIONS = frozenset({
    "preconnect", "dns-prefetch", "pingback", "edituri", "wlwmanifest", "profile", "me", "webmention", "shortlink",
    "micropub", "authorization_endpoint", "token_endpoint", "openid.server", "openid.delegate", "schema.dc", "gbfs",
    "https://api.w.org/", "openid2.provider", "openid2.local_id", "indieauth-metadata"})
_ICONS = frozenset({"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon",
                    "apple-touch-startup-image", "fluid-icon", "image_src"})
_AS = {"script": Kind.SCRIPT, "style": Kind.STYLE, "image": Kind.IMAGE, "worker": Kind.SCRIPT}
_META_IMAGES = frozenset({
    "og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src", "twitter:player",
    "og:video", "og:video:url", "og:audio", "msapplication-tileimage", "msapplication-square70x70logo",
    "msapplication-square150x150logo", "msapplication-wide310x150logo", "msapplication-square310x310logo"})


class TooDeepError(ValueError):
    """So many elements are open at once that reading the page would take very long."""


@dataclass(slots=True)
class Page:
    """What was read of a page."""

    references: list[Reference] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    base: str = ""
    """The address that relative ones are seen from, as ``<base>`` has it; "": the page's own."""
    upgrades: bool = False
    """Its policy makes browsers ask for everything by https."""


def read(data: bytes | str) -> Page:
    """Raises :class:`TooDeepError`."""
    from selectolax.lexbor import LexborHTMLParser

    if _may_be_deep(data):
        raise TooDeepError
    page = Page()
    document = LexborHTMLParser(data)
    base = document.css_first("base[href]")
    if base is not None:
        page.base = base.attributes.get("href") or ""
    add = page.references.extend
    root = document.root
    if root is None:
        return page
    for node in root.traverse(include_text=False):
        tag, attributes = node.tag, node.attributes
        if not attributes and tag != "style":
            continue
        name = attributes.get("id")
        if name:
            page.anchors.add(name)
        match tag:
            case "a" | "area":
                named = attributes.get("name")
                if named:
                    page.anchors.add(named)
                href = attributes.get("href")
                if href is not None and not (_MAY_BE_LOCAL.search(href) and _is_shown(href, node)):
                    page.references.append(Reference(Kind.LINK, href))
            case "img":
                add(_picture(attributes))
            case "link":
                add(_link(attributes))
            case "script":
                if attributes.get("src"):
                    page.references.append(Reference(Kind.SCRIPT, attributes["src"] or "", loaded=True, weighs=True))
            case "meta":
                _meta(attributes, page)
            case "style":
                add(in_css(node.text(deep=True)))
            case "base":
                pass
            case _:
                add(_other(node, tag or "", attributes))
        style = attributes.get("style")
        if style and "(" in style:
            add(in_css(style))
    return page


def _is_shown(href: str, node: LexborNode) -> bool:
    """The address itself is the text: a manual that says "open http://localhost:3000" means the reader's computer."""
    def plain(text: str) -> str:
        return text.strip().partition("://")[2].rstrip("/") or text.strip().rstrip("/")

    return plain(node.text(deep=True)) == plain(href)


def _may_be_deep(data: bytes | str) -> bool:
    if isinstance(data, str):
        return data.count("<") - 2 * data.count("</") > _DEEPEST
    return data.count(b"<") - 2 * data.count(b"</") > _DEEPEST


def _image(written: str | None) -> Iterator[Reference]:
    if written:
        yield Reference(Kind.IMAGE, written, loaded=True, upgraded=True, weighs=True)


def _picture(attributes: dict[str, str | None]) -> Iterator[Reference]:
    yield from _image(attributes.get("src"))
    for name in _LAZY:
        yield from _image(attributes.get(name))
    for name in ("srcset", "data-srcset"):
        for address in addresses_in(attributes.get(name) or ""):
            yield Reference(Kind.IMAGE, address, loaded=True, upgraded=True)


def _link(attributes: dict[str, str | None]) -> Iterator[Reference]:
    for address in addresses_in(attributes.get("imagesrcset") or ""):
        yield Reference(Kind.IMAGE, address, loaded=True, upgraded=True)
    written = attributes.get("href")
    relations = set((attributes.get("rel") or "").lower().split())
    if not written or relations & _IGNORED_RELATIONS:
        return
    if "canonical" in relations:
        yield Reference(Kind.CANONICAL, written)
    elif "stylesheet" in relations:
        yield Reference(Kind.STYLE, written, loaded=True, weighs=True)
    elif relations & _ICONS:
        yield Reference(Kind.IMAGE, written)
    elif "modulepreload" in relations:
        yield Reference(Kind.SCRIPT, written, loaded=True, weighs=True)
    elif "preload" in relations:
        yield Reference(_AS.get((attributes.get("as") or "").lower(), Kind.FILE), written, loaded=True,
                        weighs=True)
    elif "manifest" in relations:
        yield Reference(Kind.FILE, written)
    elif relations:
        yield Reference(Kind.LINK, written)


def _meta(attributes: dict[str, str | None], page: Page) -> None:
    content = attributes.get("content") or ""
    what = (attributes.get("property") or attributes.get("name") or "").lower()
    equivalent = (attributes.get("http-equiv") or "").lower()
    if equivalent == "content-security-policy":
        page.upgrades |= "upgrade-insecure-requests" in content.lower()
    elif equivalent == "refresh":
        target = content.partition(";")[2].strip()
        if target[:3].lower() == "url" and target[3:].lstrip().startswith("="):
            written = target.partition("=")[2].strip().strip("'\"")
            if written:
                page.references.append(Reference(Kind.LINK, written))
    elif what in _META_IMAGES and content and _is_picture(what, content):
        page.references.append(Reference(Kind.IMAGE, content))
    elif what == "og:url" and content:
        page.references.append(Reference(Kind.CANONICAL, content))


def _is_picture(what: str, content: str) -> bool:
    """`twitter:player` and `og:video` may name a page of the player."""
    return "image" in what or content.partition("?")[0].rpartition(".")[2].lower() in (*IMAGES, "mp4", "webm", "mp3")


def _other(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> Iterator[Reference]:
    source = attributes.get("src")
    match tag:
        case "source":
            in_picture = node.parent is not None and node.parent.tag == "picture"
            for name in ("srcset", "data-srcset"):
                for address in addresses_in(attributes.get(name) or ""):
                    yield Reference(Kind.IMAGE, address, loaded=True, upgraded=True)
            if source and not in_picture:
                yield Reference(Kind.FILE, source, loaded=True, upgraded=True)
        case "video" | "audio" | "track":
            yield from _image(attributes.get("poster"))
            if source:
                yield Reference(Kind.FILE, source, loaded=True, upgraded=tag != "track")
        case "iframe" | "frame" | "embed":
            if source:
                yield Reference(Kind.FILE, source, loaded=True)
        case "object":
            if attributes.get("data"):
                yield Reference(Kind.FILE, attributes["data"] or "", loaded=True)
        case "input":
            if (attributes.get("type") or "").lower() == "image":
                yield from _image(source)
        case "use" | "image" | "feimage":
            written = attributes.get("href") or attributes.get("xlink:href")
            if written:
                yield Reference(Kind.IMAGE, written, loaded=True, upgraded=tag != "use", weighs=True)
        case "body" | "table" | "td" | "th":
            yield from _image(attributes.get("background"))
        case _:
            pass
