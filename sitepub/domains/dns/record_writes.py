"""Writes DNS records in DNSPod and keeps account of those that sitepub made: what is about to be made is written down
before the call, so that the next run knows it after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from sitepub.domains.dns.changes import Change, RecordChange
from sitepub.domains.dns.dnspod import DnsPod, Record
from sitepub.domains.job import HostJob
from sitepub.domains.poll import Patience, poll
from sitepub.domains.records import DnsRecord
from sitepub.errors import CloudError

Purpose = Literal["cname", "ownership", "certificate"]
LAG = Patience(35.0, 0.2, 3.0)
"""A listing may be 30 seconds behind (1427/56166)."""
_EXISTS = "InvalidParameter.DomainRecordExist"


class RecordWriter:
    """Safe for many threads."""

    def __init__(self, pod: DnsPod, lag: Patience = LAG) -> None:
        self._pod = pod
        self._lag = lag

    def write(self, zone: str, name: str, change: RecordChange, purpose: Purpose, job: HostJob) -> None:
        """Carry out one change."""
        made = DnsRecord(zone=zone, name=name, type=change.type, value=change.value, purpose=purpose)
        old = change.record
        if change.change is Change.CREATE:
            self._create(made, job)
        elif old is not None and change.change is Change.MODIFY:
            self._modify(old, made, change.foreign, job)
        elif old is not None:
            self._pod.delete(zone, old.id)
            for one in job.record.dns:
                if one.zone == zone and one.id == old.id:
                    job.keeper.keep(job.record.without_dns(one))
        job.done(f"DNS: {change.words}")

    def adopt(self, zone: str, name: str, job: HostJob, there: Sequence[Record] | None = None) -> None:
        """Learn the ids of records whose creation was begun by a run that was killed. ``there``: the records of this
        name, where they are known already."""
        begun = [one for one in job.record.dns if not one.id and (one.zone, one.name) == (zone, name)]
        if not begun:
            return
        here = self._pod.records(zone, name) if there is None else there
        for one in begun:
            found = next((each for each in here if each.says(one.type, one.value)), None)
            if found is not None:
                job.keeper.keep(job.record.with_dns(msgspec.structs.replace(one, id=found.id)))

    def take_away(self, made: DnsRecord, job: HostJob) -> bool:
        """Delete a record of ours, if it still is as we made it. False: it stays."""
        here = self._pod.records(made.zone, made.name)
        found = next((each for each in here if (each.id == made.id or not made.id)
                      and each.says(made.type, made.value)), None)
        if found is not None:
            self._pod.delete(made.zone, found.id)
            job.done(f"DNS: deleted {made.type} of {full_name(made)}")
        changed = found is None and made.id != 0 and any(each.id == made.id for each in here)
        job.keeper.keep(job.record.without_dns(made))
        return not changed

    def _create(self, made: DnsRecord, job: HostJob) -> None:
        # Written down before it is made: after a kill the record that is found is known to be ours.
        begun = any((one.zone, one.name, one.type, one.value) == (made.zone, made.name, made.type, made.value)
                    for one in job.record.dns)
        job.keeper.keep(job.record.with_dns(made))
        try:
            id = self._pod.create(made.zone, made.name, made.type, made.value)
        except CloudError as error:
            # A listing may be 30 seconds behind the run that made it and was killed.
            found = self._listed(made, job) if error.code == _EXISTS else None
            if found is None or not begun:
                job.keeper.keep(job.record.without_dns(made))
            if found is None:
                raise _refused(made, error) from error
            if not begun:
                return  # another person has made the same one since the last look
            id = found.id
        job.keeper.keep(job.record.with_dns(msgspec.structs.replace(made, id=id)))

    def _listed(self, made: DnsRecord, job: HostJob) -> Record | None:
        """The record that is said to exist; ``None`` when another one stands in its way."""
        def look() -> tuple[Record | None] | None:
            here = self._pod.records(made.zone, made.name)
            found = next((each for each in here if each.says(made.type, made.value)), None)
            return (found,) if found is not None or any(not each.default_ns for each in here) else None

        seen = poll(look, self._lag, lambda _passed: job.status(f"waiting for DNSPod to list {full_name(made)}"),
                    job.stop)
        return seen[0] if seen is not None else None

    def _modify(self, old: Record, made: DnsRecord, foreign: bool, job: HostJob) -> None:
        if not foreign:
            job.keeper.keep(job.record.with_dns(msgspec.structs.replace(made, id=old.id)))
        self._pod.modify(made.zone, old, made.type, made.value)
        if not foreign:
            for one in job.record.dns:
                if one.id == old.id and one.zone == made.zone and (one.type, one.value) != (made.type, made.value):
                    job.keeper.keep(job.record.without_dns(one))


def _refused(made: DnsRecord, error: CloudError) -> CloudError:
    if error.code != _EXISTS:
        return error
    return CloudError(f"DNSPod does not take the {made.type} record of {full_name(made)} beside what is there"
                      f" ({error.code})", code=error.code, request_id=error.request_id,
                      hint="Check the records of this name in the console (DNSPod)" + (
                          "; use www as the host, and redirect to it." if made.name == "@" else "."))


def full_name(made: DnsRecord) -> str:
    return made.zone if made.name == "@" else f"{made.name}.{made.zone}"
