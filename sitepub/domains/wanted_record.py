"""A DNS record that has to be there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """A record that sitepub creates in DNSPod, or that the user has to add at the provider of the zone."""

    name: str
    """Full name, without a dot at the end."""
    type: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}  {self.type}  {self.value}"
