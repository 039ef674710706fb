"""The plan: the steps that make the bucket equal to the site, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sitepub.site.snapshot import SiteFile


class Action(StrEnum):
    UPLOAD = "upload"
    COPY = "copy"
    HEADERS = "headers"
    DELETE = "delete"


class Phase(StrEnum):
    """The order of writing, so that no live page ever needs a file that is not live yet."""

    ASSETS = "assets"
    PAGES = "pages"
    LAST = "last"
    """Files that speak of pages: service workers, sitemaps, feeds, search indexes."""
    DELETIONS = "deletions"


class Reason(StrEnum):
    NEW = "new"
    CONTENT = "content changed"
    HEADERS = "headers changed"
    UNKNOWN_HEADERS = "headers not known"
    FORCED = "forced"
    MISSING = "missing in the bucket"
    TAKEN_OVER = "replaces an object that sitepub did not upload"
    REMOVED = "not in the site any more"
    REPLACED = "not in the site (replace: true)"


@dataclass(frozen=True, slots=True)
class Step:
    """One request (or, for a large file, one group of requests) to the bucket."""

    action: Action
    key: str
    phase: Phase
    reason: Reason
    file: SiteFile | None = None
    """What to write; ``None`` for deletions."""
    source_key: str | None = None
    """COPY: the key whose content is copied on the server."""
    source_etag: str | None = None
    """COPY and HEADERS: the ETag the source must still have."""

    @property
    def bytes_sent(self) -> int:
        return self.file.size if self.action is Action.UPLOAD and self.file is not None else 0
