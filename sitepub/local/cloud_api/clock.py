"""Formats of times in the cloud API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""Times without a zone are in GMT+8."""


def local_time(moment: float) -> str:
    """`2026-11-20 22:00:00`, GMT+8, of Unix seconds."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def local_day(moment: float) -> str:
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d")


def utc_time(moment: float) -> str:
    """`2026-11-20T14:00:00Z` of Unix seconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> float | None:
    """Unix seconds of a time in either format; None for other texts."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).timestamp()
