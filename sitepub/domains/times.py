"""Times as the cloud's services write them, and as sitepub keeps them: UTC, ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

GMT8 = timezone(timedelta(hours=8))


def now_iso() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def gmt8_to_iso(text: str) -> str:
    """"2027-03-01 23:59:59", which the services mean in GMT+8, as UTC; "" for what is no time. A text that
    carries its own zone ("…Z") keeps it."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return ""
    if found.year < 1971:
        return ""
    if found.tzinfo is None:
        found = found.replace(tzinfo=GMT8)
    return found.astimezone(UTC).isoformat(timespec="seconds")


def days_left(until: str, now: datetime | None = None) -> int | None:
    """Whole days until a time; negative when it has passed; ``None`` when it is not known."""
    if not until:
        return None
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        return None
    return (end - (now or datetime.now(UTC))).days
