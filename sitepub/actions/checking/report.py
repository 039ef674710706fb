"""What a check found, with the places as files of this computer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sitepub.check.findings import Finding, Place
from sitepub.errors import Position, Problem, SitepubError
from sitepub.site.keys import printable
from sitepub.site.snapshot import Snapshot
from sitepub.terminal.sizes import counted

CODE = "ChecksFailed"
_SHOWN = 20
"""Findings that a deploy shows; `sitepub check` shows all."""


@dataclass(frozen=True, slots=True)
class Located:
    """A finding, and where it stands."""

    finding: Finding
    places: tuple[Position, ...] = ()
    """In the published files."""
    source: Position | None = None
    """In the sources, where it was found there."""

    @property
    def more(self) -> int:
        """Places that are not named."""
        return self.finding.count - len(self.places) if self.places else 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found."""

    findings: tuple[Located, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is no fault and may be worth knowing."""
    pages: int = 0
    files: int = 0
    references: int = 0
    seconds: float = 0.0

    def problems(self, most: int = _SHOWN) -> Iterator[Problem]:
        """As warnings."""
        for one in self.findings[:most]:
            yield Problem(words(one), one.places[0] if one.places else None, _hint(one))
        if len(self.findings) > most:
            yield Problem(f"{counted(len(self.findings) - most, 'more finding')}",
                          hint="`sitepub check` lists all of them")

    def failure(self) -> SitepubError | None:
        """What ends a deploy with `mode: fail`."""
        if not self.findings:
            return None
        found = counted(len(self.findings), "fault")
        return SitepubError(f"the checks found {found}: nothing was published", code=CODE,
                            hint="correct them (`sitepub check` lists them), leave kinds out with `checks.skip`, or"
                                 " only warn with `checks: {mode: warn}`")


def words(one: Located) -> str:
    """The message, with how often it is so."""
    pages = one.finding.count - 1
    return one.finding.message + (f" (and {counted(pages, 'more place')})" if pages > 0 else "")


def _hint(one: Located) -> str | None:
    parts = [f"written in {one.source}"] if one.source is not None else []
    return "; ".join([*parts, one.finding.hint] if one.finding.hint else parts) or None


def position_of(place: Place, snapshot: Snapshot, folder: Path) -> Position:
    """``folder``: what paths are seen from."""
    file = snapshot.files.get(place.key)
    if file is None or file.path is None:
        return Position(printable(place.key))
    return Position(shown(file.path, folder), place.line or None, place.column or None)


def shown(path: Path, folder: Path) -> str:
    """``path``: absolute. With slashes, from the folder where it lies below it."""
    return printable(path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix())
