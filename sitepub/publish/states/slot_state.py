"""What sitepub remembers of a site's slots: folders of its bucket that hold one release each, behind an edge function.

The function's variables say which slot visitors get (:mod:`sitepub.domains.router.route`). What is written here says
what was done last, and what a run was about to do.
"""

from __future__ import annotations

import msgspec

FOLDER = ".sitepub/slots/"
"""Of the bucket: ``.sitepub/slots/a/`` is the root of the slot ``a``."""
FOLDERS = (FOLDER, ".sitepub/previews/")
"""Where no site looks for files of its own."""
STATES = "slots/"
"""Below the state of a site: ``slots/a/`` is the state of the slot ``a``, with its manifest and its journal."""
NAMES = "abcde"


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One slot that was filled before. Whether it is whole, its own state says: a run may be filling it."""

    name: str
    """A letter."""
    release: str = ""
    """Id of the release that it was filled with: its name in the route, and part of the keys of cached answers."""
    shows: str = ""
    """Id of the last release with this content that was live or is shared; "": the one that it was filled with."""
    live: str = ""
    """UTC, ISO 8601: since when it is live, or was live last; "": never."""

    @property
    def folder(self) -> str:
        return f"{FOLDER}{self.name}/"

    @property
    def shown(self) -> str:
        """The release that it stands for in the list of releases."""
        return self.shows or self.release


class Slots(msgspec.Struct, frozen=True, omit_defaults=True):
    """The slots of a site, and where its hosts lead."""

    all: tuple[Slot, ...] = ()
    live: str = ""
    """Name of the slot that visitors get; "": the bucket's root."""
    before: str = ""
    """Name of the slot that was live before: pages that are open find their files there."""
    until: int = 0
    """Unix seconds: as long as that is so."""
    hosts: tuple[str, ...] = ()
    """Hosts that have a route."""
    moving: bool = False
    """A run was about to change the routes and has not come to its end: what they say has to be read."""
    apart: bool = False
    """The bucket's root holds something else than the live slot: a rollback moved the routes alone, ``sitepub dev``
    published to the root, or a run did not come to its end."""
    root: str = ""
    """The release that the bucket's root holds, when it is another than the one that is live."""
    rules: bool = False
    """The bucket's website settings have redirect rules of slots."""

    def slot(self, name: str) -> Slot | None:
        return next((one for one in self.all if one.name == name), None)

    def holding(self, release: str) -> Slot | None:
        """The slot that was filled with a release, or stands for it."""
        return next((one for one in self.all if release in (one.release, one.shown)), None)

    def with_slot(self, slot: Slot) -> Slots:
        rest = [one for one in self.all if one.name != slot.name]
        return msgspec.structs.replace(self, all=tuple(sorted([*rest, slot], key=lambda one: one.name)))
