"""``dev.command`` in a session of dev: kept running, listened to, and followed when the project changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import PurePath

from sitepub.config.project import Project
from sitepub.dev.rebuild import Death, KeptRunning
from sitepub.dev.tool_output import Said, ToolOutput
from sitepub.errors import HookFailed
from sitepub.site.build.hook import hook_environment
from sitepub.site.build.signs import Allowed

Post = Callable[[Callable[[], None]], None]
"""Has something done in the main thread, in order."""


class Tool:
    """The tool of the project, if it has one. Everything here is for the main thread."""

    def __init__(self, environ: Mapping[str, str], post: Post, line: Callable[[str], None],
                 note: Callable[[str], None]) -> None:
        """``line`` is called at once with what the tool prints, ``note`` with what is to be known of it."""
        self._environ = environ
        self._post = post
        self._line = line
        self._note = note
        self._kept: KeptRunning | None = None
        self._wanted: object = None
        self._output = ToolOutput()
        self._hinted = False

    def follow(self, project: Project) -> None:
        """Run the tool of this project from now on; one that is as before goes on."""
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
            self._note(death.said)
            if not self._hinted:
                self._note("dev.command is for a tool that goes on running; one that builds and ends belongs into"
                           " src.hook, which dev runs whenever a source changes")
            self._hinted = True
        else:
            output.died(death.said, time.monotonic())

    # -- what it says --------------------------------------------------------------------------------------

    def touched(self, path: PurePath) -> None:
        """A source has changed."""
        self._output.touched(path, time.monotonic())

    def wrote(self) -> None:
        """What it has written is quiet now."""
        self._output.wrote(time.monotonic())

    @property
    def holds(self) -> bool:
        """Is what lies there not to be published now?"""
        return self._output.holds

    @property
    def failed(self) -> HookFailed | None:
        """The failure that was told last, if it was not repaired since."""
        return _as_error(self._output.failure) if self._output.failed else None

    @property
    def due(self) -> float | None:
        return self._output.due

    def take(self, now: float) -> HookFailed | bool:
        """A build that failed, to be told; True: what was told is repaired."""
        said = self._output.take(now)
        if said is None:
            return False
        return _as_error(said) if said.failed else True


def _as_error(said: Said) -> HookFailed:
    headline = said.headline if said.headline.startswith("dev.command") else \
        f"dev.command says that its build failed: {said.headline.rstrip(':')}"
    return HookFailed(headline, tail=said.lines, hint="nothing is published until it builds well; r does it all the"
                      " same")
