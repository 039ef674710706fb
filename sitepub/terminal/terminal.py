"""The terminal: the three streams, what they can show, and how the program talks to the user.

Results go to stdout; notes, warnings, questions and progress go to stderr. Everything that is printed passes
the scrubber. The program reaches its streams through this object only, so that a test can run it in-process.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO, cast

from sitepub.errors import Problem, Refused
from sitepub.terminal import messages, secrets
from sitepub.terminal.plain import steady, steady_json

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

_ASKED = 3
"""Times that a question is asked whose answer is not understood."""


class Terminal:
    """Streams and how to use them. ``wants_json``, ``quiet`` and ``debug`` are set from the command line."""

    annotates = False
    """Warnings become annotations of the CI system by themselves."""

    def __init__(
        self,
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.stdin: TextIO = stdin if stdin is not None else _standard(sys.stdin, "r")
        self.stdout: TextIO = stdout if stdout is not None else _standard(sys.stdout, "w")
        self.stderr: TextIO = stderr if stderr is not None else _standard(sys.stderr, "w")
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        self.wants_json = False
        self.completed: Callable[[Any], Any] = lambda value: value
        """What is added to each answer for programs."""
        self.quiet = False
        self.debug = False
        self.stdin_is_tty = _is_tty(self.stdin)
        self.stdout_is_tty = _is_tty(self.stdout)
        self.stderr_is_tty = _is_tty(self.stderr)
        self.reader_gone = False
        """The reader of stdout has gone: what is written there is lost, and following is of no use."""
        self.has_shown_programs = False
        """Lines of another program (a hook) were shown: they need not be shown again when it fails."""
        self.above_live: Callable[[str], None] | None = None
        """Set while a live display owns the bottom of the screen: prints lines above it."""
        self._lock = threading.Lock()
        self._mode: list[Any] | None = None
        """How the terminal was set when the program began."""
        for stream in (self.stdout, self.stderr):
            # A character that the encoding lacks is shown as an escape instead of ending the program.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")

    # How it was found

    def remember(self) -> None:
        """Keep how the terminal is set, for :meth:`give_back`."""
        if sys.platform != "win32" and self.stdin_is_tty:
            import termios

            with contextlib.suppress(termios.error, OSError, ValueError):
                self._mode = termios.tcgetattr(self.stdin.fileno())

    def give_back(self) -> None:
        """Leave the terminal as it was found, in a process that ends without unwinding: what is typed is shown, and
        so is the cursor. Does not wait."""
        if sys.platform != "win32" and self._mode is not None:
            import termios

            with contextlib.suppress(termios.error, OSError, ValueError):
                termios.tcsetattr(self.stdin.fileno(), termios.TCSANOW, self._mode)
        if self.above_live is not None:
            # Its thread may hold its lock, and is about to be gone.
            self.above_live = None
            with contextlib.suppress(OSError, ValueError):
                os.write(self.stderr.fileno(), b"\r\x1b[J\x1b[?25h")

    # What it can show

    @property
    def unicode(self) -> bool:
        """Whether both streams can show more than ASCII (Windows code pages often cannot)."""
        return all(_encodes(stream, "…✓─█▀▄") for stream in (self.stdout, self.stderr))

    @property
    def width(self) -> int:
        """Columns, 80 when unknown."""
        columns = self.environ.get("COLUMNS", "")
        if columns.isdigit() and int(columns) > 0:
            return int(columns)
        for stream in (self.stderr, self.stdout):
            try:
                return os.get_terminal_size(stream.fileno()).columns or 80
            except (OSError, ValueError, AttributeError):
                continue
        return 80

    def colored(self, stream_is_tty: bool) -> bool:
        """Whether colours go to such a stream. NO_COLOR wins over FORCE_COLOR, and both over the rest."""
        asked = self._asked_for_colors()
        return stream_is_tty and self.environ.get("TERM") != "dumb" and _ansi_works() if asked is None else asked

    def _asked_for_colors(self) -> bool | None:
        """What the environment says; ``FORCE_COLOR=0`` is no, as tools of Node have it. ``None``: nothing."""
        if self.environ.get("NO_COLOR"):
            return False
        force = self.environ.get("FORCE_COLOR", "")
        return force.lower() not in ("0", "false") if force else None

    @property
    def live(self) -> bool:
        """Whether a moving display on stderr makes sense."""
        return (self.stderr_is_tty and not self.quiet and not self.environ.get("CI")
                and self.environ.get("TERM") != "dumb" and _ansi_works())

    def style(self, text: str, *names: str, on_stderr: bool = False) -> str:
        """The text in a style ("bold", "dim", "red", "green", "yellow", "cyan"), if the stream shows any."""
        if not names or not self.colored(self.stderr_is_tty if on_stderr else self.stdout_is_tty):
            return text
        return f"\x1b[{';'.join(_STYLES[name] for name in names)}m{text}\x1b[0m"

    # Results: stdout

    def result(self, text: str = "") -> None:
        """A line (or several) of the result for people. With ``--json`` nothing: the object is the result."""
        if not self.wants_json:
            self.out(text)

    def json(self, value: Any, *, reveal: bool = False) -> None:
        """The result for programs: one JSON object on one line. ``reveal`` prints secrets on purpose."""
        value = self.completed(value)
        shown = value if reveal else secrets.scrub_value(value)
        ascii_only = not _encodes(self.stdout, "…")
        self._write(self.stdout, steady_json(json.dumps(shown, ensure_ascii=ascii_only, default=str)))

    def out(self, text: str) -> None:
        """Text on stdout whatever the options say: for help, schemas and shell scripts."""
        self._write(self.stdout, steady(secrets.scrub(text)))

    # Notes: stderr

    def note(self, text: str = "") -> None:
        """What is going on, for people; nothing with ``--quiet``."""
        if not self.quiet:
            self.err(text)

    def program(self, label: str, line: str) -> None:
        """A line that another program printed; nothing with ``--quiet``."""
        if not self.quiet:
            self.has_shown_programs = True
            asked = self._asked_for_colors()
            shown = messages.printed(line, colors=self.environ.get("TERM") != "dumb" if asked is None else asked)
            self.err(f"{self.style(f'{label} |', 'dim', on_stderr=True)} {shown}")

    def warn(self, what: str | Problem) -> None:
        """Something that the user should know of and that stops nothing; nothing with ``--quiet``."""
        if not self.quiet:
            problem = Problem(what) if isinstance(what, str) else what
            self.err("\n".join(messages.problem_lines(self, "warning", "yellow", problem)))

    def say_debug(self, text: str) -> None:
        """Details for the curious: only with ``--debug``."""
        if self.debug:
            self.err(self.style(text, "dim", on_stderr=True))

    def err(self, text: str) -> None:
        """Text on stderr whatever the options say: for errors."""
        text = steady(secrets.scrub(text))
        above = self.above_live
        if above is not None:
            above(text)
        else:
            self._write(self.stderr, text)

    # Questions

    def confirm(self, question: str, *, yes: bool = False, otherwise: bool | None = None) -> bool:
        """Ask for a yes. ``yes`` (the option ``--yes``) answers without asking.

        Without a terminal to ask on, the answer is ``otherwise``; without one raises
        :class:`~sitepub.errors.Refused`. Return, end of input and anything but y/yes mean no.
        """
        if yes:
            return True
        if not self.can_ask:
            if otherwise is not None:
                return otherwise
            raise Refused(f"{question.rstrip(' ?')}? There is no terminal to ask on.", code="NotConfirmed",
                          hint="Pass --yes to answer yes without being asked.")
        from unicodedata import normalize

        # Input methods for Chinese and Japanese type full-width letters.
        return normalize("NFKC", self._ask(f"{question} [y/N] ")).strip().lower() in {"y", "yes"}

    def confirm_or_refuse(self, question: str, *, yes: bool = False) -> None:
        """Like :meth:`confirm`, for when a no ends the work: raises Refused."""
        if not self.confirm(question, yes=yes):
            raise Refused("Not done: you said no.", code="Declined")

    def choose(self, question: str, answers: Mapping[str, str], refusal: Refused) -> str:
        """One of the answers (word → what it means), by its word or its beginning. Raises ``refusal`` without a
        terminal to ask on, and Refused when the user gives no answer."""
        if not self.can_ask:
            raise refusal
        width = max(map(len, answers))
        lines = "".join(f"  {word:<{width}}  {meaning}\n" for word, meaning in answers.items())
        for _ in range(_ASKED):
            said = self._ask(f"{lines}{question} [{'/'.join(answers)}] ").strip().lower()
            found = [word for word in answers if said and word.startswith(said)]
            if len(found) == 1:
                return found[0]
            if not said:
                break
        raise Refused("Not done: there was no answer.", code="Declined")

    def ask_secret(self, question: str) -> str:
        """Ask without echo. Raises :class:`~sitepub.errors.Refused` where that cannot be done."""
        if not self.can_ask:
            raise Refused(f"{question}: there is no terminal to ask on.", code="NoTerminal")
        answer = self.read_secret(f"{question}: ").strip()
        secrets.register(answer)
        return answer

    @property
    def can_ask(self) -> bool:
        return self.stdin_is_tty and self.stderr_is_tty

    def read_secret(self, prompt: str) -> str:
        """Read one line without echo from the terminal."""
        import getpass
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(prompt, stream=self.stderr)
            except getpass.GetPassWarning:
                raise Refused("The terminal cannot hide what is typed, so no secret is asked for.",
                              code="NoTerminal") from None
            except EOFError:
                return ""

    def _ask(self, prompt: str) -> str:
        with self._lock:
            self.stderr.write(steady(secrets.scrub(prompt)))
            self.stderr.flush()
        answer = self.stdin.readline()
        if not answer.endswith("\n"):
            self._write(self.stderr, "")
        return answer

    # Writing

    def _write(self, stream: TextIO, text: str) -> None:
        """One line. When the reader went away (``| head``) the rest is dropped and the work goes on: a
        deploy does not stop half way because a pager was closed."""
        with self._lock:
            try:
                stream.write(text + "\n")
                stream.flush()
            except OSError as error:
                _swallow_from_now_on(stream)
                self.reader_gone |= stream is self.stdout
                # Windows reports a closed pipe as EINVAL. Anything else (a full disk) is told, once.
                if error.errno != errno.EPIPE and not (os.name == "nt" and error.errno == errno.EINVAL):
                    raise


def _swallow_from_now_on(stream: TextIO) -> None:
    """Put a sink behind the stream, also for the flush at the end of the interpreter."""
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, stream.fileno())
        os.close(sink)
    except (OSError, ValueError, AttributeError):
        pass


def _standard(stream: TextIO | None, mode: str) -> TextIO:
    """A standard stream, or a sink where there is none (``>&-``, pythonw)."""
    if stream is not None:
        return stream
    sink = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - lives as long as the program
    return cast(TextIO, sink)


def _is_tty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (ValueError, AttributeError):
        return False


def _encodes(stream: TextIO, sample: str) -> bool:
    try:
        sample.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _ansi_works() -> bool:
    """Whether escape sequences are understood. On Windows consoles they must be switched on first."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        works = False
        for handle_number in (-11, -12):  # stdout, stderr
            handle = kernel.GetStdHandle(handle_number)
            mode = ctypes.c_uint32()
            if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
                # ENABLE_VIRTUAL_TERMINAL_PROCESSING
                works |= bool(kernel.SetConsoleMode(handle, mode.value | 0x0004))
        return works
    return True
