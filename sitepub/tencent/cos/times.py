"""When the cloud says that something happened: Unix seconds by its own clock."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from sitepub.tencent.network.http_answer import Answer


@lru_cache(maxsize=64)
def unix_time(text: str) -> int:
    """Of an ISO 8601 time; 0 when it is none."""
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return 0


def answered_at(answer: Answer) -> int:
    """The ``Date`` of an answer; 0 without one."""
    return of_header(answer.headers.get("date", ""))


@lru_cache(maxsize=16)
def of_header(date: str) -> int:
    """Of a ``Date`` or ``Last-Modified``; 0 when it is none."""
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (TypeError, ValueError):
        return 0
