"""Addresses in a stylesheet: ``url()``, ``@import``, ``image-set()`` (CSS Syntax 3, as far as it takes)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sitepub.check.findings import Kind
from sitepub.check.reading.reference import Reference

_TOKEN = re.compile(
    r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
    r"|(?P<at>@[a-zA-Z-]{1,40})"
    r"|(?P<url>(?<![\w-])[uU][rR][lL]\([ \t\n\f\r]{0,100}"
    r"(?:(?P<quoted>\"(?:[^\"\\\n]|\\[^\0])*+\"?|'(?:[^'\\\n]|\\[^\0])*+'?)"
    r"|(?P<bare>(?:[^\"'() \t\n\f\r\\]|\\(?:[0-9a-fA-F]{1,6}[ \t\n\f\r]?+|[^\0]))*+)))"
    r"|(?P<set>(?<![\w])(?:-webkit-)?image-set\()"
    r"|(?P<string>\"(?:[^\"\\\n]|\\[^\0])*+\"?|'(?:[^'\\\n]|\\[^\0])*+'?)"
    r"|(?P<mark>[;{}()])")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n\f\r]?|\r\n|([^\0]))")
IMAGES = ("png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "bmp", "jxl")


def references_in(text: str) -> Iterator[Reference]:
    """What the stylesheet names. Addresses of namespaces and ``data:`` are left out later, like others that lead
    nowhere."""
    rule, depth = "", 0
    for token in _TOKEN.finditer(text):
        if token["at"]:
            rule = token["at"].lower()
        elif token["url"]:
            written = unescaped(token["quoted"][1:].rstrip(token["quoted"][0]) if token["quoted"] else token["bare"])
            if rule != "@namespace" and written:
                yield _reference(rule, written)
        elif token["set"]:
            depth = 1
        elif token["string"]:
            if rule == "@import" or depth == 1:
                written = unescaped(token["string"][1:].rstrip(token["string"][0]))
                if written:
                    yield _reference(rule, written)
                if rule == "@import":
                    rule = ""
        elif token["mark"]:
            if token["mark"] in ";{}":
                rule, depth = (rule if token["mark"] == "{" and rule == "@font-face" else ""), 0
            elif depth:
                depth += 1 if token["mark"] == "(" else -1


def _reference(rule: str, written: str) -> Reference:
    if rule == "@import":
        return Reference(Kind.STYLE, written, loaded=True)
    path = written.partition("?")[0].partition("#")[0]
    if rule != "@font-face" and path.rpartition(".")[2].lower() in IMAGES:
        return Reference(Kind.IMAGE, written, loaded=True, upgraded=True)
    return Reference(Kind.FILE, written, loaded=True)


def unescaped(text: str) -> str:
    """With its escapes read."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _character(found[1]) if found[1] else "" if found[2] in (None, "\n") else found[2],
                       text)


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "�"
