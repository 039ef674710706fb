"""One visit, whatever wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Cache = Literal["hit", "miss"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One answered request."""

    time: datetime
    """When, in UTC; as exact as the source is (milliseconds or whole seconds)."""
    status: int
    """HTTP status, 0 when the source does not know it."""
    method: str
    """Upper case."""
    host: str
    path: str
    """As the visitor sent it, percent-encoded, without the query."""
    query: str = ""
    """What followed the ``?``; empty without one."""
    bytes: int = 0
    """Bytes that were sent to the visitor."""
    seconds: float | None = None
    """Time taken; ``None``: the source does not record it."""
    cache: Cache | None = None
    """Whether the edge had it; ``None`` where there is no edge or it does not record it."""
    client: str = ""
    """Address of the visitor."""
    agent: str = ""
    referer: str = ""
    id: str = ""
    """The source's own name for this visit: the same one when it is delivered twice, and no other's."""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {
            "time": iso(self.time), "status": self.status, "method": self.method, "host": self.host,
            "path": self.path, "query": self.query, "bytes": self.bytes, "seconds": self.seconds,
            "cache": self.cache, "client": self.client, "agent": self.agent, "referer": self.referer,
            "id": self.id,
        }


def iso(time: datetime) -> str:
    """``2026-11-20T10:00:00.123Z``."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_unix(seconds: float) -> datetime:
    """Unix seconds as UTC, to the millisecond. Raises ValueError for what is no time."""
    try:
        return datetime.fromtimestamp(round(seconds, 3), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds} is not a time") from error


def cache_of(word: str) -> Cache | None:
    """``HIT``, ``hit``, ``Cache Hit`` → hit; ``other`` (EdgeOne) means nothing. Anything else that is said about
    the cache is a miss."""
    lower = word.strip().lower()
    if not lower or lower in ("-", "null", "(null)", "none", "other"):
        return None
    return "hit" if "hit" in lower else "miss"


def split_target(target: str) -> tuple[str, str]:
    """Path and query of a request target; a whole address loses its host."""
    if "://" in target.partition("?")[0]:
        target = "/" + target.partition("://")[2].partition("/")[2]
    path, _, query = target.partition("?")
    return path or "/", query
