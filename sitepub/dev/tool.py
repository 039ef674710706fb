"""``dev.command``: kept running, its output read, and started anew when the project changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import PurePath

from sitepub.config.project import Project
from sitepub.dev.tool_output import BuildResult, ToolOutput
from sitepub.dev.tool_process import Death, KeptRunning
from sitepub.errors import HookFailed
from sitepub.site.build.hook import hook_environment
from sitepub.site.build.signs import Allowed

Post = Callable[[Callable[[], None]], None]
"""Calls a function in the main thread; calls keep their order."""


class Tool:
    """The tool of the project, if it has one. Everything here is for the main thread."""

    def __init__(self, environ: Mapping[str, str], post: Post, line: Callable[[str], None],
                 note: Callable[[str], None]) -> None:
        """``line`` is called at once, from another thread, with each line that the tool prints; ``note`` with what
        the user has to know about it."""
        self._environ = environ
        self._post = post
        self._line = line
        self._note = note
        self._kept: KeptRunning | None = None
        self._wanted: object = None
        self._output = ToolOutput()
        self._hinted = False

    def follow(self, project: Project) -> None:
        """Run the tool of this project from now on; an unchanged tool goes on."""
        command = project.dev.command
        source = project.source
        wanted = (command, source.folder, source.allow_errors, project.env, project.dotenv, project.stage) if command \
            else None
        if wanted == self._wanted:
            return
        self.stop()
        self._wanted, self._output = wanted, ToolOutput(Allowed(source.allow_errors))
        if command is None:
            return
        output = self._output

        def line(text: str) -> None:
            self._line(text)
            self._post(lambda: output.line(text, time.monotonic()))

        output.started(time.monotonic())  # nothing is published before it had a chance to say that it builds
        self._kept = KeptRunning(
            command, source.folder, hook_environment(project, self._environ), output=line,
            started=lambda: self._post(lambda: output.started(time.monotonic())),
            died=lambda death: self._post(lambda: self._died(output, death)))
        self._kept.start()

    def stop(self) -> None:
        """End it with all that it started. Returns when nothing of it is left."""
        if self._kept is not None:
            self._kept.stop()
            self._kept = None

    def _died(self, output: ToolOutput, death: Death) -> None:
        if output is not self._output:
            return
        if death.status == 0:
            output.finished()
            self._note(death.message)
            if not self._hinted:
                self._note("dev.command is for a tool that goes on running; one that builds and ends belongs in"
                           " src.hook, which dev runs after every change of a source")
            self._hinted = True
        else:
            output.died(death.message, time.monotonic())

    # -- its output ----------------------------------------------------------------------------------------

    def touched(self, path: PurePath) -> None:
        """A source has changed."""
        self._output.touched(path, time.monotonic())

    def writing(self) -> None:
        """A file of the site was written."""
        self._output.writing(time.monotonic())

    def wrote(self) -> None:
        """It has written files, and writes no more for the moment."""
        self._output.wrote(time.monotonic())

    @property
    def holds(self) -> bool:
        """Must the output not be published now?"""
        return self._output.holds

    @property
    def failed(self) -> HookFailed | None:
        """The failure that was reported last, if it was not repaired since."""
        return _as_error(self._output.failure) if self._output.failed else None

    @property
    def due(self) -> float | None:
        return self._output.due

    def take(self, now: float) -> HookFailed | bool:
        """A build that failed, to be shown now; ``True``: the failure that was shown is repaired."""
        result = self._output.take(now)
        if result is None:
            return False
        return _as_error(result) if result.failed else True


def _as_error(result: BuildResult) -> HookFailed:
    headline = result.headline if result.headline.startswith("dev.command") else \
        f"dev.command says that its build failed: {result.headline.rstrip(':')}"
    return HookFailed(headline, tail=result.lines, hint="nothing is published until it builds well; r does it all the"
                      " same")
