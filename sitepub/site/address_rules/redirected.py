"""What the rules of `_redirects` have become, and why a layer cannot do one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sitepub.config.bucket_settings import RedirectRule
from sitepub.config.site_rules import EdgeRedirect
from sitepub.errors import Problem
from sitepub.site.snapshot import SiteFile


@dataclass(slots=True)
class Redirected:
    """Of one file, for the files that the site has now."""

    routing: tuple[RedirectRule, ...] = ()
    edge: tuple[EdgeRedirect, ...] = ()
    error: str = ""
    error_status: Literal[404, 200] = 404
    files: dict[str, SiteFile] = field(default_factory=dict)
    """Objects beside the site's own: pages that forward, and copies."""
    refused: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class Impossible(Exception):
    """Why a layer cannot do a rule."""

    def __init__(self, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
