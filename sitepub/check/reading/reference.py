"""A reference of a document to another one."""

from __future__ import annotations

from typing import NamedTuple

from sitepub.check.findings import Kind


class Reference(NamedTuple):
    kind: Kind
    """What it is wrong with when it leads nowhere: LINK, IMAGE, SCRIPT, STYLE, FILE, CANONICAL, SITEMAP, FEED."""
    written: str
    loaded: bool = False
    """The browser asks for it while it shows the page."""
    upgraded: bool = False
    """Of plain http in a page of https, browsers ask for it by https (Mixed Content level 2: images, audio, video)."""
    weighs: bool = False
    """It counts among the bytes of the page: not a frame, and not one of several pictures to choose from."""
    part: bool = False
    """Its fragment is the id of an element that is shown: without it there is nothing to see."""
    role: str = ""
    """How what it leads to is read, too: one of ``module``, ``script``, ``manifest``, ``feed``; "": not at all."""
    line: int = 0
    column: int = 0
