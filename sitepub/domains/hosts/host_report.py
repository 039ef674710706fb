"""How the hosts are: asked of their edges and of DNS. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sitepub.domains.hosts.dns_target import leads_to
from sitepub.domains.hosts.site_hosts import Hosts
from sitepub.domains.records import HostRecord, TxtRecord
from sitepub.domains.times import days_left
from sitepub.errors import SitepubError
from sitepub.threads import side_by_side


@dataclass(frozen=True, slots=True)
class HostReport:
    """One host as it is."""

    host: str
    edge: str
    status: str
    """The edge's word; "not there" when it does not know the host, "unknown" when it could not be asked."""
    cname: str = ""
    points_to: tuple[str, ...] = ()
    """Where DNS really points: names, then addresses."""
    right: bool | None = None
    """DNS points to the edge; ``None`` when that cannot be said."""
    https: bool = False
    certificate: str = ""
    until: str = ""
    """UTC, ISO 8601."""
    days: int | None = None
    """Days that are left of the certificate."""
    purged: str = ""
    """The last purge, in words."""
    purged_at: str = ""
    made: tuple[str, ...] = ()
    """What of it sitepub made."""
    wanted: bool = True
    """It stands in serverless.yml (on this edge)."""
    unfinished: str = ""
    proof: TxtRecord | None = None
    """The record that the edge, or a certificate, waits for."""
    since: str = ""
    """UTC, ISO 8601: since when; "" where that is not known."""
    error: SitepubError | None = None

    def as_object(self) -> dict[str, Any]:
        """For programs."""
        return {
            "host": self.host, "edge": self.edge, "status": self.status, "cname": self.cname,
            "points_to": list(self.points_to), "dns_right": self.right, "https": self.https,
            "certificate": {"id": self.certificate, "until": self.until, "days_left": self.days}
            if self.certificate or self.until else None,
            "last_purge": {"at": self.purged_at, "what": self.purged} if self.purged_at else None,
            "made_by_sitepub": list(self.made), "in_project": self.wanted, "unfinished": self.unfinished,
            "waits_for": None if self.proof is None else {
                "type": "TXT", "name": self.proof.name, "value": self.proof.value, "until": self.proof.until or None,
                "since": self.since or None},
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.message,
                                                      "request_id": self.error.request_id}}


def report(hosts: Hosts, records: Mapping[str, HostRecord]) -> list[HostReport]:
    """The project's hosts, then those that are only remembered."""
    wanted = [(host.host, host.edge) for host in hosts.hosts]
    known = {(record.host, record.edge): record for record in records.values()}
    tasks = [_reporter(hosts, name, edge, known.get((name, edge)), True) for name, edge in wanted]
    tasks += [_reporter(hosts, record.host, record.edge, record, False) for key, record in known.items()
              if key not in wanted]
    return side_by_side(tasks)


def _reporter(hosts: Hosts, name: str, kind: str, record: HostRecord | None,
              wanted: bool) -> Callable[[], HostReport]:
    def look() -> HostReport:
        purge = record.purge if record is not None else None
        words = "" if purge is None else f"{purge.what} purged; failed: {purge.failed}" if purge.failed else purge.what
        base = HostReport(name, kind, "not there", wanted=wanted, made=_made(record), purged=words,
                          purged_at=purge.at if purge is not None else "",
                          unfinished=record.setup if record is not None else "",
                          proof=record.waits_for if record is not None else None,
                          since=record.applied_for.at if record is not None and record.applied_for is not None else "")
        try:
            state = hosts.edge_of(kind, record.bucket if record is not None else "").describe(name)
            points_to = tuple(hosts.names.resolve(name))
        except SitepubError as error:
            return replace(base, status="unknown", error=error)
        if state is None:
            return replace(base, points_to=points_to)
        used = record.certificate if record is not None else None
        until = state.certificate_until or (used.not_after if used is not None and state.https else "")
        return replace(
            base, status=state.said or state.status.value, cname=state.cname, points_to=points_to,
            right=leads_to(hosts.names, name, state.cname) if state.cname else None, https=state.https,
            certificate=state.certificate_id or (used.id if used is not None and state.https else ""),
            until=until, days=days_left(until))

    return look


def _made(record: HostRecord | None) -> tuple[str, ...]:
    if record is None:
        return ()
    domain = (f"the domain on {record.edge}",) if record.created else ()
    return (*domain, *(f"{one.type} {one.name} in {one.zone}" for one in record.dns),
            *(f"certificate {one.id}" for one in record.certificates if one.id))
