"""A deploy on the terminal: the hook's output, the plan, the transfer, questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import Problem, Refused
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import counted
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from sitepub.actions.checking.report import Report
    from sitepub.actions.hosts import HostsPrepared
    from sitepub.actions.releases.doubt import Doubt
    from sitepub.domains.job import Listener
    from sitepub.domains.steps import HostStep
    from sitepub.publish.plan import Step
    from sitepub.publish.prepare import Prepared
    from sitepub.publish.progress import Progress
    from sitepub.settings.steps import SettingStep
    from sitepub.terminal.progress import TransferProgress


_NARROWEST = 40


class Story:
    """Implements :class:`sitepub.actions.deploying.teller.Teller` on a terminal."""

    sums_up = True
    """A transfer ends with a line of its own."""

    def __init__(self, terminal: Terminal, *, yes: bool = False) -> None:
        self._terminal = terminal
        self._yes = yes

    def hook_line(self, line: str) -> None:
        self._terminal.program("hook", line)

    @property
    def hook_columns(self) -> int | None:
        terminal = self._terminal
        if terminal.quiet or not terminal.stderr_is_tty or not terminal.colored(stream_is_tty=True):
            return None
        return max(terminal.width - len("hook | "), _NARROWEST)

    def warn(self, problem: Problem) -> None:
        self._terminal.warn(problem)

    def note(self, text: str) -> None:
        self._terminal.note(text)

    def checked(self, report: Report, project: Project) -> None:
        from sitepub.cli.check_view import annotate, summary

        for problem in report.problems():
            self._terminal.warn(problem)
        for remark in report.remarks:
            self._terminal.note(remark)
        self._terminal.note(summary(report))
        if not self._terminal.annotates:
            annotate(self._terminal, report, project.root, self._terminal.environ)

    def setting(self, step: SettingStep) -> None:
        self._terminal.note(f"bucket: {visible(step.summary)}")

    def approve(self, prepared: Prepared) -> None:
        self._approve_project(prepared)
        self._approve_settings(prepared)
        taken = prepared.plan.taken_over
        if not taken or self._yes:
            return
        from sitepub.publish.guards import shown

        words = (f"{counted(len(taken), 'object')} in the bucket {prepared.base.bucket} that sitepub did not"
                 f" upload would get other content:\n{shown(taken)}")
        if not self._terminal.can_ask:
            raise Refused(words, code="ForeignObjects",
                          hint="if the site may replace them: --yes; what is not in the site stays anyway")
        self._terminal.note(visible_lines(words))
        self._terminal.confirm_or_refuse("Replace them?")

    def ask(self, doubt: Doubt) -> None:
        if self._yes:
            self._terminal.warn(visible_lines(doubt.words))
            return
        if not self._terminal.can_ask:
            raise doubt.refusal()
        self._terminal.note(visible_lines(doubt.words))
        self._terminal.confirm_or_refuse(doubt.question)

    def choose(self, words: str, answers: Mapping[str, str], refusal: Refused) -> str:
        if self._yes and len(answers) == 1:
            return next(iter(answers))
        if self._terminal.can_ask:
            self._terminal.note(visible_lines(words))
        return self._terminal.choose("Which one?", answers, refusal)

    def _approve_project(self, prepared: Prepared) -> None:
        other = prepared.other
        if other is None:
            return
        if self._yes:
            self._terminal.warn(visible(other.words))
            return
        if not self._terminal.can_ask:
            raise Refused(other.words, code="OtherProject", hint=other.hint)
        self._terminal.note(visible(other.words))
        self._terminal.confirm_or_refuse("Publish this one in its place?")

    def _approve_settings(self, prepared: Prepared) -> None:
        taken = prepared.taken_settings
        if not taken or self._yes:
            return
        words = (f"serverless.yml changes what another user or tool set on the bucket {prepared.base.bucket}:\n"
                 + "\n".join(f"  {visible(one)}" for one in taken))
        if not self._terminal.can_ask:
            raise Refused(words, code="OthersSettings",
                          hint="to set it as serverless.yml says: --yes; to leave it as it is, take it out of the file")
        self._terminal.note(words)
        self._terminal.confirm_or_refuse("Change it?")

    def approve_hosts(self, prepared: HostsPrepared) -> None:
        steps = prepared.plan.destructive
        if not steps or self._yes:
            return
        from sitepub.cli.host_view import step_lines

        words = "\n".join(step_lines(self._terminal, steps))
        if not self._terminal.can_ask:
            raise Refused(f"this deploy would delete or change things outside of the site:\n{words}",
                          code="HostsNotConfirmed", hint="if that is what you want: --yes")
        self._terminal.note(words)
        self._terminal.confirm_or_refuse("Do this?")

    def approve_changed_hosts(self, steps: Sequence[HostStep]) -> None:
        from sitepub.cli.host_view import approve_changed

        approve_changed(self._terminal, steps, yes=self._yes)

    def listener(self) -> AbstractContextManager[Listener]:
        from sitepub.cli.host_view import host_listener

        return host_listener(self._terminal)

    @contextmanager
    def transfer(self) -> Iterator[Progress]:
        from sitepub.terminal.progress import TransferProgress

        with TransferProgress(self._terminal, verb="Publishing", sums_up=self.sums_up) as shown_progress:
            yield Transfer(shown_progress)


class Transfer:
    """Hands the engine's events to a progress display, which knows steps by their names only."""

    def __init__(self, display: TransferProgress) -> None:
        self._display = display

    def part(self, words: str) -> None:
        self._display.part(words)

    def planned(self, steps: int, total_bytes: int) -> None:
        self._display.planned(steps, total_bytes)

    def started(self, step: Step) -> None:
        self._display.started(step.key)

    def sent(self, step: Step, count: int) -> None:
        self._display.sent(step.key, count)

    def finished(self, step: Step) -> None:
        self._display.finished(step.key)

    def failed(self, step: Step, error: Exception) -> None:
        self._display.failed(step.key, error)

    def retried(self, step: Step, error: Exception, wait: float) -> None:
        self._display.retried(step.key, error, wait)


def visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))
