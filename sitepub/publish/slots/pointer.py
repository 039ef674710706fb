"""What moves visitors from one slot to another. EdgeOne's router does it; tests have one in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sitepub.domains.router.route import Route


class Pointer(Protocol):
    """The routes of a site's hosts. Raises what the cloud answers."""

    def read(self, hosts: Sequence[str]) -> Mapping[str, Route]:
        """Where the visitors of these hosts are led now, by host; those that are not led are left out."""

    def ensure(self, hosts: Sequence[str]) -> None:
        """See to it that whatever reads the routes stands before these hosts."""

    def point(self, routes: Sequence[Route]) -> None:
        """Lead the visitors of these hosts. Comes back when the service answers with the new routes."""

    def forget(self, hosts: Sequence[str], site: str) -> None:
        """The bucket's root answers for these hosts. What reads the routes goes when no host needs it any more."""
