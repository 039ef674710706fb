"""When a certificate is due: a third of its lifetime before its end.

Public certificates live for 200 days at the most now, for 100 from March 2027 and for 47 from March 2029 (CA/Browser
Forum, ballot SC-081v3), so a fixed number of days would soon be most of a lifetime. A third is what certificate
authorities advise: 30 of 90 days, 15 of 47.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_SHARE = 3
_UNKNOWN = timedelta(days=30)
"""Where it is not known when a certificate began: a third of the 90 days of a free one."""
_EDGE_RENEWS = timedelta(days=14)
"""EdgeOne renews its own certificates 15 days before their end (1552/90437), and gets a day for it."""


def due_from(not_before: datetime | None, not_after: datetime, *, edge_renews: bool = False) -> datetime:
    """From when on a certificate has to be renewed. ``edge_renews``: the edge made it and renews it by itself, so only
    one that it has failed to renew is due."""
    left = (not_after - not_before) / _SHARE if not_before is not None else _UNKNOWN
    return not_after - (min(left, _EDGE_RENEWS) if edge_renews else left)


def is_due(not_before: str, not_after: str, now: datetime, *, edge_renews: bool = False) -> bool:
    """The same for times as sitepub keeps them; what ends at an unknown time is never due."""
    due = due_at(not_before, not_after, edge_renews=edge_renews)
    return due is not None and now >= due


def due_at(not_before: str, not_after: str, *, edge_renews: bool = False) -> datetime | None:
    """When it will be due; ``None``: that is not known."""
    end = _time(not_after)
    return None if end is None else due_from(_time(not_before), end, edge_renews=edge_renews)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
