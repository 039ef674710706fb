"""Which certificate a host gets."""

from __future__ import annotations

from dataclasses import dataclass

from sitepub.domains.edges.edge import EdgeCertificate
from sitepub.domains.steps import HostStep


@dataclass(frozen=True, slots=True)
class CertificatePlan:
    """Which certificate a host gets."""

    steps: tuple[HostStep, ...] = ()
    """Uploads and applications that are needed; empty when one is there."""
    certificate: EdgeCertificate | None = None
    """The one that is there already; ``None`` when ``steps`` make it, or none is wanted."""
