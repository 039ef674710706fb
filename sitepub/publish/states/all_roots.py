"""The roots of all sites in a state bucket, found without listing all that the sites keep there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from sitepub.config.previews import PREVIEWS
from sitepub.publish.states.state_store import NAME
from sitepub.tencent.cos.listing import PAGE
from sitepub.tencent.cos.store import Listed, ObjectStore
from sitepub.threads import side_by_side

_BEFORE_ROOT = NAME[:-1]
"""Comes before the root, and after all else that lies beside it."""
_BEFORE_PREVIEWS = f"{PREVIEWS[:-1]}."
""""." is what comes before "/"."""
_AT_ONCE = 8
_FEW = 50
_MOST_STARTS = 64


class Start(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins."""

    after: str = ""
    few: bool = False
    """A few keys are all that is needed of it: what follows lies between a site's first key and its root."""


@dataclass(frozen=True, slots=True)
class Roots:
    found: tuple[Listed, ...]
    """In the order of their keys."""
    starts: tuple[Start, ...]
    """Of the pages that were needed; the first one begins at the first key."""


def find_roots(store: ObjectStore, starts: Sequence[Start] = ()) -> Roots:
    """``starts``: of the pages that were needed the last time. They are asked for side by side; whatever has changed
    since, every key lies behind one of them. Raises what the cloud answers."""
    begin = sorted({"": Start(), **{one.after: one for one in starts}}.values(), key=lambda one: one.after)
    ends: list[str | None] = [*(one.after for one in begin[1:]), None]
    parts = side_by_side((partial(_between, store, start, end) for start, end in zip(begin, ends, strict=True)),
                         _AT_ONCE)
    pages = [page for part in parts for page in part]
    return Roots(tuple(root for page in pages for root in page.roots), _starts(pages))


@dataclass(frozen=True, slots=True)
class _Page:
    after: str
    count: int
    needed: int
    """So many of its keys would have sufficed."""
    roots: tuple[Listed, ...]
    full: bool


def _between(store: ObjectStore, start: Start, end: str | None) -> list[_Page]:
    pages: list[_Page] = []
    after, size = start.after, _FEW if start.few else PAGE
    while True:
        page, goes_on = _page(store, after, end, size)
        pages.append(page)
        if not page.full or (end is not None and goes_on >= end):
            return pages
        after, size = goes_on, PAGE


def _page(store: ObjectStore, after: str, end: str | None, size: int) -> tuple[_Page, str]:
    """And where the listing goes on. ``end``: the last key that matters."""
    roots: list[Listed] = []
    count, needed, goes_on = 0, 0, after
    for there in store.list(after=after, page=size):
        if end is not None and there.key > end:
            break
        count += 1
        if there.key.endswith(f"/{NAME}"):
            roots.append(there)
        behind = max(there.key, _behind(there.key))
        if behind != goes_on:
            needed, goes_on = count, behind
        if count == size:
            return _Page(after, count, needed, tuple(roots), full=True), goes_on
    return _Page(after, count, count + 1, tuple(roots), full=False), goes_on


def _behind(key: str) -> str:
    """Where a listing can go on that has come to this key: between the two is no root. A site's lies at
    ``<app>/<stage>/<name>/``, those of its previews one folder for each below ``previews/``."""
    parts = key.split("/", 3)
    if len(parts) < 4:
        return key
    site, rest = "/".join(parts[:3]), parts[3]
    if rest < PREVIEWS:
        return f"{site}/{_BEFORE_PREVIEWS}"
    if not rest.startswith(PREVIEWS):
        return f"{site}/{_BEFORE_ROOT}"
    preview, slash, _ = rest.removeprefix(PREVIEWS).partition("/")
    return f"{site}/{PREVIEWS}{preview}/{_BEFORE_ROOT}" if slash else key


def _starts(pages: Sequence[_Page]) -> tuple[Start, ...]:
    """Without those that one page with what is before them would have sufficed for."""
    kept: list[Start] = []
    count, full = 0, True
    for page in pages:
        if full or count + page.count >= PAGE:
            kept.append(Start(page.after, page.needed <= _FEW))
            count = 0
        elif kept[-1].few and count + page.needed > _FEW:
            kept[-1] = Start(kept[-1].after)
        count += page.count
        full = page.full
    return tuple(kept[:_MOST_STARTS])
