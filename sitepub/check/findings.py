"""What a check finds. Values only; they travel between processes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

PLACES = 10
"""Places of one finding that are kept; the others are counted."""


class Kind(StrEnum):
    """What is wrong. The values are names for users: in `checks.skip`, in `--json`."""

    LINK = "link"
    IMAGE = "image"
    SCRIPT = "script"
    STYLE = "style"
    FILE = "file"
    """Fonts, media, frames, manifests: what a page loads and what is none of the others."""
    ANCHOR = "anchor"
    CASE = "case"
    """Only upper and lower case, or the spelling of accents, differ from a file that is there."""
    SLASH = "slash"
    """A folder without the slash at its end: the website endpoint answers 404."""
    CANONICAL = "canonical"
    SITEMAP = "sitemap"
    FEED = "feed"
    MIXED = "mixed-content"
    STAGE = "other-stage"
    LOCAL = "local-address"
    """An address of the developer's computer."""
    ERROR_PAGE = "error-page"
    """What the error document loads by an address that depends on where the visitor is."""
    REDIRECT = "redirect"
    GONE = "gone"
    SIZE = "size"
    EXTERNAL = "external"


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a finding stands."""

    key: str
    """Object key of the file."""
    written: str = ""
    """The reference as it stands there, character references read."""
    line: int = 0
    """From 1; 0: not known, or the whole file."""
    column: int = 0


class Finding(msgspec.Struct, array_like=True):
    """One thing that is wrong, with the places where it is so."""

    kind: Kind
    target: str
    """What it is about: the address that leads nowhere, the key that is too large."""
    message: str
    """In words that stand alone; without a place."""
    hint: str = ""
    places: list[Place] = []
    count: int = 0
    """How many places there are in all."""

    def add(self, place: Place) -> None:
        self.count += 1
        if len(self.places) < PLACES:
            self.places.append(place)


class Findings:
    """Findings by what they are about: the same fault on many pages is one finding."""

    def __init__(self) -> None:
        self._found: dict[tuple[Kind, str, str], Finding] = {}

    def add(self, kind: Kind, target: str, message: str, hint: str = "", place: Place | None = None) -> None:
        finding = self._found.get((kind, target, message))
        if finding is None:
            finding = self._found[kind, target, message] = Finding(kind, target, message, hint, [])
        if place is not None:
            finding.add(place)

    def merge(self, others: Iterable[Finding]) -> None:
        """Those of another part of the site, which comes after this one."""
        for other in others:
            finding = self._found.setdefault((other.kind, other.target, other.message), other)
            if finding is not other:
                finding.count += other.count
                finding.places += other.places[:PLACES - len(finding.places)]

    def listed(self) -> list[Finding]:
        """Kind by kind; those of one kind in the order of what they are about."""
        order = list(Kind)
        return sorted(self._found.values(), key=lambda one: (order.index(one.kind), one.target, one.message))
