"""The server's time. A wrong clock on this computer is corrected from the Date of an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

TOLERATED_SECONDS = 30.0
"""A smaller difference is never the reason why a signature was refused (the service allows 15 minutes of
skew, and our keys start a minute early)."""


class Clock:
    """Unix time as the server counts it."""

    def __init__(self, local: Callable[[], float] = time.time) -> None:
        self._local = local
        self.offset = 0.0
        """Seconds that the server is ahead of this computer; 0 until learned."""

    def now(self) -> float:
        return self._local() + self.offset

    def learn(self, date: str | None) -> bool:
        """Take over the time of a ``Date`` header (RFC 9110 6.6.1).

        True when it differed enough to be why a request was refused, so that trying again makes sense.
        """
        if not date:
            return False
        try:
            server = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError, OverflowError):
            return False
        if abs(server - self.now()) <= TOLERATED_SECONDS:
            return False
        self.offset = server - self._local()
        return True
