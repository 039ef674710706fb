"""A plan in words: every step with its reason, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sitepub.actions.deploying.plan import Planned
from sitepub.actions.host_objects import planned_objects
from sitepub.cli.host_view import step_lines
from sitepub.cli.left_out import checks_object, left_out_lines, left_out_objects, moment, retained_objects, warning_list
from sitepub.cli.slot_view import slot_step_object
from sitepub.cli.stage_view import stage_object
from sitepub.cli.why_view import why_lines, why_object
from sitepub.domains.steps import HostStep
from sitepub.publish.plan import Action, Plan, Reason, Step
from sitepub.publish.states.manifest import Entry
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import counted, human_bytes
from sitepub.terminal.terminal import Terminal

_MARKS = {Action.UPLOAD: ("+", "green"), Action.COPY: ("+", "green"), Action.HEADERS: ("~", "yellow"),
          Action.DELETE: ("-", "red")}


MANY = 100
"""Steps for files beyond which a plan shows folders instead."""
_ROWS = 40
"""Rows that the folders of a large plan get at most, unless there are more in the site's root."""


def plan_lines(terminal: Terminal, planned: Planned, *, full: bool = False) -> Iterator[str]:
    """The plan for people. ``full``: a line for each file, however many there are."""
    project, prepared = planned.project, planned.prepared
    plan = prepared.plan
    yield (f"Plan for {project.name}, stage {project.stage}: bucket {planned.bucket} in {project.region}")
    if planned.empty and not _host_steps(planned):
        yield f"Nothing to do: {counted(plan.unchanged, 'file')} {'is' if plan.unchanged == 1 else 'are'} up to date."
        yield from _left_alone(plan)
        yield from left_out_lines(planned.left_out)
        return
    for step in prepared.settings:
        yield f"  {terminal.style('*', 'cyan')} {visible(step.summary)}  ({step.reason})"
    if full or len(plan.steps) <= MANY:
        for each in plan.steps:
            yield _line(terminal, each)
    else:
        yield from folded_lines(terminal, plan.steps)
    yield from retained_lines(terminal, plan.retained)
    if _host_steps(planned):
        yield from step_lines(terminal, _host_steps(planned))
    for one in planned.slots:
        yield f"  {terminal.style('*', 'cyan')} {visible(one.summary)}  ({visible(one.reason)})"
    yield totals(plan, len(prepared.settings))
    yield from _left_alone(plan)
    yield from left_out_lines(planned.left_out)
    if planned.why is not None:
        yield from why_lines(terminal, planned.why)


def _left_alone(plan: Plan) -> Iterator[str]:
    for key, why in plan.given_up.items():
        yield f"  left alone, {why}: {visible(key)}"
    if plan.foreign:
        yield f"  left alone: {counted(len(plan.foreign), 'object')} that sitepub did not upload"


def _host_steps(planned: Planned) -> tuple[HostStep, ...]:
    return planned.hosts.steps if planned.hosts is not None else ()


def folded_lines(terminal: Terminal, steps: Sequence[Step]) -> Iterator[str]:
    """One line for all steps of a folder that are alike, in the order in which they are done."""
    groups: dict[_Alike, _Group] = {}
    for step in steps:
        _put(groups, (tuple(step.key.split("/")[:-1]), step.action, step.reason), _Group(step, 1, step.bytes_sent))
    depth = max((len(folders) for folders, _action, _reason in groups), default=0)
    while len(groups) > _ROWS and depth > 1:
        depth -= 1
        shorter: dict[_Alike, _Group] = {}
        for (folders, action, reason), group in groups.items():
            _put(shorter, (folders[:depth], action, reason), group)
        groups = shorter
    for (folders, action, reason), group in groups.items():
        if group.count == 1:
            yield _line(terminal, group.first)
            continue
        mark, color = _mark(group.first)
        files = counted(group.count, "file")
        if action is Action.UPLOAD and group.bytes:
            files += f", {human_bytes(group.bytes)}"
        where = visible("".join(f"{name}/" for name in folders)) or "(the root)"
        yield f"  {terminal.style(mark, color)} {action.value:<7} {where}  ({visible(reason.value)}: {files})"
    yield "  each file: --full"


