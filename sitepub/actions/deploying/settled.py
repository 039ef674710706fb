"""What a deploy remembers of the hosts, so that the next one knows that nothing is to be done for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sitepub.actions.hosts import HostsPrepared
from sitepub.config.project import Host
from sitepub.domains.certificates.files import own_certificate_info
from sitepub.domains.certificates.lifetime import due_at
from sitepub.domains.hosts.plan import HostPlan, needs_look
from sitepub.domains.records import HostRecord
from sitepub.publish.unchanged.settled_hosts import SettledHost, SettledHosts, hosts_hash


def settled_hosts(wanted: Sequence[Host], prepared: HostsPrepared | None, records: Mapping[str, HostRecord],
                  slots: tuple[str, ...] = ()) -> SettledHosts | None:
    """``wanted``: as serverless.yml says. ``records``: at the end of the deploy. ``slots``: hosts that lead to slots.
    ``None``: the next deploy has to look, because a host is not done, or has certificates of the project's own: their
    files may change."""
    if not wanted and not records:
        return SettledHosts()
    if prepared is None or any(_brings_files(host) for host in wanted):
        return None
    now = datetime.now(UTC)
    plans = [plan for plan in prepared.plan.hosts if not plan.takes_down]
    if records.keys() != {plan.name for plan in plans} or not all(_is_done(plan, records, now) for plan in plans):
        return None
    ends = [due for plan in plans if (due := _due(records[plan.name])) is not None]
    return SettledHosts(hosts_hash(wanted), int(min(ends).timestamp()) if ends else 0,
                        tuple(_settled(plan, records[plan.name]) for plan in plans), slots)


def _brings_files(host: Host) -> bool:
    return own_certificate_info(host) is not None or "clientCertInfo" in (host.https or {})


def _is_done(plan: HostPlan, records: Mapping[str, HostRecord], now: datetime) -> bool:
    record = records[plan.name]
    return record.edge == plan.edge and not needs_look(record, plan.hash, now)


def _due(record: HostRecord) -> datetime | None:
    used = record.certificate
    return None if used is None else due_at(used.not_before, used.not_after,
                                            edge_renews=record.edge == "edgeone" and not used.id)


def _settled(plan: HostPlan, record: HostRecord) -> SettledHost:
    used = record.certificate
    return SettledHost(plan.name, plan.edge, record.cname, (used.id, used.not_after) if used is not None else None)
