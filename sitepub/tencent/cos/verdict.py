"""What one try of a request came to, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from sitepub.tencent.network.http_answer import Answer


class BadAnswer(Exception):
    """An answer that says success but cannot be right (wrong checksum, cut XML). Worth another try."""

    def __init__(self, message: str, *, code: str = "BadAnswer", status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Remedy(Enum):
    """What changes before a try that is repeated at once. Each helps a request once at most."""

    CONNECTION = auto()
    """A new connection: the server had closed the kept one."""
    CLOCK = auto()
    """The cloud's time is known now."""
    ENDPOINT = auto()
    """The region's own endpoint: acceleration does not serve the bucket."""
    CREDENTIALS = auto()
    """New temporary credentials took the place of those that expired."""
    LEASE = auto()
    """The lock was found to be ours still: its lease was over when this request, signed for it, arrived."""


class Good(msgspec.Struct, frozen=True):
    """The answer that was wanted."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class AgainNow:
    """No failure: the same request is sent again without a wait."""

    remedy: Remedy
    unclear: bool = False
    """It may have been carried out all the same."""


@dataclass(frozen=True, slots=True)
class AgainLater:
    """A failure that may pass."""

    error: Exception
    """What to raise if it does not."""
    pause: float | None = None
    """Seconds that the server asked for (Retry-After)."""
    unclear: bool = False
    """It may have been carried out all the same."""
    counts: int = 1
    """As how many failed tries it counts."""


@dataclass(frozen=True, slots=True)
class Fail:
    """A failure that another try cannot change."""

    error: Exception


Verdict = Good | AgainNow | AgainLater | Fail
