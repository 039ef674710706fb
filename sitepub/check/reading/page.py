"""What was read of a page, or of a picture in SVG."""

from __future__ import annotations

from dataclasses import dataclass, field

from sitepub.check.reading.reference import Reference


@dataclass(slots=True)
class Page:
    references: list[Reference] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    base: str = ""
    """The address that relative ones are seen from, as ``<base>`` has it; "": the page's own."""
    upgrades: bool = False
    """Its policy makes browsers ask for everything by https."""
    renamed: list[str] = field(default_factory=list)
    """Addresses of modules for which its import map has others."""

    def without_own_parts(self) -> None:
        """Elements that a script adds may be among those that it names."""
        self.references = [one for one in self.references if not (one.part and one.written.startswith("#"))]
