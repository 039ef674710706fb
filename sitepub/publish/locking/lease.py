"""How long the lock is good for, as far as this computer knows without asking."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import partial

LEASE = 60.0
"""Seconds that the lock lives without being renewed."""
LEASE_VARIABLE = "SITEPUB_LEASE"
"""For tests: seconds instead of ``LEASE``."""
_LONGEST_REQUEST = 30.0
"""Seconds without a byte in either direction after which a request is broken off
(``tencent.network.connection.Route``)."""
_GRANULE = 2.0
"""The cloud's times are in whole seconds, and its servers do not all have the same time."""
_SHARE = 0.6


def lease_seconds() -> float:
    try:
        return max(0.5, float(os.environ.get(LEASE_VARIABLE, "")))
    except ValueError:
        return LEASE


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, on two clocks. Which one is right is not known, so the answer to how long ago it was is the
    longer answer: a clock that was set back, or one that stood still while the computer slept, hides nothing."""

    steady: float
    wall: float

    @classmethod
    def now(cls) -> Moment:
        return cls(_steady(), time.time())

    @property
    def age(self) -> float:
        """Seconds since then."""
        return max(_steady() - self.steady, time.time() - self.wall)

    def earlier(self, seconds: float) -> Moment:
        return Moment(self.steady - seconds, self.wall - seconds)


# Seconds on a clock that cannot be set. On Linux it goes on while the computer sleeps; elsewhere it may not, and the
# jump of the wall clock shows the sleep.
if sys.platform == "linux":
    _steady = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
else:
    _steady = time.monotonic


class Lease:
    """One lock's. Not safe for threads: the lock sees to that."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._granule = min(_GRANULE, 0.1 * seconds)
        self._request = min(_LONGEST_REQUEST + _GRANULE, _SHARE * seconds)
        self._renewed: Moment | None = None
        self._cloud: tuple[Moment, float] | None = None

    @property
    def renewal(self) -> float:
        """Seconds between two renewals."""
        return self.seconds / 4

    def renewed(self, at: Moment) -> None:
        """``at``: before the request that renewed it was sent."""
        self._renewed = at

    def heard(self, at: Moment, age: float, cloud_time: float | None) -> None:
        """The cloud said how old the last renewal is, and what time it is there. ``at``: before it was asked."""
        renewed = at.earlier(age + 1.0)
        if self._renewed is None or renewed.age < self._renewed.age:
            self._renewed = renewed
        if cloud_time is not None:
            self._cloud = at, cloud_time

    @property
    def left(self) -> float:
        """Seconds until another run may take the lock over."""
        return self.seconds - self._renewed.age if self._renewed is not None else 0.0

    @property
    def certain(self) -> bool:
        """Whether a request that is sent now ends within the lease."""
        return self.left > self._request

    @property
    def alive(self) -> bool:
        """Whether no other run can have taken the lock over yet."""
        return self.left > self._granule

    def window(self) -> tuple[float, float] | None:
        """The cloud's time of now, and when the lease ends there, in Unix seconds; ``None``: not known, or over."""
        if self._cloud is None:
            return None
        at, then = self._cloud
        # The cloud says the second that has begun, so it is later there by half of one, and one at most. The time comes
        # first: this computer may sleep between the two, and then less is left.
        now, left = then + at.age, self.left
        if left <= self._granule:
            return None
        return now, now + 1.0 + left - self._granule
