"""Roles and policies of an account, and the identity providers that it trusts for its roles (CAM)."""

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
    updated: float = 0.0


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An issuer of identity tokens."""

    owner: str
    name: str
    url: str
    """What ``iss`` has to be."""
    client_ids: tuple[str, ...]
    """What ``aud`` has to be one of."""
    keys: str
    """JSON Web Key Set in Base64, as it was given."""
    description: str = ""
    rotates: int = 0


def provider_key(owner: str, name: object) -> str:
    """By which the collection knows a provider."""
    return f"{owner}/{name}"
