"""References and anchors of a page. Parsed by Lexbor, which reads HTML as browsers do.

What a script adds later is not seen, and what stands in a ``<template>`` is not shown: neither is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sitepub.check.findings import Kind
from sitepub.check.reading import json_texts, scripts, svg
from sitepub.check.reading.css import references_in as in_css
from sitepub.check.reading.elements import link, meta, other, picture
from sitepub.check.reading.page import Page
from sitepub.check.reading.reference import Reference

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

LARGEST = 32 * 1024 * 1024
"""Bytes of a page that is read."""
_DEEPEST = 20_000
"""Elements that are open at once: the parser's time grows with their square."""
_MAY_BE_LOCAL = re.compile(r"localhost|127\.|0\.0\.0\.0|\[::1\]")
_DEEPEST_FRAMES = 3
"""Documents inside of one another, by ``srcdoc``."""
_SCRIPT_TYPES = frozenset({"", "module", "text/javascript", "application/javascript", "text/ecmascript",
                           "application/ecmascript", "application/x-javascript", "text/jscript"})


class TooDeepError(ValueError):
    """So many elements are open at once that reading the page would take very long."""


def read(data: bytes | str, frames: int = 0) -> Page:
    """``frames``: how many documents this one lies in. Raises :class:`TooDeepError`."""
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
    scripted = False
    for node in root.traverse(include_text=False):
        tag, attributes = node.tag, node.attributes
        if not attributes and tag not in ("style", "script"):
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
                if href is None:
                    href = attributes.get("xlink:href")
                if href is not None and not (_MAY_BE_LOCAL.search(href) and _is_shown(href, node)):
                    page.references.append(Reference(Kind.LINK, href))
            case "img":
                add(picture(attributes))
            case "link":
                add(link(attributes))
            case "script":
                scripted |= _script(node, attributes, page)
            case "meta":
                add(meta(attributes))
                page.upgrades |= _upgrades(attributes)
            case "style":
                if (attributes.get("type") or "text/css").strip().lower() == "text/css":
                    add(in_css(node.text(deep=True)))
            case "base":
                pass
            case "iframe" if attributes.get("srcdoc"):
                _frame(attributes["srcdoc"] or "", page, frames + 1)
            case _:
                add(other(node, (tag or "").lower(), attributes))
                add(svg.painted(attributes))
        style = attributes.get("style")
        if style and "(" in style:
            add(in_css(style))
            add(svg.own_parts(style))
    if scripted or frames:
        page.without_own_parts()
    return page


def _script(node: LexborNode, attributes: dict[str, str | None], page: Page) -> bool:
    """Whether it runs."""
    kind = (attributes.get("type") or "").strip().lower().partition(";")[0]
    written = attributes.get("src") or attributes.get("href") or attributes.get("xlink:href")
    if kind == "importmap":
        found, page.renamed = json_texts.import_map(node.text(deep=True))
        page.references += found
    elif kind == "speculationrules":
        page.references += json_texts.speculation_rules(node.text(deep=True))
    elif written:
        page.references.append(Reference(Kind.SCRIPT, written, loaded=True, weighs=True,
                                         role="module" if kind == "module" else "script"))
    elif kind in _SCRIPT_TYPES and ("import" in (text := node.text(deep=True)) or "export" in text):
        page.references += (Reference(Kind.SCRIPT, one.written, loaded=True, role="module")
                            for one in scripts.imports_in(text, module=kind == "module")
                            if not one.written.startswith(tuple(page.renamed)))
    return kind in _SCRIPT_TYPES


def _upgrades(attributes: dict[str, str | None]) -> bool:
    return ((attributes.get("http-equiv") or "").lower() == "content-security-policy"
            and "upgrade-insecure-requests" in (attributes.get("content") or "").lower())


def _frame(text: str, page: Page, frames: int) -> None:
    """A document in an attribute: its addresses are seen from this page, its anchors are its own."""
    if frames > _DEEPEST_FRAMES:
        return
    inner = read(text, frames)
    if not inner.base:
        page.references += (one for one in inner.references if not one.written.lstrip().startswith("#"))


def _is_shown(href: str, node: LexborNode) -> bool:
    """The address itself is the text: a manual that says "open http://localhost:3000" means the reader's computer."""
    def plain(text: str) -> str:
        return text.strip().partition("://")[2].rstrip("/") or text.strip().rstrip("/")

    return plain(node.text(deep=True)) == plain(href)


def _may_be_deep(data: bytes | str) -> bool:
    if isinstance(data, str):
        return data.count("<") - 2 * data.count("</") > _DEEPEST
    return data.count(b"<") - 2 * data.count(b"</") > _DEEPEST
