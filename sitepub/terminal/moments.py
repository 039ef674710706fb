"""Moments as people read them: by the clock of this computer, and how long ago."""

from __future__ import annotations

import time
from datetime import datetime

from sitepub.terminal.sizes import human_age


def local_moment(at: str) -> str:
    """ISO 8601 as ``2026-11-29 14:05`` on this computer's clock; text that is none stays."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return at


def age_of(at: str) -> str:
    """ISO 8601 as an age: ``5 min ago``; text that is none stays."""
    try:
        return human_age(time.time() - datetime.fromisoformat(at).timestamp())
    except (ValueError, OverflowError):
        return at


def dated(at: str) -> str:
    """``2026-11-29 14:05 (5 min ago)``."""
    moment = local_moment(at)
    return moment if moment == at else f"{moment} ({age_of(at)})"
