"""What the elements of a page name (HTML, "Attributes": those whose value is an address).

Passed over are addresses that a browser neither shows nor follows: ``cite``, ``itemid``, ``ping``, and the manifests of
``html``, which browsers do not read any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sitepub.check.findings import Kind
from sitepub.check.reading import svg
from sitepub.check.reading.css import IMAGES
from sitepub.check.reading.reference import Reference
from sitepub.check.reading.srcset import addresses_in

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

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


def _image(written: str | None) -> Iterator[Reference]:
    if written:
        yield Reference(Kind.IMAGE, written, loaded=True, upgraded=True, weighs=True)


def picture(attributes: dict[str, str | None]) -> Iterator[Reference]:
    yield from _image(attributes.get("src"))
    for name in _LAZY:
        yield from _image(attributes.get(name))
    for name in ("srcset", "data-srcset"):
        for address in addresses_in(attributes.get(name) or ""):
            yield Reference(Kind.IMAGE, address, loaded=True, upgraded=True)


def link(attributes: dict[str, str | None]) -> Iterator[Reference]:
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
        yield Reference(Kind.SCRIPT, written, loaded=True, weighs=True, role="module")
    elif "preload" in relations:
        yield Reference(_AS.get((attributes.get("as") or "").lower(), Kind.FILE), written, loaded=True,
                        weighs=True)
    elif "manifest" in relations:
        yield Reference(Kind.FILE, written, role="manifest")
    elif relations:
        is_feed = (attributes.get("type") or "").strip().lower() in ("application/feed+json", "application/json")
        yield Reference(Kind.LINK, written, role="feed" if is_feed else "")


_REFRESH = re.compile(r"[\s]*+[\d.]*+(?:[;,][\s]*+|[\s]++[;,]?[\s]*+)(?:[uU][rR][lL][\s]*+=[\s]*+)?"
                      r"(?:\"(?P<double>[^\"]*+)|'(?P<single>[^']*+)|(?P<plain>[^\"'].*+))", re.DOTALL)
"""HTML, "shared declarative refresh steps": ``5; url=/next``, also without ``url=``, with a comma, in quotes."""


def meta(attributes: dict[str, str | None]) -> Iterator[Reference]:
    content = attributes.get("content") or ""
    what = (attributes.get("property") or attributes.get("name") or "").lower()
    if (attributes.get("http-equiv") or "").lower() == "refresh":
        found = _REFRESH.match(content)
        written = (found["double"] or found["single"] or found["plain"] or "").strip() if found is not None else ""
        if written:
            yield Reference(Kind.LINK, written)
    elif what in _META_IMAGES and content and _is_picture(what, content):
        yield Reference(Kind.IMAGE, content)
    elif what == "og:url" and content:
        yield Reference(Kind.CANONICAL, content)


def _is_picture(what: str, content: str) -> bool:
    """`twitter:player` and `og:video` may name a page of the player."""
    return "image" in what or content.partition("?")[0].rpartition(".")[2].lower() in (*IMAGES, "mp4", "webm", "mp3")


def other(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> Iterator[Reference]:
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
        case "iframe" | "frame" | "embed" | "bgsound":
            if source:
                yield Reference(Kind.FILE, source, loaded=True)
        case "object":
            if attributes.get("data"):
                yield Reference(Kind.FILE, attributes["data"] or "", loaded=True)
        case "form":
            yield from _sent_to(attributes.get("action"), attributes.get("method"))
        case "button":
            yield from _sent_from(node, attributes)
        case "input":
            yield from _sent_from(node, attributes)
            if (attributes.get("type") or "").lower() == "image":
                yield from _image(source)
        case "use" | "image" | "feimage" | "textpath" | "mpath":
            yield from svg.element(tag, attributes)
        case "body" | "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th":
            yield from _image(attributes.get("background"))
        case _:
            pass


def _sent_to(written: str | None, method: str | None) -> Iterator[Reference]:
    """A form that is sent by GET leads to a page. Whether something answers a POST cannot be seen from the files."""
    if written and (method or "get").strip().lower() not in ("post", "dialog"):
        yield Reference(Kind.LINK, written)


def _sent_from(node: LexborNode, attributes: dict[str, str | None]) -> Iterator[Reference]:
    written = attributes.get("formaction")
    if written:
        form = node.parent
        while form is not None and form.tag != "form":
            form = form.parent
        method = attributes.get("formmethod") or (form.attributes.get("method") if form is not None else None)
        yield from _sent_to(written, method)
