"""The modules that a script imports by an address (ECMAScript, "Imports"; HTML, "resolve a module specifier").

An import is looked for by its words; whether those stand in code, and not in a string, a comment or a text that shows
code, is asked of :func:`in_code` only where the answer matters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

LARGEST = 8 * 1024 * 1024
"""Bytes of a script that is read."""
_IMPORT = re.compile(
    r"(?<![\w$.#])(?:(?P<call>import[ \t\r\n]{0,40}+\([ \t\r\n]{0,40}+(?:/\*[^*]{0,200}+\*/[ \t\r\n]{0,40}+)?)"
    r"|(?:from|import)[ \t\r\n]{0,40}+)"
    r"(?P<quote>[\"'])(?P<written>(?:https?:)?\.{0,2}/[^\"'\\\r\n`]{0,1000}+)(?P=quote)")
"""``from`` before a text stands only in imports and exports."""


class Import(NamedTuple):
    written: str
    at: int
    """Where the word ``import`` or ``from`` begins."""
    address_at: int
    dynamic: bool
    """A call, which scripts of both kinds may make."""


def candidates(text: str) -> Iterator[Import]:
    """What looks like an import of an address. Bare names (``"vue"``) are no addresses."""
    for found in _IMPORT.finditer(text):
        yield Import(found["written"], found.start(), found.start("written"), found["call"] is not None)


def imports_in(text: str, *, module: bool) -> list[Import]:
    """Those that stand in code."""
    found = [one for one in candidates(text) if module or one.dynamic]
    code = in_code(text, [one.at for one in found]) if found else ()
    return [one for one in found if one.at in code]


_TOKEN = re.compile(
    r"[ \t\r\n]++|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
    r"|(?P<word>[\w$]++)"
    r"|(?P<value>\"(?:[^\"\\\n]|\\[^\0])*+\"?|'(?:[^'\\\n]|\\[^\0])*+'?)"
    r"|(?P<sign>[^\w\s$])|\s")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[^\0]|\$(?!\{))*+(?:`|\$\{)?")
_EXPRESSION = re.compile(r"/(?:[^/\\\[\r\n]|\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n])*+\])++/[a-z]{0,10}+")
_BEFORE_EXPRESSION = frozenset({"return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case",
                                "do", "else", "yield", "await", "default"})
_HEADS = frozenset({"if", "while", "for", "with"})


def in_code(text: str, places: Collection[int]) -> frozenset[int]:
    """The places that certainly stand in code. Behind a ``/`` that may divide or begin a regular expression nothing is
    certain any more: that is the case after ``}``."""
    wanted, certain = frozenset(places), set()
    last = max(wanted, default=-1)
    before = ""
    """The last token; ``"`` for any value."""
    open_heads: list[str] = []
    depths: list[int] = []
    at, depth, end = 0, 0, len(text)
    while at < end and at <= last:
        token = _TOKEN.match(text, at)
        if token is None:
            break
        start, at = at, token.end()
        kind = token.lastgroup
        if kind == "word":
            if start in wanted:
                certain.add(start)
            before = token[0]
        elif kind == "value":
            before = '"'
        elif kind == "sign":
            sign = token[0]
            if sign == "`" or (sign == "}" and depths and depth == depths[-1]):
                if sign == "}":
                    depths.pop()
                template = _TEMPLATE.match(text, at)
                at = template.end() if template is not None else end
                if text.endswith("${", start, at):
                    depths.append(depth)
                    before = "{"
                else:
                    before = '"'
                continue
            if sign == "/" and _begins_expression(before):
                expression = _EXPRESSION.match(text, start)
                if expression is not None:
                    at, before = expression.end(), '"'
                    continue
            if sign == "/" and before == "}":
                break
            if sign == "(":
                open_heads.append(before)
            elif sign == ")" and open_heads:
                before = "if)" if open_heads.pop() in _HEADS else ")"
                continue
            elif sign == "{":
                depth += 1
            elif sign == "}":
                depth -= 1
            before = sign
    return frozenset(certain)


def _begins_expression(before: str) -> bool:
    if before[:1].isalnum() or before[:1] in ("_", "$"):
        return before in _BEFORE_EXPRESSION or before == "if)"
    return before not in ('"', ")", "]", "}")
