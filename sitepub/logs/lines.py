"""One visit as one line in the terminal."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Protocol
from urllib.parse import unquote

from sitepub.logs.visit import Visit
from sitepub.terminal.messages import display_width
from sitepub.terminal.sizes import human_bytes

_STATUS_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_LEAST = 24
"""Columns that a target gets even in a narrow terminal."""
_LAST_FIRST = (5, 4, 6, 3, 2)
"""Columns that a narrow terminal loses, in this order: cache, time taken, client, size, method."""
_LETTERS = re.compile("(?:%[89A-Fa-f][0-9A-Fa-f])+")


class Screen(Protocol):
    """What a line has to know of the terminal."""

    @property
    def width(self) -> int: ...

    @property
    def unicode(self) -> bool: ...

    stdout_is_tty: bool

    def style(self, text: str, *names: str, on_stderr: bool = False) -> str: ...


def line(screen: Screen, visit: Visit, *, today: date | None = None, with_host: bool = False,
         on_stderr: bool = False, width: int | None = None) -> str:
    """Time, status, method, target, size, time taken, cache, client.

    In a pipe nothing is cut; on a terminal the target gives way so that the line fits. Everything that a
    visitor could choose is shown with its control characters as escapes: a request must not steer the
    terminal of the reader.
    """
    target = (shown(visit.host) if with_host else "") + readable(visit.path)
    if visit.query:
        target += f"?{readable(visit.query)}"
    time = _clock(visit.time, today)
    status = f"{visit.status:3d}" if visit.status else "  -"
    method = f"{shown(visit.method):<4}"
    size = f"{human_bytes(visit.bytes):>8}"
    taken = f"{_taken(visit.seconds):>7}"
    cache = f"{visit.cache or '-':<4}"
    client = shown(visit.client) or "-"
    if width is None and screen.stdout_is_tty:
        width = screen.width
    dropped: set[int] = set()
    if width is not None:
        columns = (time, status, method, size, taken, cache, client)
        fixed = sum(map(display_width, columns)) + len(columns)
        for number in _LAST_FIRST:
            if width - fixed >= _LEAST:
                break
            dropped.add(number)
            fixed -= display_width(columns[number]) + 1
        target = _fit(target, max(width - fixed, _LEAST), "…" if screen.unicode else "...")
    style = _STATUS_STYLES.get(visit.status // 100)
    colored = screen.style(status, style, on_stderr=on_stderr) if style else status
    parts = (screen.style(time, "dim", on_stderr=on_stderr), colored, method, size, taken,
             screen.style(cache, "dim", on_stderr=on_stderr), client)
    kept = [part for number, part in enumerate(parts) if number not in dropped]
    at = 2 + (2 not in dropped)
    return " ".join([*kept[:at], target, *kept[at:]])


def readable(text: str) -> str:
    """A path or query with the percent-encoded letters of other scripts as letters, and nothing that steers."""
    # A decoded space, quote, slash or line end would make a line ambiguous: what is ASCII stays encoded.
    return shown(_LETTERS.sub(_letters, text))


def shown(text: str) -> str:
    """The text with everything that shows nothing or steers (also direction marks) as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _letters(encoded: re.Match[str]) -> str:
    try:
        decoded = unquote(encoded[0], errors="strict")
    except UnicodeDecodeError:
        return encoded[0]
    return decoded if decoded.isprintable() else encoded[0]


def _clock(time: datetime, today: date | None) -> str:
    local = time.astimezone()
    clock = local.strftime("%H:%M:%S") + f".{local.microsecond // 1000:03d}"
    return clock if today is not None and local.date() == today else f"{local:%Y-%m-%d} {clock}"


def _taken(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 9.9995 else f"{seconds:.0f} s"


def _fit(text: str, room: int, end: str) -> str:
    """Cut or filled up to so many columns."""
    width = display_width(text)
    if width <= room:
        return text + " " * (room - width)
    room -= len(end)
    kept = 0
    for number, char in enumerate(text):
        kept += display_width(char)
        if kept > room:
            text = text[:number]
            break
    return text + end + " " * (room - display_width(text))
