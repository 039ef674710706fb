"""The steps that bring the bucket's settings from what they are to what the project says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Timing(StrEnum):
    BEFORE = "before"
    """Before any object is written: the bucket itself, who may read it, CORS, tags, lifecycle."""
    AFTER = "after"
    """After all pages are live and before deletions: website documents and redirects, which name files."""


@dataclass(frozen=True, slots=True)
class SettingStep:
    """One setting to write."""

    kind: str
    """What is set: "bucket", "acl", "grants", "policy", "cors", "tags", "lifecycle", "accelerate",
    "website"."""
    summary: str
    """For the plan: "create bucket x in ap-guangzhou", "index document: home.html (was index.html)"."""
    reason: str
    timing: Timing
    value: Any
    """The wanted value, for the one who applies it."""
    replaces: bool = False
    """It takes away what others set: asked about once."""
