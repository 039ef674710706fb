"""What a page says about itself: read with the standard library's parser, strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
                  "track", "wbr"})
SHAPES = frozenset({"path", "circle", "rect", "line", "polygon", "polyline", "ellipse", "stop", "use"})
"""SVG elements that are written with ``/>``."""
ADDRESSES = {"href", "src", "srcset", "poster", "action", "data"}
FETCHED = {"link", "script", "img", "iframe", "source", "video", "audio", "object", "embed", "form"}
"""Elements whose address the browser follows without being asked (``a`` is not one of them)."""


@dataclass
class Page(HTMLParser):
    """One parsed page. ``mistakes`` are tags that do not match."""

    text: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    title: str = ""
    visible: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.feed(self.text)
        self.close()
        self.mistakes += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID | SHAPES:
            self.mistakes.append(f"<{tag}/> does not close itself in HTML")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.mistakes.append(f"</{tag}> while {self.open[-1:]} is open")
        elif self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["title"] and "svg" not in self.open:
            self.title += data
        elif not {"script", "style"} & set(self.open):
            self.visible += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def meta(self, name: str) -> str:
        named = (m for m in self.all("meta") if name in {m.get("name"), m.get("property")})
        return next((m["content"] for m in named), "")

    def links(self) -> list[str]:
        """Addresses of ``a``, ``link``, ``script`` and ``img`` on this site."""
        linking = {"a", "link", "script", "img"}
        found = [a.get("href") or a.get("src") or "" for tag, a in self.tags if tag in linking]
        return [address for address in found if address and not re.match(r"[a-z]+:|#", address)]


def read_page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def complaints(page: Page, *, social: bool = True) -> list[str]:
    """What keeps a page from being well-formed, accessible and free of requests to others."""
    found = list(page.mistakes)
    ids = [a["id"] for _tag, a in page.tags if "id" in a]
    names = [tag for tag, _attributes in page.tags]
    rules = {
        "no doctype": page.text.lower().startswith("<!doctype html>"),
        "no language": any(a.get("lang") for a in page.all("html")),
        "no title": bool(page.title.strip()),
        "no description": bool(page.meta("description")),
        "no viewport": "width=device-width" in page.meta("viewport"),
        "zoom is forbidden": "user-scalable" not in page.meta("viewport"),
        "no colour scheme": page.meta("color-scheme") == "light dark",
        "no icon": any(a.get("rel") == "icon" and a["href"].endswith(".svg") for a in page.all("link")),
        "no link preview": not social or bool(page.meta("og:title") and page.meta("og:description")),
        "an id twice": len(ids) == len(set(ids)),
        "a picture without alt": all("alt" in a for a in page.all("img")),
        "a request to others": not foreign_requests(page),
        "inline handlers": not any(name.startswith("on") for _tag, a in page.tags for name in a),
    }
    found += [rule for rule, kept in rules.items() if not kept]
    skips = [a.get("href", "")[1:] for a in page.all("a") if a.get("class") == "skip"]
    if "main" in names:
        landmarks = {
            "more than one main": names.count("main") == 1,
            "no header, nav or footer": {"header", "nav", "footer"} <= set(names),
            "not one h1": names.count("h1") == 1,
            "no skip link": any(target in ids for target in skips),
            "a nav without a name": all("aria-label" in a for a in page.all("nav")),
        }
        found += [rule for rule, kept in landmarks.items() if not kept]
    return found


def foreign_requests(page: Page) -> list[str]:
    return [a[name] for tag, a in page.tags if tag in FETCHED for name in ADDRESSES & a.keys()
            if re.match(r"(?:[a-z]+:)?//", a[name]) and a.get("rel") != "canonical"]
