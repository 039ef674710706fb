"""Roles and policies of an account (CAM)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    id: str
    name: str
    owner: str
    """App id."""
    trust: str
    """Policy document: who may take the role."""
    description: str
    created: float
    updated: float
    longest: int
    """Seconds that its temporary keys are good for at most; 0: as usual."""
    console: int = 0
    policies: tuple[int, ...] = ()
    """Ids of what is attached."""


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    name: str
    owner: str
    document: str
    description: str
    created: float
