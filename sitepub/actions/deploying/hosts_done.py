"""What became of the hosts of a deploy. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sitepub.domains.hosts.outcome import HostOutcome
    from sitepub.domains.purge.purging import Purged
    from sitepub.domains.records import HostRecord
    from sitepub.domains.steps import HostStep, StepResult
    from sitepub.publish.unchanged.settled_hosts import SettledHosts


@dataclass(frozen=True, slots=True)
class HostsDone:
    """What became of the hosts."""

    outcomes: tuple[HostOutcome, ...] = ()
    purged: tuple[Purged, ...] = ()
    records: Mapping[str, HostRecord] = field(default_factory=dict)
    steps: tuple[HostStep, ...] = ()
    """Of the plan, in its order."""
    applied: tuple[StepResult, ...] = ()
    """Those of them whose turn came, in the order of doing."""


def unchanged_hosts(settled: SettledHosts) -> HostsDone | None:
    """``None``: the site has none."""
    if not settled.wanted:
        return None
    from sitepub.domains.hosts.outcome import HostOutcome
    from sitepub.domains.records import CertificateInUse, HostRecord

    records = {one.host: HostRecord(
        host=one.host, edge=one.edge, cname=one.cname,  # type: ignore[arg-type]
        certificate=CertificateInUse(id=one.certificate[0], not_after=one.certificate[1])
        if one.certificate is not None else None) for one in settled.hosts}
    return HostsDone(tuple(HostOutcome(one.host, one.edge, "unchanged", one.cname) for one in settled.hosts),
                     records=records)
