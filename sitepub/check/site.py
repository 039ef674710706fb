"""The site as a check sees it. Values only; they travel to other processes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sitepub.check.answers import Website

PAGE_NAMES = (".html", ".htm", ".xhtml")


class Source(msgspec.Struct, frozen=True, array_like=True):
    """A file of the site that is read."""

    key: str
    path: str
    charset: str = "utf-8"

    def data(self, limit: int) -> bytes | None:
        """``None``: it is larger, or gone."""
        try:
            with Path(self.path).open("rb") as stream:
                data = stream.read(limit + 1)
        except OSError:
            return None
        return data if len(data) <= limit else None

    def text(self, data: bytes) -> str:
        try:
            return data.decode(self.charset, "replace")
        except LookupError:
            return data.decode("utf-8", "replace")


class Site(msgspec.Struct, frozen=True):
    """What is there after the deploy, and what its addresses are."""

    keys: dict[str, int]
    """Every object that will be there, with its size: the site's own, what it has dropped and what stays for a while,
    and what else is known to be in the bucket."""
    pages: frozenset[str]
    """Keys of the new pages: their anchors are known."""
    website: Website = Website()
    prefix: str = ""
    """Of the site's own keys; what lies outside belongs to others."""
    others_known: bool = False
    """``keys`` holds what others have in the bucket."""
    hosts: frozenset[str] = frozenset()
    """Names under which visitors reach the bucket, lower case."""
    also: dict[str, str] = {}
    """Other hosts that the site takes for its own (the generator's setting), with the path where it thinks it lies:
    begins and ends with a slash."""
    stages: dict[str, str] = {}
    """Hosts of other stages, with the stage."""
    has_hosts: bool = True
    """This stage has domains of its own. One that has none may well name another stage's as the canonical ones."""
    account: str = ""
    """Number of the account: buckets that end with it are its own."""
    https: bool = False
    """Visitors come by https."""
    ignored: tuple[str, ...] = ()
    """Patterns of addresses that are not checked; ``*`` stands for anything."""
    skipped: frozenset[str] = frozenset()
    """Kinds that are not wanted."""
    page_limit: int = 0
    """Bytes of a page with what it loads; 0: any."""
    external: bool = False
    """Addresses of other hosts are collected."""
