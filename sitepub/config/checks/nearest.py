"""The nearest right name for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 100
"""Comparing takes time that grows with the square of the length; no name is longer."""


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name most like ``word`` (case, ``-`` and ``_`` apart), or ``None`` when none is near."""
    if len(word) > _LONGEST:
        return None
    by_bare: dict[str, str] = {}
    for name in (name for name in names if len(name) <= _LONGEST):
        by_bare.setdefault(_bare(name), name)
    close = difflib.get_close_matches(_bare(word), by_bare, n=1, cutoff=0.6)
    return by_bare[close[0]] if close else None


def did_you_mean(word: str, names: Iterable[str]) -> str | None:
    """A hint, or ``None``."""
    name = nearest(word, names)
    return f"Did you mean `{name}`?" if name is not None and name != word else None
