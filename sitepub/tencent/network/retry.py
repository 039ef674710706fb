"""Which failures are worth another try, and how long to wait before it. Pure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_TRANSIENT_CODES = frozenset({
    "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "RequestTimeOut", "UserNetworkTooSlow",
    "RequestLimitExceeded", "IncompleteBody", "BadDigest",
})


def worth_retrying(status: int, code: str = "") -> bool:
    """Whether an answer with this HTTP status and error code may be cured by trying again.

    BadDigest means that the body was damaged on its way (its digest is ours); IncompleteBody that part of it
    got lost.
    """
    return status in _TRANSIENT_STATUS or status > 504 or code in _TRANSIENT_CODES


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with full jitter. Seconds."""

    attempts: int = 9
    """Tries in all, the first included."""
    base: float = 0.15
    cap: float = 6.0
    longest_asked: float = 30.0
    """A server that asks for a longer pause (Retry-After) is asked again after this."""

    def wait(self, failures: int, retry_after: float | None = None,
             rand: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the ``failures``-th failed try (1, 2, …)."""
        ceiling = min(self.cap, self.base * 2.0 ** (failures - 1))
        jittered = ceiling * rand()
        if retry_after is not None:
            return min(self.longest_asked, max(0.0, retry_after)) + jittered
        return jittered


def retry_after_seconds(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """``Retry-After`` as seconds from now; it holds seconds or a date (RFC 9110 10.2.3)."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now())
    except (ValueError, TypeError, OverflowError):
        return None
