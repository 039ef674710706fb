"""Addresses in JSON that a page names: import maps (HTML), manifests (W3C appmanifest and its incubations), feeds
(jsonfeed.org 1.1) and speculation rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sitepub.check.findings import Kind
from sitepub.check.reading.reference import Reference

LARGEST = 8 * 1024 * 1024
_ADDRESS = ("/", "./", "../", "http://", "https://")


def import_map(text: str) -> tuple[list[Reference], list[str]]:
    """What its names stand for, and the names that are addresses themselves. A name that ends with a slash stands for
    whatever lies below its address."""
    data = _object(text)
    maps = [data.get("imports"), *_values(data.get("scopes"))]
    entries = [(name, address) for one in maps if isinstance(one, dict) for name, address in one.items()
               if isinstance(address, str)]
    found = [Reference(Kind.SCRIPT, address, loaded=True, role="module") for _name, address in entries
             if address.startswith(_ADDRESS) and not address.endswith("/")]
    return found, [name for name, _address in entries if name.startswith(_ADDRESS)]


def speculation_rules(text: str) -> Iterator[Reference]:
    for rules in _values(_object(text)):
        for rule in _list(rules):
            for address in _list(rule.get("urls")) if isinstance(rule, dict) else ():
                if isinstance(address, str):
                    yield Reference(Kind.LINK, address)


def manifest(text: str) -> Iterator[Reference]:
    """Where the app begins, its pictures, and the pages of its shortcuts."""
    data = _object(text)
    yield from _address(data, "start_url", Kind.LINK)
    for pictures in ("icons", "screenshots"):
        yield from _each(data, pictures, "src", Kind.IMAGE)
    yield from _each(data, "shortcuts", "url", Kind.LINK)
    for shortcut in _list(data.get("shortcuts")):
        yield from _each(shortcut, "icons", "src", Kind.IMAGE)
    yield from _each(data, "file_handlers", "action", Kind.LINK)
    yield from _each(data, "protocol_handlers", "url", Kind.LINK)
    yield from _address(data.get("note_taking"), "new_note_url", Kind.LINK)


def feed(text: str) -> Iterator[Reference]:
    data = _object(text)
    if not str(data.get("version", "")).startswith("https://jsonfeed.org/"):
        return
    for name in ("home_page_url", "icon", "favicon"):
        yield from _address(data, name, Kind.FEED)
    for name in ("url", "image", "banner_image"):
        yield from _each(data, "items", name, Kind.FEED)
    for item in _list(data.get("items")):
        yield from _each(item, "attachments", "url", Kind.FEED)


def _object(text: str) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _values(data: object) -> list[object]:
    return list(data.values()) if isinstance(data, dict) else []


def _list(data: object) -> list[Any]:
    return data if isinstance(data, list) else []


def _address(data: object, name: str, kind: Kind) -> Iterator[Reference]:
    written = data.get(name) if isinstance(data, dict) else None
    if isinstance(written, str) and written:
        yield Reference(kind, written)


def _each(data: object, of: str, name: str, kind: Kind) -> Iterator[Reference]:
    for one in _list(data.get(of)) if isinstance(data, dict) else ():
        yield from _address(one, name, kind)
