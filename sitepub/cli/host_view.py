"""Hosts in words: their steps, what became of them, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sitepub.domains.steps import HostStep, HostStepKind
from sitepub.errors import ChangedSincePlan, Refused
from sitepub.terminal.messages import visible
from sitepub.terminal.moments import dated, local_moment
from sitepub.terminal.sizes import counted
from sitepub.terminal.status_lines import StatusLines
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from sitepub.actions.hosts import HostsDone
    from sitepub.config.project import Project
    from sitepub.domains.hosts.host_report import HostReport
    from sitepub.tencent.cloud import Cloud

_MARKS = {HostStepKind.CREATE: ("+", "green"), HostStepKind.ZONE: ("+", "green"),
          HostStepKind.CERTIFICATE: ("+", "green"),
          HostStepKind.UNBIND: ("-", "red"), HostStepKind.OLD_CERTIFICATE: ("-", "red"),
          HostStepKind.TAKE_DOWN: ("-", "red"), HostStepKind.RECORD: ("!", "yellow"),
          HostStepKind.SEPARATE: ("!", "yellow"),
          HostStepKind.UPDATE: ("~", "yellow"), HostStepKind.DNS: ("~", "yellow")}
_VALUE = 200


def step_lines(terminal: Terminal, steps: Sequence[HostStep]) -> Iterator[str]:
    """Every step, with its settings leaf by leaf."""
    for step in steps:
        mark, color = _MARKS.get(step.kind, ("*", "cyan"))
        yield f"  {terminal.style(mark, color)} host    {visible(step.summary)}  ({visible(step.reason)})"
        for leaf in step.details:
            text = visible(str(leaf))
            yield f"        {text if len(text) <= _VALUE else text[:_VALUE] + '…'}"


def approve_changed(terminal: Terminal, steps: Sequence[HostStep], *, yes: bool) -> None:
    """Asked before steps are taken that were not in the plan. Raises :class:`~sitepub.errors.Refused`."""
    words = "\n".join(["changed since the plan: this would be done now", *step_lines(terminal, steps)])
    if not yes and not terminal.can_ask:
        raise Refused(words, code=ChangedSincePlan.code,
                      hint="Run the same command again: the plan will show it. With --yes it is done at once.")
    terminal.note(words)
    terminal.confirm_or_refuse("Do this?", yes=yes)


def done_lines(terminal: Terminal, project: Project, cloud: Cloud, done: HostsDone) -> Iterator[str]:
    """The result, a line a host."""
    urls = cloud.host_urls(project)
    for one in done.outcomes:
        if one.status in ("removed", "left"):
            yield f"host:    {one.host} taken down"
        elif one.status == "failed":
            yield f"host:    {one.host}: failed, see below"
        elif one.status == "waiting":
            yield f"host:    {one.host}: {visible(one.waiting)}; run sitepub deploy again later"
        else:
            yield f"host:    {terminal.style(urls.get(one.host, one.host), 'bold')}"
        yield from (f"         {visible(words)}" for words in one.left)


def report_lines(one: HostReport) -> Iterator[str]:
    """How a host is."""
    yield f"{one.host} ({one.edge}): {visible(one.status)}" + ("" if one.wanted else ", not in serverless.yml")
    if one.error is not None:
        yield f"  {visible(one.error.message)}"
    if one.cname:
        yield f"  CNAME: {visible(one.cname)}"
    where = " → ".join(visible(name) for name in one.points_to) or "nowhere"
    wrong = ", which is not the edge" if one.right is False else ""
    yield f"  DNS points to: {where}{wrong}"
    if one.https or one.until:
        left = "" if one.days is None else f", {counted(one.days, 'day')} left" if one.days >= 0 else ", EXPIRED"
        yield f"  certificate: {visible(one.certificate or 'of the edge')}{left}"
    if one.purged_at:
        yield f"  last purge: {dated(one.purged_at)}, {visible(one.purged)}"
    if one.proof is not None:
        until = f", until {local_moment(one.proof.until)}" if one.proof.until else ""
        since = f" since {dated(one.since)}" if one.since else ""
        yield f"  waits{since}{until} for this record: {visible(one.proof.name)}  TXT  {visible(one.proof.value)}"
    if one.unfinished:
        yield "  its setup is not finished: sitepub deploy continues it"


class HostListener:
    """Implements :class:`~sitepub.domains.job.Listener` on a terminal."""

    def __init__(self, terminal: Terminal, lines: StatusLines) -> None:
        self._terminal = terminal
        self._lines = lines

    def status(self, host: str, text: str) -> None:
        self._lines.show(host, text)

    def done(self, host: str, text: str) -> None:
        self._lines.clear(host)
        self._terminal.note(f"{visible(host)}: {visible(text)}")

    def todo(self, host: str, text: str) -> None:
        # Also with --quiet: without it the work cannot go on.
        mark = self._terminal.style("to do", "yellow", "bold", on_stderr=True)
        self._terminal.err(f"{mark} {visible(host)}: {visible(text)}")


@contextmanager
def host_listener(terminal: Terminal) -> Iterator[HostListener]:
    with StatusLines(terminal) as lines:
        yield HostListener(terminal, lines)
