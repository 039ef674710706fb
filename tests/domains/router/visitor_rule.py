"""Which release a visitor gets, written a second time: what router.js is compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sitepub.domains.router.route import Route, Slot

NUMBERS = 10_000
VISITOR, RELEASE = "sitepub-visitor", "sitepub-release"
_MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Visitor:
    """What the router sees of a request."""

    address: str = ""
    agent: str = ""
    page: bool = True
    """It asks for a page, and not for a file of one."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    asked: str | None = None
    """``?sitepub-release=``."""
    kind: str = "person"
    """Or ``crawler``, or ``tool`` (a program that is no browser)."""


@dataclass(frozen=True, slots=True)
class Choice:
    slot: Slot
    cookies: Mapping[str, str] = field(default_factory=dict)
    """What is set; "" takes it away."""


def hashed(text: str) -> int:
    """FNV-1a of the UTF-16 units, then the last step of MurmurHash3 (32 bits)."""
    value = 0x811C9DC5
    units = text.encode("utf-16-le", "surrogatepass")
    for low, high in zip(units[::2], units[1::2], strict=True):
        value = (value ^ (low | high << 8)) * 0x01000193 & _MASK
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16


def drawn(number: int, release: str) -> int:
    """Every number is drawn once, and each share has a draw of its own."""
    return (number + hashed(release)) % NUMBERS


def choice(route: Route, visitor: Visitor) -> Choice:
    assert route.live is not None
    cookies, change = dict(visitor.cookies), dict[str, str]()
    if visitor.kind != "crawler":
        if visitor.asked is not None:
            cookies.pop(RELEASE, None)
            if (slot := _slot(route, visitor.asked)) is not None:
                return Choice(slot, {RELEASE: slot.release})
            if visitor.asked == "":
                change[RELEASE] = ""
        if (slot := _slot(route, cookies.get(RELEASE, ""))) is not None:
            return Choice(slot)
    if visitor.kind != "person":
        return Choice(route.live, change)
    said = re.fullmatch(r"(\d{1,4})\.([0-9A-Za-z-]+)", cookies.get(VISITOR, ""))
    if said is not None and not visitor.page and (slot := _slot(route, said[2])) is not None:
        return Choice(slot, change)
    if route.share is None:
        return Choice(route.live, {**change, VISITOR: ""} if visitor.page and VISITOR in cookies else change)
    number = int(said[1]) if said is not None else hashed(f"{visitor.address}\n{visitor.agent}") % NUMBERS
    slot = route.share.slot if drawn(number, route.share.slot.release) < route.share.part * NUMBERS else route.live
    value = f"{number}.{slot.release}"
    return Choice(slot, {**change, VISITOR: value} if visitor.page and cookies.get(VISITOR) != value else change)


def _slot(route: Route, release: str) -> Slot | None:
    if len(release) < 8:
        return None
    slots = [route.live, route.share.slot if route.share is not None else None,
             route.before.slot if route.before is not None else None, *route.others]
    return next((slot for slot in slots if slot is not None and slot.release.startswith(release)), None)
