"""What goes wrong while dev runs: shown in the terminal and in the browsers, and tried again where that helps."""

from __future__ import annotations

import threading
import time

from sitepub.config.project import Project
from sitepub.dev.schedule import End
from sitepub.dev.target import Target
from sitepub.dev.targets import Targets
from sitepub.dev.view import View
from sitepub.dev.waits import Waits
from sitepub.errors import CloudError, SiteError, SitepubError
from sitepub.publish.outcome import Outcome
from sitepub.site.scan import STILL_CHANGING

_LOCKED = frozenset({"Locked", "LockLost", "SlowDown"})
_PASSING = frozenset({408, 429})
_WRITING = frozenset({STILL_CHANGING, "FileChanged"})
_NOT_READY = frozenset({"MissingFolder", "EmptyFolder", "MissingIndex"})
_FILLED = 1.5
"""Seconds within which a tool that writes a page again has filled it."""
_SHOWN = 5
"""Files that could not be published and are named."""


class Failures:
    """For the worker's thread; :meth:`show` may be called from any."""

    def __init__(self, view: View, targets: Targets, waits: Waits, stop: threading.Event) -> None:
        self._view = view
        self._targets = targets
        self._waits = waits
        self._stop = stop
        self._unfinished = ""
        """What ``dev.command`` has not written yet, as it was reported last."""
        self._emptied: float | None = None
        """When pages that had content were first found empty: a tool may be about to fill them."""
        self._mistake: SitepubError | None = None
        """What is wrong with the configuration. The last good one stays in use, and pages show the mistake."""

    def configured(self) -> None:
        """The configuration is good."""
        self._mistake, self._unfinished = None, ""

    def misconfigured(self, mistake: SitepubError) -> None:
        """The configuration cannot be used."""
        self._mistake = mistake

    def published(self, target: Target) -> None:
        """Everything is live. Browsers go on showing what is wrong with the configuration."""
        self._emptied, self._unfinished = None, ""
        self._waits.over(target.name)
        if (mistake := self._mistake) is not None:
            target.show(lambda browsers: browsers.failed(text_for_browsers(mistake)))

    def show(self, error: SitepubError) -> None:
        """In the terminal and in every browser."""
        self._targets.show(lambda browsers: browsers.failed(text_for_browsers(error)))
        self._view.error(error)

    def handle(self, error: SitepubError, project: Project, target: Target | None = None) -> End:
        """Show an error that has broken off a task, unless it is tried again. ``target``: the only one that it is
        about."""
        if self._stop.is_set():
            return End.FAILED
        end = end_of(error)
        if error.code == "EmptyPages" and time.monotonic() - self._empty_since() < _FILLED:
            return End.SOON
        if end is not End.FAILED:
            return self._waits.again(target.name if target is not None else "", end, error)
        if error.code in _NOT_READY and project.dev.command is not None:
            if self._unfinished != error.message:
                self._view.note(f"waiting for dev.command: {error.message}")
            self._unfinished = error.message
            return End.FAILED
        self._unfinished = ""
        if target is None:
            self.show(error)
        else:
            target.show(lambda browsers: browsers.failed(text_for_browsers(error)))
            self._view.error(error)
        return End.FAILED

    def handle_partly(self, outcome: Outcome, target: Target) -> End:
        """The same for a publish that has ended without some of the files."""
        if self._stop.is_set():
            return End.FAILED
        errors = [failure.error for failure in outcome.failures]
        ends = [end_of(error) for error in errors]
        for end in (End.LATER, End.SOON):
            if end in ends:
                return self._waits.again(target.name, end, errors[ends.index(end)])
        names = "\n".join(f"  {failure}" for failure in outcome.failures[:_SHOWN])
        error = SitepubError(f"{len(errors)} of {len(outcome.prepared.plan.steps)} files were not published:\n{names}",
                             code="PartlyDone", hint="r tries it again")
        target.show(lambda browsers: browsers.failed(str(error)))
        self._view.error(error)
        return End.FAILED

    def _empty_since(self) -> float:
        """When pages were found empty first, since the last publish."""
        if self._emptied is None:
            self._emptied = time.monotonic()
        return self._emptied


def end_of(error: Exception) -> End:
    """How a task ends that this error has broken off."""
    if isinstance(error, SitepubError) and (error.passing or error.code in _LOCKED):
        return End.LATER
    if isinstance(error, CloudError) and (error.status >= 500 or error.status in _PASSING
                                          or 300 <= error.status < 400):
        return End.LATER  # COS sends no lasting redirect; a network that wants a login does
    if isinstance(error, SiteError) and error.code in _WRITING:
        return End.SOON
    return End.FAILED


def text_for_browsers(error: SitepubError) -> str:
    """The error as pages show it: with its place, its hint, and the last lines of the hook."""
    lines = [f"{error.position}: {error.message}" if error.position is not None else error.message]
    problems = getattr(error, "problems", ())
    lines += [f"{one.position}: {one.message}" if one.position is not None else one.message
              for one in problems if one.message != error.message]
    lines += getattr(error, "tail", ())
    return "\n".join([*lines, *([f"hint: {error.hint}"] if error.hint else [])])
