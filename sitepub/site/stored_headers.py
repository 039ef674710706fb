"""The response headers that COS keeps with an object (COS API 436/7749)."""

from __future__ import annotations

import re

STORED = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires")
CANONICAL = {name.lower(): name for name in STORED}
_META = re.compile(r"x-cos-meta-[a-z0-9-]+")


def canonical_name(name: str) -> str | None:
    """The header's name in its usual spelling, ``None`` for one that COS does not keep with an object."""
    lower = name.strip().lower()
    return lower if _META.fullmatch(lower) else CANONICAL.get(lower)
