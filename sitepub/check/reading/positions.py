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


def place_of(text: str, written: str) -> tuple[int, int] | None:
    """Line and column, both from 1. Comments are passed over."""
    if not written:
        return None
    at = _find(text, written)
    if at is None:
        return None
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _find(text: str, written: str) -> int | None:
    comments = _comments(text)
    first: int | None = None
    for spelling in dict.fromkeys((written, escape(written, quote=False), escape(written),
                                   written.replace("&", "&#38;"), written.replace("&", "&#x26;"))):
        at = -1
        for _ in range(_TRIES):
            at = text.find(spelling, at + 1)
            if at < 0:
                break
            if any(begin <= at < end for begin, end in comments):
                continue
            end = at + len(spelling)
            if end < len(text) and text[end] not in _AFTER:
                continue
            if _BEFORE.search(text[max(0, at - 500):at]):
                return at
            if first is None:
                first = at
    if first is not None:
        return first
    for found in _ATTRIBUTE.finditer(text):
        number = 1 if found[1] is not None else 2
        if "&" in found[number] and unescape(found[number]).strip() == written.strip():
            return found.start(number)
    return None


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
