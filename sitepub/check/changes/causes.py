"""What kind of change a difference is: a time, a version, a hash in the name of a file …"""

from __future__ import annotations

import re
from enum import StrEnum

from sitepub.check.changes.differences import Difference, changed_part


class Cause(StrEnum):
    VERSION = "generator version"
    TIME = "time"
    NONCE = "nonce"
    ASSET = "hash in a file's name"
    QUERY = "number behind an address"
    BUILD = "build id"
    RANDOM = "random value"
    SPACE = "spaces or line ends"
    COUNT = "number"
    TEXT = "text that all pages share"


_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_TIMES = re.compile(
    r"\b(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[T ]{1,2}\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?)?"
    r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
    r"|\b(?:19|20)\d\d ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?日)?"
    rf"|\b\d{{1,2}} (?:{_MONTHS})[a-z]{{0,6}},? (?:19|20)\d\d\b(?: \d\d:\d\d(?::\d\d)?)?"
    rf"|\b(?:{_MONTHS})[a-z]{{0,6}}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b(?:,? \d\d:\d\d(?::\d\d)?)?"
    r"|\b\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?\b(?: ?(?:AM|PM))?"
    r"|\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?\d{4,6}Z?)?\b"
    r"|\b1[5-9]\d{8}(?:\d{3})?\b|\b20[2-9]\d\b", re.IGNORECASE)
"""Dates and times as they are written, Unix times in seconds and milliseconds, years."""
_ADDRESS = re.compile(r"(?:src|href|srcset|content|data-[\w-]{1,40}|url)\s{0,5}[=(:]", re.IGNORECASE)
_ASSET = re.compile(r"[\w@%+~/-][\w@%+~./-]{0,300}\.(?:m?js|css|map|json|wasm|png|jpe?g|webp|avif|svg|woff2?|gif)\b")
_QUERY = re.compile(r"\?[\w%=&;.:-]{1,300}")
_GENERATOR = re.compile(r"<meta\b(?=[^<>]*\bname\s{0,5}=\s{0,5}[\"']?generator\b)|<!--[^<>]*\bgenerated? (?:by|with)\b",
                        re.IGNORECASE)
_BUILD = re.compile(r"build-?_?id|buildId|data-build|_next/static/|_nuxt/builds|\brelease\b|\bcommit\b|\brevision\b",
                    re.IGNORECASE)
_NAMES = re.compile(r"HASH_MAP|[mM]anifest\b|chunkMap|\bchunks\b")
"""Lists of files with their hashes, in a script of the page: VitePress, Remix, webpack."""
_RANDOM = re.compile(r"(?=[A-Za-z_-]{0,60}\d)(?=[\d_-]{0,60}[A-Za-z])[\w-]{6,128}|\d{6,40}")
_NONCE = re.compile(r"\bnonce(?:-|\s{0,5}=)", re.IGNORECASE)


def signature(difference: Difference) -> tuple[Cause, str]:
    """The kind of change, and the place where it is: the piece without what changed. Two pages that differ in the same
    place of a template have the same."""
    before, after = difference.before, difference.after
    if not before or not after:
        return (Cause.SPACE if not (before + after).strip() else Cause.TEXT), _blank(before or after)
    if before.split() == after.split():
        return Cause.SPACE, ""
    start, old_end, new_end = changed_part(before, after)
    old, new = before[start:old_end], after[start:new_end]
    if _GENERATOR.search(after) and any(char.isdigit() for char in new):
        return Cause.VERSION, _GENERATOR.sub("generator", after[:start])
    if _NONCE.search(after) and _covers(_NONCE_VALUE, after, start, new_end):
        return Cause.NONCE, "nonce"
    if _covers(_INTEGRITY, after, start, new_end):
        return Cause.ASSET, "integrity"
    for pattern, cause in ((_ASSET, Cause.ASSET), (_QUERY, Cause.QUERY)):
        if _ADDRESS.search(after) and _covers(pattern, after, start, new_end) and _covers(
                pattern, before, start, old_end):
            if cause is Cause.ASSET and _covers(_TIMES, after, start, new_end) and not _RANDOM.search(new):
                return Cause.TIME, _blank(after)
            return cause, _without(after, start, new_end)
    if _NAMES.search(after) and _RANDOM.search(new):
        return Cause.ASSET, "list"
    if _BUILD.search(after) and not _covers(_TIMES, after, start, new_end):
        return Cause.BUILD, _blank(_without(after, start, new_end))
    if _covers(_TIMES, after, start, new_end) and _covers(_TIMES, before, start, old_end):
        return Cause.TIME, _blank(_TIMES.sub("…", after))
    if _RANDOM.fullmatch(new) and _RANDOM.fullmatch(old):
        return Cause.RANDOM, _blank(_without(after, start, new_end))
    if old.isdigit() and new.isdigit():
        return Cause.COUNT, _blank(_without(after, start, new_end))
    return Cause.TEXT, _blank(after)


_NONCE_VALUE = re.compile(r"nonce(?:-|\s{0,5}=\s{0,5}[\"']?)[\w+/=-]{1,200}", re.IGNORECASE)


_INTEGRITY = re.compile(r"integrity\s{0,5}=\s{0,5}[\"']?[\w+/= -]{1,400}", re.IGNORECASE)


def _covers(pattern: re.Pattern[str], text: str, start: int, end: int) -> bool:
    """Does one match hold all of what changed?"""
    return any(found.start() <= start and end <= found.end() for found in pattern.finditer(text))


def _without(text: str, start: int, end: int) -> str:
    return f"{text[:start]}…{text[end:]}"


def _blank(text: str) -> str:
    """Without numbers and random parts, so that the same place of a template is the same on every page."""
    return " ".join(re.sub(r"\d+", "0", text).split())[:300]
