"""What a deploy says of slots. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sitepub.publish.outcome import Outcome
    from sitepub.publish.slots.turn import SlotsDone


@dataclass(frozen=True, slots=True)
class Switched:
    """What was turned on or off after a deploy."""

    led: tuple[str, ...] = ()
    """Hosts that are led to a slot now, and were not before."""
    gone: tuple[str, ...] = ()
    """Hosts that are not led to a slot any more."""
    filled: Outcome | None = None
    """Of the first slot."""
    deleted: int = 0
    """Objects of slots that are not needed any more."""


@dataclass(frozen=True, slots=True)
class SlotsReport:
    """What a deploy did with the slots."""

    done: SlotsDone | None
    """The slot that visitors get since; ``None``: none was filled or moved."""
    switched: Switched
    hosts: tuple[str, ...] = ()
    """Hosts whose visitors get slots now."""
