"""Misbehaviour on demand: latency, 5xx, resets, silence, cut-off answers."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

KINDS = ("429", "500", "503", "reset", "timeout", "truncate", "redirect", "portal", "etag")
METHODS = ("GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a specification."""

    kind: str
    """One of :data:`KINDS`. ``429``, ``500`` and ``503`` answer without doing anything, and so do ``redirect`` and
    ``portal``, what a network does that wants a login first: a redirect and a page of its own, with none of this
    service's headers. ``etag`` carries it out and answers with another ETag; ``reset`` drops the connection
    before or (every other time) after doing what was asked; ``timeout`` never answers and does nothing;
    ``truncate`` does it and cuts the answer off."""
    rate: float
    """Share of requests, 0 to 1."""
    method: str = ""
    """Only requests with this method; empty: all."""

    def __str__(self) -> str:
        return f"{self.method + ':' if self.method else ''}{self.kind}={self.rate:g}"


def parse_faults(specification: str) -> tuple[Fault, ...]:
    """Read ``kind=rate,METHOD:kind=rate``. Raises ValueError with a message for the user."""
    faults = []
    for item in specification.split(","):
        entry = item.strip()
        if not entry:
            continue
        name, equals, rate_text = entry.partition("=")
        method, colon, kind = name.strip().rpartition(":")
        method, kind = method.strip().upper(), kind.strip().lower()
        if not equals:
            raise ValueError(f"fault {entry!r}: expected kind=rate")
        if kind not in KINDS:
            raise ValueError(f"fault {entry!r}: unknown kind {kind!r}, expected one of {', '.join(KINDS)}")
        if colon and method not in METHODS:
            expected = ", ".join(METHODS)
            raise ValueError(f"fault {entry!r}: unknown method {method!r}, expected one of {expected}")
        try:
            rate = float(rate_text)
        except ValueError:
            rate = -1.0
        if not 0 <= rate <= 1:
            raise ValueError(f"fault {entry!r}: the rate must be a number from 0 to 1")
        faults.append(Fault(kind, rate, method))
    return tuple(faults)


@dataclass(slots=True)
class Misbehaviour:
    """The faults and the latency that are switched on; changed at run time by ``POST /-/faults`` and ``/-/latency``."""

    faults: tuple[Fault, ...] = ()
    latency: float = 0.0
    """Seconds that every request waits before it is handled."""
    _random: random.Random = field(default_factory=random.Random)
    _after: bool = False

    def draw(self, method: str) -> str:
        """Kind of the fault that hits this request, or ``""``. For ``reset``: ``reset`` (before the work) or
        ``reset-after``."""
        for fault in self.faults:
            if fault.method and fault.method != method:
                continue
            if self._random.random() < fault.rate:
                if fault.kind == "reset":
                    self._after = not self._after
                    return "reset" if self._after else "reset-after"
                return fault.kind
        return ""
