"""The command line of ``sitepub dev``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sitepub.logs.filters import Filter


@dataclass(frozen=True, slots=True)
class DevOptions:
    config_file: Path
    stage: str | None = None
    inputs: tuple[str, ...] = ()
    profile: str | None = None
    local: bool = False
    """Publish to the embedded cloud only."""
    serve: bool = False
    """A preview on the embedded cloud beside the real one."""
    poll: bool = False
    purge: bool = False
    allow_delete: bool = False
    allow_empty: bool = False
    new_region: bool = False
    """Accept a region that sitepub does not know."""
    shows_visits: bool = False
    """Show visits from the first publish on."""
    visits: Filter | None = None
    """Which visits are shown; ``None``: all of them."""
    opens_browser: bool = False
    """Open the site in the browser after the first publish."""
