"""Formats of times in headers and documents."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=1024)
def _http_date(second: int) -> str:
    moment = datetime.fromtimestamp(second, UTC)
    return (f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year}"
            f" {moment.hour:02}:{moment.minute:02}:{moment.second:02} GMT")


def http_date(moment: float) -> str:
    """``Sun, 06 Nov 1994 08:49:37 GMT`` of Unix seconds."""
    return _http_date(int(moment))


@lru_cache(maxsize=1024)
def _iso_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def iso_time(moment: float, *, milliseconds: bool = True) -> str:
    """``2020-12-10T03:37:30.000Z`` of Unix seconds. The service's milliseconds are always zero."""
    return f"{_iso_second(int(moment))}.000Z" if milliseconds else f"{_iso_second(int(moment))}Z"


def parse_http_date(text: str) -> float | None:
    """Unix seconds of an HTTP date; ``None`` when it is none (such a condition is ignored, RFC 9110)."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