_Alike = tuple[tuple[str, ...], Action, Reason]


@dataclass(slots=True)
class _Group:
    """Steps that one line shows."""

    first: Step
    count: int
    bytes: int


def _put(groups: dict[_Alike, _Group], alike: _Alike, more: _Group) -> None:
    known = groups.get(alike)
    if known is None:
        groups[alike] = more
    else:
        known.count += more.count
        known.bytes += more.bytes


def _mark(step: Step) -> tuple[str, str]:
    return ("~", "yellow") if step.reason in (Reason.CONTENT, Reason.DRIFTED, Reason.TAKEN_OVER) else (
        _MARKS[step.action])


def _line(terminal: Terminal, step: Step) -> str:
    mark, color = _mark(step)
    detail = step.reason.value
    if step.action is Action.COPY:
        detail += f", copied on the server from {step.source}"
    elif step.action is Action.UPLOAD and step.file is not None:
        detail += f", {human_bytes(step.file.size)}"
    return f"  {terminal.style(mark, color)} {step.action.value:<7} {visible(step.key)}  ({visible(detail)})"


def retained_lines(terminal: Terminal, retained: Mapping[str, Entry]) -> Iterator[str]:
    """What the site has dropped and what stays live for a while."""
    for key, entry in retained.items():
        yield (f"  {terminal.style('·', 'cyan')} keep    {visible(key)}  (not in the site any more; kept until"
               f" {moment(entry.until)} for tabs that are open)")


def totals(plan: Plan, settings: int = 0) -> str:
    size = f" ({human_bytes(plan.bytes_to_send)})" if plan.bytes_to_send else ""
    parts = [(len(plan.uploads), f"to upload{size}"),
             (len(plan.copies), "to copy on the server"), (len(plan.header_changes), "to get new headers"),
             (len(plan.deletions), "to delete"), (len(plan.retained), "to keep for a while"),
             (settings, "bucket settings to write" if settings > 1 else "bucket setting to write")]
    words = [f"{number:,} {what}" for number, what in parts if number]
    return ", ".join([*words, f"{plan.unchanged:,} unchanged"])


def plan_object(planned: Planned) -> dict[str, object]:
    """The plan for programs."""
    project, plan = planned.project, planned.prepared.plan
    refusal = planned.refusal
    return {
        "status": "unchanged" if planned.empty else "planned", "app": project.app,
        "stage": project.stage, "name": project.name, "region": project.region, "bucket": planned.bucket,
        "url": planned.url, **stage_object(project), "changes": {
            "uploaded": len(plan.uploads), "copied": len(plan.copies), "headers": len(plan.header_changes),
            "deleted": len(plan.deletions), "unchanged": plan.unchanged},
        "bytes": plan.bytes_to_send,
        "settings": [{"kind": step.kind, "summary": step.summary, "reason": step.reason,
                      "timing": step.timing.value} for step in planned.prepared.settings],
        "steps": [{"action": step.action.value, "key": step.key, "reason": step.reason.value,
                   "phase": step.phase.value, "bytes": step.bytes_sent, "source": step.source} for step in plan.steps],
        "hosts": planned_objects(project, planned.hosts) if planned.hosts is not None else [],
        **({"slots": [slot_step_object(one) for one in planned.slots]} if planned.slots else {}),
        "retained": retained_objects({**planned.prepared.base.retained, **plan.retained}),
        "left_out": left_out_objects(planned.left_out),
        "left_alone": [*plan.foreign, *plan.given_up],
        "refusal": None if refusal is None else {"code": refusal.code, "message": refusal.message,
                                                 "hint": refusal.hint},
        **checks_object(planned.report),
        **({"why": why_object(planned.why)} if planned.why is not None else {}),
        "warnings": warning_list(planned.warnings),
    }
