"""Tags of an account, also those that nothing has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnTag:
    """Made by CreateTag, or left over from a resource."""

    owner: str
    """App id."""
    key: str
    value: str
