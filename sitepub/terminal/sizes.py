"""Numbers in words: bytes, durations, counts."""

from __future__ import annotations


def human_bytes(count: float) -> str:
    """Bytes with a decimal unit and at most one digit after the point: ``4.2 MB``."""
    if abs(count) < 1000:
        return f"{count:.0f} B"
    units = ["kB", "MB", "GB", "TB"]
    count /= 1000
    # What would be rounded to 1000 of this unit is one of the next.
    while abs(count) >= 999.95 and len(units) > 1:
        count /= 1000
        del units[0]
    return f"{count:.1f}".removesuffix(".0") + f" {units[0]}"


def human_seconds(seconds: float) -> str:
    """A duration: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``1 file``, ``12,345 files``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def human_age(seconds: float) -> str:
    """How long ago, in its largest unit: ``just now``, ``5 min ago``, ``3 h ago``, ``12 d ago``."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return "just now"
    for limit, size, unit in ((3600, 60, "min"), (86400, 3600, "h")):
        if whole < limit:
            return f"{whole // size} {unit} ago"
    return f"{whole // 86400} d ago"
