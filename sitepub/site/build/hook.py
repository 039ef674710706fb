"""The build hook: the user's own command, run in its folder, shown while it runs, stopped when asked.

The hook sees the user's environment without any secret of the cloud account, plus ``STAGE`` and the ``env``
map of the project.
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from sitepub import interrupts
from sitepub.config.project import Project
from sitepub.errors import HookFailed, Interrupted, SiteError
from sitepub.leaks.cloud_secrets import secret_values, without_secrets
from sitepub.site.build.advice import HookAdvice
from sitepub.site.build.lines import LineSplitter
from sitepub.site.build.process import HookProcess
from sitepub.site.build.signs import OPTION, Allowed, BuildOutput
from sitepub.site.folder import foreign_path
from sitepub.terminal import secrets as screen
from sitepub.terminal.messages import plain

GRACE = 5.0
"""Seconds between asking to stop (SIGINT), demanding it (SIGTERM) and ending it (SIGKILL)."""
TAIL = 40
_NOTHING = "nothing was published: run the same command again"
_TICK = 0.1
_QUIET_AFTER_END = 0.3
_LONGEST_AFTER_END = 5.0
_MOST_AFTER_END = 1 << 20


def run_hook(
    project: Project, *, environ: Mapping[str, str], output: Callable[[str], None],
    stop: threading.Event | None = None, background: Callable[[HookProcess], None] = HookProcess.close,
    columns: int | None = None,
) -> bool:
    """Run ``src.hook`` through the shell in ``src.src`` and wait for it. Does nothing without a hook. Returns whether
    the build said that there was nothing to do for it.

    ``environ`` is the user's environment. ``output`` is called in this thread with every line that the hook
    prints, on stdout or stderr, as it comes and without its line break; a line that is not ended within half
    a second is given as far as it got. A process that the hook left in the background, and that keeps the
    output open, is not waited for: ``background`` is given the ended command with what still runs of it.
    ``columns``: the output is shown on a terminal of this width, so the hook gets one too and prints in colours.

    Raises :class:`~sitepub.errors.HookFailed` when the command ends with another status than 0, when it prints
    what a known tool prints for a build that failed (see ``build_signs``), or when it runs longer than
    ``src.timeout``; :class:`~sitepub.errors.Interrupted` after Ctrl-C or when ``stop`` is set;
    :class:`~sitepub.errors.SiteError` when the folder is missing. On abort the whole process group gets
    SIGINT, :data:`GRACE` seconds later SIGTERM, and as much later SIGKILL; all of it within a second when the program
    itself is to end.
    """
    source = project.source
    if source.hook is None:
        return True
    if not source.folder.is_dir():
        raise SiteError(f"the folder {source.folder} does not exist, so the hook cannot run in it",
                        hint=foreign_path(source, "src") or "correct src.src in " + project.file.name,
                        position=source.at("src"))
    started = time.monotonic()
    tail: deque[str] = deque(maxlen=TAIL)
    said, advice = BuildOutput(Allowed(source.allow_errors)), HookAdvice()
    name = f"the hook `{_shown(source.hook)}`"

    def show(line: str) -> None:
        tail.append(plain(line))
        output(line)

    def whole(line: str) -> None:
        said.line(plain(line))
        advice.line(plain(line))

    inside = hook_environment(project, environ)
    begun: list[_Run] = []
    try:
        with interrupts.held_back():
            try:
                process = HookProcess(source.hook, source.folder, inside, columns)
            except (OSError, ValueError) as error:
                raise HookFailed(f"{name} could not be started: {error}", position=source.hook_position) from None
            run = _Run(process, LineSplitter(show, whole=whole, terminal=columns is not None))
            begun.append(run)
        status = run.to_the_end(None if source.timeout is None else started + source.timeout, stop)
    except KeyboardInterrupt:
        for one in begun:
            one.abort()
        raise _interrupted("interrupted") from None
    except _Stopped:
        run.abort()
        raise _interrupted("stopped") from None
    except _TimedOut:
        if not run.abort():
            raise _interrupted("interrupted") from None
        raise HookFailed(f"{name} ran longer than {source.timeout:g} s and was stopped",
                         tail=tail, hint="give it more time with src.timeout (seconds)",
                         position=source.hook_position) from None
    except BaseException:
        for one in begun:
            one.abort(quickly=True)
        raise
    finally:
        for one in begun:
            (background if one.process.group_alive() else HookProcess.close)(one.process)
    if status != 0:
        seconds = time.monotonic() - started
        raise HookFailed(f"{name} {_ended(status)} after {seconds:.1f} s",
                         tail=tail, hint=advice.after(status, source.folder), position=source.hook_position)
    if said.count:
        more = f" (and {said.count - 1} more such line{'s' * (said.count > 2)})" if said.count > 1 else ""
        raise HookFailed(
            f"{name} ended with status 0, but it printed that the build failed: {said.headline}{more}",
            tail=said.lines, position=source.hook_position,
            hint=f"correct what the line names; if such a line is harmless, add it to {OPTION} (`*` stands for any"
                 " text); `sitepub deploy --no-build` publishes what the hook has written")
    return said.idle


def _shown(command: str) -> str:
    """A command in a sentence: of several lines the first."""
    first, *more = command.strip().splitlines() or [""]
    return f"{first} …" if more else first


def hook_environment(project: Project, environ: Mapping[str, str]) -> dict[str, str]:
    """What the hook may see: the environment, then the .env files where they add to it, then the ``env`` map
    and ``STAGE``; without any variable whose name or value reveals a secret of the cloud account."""
    secrets = secret_values(environ, project.dotenv) | screen.held()
    screen.register(*secrets)
    merged = {**project.dotenv, **environ}
    for name, value in project.env.items():
        merged[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # A name with "=" or a NUL in it cannot be passed on by any system.
    passable = {name: value for name, value in merged.items()
                if name and "=" not in name and "\0" not in name + value}
    return {**without_secrets(passable, secrets), "STAGE": project.stage}


class _TimedOut(Exception):
    pass


class _Stopped(Exception):
    pass


class _Run:
    """One running hook and where its output goes."""

    def __init__(self, process: HookProcess, lines: LineSplitter) -> None:
        self.process = process
        self.lines = lines

    def to_the_end(self, deadline: float | None, stop: threading.Event | None) -> int:
        """Pass the output on until the command has ended. Returns its exit status."""
        while True:
            data = self.process.read(_TICK)
            if data is not None:
                self.lines.feed(data)
            else:
                self.lines.flush_old()
            if stop is not None and stop.is_set():
                raise _Stopped
            status = self.process.status()
            if status is not None:
                self._drain()
                return status
            if data == b"":  # the output was closed, the command still runs
                self.process.wait(_TICK)
            if deadline is not None and time.monotonic() >= deadline:
                raise _TimedOut

    def _drain(self) -> None:
        """Pass on what the ended command had printed. Something in the background may hold the output open,
        and even go on printing: that is given a moment, not for ever."""
        end = time.monotonic() + _LONGEST_AFTER_END
        taken = 0
        while taken < _MOST_AFTER_END and time.monotonic() < end:
            data = self.process.read(_QUIET_AFTER_END)
            if not data:  # quiet (None) or closed
                break
            taken += len(data)
            self.lines.feed(data)
        self.lines.end()

    def abort(self, *, quickly: bool = False) -> bool:
        """End the whole process group, showing what it still says. Returns when nothing of it is left; False: Ctrl-C
        came meanwhile."""
        patient = True
        with interrupts.patient(_NOTHING, break_in=False):
            try:
                for number in () if quickly else (signal.SIGINT, signal.SIGTERM):
                    if not self.process.group_alive():
                        break
                    self.process.send(number)
                    self._wait_for_group(min(GRACE, interrupts.left(2 * GRACE) / 2))
            except KeyboardInterrupt:
                patient = False
            with contextlib.suppress(KeyboardInterrupt):
                self.process.kill()
                self._wait_for_group(interrupts.left(GRACE))
        return patient

    def _wait_for_group(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            data = self.process.read(_TICK)
            if data:
                # The output may be what broke; the processes have to be ended all the same.
                with contextlib.suppress(Exception):
                    self.lines.feed(data)
            if time.monotonic() >= end or not (data or self.process.group_alive()):
                break
            if data == b"":
                time.sleep(_TICK / 5)
        with contextlib.suppress(Exception):
            self.lines.end()


def _interrupted(how: str) -> Interrupted:
    return Interrupted(f"The hook was {how}.", hint=_NOTHING)


def _ended(status: int) -> str:
    number = -status if status < 0 else status - 128 if 128 < status < 160 else 0
    try:
        name = signal.Signals(number).name if number else ""
    except ValueError:
        name = ""
    if status < 0:
        return f"was killed by {name or number}"
    return f"ended with status {status}" + (f" (killed by {name})" if name else "")
