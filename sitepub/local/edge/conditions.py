"""Conditional requests, for the answer that a visitor would get without conditions (RFC 9110 8.8.3, 13.1, 13.2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sitepub.local.base.times import parse_http_date

_TAG = re.compile(r"[ \t,]{0,50}(W/)?(?:\"([\x21\x23-\x7e\x80-\xff]*+)\"|([^\s,\"]++))[ \t]{0,50}+(?=,|\Z)")
"""One entity tag of a list; inside of the quotes commas are allowed. Without quotes, too, as the bucket takes them."""


def _tags(header: str) -> Iterator[tuple[bool, str]]:
    """Weak or not, and the opaque part. What is no list of tags has none from there on."""
    at = 0
    while found := _TAG.match(header, at):
        yield found[1] is not None, found[2] if found[2] is not None else found[3]
        at = found.end()


def _same(header: str, etag: str | None, *, weakly: bool) -> bool:
    """``etag``: of the answer. Compared strongly, a weak tag is like no other (RFC 9110 8.8.3.2)."""
    if header.strip() == "*":
        return True
    if etag is None or (etag.startswith("W/") and not weakly):
        return False
    own = etag.removeprefix("W/").strip('"')
    return any(opaque == own and (weakly or not weak) for weak, opaque in _tags(header))


def status_of(given: Mapping[str, str], etag: str | None, last_modified: str | None) -> int:
    """200, 304 or 412, for GET and HEAD. A date that makes no sense is no condition, and neither is one when the
    answer has none of its own."""
    changed = parse_http_date(last_modified or "")
    match, unmodified = given.get("If-Match"), parse_http_date(given.get("If-Unmodified-Since", ""))
    if match is not None:
        if not _same(match, etag, weakly=False):
            return 412
    elif unmodified is not None and changed is not None and changed > unmodified:
        return 412
    none_match, since = given.get("If-None-Match"), parse_http_date(given.get("If-Modified-Since", ""))
    if none_match is not None:
        return 304 if _same(none_match, etag, weakly=True) else 200
    return 304 if since is not None and changed is not None and changed <= since else 200


def range_holds(condition: str | None, etag: str | None, last_modified: str | None) -> bool:
    """``condition``: of ``If-Range``, one tag or one date, which must be exactly that of the answer (RFC 9110 13.1.5);
    ``None``: there is none."""
    if condition is None:
        return True
    if '"' in condition:
        return condition.strip() != "*" and _same(condition, etag, weakly=False)
    changed = parse_http_date(last_modified or "")
    return changed is not None and parse_http_date(condition) == changed
