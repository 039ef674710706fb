"""One line of a CDN log file.

Sixteen fields, separated by blanks, those with blanks in them in quotes: time (UTC+8), client, host, path,
bytes, province, ISP, status, referer, milliseconds, user agent, range, method, protocol, HIT or MISS, port
(CDN 228/6316). ``NULL``, ``-`` and ``(null)`` are nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from sitepub.logs.visit import Visit, cache_of, split_target

CHINA = timezone(timedelta(hours=8))
_FIELDS = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|\Z)|(\S+)')
_NOTHING = {"-", "NULL", "null", "(null)", ""}
_LEAST = 9
"""Fields of the oldest lines: up to the referer."""


def parse_line(line: str, id: str = "") -> Visit | None:
    """``None`` for what is no such line."""
    fields = [found[2] if found[2] is not None else found[1].replace('\\"', '"')
              for found in _FIELDS.finditer(line.strip())]
    if len(fields) < _LEAST:
        return None
    time, status = _time(fields[0]), fields[7]
    if time is None or not (status.isascii() and status.isdigit()):
        return None
    fields += [""] * (16 - len(fields))
    path, query = split_target(fields[3])
    taken = fields[9]
    return Visit(
        time=time,
        status=int(status),
        method=_text(fields[12]).upper() or "GET",
        host=_text(fields[2]),
        path=path,
        query=query,
        bytes=int(fields[4]) if fields[4].isdigit() else 0,
        seconds=int(taken) / 1000 if taken.isascii() and taken.isdigit() else None,
        cache=cache_of(fields[14]),
        client=_text(fields[1]),
        agent=_text(fields[10]),
        referer=_text(fields[8]),
        id=id,
    )


def _text(field: str) -> str:
    return "" if field in _NOTHING else field


def _time(text: str) -> datetime | None:
    """``20261120101530``, in China's time."""
    if not (len(text) == 14 and text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError:
        return None
