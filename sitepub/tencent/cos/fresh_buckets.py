"""Buckets that this process just created: the service may deny them for some seconds (cached 404s)."""

from __future__ import annotations

import time

SECONDS = 30.0
_created: dict[str, float] = {}


def remember(bucket: str) -> None:
    _created[bucket] = time.monotonic()


def forget(bucket: str) -> None:
    _created.pop(bucket, None)


def is_fresh(bucket: str) -> bool:
    """Whether NoSuchBucket should not be believed yet."""
    created = _created.get(bucket)
    return created is not None and time.monotonic() - created < SECONDS
