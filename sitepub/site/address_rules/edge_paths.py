"""What the edges can match, and which headers they take: facts, and the reasons why a rule cannot be one of theirs.

CDN: response headers 228/41737 and the data type HttpHeaderPathRule, redirects UrlRedirectRule (228/30987). EdgeOne:
response headers 1145/46185, conditions 1552/90438.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from sitepub.site.address_rules.addresses import SPLAT, Address

FIXED = frozenset({
    "accept-ranges", "age", "allow", "authentication-info", "cache-control", "connection", "content-encoding",
    "content-length", "content-location", "content-md5", "content-range", "content-type", "date", "error", "etag",
    "expires", "if-modified-since", "last-modified", "location", "meter", "proxy-authenticate", "retry-after", "server",
    "set-cookie", "trailer", "transfer-encoding", "upgrade", "vary", "www-authenticate",
})
"""Headers that both edges, and the two services whose files these are, leave to the server."""
LONGEST_NAME = 100
LONGEST_VALUE = 1_000
CDN_HEADERS = 100
"""Rules for response headers that a domain of the CDN has (the API's own limit; its console shows 10)."""
CDN_REDIRECTS = 10
"""Redirect rules of a domain of the CDN."""
CDN_STATUSES = (301, 302)
EDGEONE_REDIRECTS = 200
"""Not documented for the sub-rules of one rule; a zone has that many rules."""

WILD = re.compile(r"(\*|:[A-Za-z]\w*)")
_ONLY_ASCII = "/!$&'()*+,;=:@-._~"


def raw(path: str) -> str:
    """A path as it is sent. Which form the edges compare is not documented; for ASCII both are the same."""
    return quote(path, safe=_ONLY_ASCII, errors="surrogateescape")


def header_obstacle(name: str, value: str) -> str:
    """Why no edge can set a header; "": it can."""
    if name.lower() in FIXED:
        return "edges do not let it be set"
    if len(name) > LONGEST_NAME or not all(char.isascii() and (char.isalnum() or char == "-") for char in name):
        return f"edges take names of at most {LONGEST_NAME} letters, digits and hyphens"
    if len(value) > LONGEST_VALUE:
        return f"edges take values of at most {LONGEST_VALUE:,} characters, and this one has {len(value):,}"
    return "" if value.isascii() else "edges take values in ASCII only"


def cdn_match(address: Address) -> tuple[str, str] | None:
    """RuleType and the entry of RulePaths; ``None``: the CDN cannot match that."""
    if address.exact:
        return "path", raw(address.path)
    if address.path == "/*":
        return "all", "*"
    prefix = address.prefix
    if prefix is not None and prefix.endswith("/"):
        return "directory", raw(prefix)
    suffix = address.path.removeprefix("/*.")
    if suffix != address.path and suffix.isascii() and suffix.isalnum():
        return "file", suffix
    return None


def edgeone_regex(path: str) -> str:
    """An address of a rule as RE2 text for raw paths. Special characters stand in brackets: how a condition takes a
    backslash is not documented."""
    parts = []
    for piece in WILD.split(path):
        if piece == "*":
            parts.append("(.*)")
        elif piece.startswith(":"):
            parts.append("([^/]+)")
        else:
            parts += ["." if char == "'" else f"[{char}]" if char in ".$()*+?" else char for char in raw(piece)]
    return f"^{''.join(parts)}$"


def numbered(path: str, target: str) -> str:
    """A target with ``$1`` … in place of what the address captures, in its order; raw."""
    names = [SPLAT if one == "*" else one[1:] for one in WILD.findall(path)]
    parts = []
    for piece in WILD.split(target):
        if piece.startswith(":") and piece[1:] in names:
            parts.append(f"${names.index(piece[1:]) + 1}")
        else:
            parts.append(raw(unquote(piece, errors="surrogateescape")))
    return "".join(parts)
