"""How long the files that a site has dropped stay live, for pages that are open in browsers (pure).

A tab that was opened before a deploy loads scripts and pictures of that time later. Pages go at once: a visitor of
one is to see that it is gone. So do feeds, sitemaps and service workers, which speak of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from sitepub.publish.phases import deletion_rank
from sitepub.publish.states.sharded import ShardedManifest

_PAGE_DATA = 3
"""From this rank on it is no page, and nothing that speaks of pages."""
LET_GO = 1
"""Until when an object stays that is about to be deleted: long ago."""


def is_page(key: str) -> bool:
    """A page, or what speaks of pages: goes at once."""
    return deletion_rank(key) < _PAGE_DATA


@dataclass(frozen=True, slots=True)
class Retention:
    now: float
    """Unix seconds by the cloud's clock."""
    seconds: int = 0
    """How long; 0: what is dropped goes at once, and so does what was dropped before."""
    leaves: bool = False
    """What was dropped before is left as it is: ``sitepub dev`` sees to its own files only."""

    def until(self, key: str) -> int:
        """When a file that is dropped now is to go, in Unix seconds; 0: at once."""
        return ceil(self.now) + self.seconds if self.seconds and not is_page(key) else 0

    def is_over(self, until: int) -> bool:
        """Whether a file that was to stay until then is to go now."""
        return not self.leaves and (self.seconds == 0 or until <= self.now)


def due_after(before: int, retained: ShardedManifest, now: float) -> int:
    """When the first of the retained is to go; 0: there are none. ``before``: that of the state which they come from.
    Reads no shard as long as nothing was due: what has been added is known."""
    if retained.refs and before > now:
        return min([before, *(entry.until for entry in retained.changes.values() if entry is not None)])
    return min((entry.until for _, entry in retained.stream()), default=0)


AT_ONCE = Retention(0.0)
"""Nothing stays."""
