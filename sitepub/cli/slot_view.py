"""Slots on the terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sitepub.terminal.sizes import counted

if TYPE_CHECKING:
    from sitepub.actions.slots.report import SlotsReport
    from sitepub.publish.slots.planned import SlotStep
    from sitepub.publish.states.slot_state import Slots


def slot_step_object(step: SlotStep) -> dict[str, object]:
    return {"kind": step.kind.value, "slot": step.slot or None, "summary": step.summary, "reason": step.reason,
            "uploaded": step.uploads, "copied": step.copies, "deleted": step.deletions, "bytes": step.bytes}


def report_lines(report: SlotsReport) -> Iterator[str]:
    """What a run did, in words."""
    done, switched = report.done, report.switched
    hosts = ", ".join(report.hosts)
    if done is not None and done.moved:
        parts = [f"{number:,} {what}" for number, what in (
            (done.counts.uploaded, "uploaded"), (done.counts.copied, "copied on the server")) if number]
        yield (f"slots:   {hosts} {'leads' if len(report.hosts) == 1 else 'lead'} to slot {done.slot}"
               + (f" ({', '.join(parts)})" if parts else " (it held the release already)"))
    if switched.led:
        yield f"slots:   {', '.join(switched.led)} {'leads' if len(switched.led) == 1 else 'lead'} to a slot now"
    if switched.gone:
        verb = "leads" if len(switched.gone) == 1 else "lead"
        yield f"slots:   {', '.join(switched.gone)} {verb} to the bucket's root"
    if switched.deleted:
        yield f"slots:   {counted(switched.deleted, 'object')} of slots that are not needed any more deleted"


def report_object(report: SlotsReport) -> dict[str, object]:
    done, switched = report.done, report.switched
    return {"live": done.slot if done is not None else None, "release": done.release if done is not None else None,
            "moved": done is not None and done.moved,
            "uploaded": done.counts.uploaded if done is not None else 0,
            "copied": done.counts.copied if done is not None else 0,
            "bytes": done.bytes_sent if done is not None else 0, "hosts": list(report.hosts),
            "led": list(switched.led), "gone": list(switched.gone), "deleted": switched.deleted}


def slot_lines(slots: Slots, whole: Mapping[str, str]) -> Iterator[str]:
    """What each slot holds."""
    for one in slots.all:
        release = whole.get(one.name)
        words = f"{one.name}: {one.shown if release == one.release else release}" if release else (
            f"{one.name}: not whole, no visitor gets it")
        if one.name == slots.live:
            words += f"  ({', '.join(slots.hosts)}, since {one.live})"
        yield words
    if slots.root:
        yield f"the bucket's root: {slots.root}; it follows with the next deploy"
    elif slots.apart:
        yield "the bucket's root holds something else; it follows with the next deploy"


def slots_object(slots: Slots, whole: Mapping[str, str]) -> dict[str, object]:
    return {"live": slots.live or None, "hosts": list(slots.hosts), "root": slots.root or None,
            "all": [{"slot": one.name, "release": whole.get(one.name), "live": one.live or None} for one in slots.all]}
