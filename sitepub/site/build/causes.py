"""Why a program broke down, in one line: what it says of it stands before its last words (Node.js, Bun) or after its
first ones (Python)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_ERROR = re.compile(r"(?:Uncaught )?(?:\[?\w*(?:Error|Exception)\b(?: \[\w+\])?|error): .+")
_PLACE = re.compile(r"((?:file://)?(?:/|[A-Za-z]:[\\/])[^:]{1,300}:\d+(?::\d+)?)")
_FRAME = re.compile(r" +at (?:[^(]{0,200}\()?((?:file://)?(?:/|[A-Za-z]:[\\/])[^:()]{1,300}:\d+(?::\d+)?)\)?")
_PYTHON_FRAME = re.compile(r' +File "([^"]{1,300})", line (\d{1,9}).*')
_ARROW = re.compile(r" *--> (\S.{0,300}:\d+:\d+)")
_BELOW = re.compile(r"[ \t]+at (?:[^( ]{0,200}\()?([^() ]{1,300}:\d+(?::\d+)?)\)?")
_REASON = re.compile(r" +[×x] (.+)")
_OTHERS = ("node_modules", "site-packages", "dist-packages", "/lib/python")
RECENT = 30
"""Lines that are kept for it."""


def before_the_end(recent: Iterable[str]) -> str:
    """The error that JavaScript was ended by, with its place; "": the lines do not say. ``recent``: the last lines."""
    lines = list(recent)
    at = next((number for number in range(len(lines) - 1, -1, -1) if _ERROR.fullmatch(lines[number][:400])), None)
    if at is None:
        return ""
    frames = [found[1] for line in lines[at + 1:] if (found := _FRAME.match(line[:400])) is not None]
    heads = [found[1] for line in lines[max(0, at - 8):at] if (found := _PLACE.fullmatch(line[:400].strip()))]
    return _with_place(lines[at], _own([*heads, *frames]))


def with_more(headline: str, line: str) -> str:
    """The headline with the place (cargo, Bun, Java) or the reason (pnpm) that a line below it has; "": it has none."""
    line = line[:400]
    if (found := _ARROW.fullmatch(line) or _BELOW.fullmatch(line)) is not None:
        return _with_place(headline, found[1]) if not any(part in line for part in _OTHERS) else ""
    found = _REASON.fullmatch(line) if "ERR_PNPM" in headline else None
    return f"{headline}: {found[1].strip()}" if found is not None else ""


class Traceback:
    """Reads a traceback of Python up to the line that names the exception."""

    def __init__(self) -> None:
        self._places: list[str] = []

    def line(self, line: str) -> str:
        """The exception with its place, "" as long as it was not named."""
        if not line.strip() or line.startswith((" ", "\t")):
            found = _PYTHON_FRAME.fullmatch(line[:400])
            if found is not None:
                self._places.append(f"{found[1]}:{found[2]}")
            return ""
        return _with_place(line, _own(list(reversed(self._places))))


def _own(places: Sequence[str]) -> str:
    """The first place that is in none of the libraries."""
    return next((place for place in places if not any(part in place for part in _OTHERS)), places[0] if places else "")


def _with_place(line: str, place: str) -> str:
    line, place = line.strip()[:300], place.removeprefix("file://")
    return f"{line} ({place})" if place and place not in line else line
