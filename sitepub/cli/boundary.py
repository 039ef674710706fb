"""The one place where errors end: every error becomes a message and an exit code.

The program below raises and never prints an error. Ctrl-C and SIGTERM (and SIGHUP, when the terminal goes
away) all end with 130: they mean the same to the caller, "stopped half way, run it again", and one
code for that is easier to check than three.
"""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import click

from sitepub import interrupts
from sitepub.errors import (
    ConfigError,
    HookFailed,
    Interrupted,
    PartlyDone,
    Position,
    Problem,
    SiteError,
    SitepubError,
    UsageError,
)
from sitepub.outside import from_system, outside
from sitepub.terminal.messages import problem_lines, visible
from sitepub.terminal.terminal import Terminal


def guarded(terminal: Terminal, work: Callable[[], int]) -> int:
    """Run the work; show whatever it raises; the exit code."""
    try:
        with _logs(terminal), _signals():
            return work()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        return show(terminal, Interrupted("Interrupted."))
    except click.ClickException as error:
        return show(terminal, _from_click(error))
    except SitepubError as error:
        return show(terminal, error)
    except OSError as error:
        return show(terminal, _interrupted() or from_system(error), cause=error)
    except Exception as error:
        # pydantic, for one, makes an error of its own of whatever breaks in on it.
        return show(terminal, _interrupted() or outside(error) or _bug(error), cause=error)


def _interrupted() -> Interrupted | None:
    return Interrupted("Interrupted.") if interrupts.was_pressed() else None


def interrupted(terminal: Terminal, half_done: str) -> None:
    """For the last moment of a process that cannot end in good order, in any thread."""
    terminal.give_back()
    show(terminal, Interrupted("Interrupted.", hint=half_done or None))


def show(terminal: Terminal, error: SitepubError, *, cause: BaseException | None = None) -> int:
    """Show an error, as text on stderr and with ``--json`` as an object on stdout; its exit code."""
    if isinstance(error, Interrupted):
        interrupts.tells()
    if terminal.wants_json:
        terminal.json(error_object(error))
    return tell(terminal, error, cause=cause)


def partly(terminal: Terminal, error: PartlyDone, result: Mapping[str, object]) -> tuple[dict[str, object], int]:
    """Show, as text, what failed of work that was partly done; the object for programs, which says what was
    done beside the error, and the exit code."""
    code = tell(terminal, error)
    return {**result, "status": "error", "error": error_object(error)["error"]}, code


def tell(terminal: Terminal, error: SitepubError, *, cause: BaseException | None = None) -> int:
    """The error as text on stderr; its exit code."""
    # With --json somebody may still be reading stderr while a program reads stdout.
    if not terminal.wants_json or not (terminal.stdout_is_tty or terminal.quiet):
        for line in lines(terminal, error):
            terminal.err(line)
    if terminal.debug:
        terminal.err("".join(traceback.format_exception(cause or error)).rstrip())
    return int(error.exit_code)


def error_object(error: SitepubError) -> dict[str, object]:
    """The error for programs. Keys are always there, null when unknown.

    ``problems`` is added when there may be several, ``tail`` when a hook failed.
    """
    body: dict[str, object] = {"code": error.code, **_problem_object(_first(error))}
    body["request_id"] = error.request_id
    body["hint_commands"] = _hint_commands(error)
    if isinstance(error, (ConfigError, SiteError)):
        body["problems"] = [_problem_object(problem) for problem in error.problems]
    if isinstance(error, HookFailed):
        body["tail"] = list(error.tail)
    return {"version": 1, "status": "error", "error": body}


def _hint_commands(error: SitepubError) -> list[list[str]]:
    """The commands that the hint names, for programs."""
    from sitepub.cli.main import COMMANDS
    from sitepub.cli.next_steps import commands_in

    return commands_in(error.hint, COMMANDS, int(error.exit_code))


def _first(error: SitepubError) -> Problem:
    return Problem(error.message, error.position, error.hint)


def _problem_object(problem: Problem) -> dict[str, object]:
    position = problem.position or Position("")
    return {"message": problem.message, "hint": problem.hint, "file": position.file or None,
            "line": position.line, "column": position.column}


def lines(terminal: Terminal, error: SitepubError) -> Iterator[str]:
    """The error as people read it; with the last lines of a hook that failed if they were not shown already."""
    if isinstance(error, HookFailed) and error.tail and not terminal.has_shown_programs:
        yield "The last lines of the hook's output:"
        yield from (f"  {visible(line)}" for line in error.tail)
    if isinstance(error, Interrupted):
        yield visible(error.message)
        if error.hint:
            yield f"  hint: {visible(error.hint)}"
        return
    problems = list(error.problems) if isinstance(error, ConfigError) else [_first(error)]
    if isinstance(error, SiteError):
        problems += [problem for problem in error.problems if problem.message != error.message]
    for problem in problems:
        yield from problem_lines(terminal, "error", "red", problem)
    if error.hint and all(problem.hint != error.hint for problem in problems):
        yield f"  hint: {visible(error.hint)}"
    if error.request_id:
        yield f"  request id: {visible(error.request_id)}"


def _from_click(error: click.ClickException) -> SitepubError:
    """What click says about the command line, in our words. Its exit code is always 2."""
    hint, message = None, error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        from sitepub.cli.other_words import hint_for, in_our_words

        elsewhere = hint_for(error)
        if elsewhere is not None:
            message = error.message  # what click takes for near is further away
        message = in_our_words(error) or message
        hint = f"{elsewhere} See: {error.ctx.command_path} --help" if elsewhere else \
            f"See: {error.ctx.command_path} --help"
    return UsageError(" ".join(message.split()), hint=hint)


def _bug(error: Exception) -> SitepubError:
    words = " ".join(str(error).split())
    summary = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return SitepubError(f"This is a bug in sitepub: {summary}", code="Bug",
                        hint="Run it again with --debug to see where, and report what it shows.")


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM, SIGHUP and Windows' Ctrl-Break act like Ctrl-C while the work runs."""
    if threading.current_thread() is not threading.main_thread() or interrupts.owns():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: list[int] = []
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # Only what nobody decided about yet: nohup ignores SIGHUP, a test runner may have its own SIGTERM.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)
            before.append(number)
    try:
        yield
    finally:
        for number in before:
            signal.signal(number, signal.SIG_DFL)


class _ToTerminal(logging.Handler):
    """Log records as debug lines, scrubbed like everything else."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.terminal = terminal
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.terminal.say_debug(self.format(record))
        except Exception:
            self.handleError(record)


@contextmanager
def _logs(terminal: Terminal) -> Iterator[None]:
    """Logs of sitepub and its libraries: to stderr with ``--debug``, else nowhere (errors are raised)."""
    root = logging.getLogger()
    handler: logging.Handler = _ToTerminal(terminal) if terminal.debug else logging.NullHandler()
    level = root.level
    root.addHandler(handler)
    if terminal.debug:
        root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
