"""Why over half of a site's pages differ: what the changes of a few of them have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sitepub.check.changes.causes import Cause, signature
from sitepub.check.changes.differences import Difference, changed_part, differences

SAMPLES = 6
"""Pages that are compared."""
_LEAST = 2
_MOST = 400
"""Differences of one page that are taken into account."""
_AROUND = 60
"""Characters of a piece that are shown on both sides of what changed."""
_SHARED = 3
_REASONS = 3


@dataclass(frozen=True, slots=True)
class Versions:
    """One page before and after."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A change that many of the pages have in common."""

    cause: Cause
    pages: int
    """Of the pages that were compared."""
    only: int
    """Of them, those that do not differ otherwise."""
    key: str
    """A page that shows it."""
    line: int
    before: str
    after: str
    """One small difference, with a little of what stands around it."""
    piece: str
    """The whole piece of the page, to look for in the sources."""


def reasons(pages: Sequence[Versions]) -> list[Reason]:
    """What the pages have in common, what explains most of them first; at most three."""
    found: dict[tuple[Cause, str], dict[str, Difference]] = defaultdict(dict)
    of_page: dict[str, set[tuple[Cause, str]]] = {}
    for page in pages:
        marks = of_page[page.key] = set()
        for number, difference in enumerate(differences(page.before, page.after)):
            if number >= _MOST:
                break
            mark = signature(difference)
            marks.add(mark)
            found[mark].setdefault(page.key, difference)
    grouped = _by_cause(found)
    common = {mark: where for mark, where in grouped.items() if len(where) >= max(_LEAST, (len(pages) + 1) // 2)}
    order = list(Cause)
    ranked = sorted(common, key=lambda mark: (mark[0] is Cause.SPACE, -len(common[mark]), order.index(mark[0])))
    kept: list[Reason] = []
    for mark in ranked:
        if mark[0] in (one.cause for one in kept) or (mark[0] is Cause.SPACE and kept):
            continue  # the same kind of change in another place of the page has the same remedy
        where = common[mark]
        key, difference = next(iter(where.items()))
        before, after = _shown(difference)
        only = sum(all(cause in (mark[0], Cause.SPACE) for cause, _place in of_page[one]) for one in where)
        kept.append(Reason(mark[0], len(where), only, key, difference.line, before, after, difference.after))
    return kept[:_REASONS]


def _by_cause(found: dict[tuple[Cause, str], dict[str, Difference]]) -> dict[tuple[Cause, str], dict[str, Difference]]:
    """Values that are random on every page stand in other places on each: taken together."""
    grouped: dict[tuple[Cause, str], dict[str, Difference]] = defaultdict(dict)
    for (cause, place), where in found.items():
        together = cause not in (Cause.TEXT, Cause.COUNT)
        for key, difference in where.items():
            grouped[cause, "" if together else place].setdefault(key, difference)
    return grouped


def _shown(difference: Difference) -> tuple[str, str]:
    before, after = difference.before, difference.after
    start, old_end, new_end = changed_part(before, after)
    first = max(0, start - _AROUND)

    def cut(text: str, end: int) -> str:
        last = min(len(text), end + _AROUND)
        words = " ".join(text[first:min(last, first + 4 * _AROUND)].split())
        return ("…" if first else "") + words + ("…" if last < len(text) else "")

    return cut(before, old_end), cut(after, new_end)
