"""Where in the text of a page a reference stands. The parser does not say; it is looked for only in pages with faults.
"""

from __future__ import annotations

import re
from html import escape, unescape

_BEFORE = re.compile(r"(?:[\w:@.-]{1,60}[ \t\n\f\r]{0,20}=[ \t\n\f\r]{0,20}[\"']?[^\"'<>]{0,400}"
                     r"|url\([ \t\n]{0,20}[\"']?|@import[ \t\n]{1,20}[\"']?)\Z")
_AFTER = frozenset("\"' \t\n\f\r>),#?")
_ATTRIBUTE = re.compile(r"[\w:@.-]{1,60}[ \t\n\f\r]{0,20}=[ \t\n\f\r]{0,20}(?:\"([^\"]{0,4000})\"|'([^']{0,4000})')")
_TRIES = 200


def places_of(text: str, written: str, most: int) -> list[tuple[int, int]]:
    """The first ``most`` places, in the order of the text: line and column, both from 1. A page may have a link in its
    head, its menu and its footer. Comments are passed over."""
    if not written:
        return []
    return [(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) for at in _find(text, written, most)]


def _find(text: str, written: str, most: int) -> list[int]:
    comments = _comments(text)
    found: list[int] = []
    first: int | None = None
    for spelling in dict.fromkeys((written, escape(written, quote=False), escape(written),
                                   written.replace("&", "&#38;"), written.replace("&", "&#x26;"))):
        at = -1
        for _ in range(_TRIES):
            at = text.find(spelling, at + 1)
            if at < 0 or len(found) == most:
                break
            if any(begin <= at < end for begin, end in comments):
                continue
            end = at + len(spelling)
            if end < len(text) and text[end] not in _AFTER:
                continue
            if _BEFORE.search(text[max(0, at - 500):at]):
                found.append(at)
            elif first is None:
                first = at
    if found or first is not None:
        return sorted(found) if found or first is None else [first]
    for attribute in _ATTRIBUTE.finditer(text):
        number = 1 if attribute[1] is not None else 2
        if "&" in attribute[number] and unescape(attribute[number]).strip() == written.strip():
            found.append(attribute.start(number))
            if len(found) == most:
                break
    return found


def _comments(text: str) -> list[tuple[int, int]]:
    spans = []
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at + 4)
        if end < 0:
            break  # a comment that does not end: browsers take the rest for one, and so nothing is found there
        spans.append((at, end + 3))
        at = text.find("<!--", end + 3)
    return spans
