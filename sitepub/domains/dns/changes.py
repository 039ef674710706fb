"""Which records a name needs, and what has to change for them. Pure.

A CNAME cannot stand beside another record of the same name (RFC 1034 3.6.2). DNSPod refuses it beside A, AAAA
and redirections; at the zone's own name it takes one beside MX and TXT, and answers for mail become
unreliable then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sitepub.domains.dns.dnspod import DEFAULT_LINE, Record

REPLACEABLE = frozenset({"A", "AAAA", "CNAME", "显性URL", "隐性URL", "REDIRECT_URL", "FORWARD_URL"})
"""Types that say where visitors go: what a CNAME takes the place of. Others (mail, delegation, proofs) are
never changed."""


class Change(StrEnum):
    DELETE = "delete"
    MODIFY = "modify"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One write to a zone."""

    change: Change
    type: str
    """Of the record afterwards; of the deleted one."""
    value: str
    record: Record | None = None
    """The record that is changed or deleted."""
    foreign: bool = False
    """It is not sitepub's: only with the user's yes."""

    @property
    def words(self) -> str:
        """For the plan, after the name of the host."""
        if self.record is None:
            return f"create {self.type} → {self.value}"
        was = f"{self.record.type} → {self.record.value}"
        if self.change is Change.DELETE:
            return f"delete {was}"
        if self.record.says(self.type, self.value):
            return f"enable {was}"
        return f"{self.type} → {self.value} (was {was})"


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """What has to be written for one name, in order. Empty: it is as it should be."""

    changes: tuple[RecordChange, ...] = ()
    blocked: str = ""
    """Why nothing can be done here; "" when it can."""
    warnings: tuple[str, ...] = ()

    @property
    def foreign(self) -> bool:
        return any(change.foreign for change in self.changes)


def plan_cname(records: Sequence[Record], target: str, ours: Collection[int] = (), *, apex: bool = False) -> RecordPlan:
    """From the records of one name to a CNAME to ``target`` on the default line.

    ``target`` "" stands for a name that is not known yet: no record there is right. Records of other lines
    and paused ones are left alone: their owner sends these visitors elsewhere on purpose. At most one record is
    there at any time, and the last one is turned into the CNAME in place, so that visitors never find none.
    ``apex``: the name is the zone's own.
    """
    here = [each for each in records if each.line == DEFAULT_LINE]
    active = [each for each in here if each.enabled and not each.default_ns]
    others = sorted({each.type for each in active if each.type not in REPLACEABLE})
    warnings: tuple[str, ...] = ()
    if apex:
        warnings = ("a CNAME at the zone's own name: mail (MX) and proofs (TXT) that this name gets later may become"
                    " unreliable; www is the safer name for a website",)
    if others:
        what = " and ".join(others) if len(others) < 3 else ", ".join(others)
        if any(each.name != "@" for each in active):
            return RecordPlan(blocked=f"a CNAME cannot stand beside the {what} record of the same name, which"
                                      " sitepub does not touch")
        warnings = (f"a CNAME at the zone's own name beside {what}: mail and other services of this name may"
                    " become unreliable; www is the safer name for a website",)
    places = [each for each in active if each.type in REPLACEABLE]
    right = [each for each in places if target and each.says("CNAME", target)]
    if right:
        wrong = [each for each in places if each is not right[0]]
        return RecordPlan(tuple(_delete(each, ours) for each in wrong), warnings=warnings)
    if not places:
        paused = next((each for each in here if target and each.says("CNAME", target)), None)
        if paused is not None:
            return RecordPlan((RecordChange(Change.MODIFY, "CNAME", target, paused, paused.id not in ours),),
                              warnings=warnings)
        return RecordPlan((RecordChange(Change.CREATE, "CNAME", target),), warnings=warnings)
    kept = min(places, key=lambda each: (each.id not in ours, each.type != "CNAME", each.id))
    deletions = [_delete(each, ours) for each in places if each is not kept]
    turned = RecordChange(Change.MODIFY, "CNAME", target, kept, kept.id not in ours)
    return RecordPlan((*deletions, turned), warnings=warnings)


def plan_txt(records: Sequence[Record], value: str, ours: Collection[int] = (), type: str = "TXT"
             ) -> RecordPlan:
    """From the records of one name to one that proves something: what others put beside it stays.

    A proof by CNAME (some certificate authorities) needs the name for itself."""
    here = [each for each in records if each.line == DEFAULT_LINE and not each.default_ns]
    if any(each.enabled and each.says(type, value) for each in here):
        return RecordPlan()
    if type == "CNAME":
        return plan_cname(records, value, ours)
    alias = next((each for each in here if each.enabled and each.type == "CNAME"), None)
    if alias is not None:
        return RecordPlan(blocked=f"a {type} record cannot stand beside the CNAME to {alias.value}")
    stale = tuple(_delete(each, ours) for each in here if each.type == type and each.id in ours)
    return RecordPlan((*stale, RecordChange(Change.CREATE, type, value)))


def after(records: Sequence[Record], plan: RecordPlan) -> list[Record]:
    """The records of a name after a plan was carried out: for tests and previews."""
    left, name = list(records), records[0].name if records else ""
    for change in plan.changes:
        if change.record is not None:
            left = [each for each in left if each.id != change.record.id]
        if change.change is not Change.DELETE:
            old = change.record
            left.append(Record(old.id if old else -1, name, change.type, change.value))
    return left


def _delete(record: Record, ours: Collection[int]) -> RecordChange:
    return RecordChange(Change.DELETE, record.type, record.value, record, record.id not in ours)
