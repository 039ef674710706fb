"""What object storage consists of, as one value that its handlers are given."""

from __future__ import annotations

from dataclasses import dataclass

from sitepub.local.base.clock import Clock
from sitepub.local.base.identity import Identity
from sitepub.local.store.buckets import Buckets
from sitepub.local.store.content import ContentFolder
from sitepub.local.store.database import Database


@dataclass(frozen=True, slots=True)
class Storage:
    """The buckets and objects of one data folder, and the accounts that own them."""

    database: Database
    content: ContentFolder
    buckets: Buckets
    identity: Identity
    clock: Clock
    force_download: bool = False
    """Behave as for buckets created after 2024-01-01: default domains make browsers download (COS API 436/57456)."""
