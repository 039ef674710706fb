"""Where the program starts. What needs no parsing is answered before click is imported."""

from __future__ import annotations

import gc
import os
import sys

_OBJECT = (b'{"version": 1, "status": "error", "error": {"code": "Interrupted", "message": "Interrupted.",'
           b' "hint": null, "file": null, "line": null, "column": null, "request_id": null}}\n')
_OBJECTS = 50_000
"""Python looks for unused ones when so many were made: some megabytes."""


def main() -> int:
    """Run the program on ``sys.argv``; the exit code.

    ``sitepub``, ``sitepub --help`` and ``sitepub --version`` are answered from a static text, because
    importing click alone takes longer than starting Python does.
    """
    argv = sys.argv[1:]
    if "_SITEPUB_COMPLETE" not in os.environ:
        if not argv or argv == ["--help"] or argv == ["-h"]:
            from sitepub.cli.help_text import HELP

            return _say(HELP)
        if argv == ["--version"]:
            from sitepub import __version__

            return _say(f"sitepub {__version__}\n")
    try:
        _names_are_utf8()
        _listen()
        # What is imported stays, and looking through it again and again takes a twelfth of a short deploy.
        gc.set_threshold(_OBJECTS)
        from sitepub.cli.main import main as full

        return full(argv)
    except KeyboardInterrupt:
        # A second time, while it was saying that it was interrupted.
        return 130


_BEFORE = "_SITEPUB_BEFORE_"
_CHANGED = ("PYTHONUTF8", "PYTHONIOENCODING")


def _names_are_utf8() -> None:
    """Names of files are bytes, and those on the web are UTF-8 whatever the locale is. Where Python takes them for
    something else (``LC_ALL=C``, ``zh_CN.gb18030``), it is started again in its UTF-8 mode (PEP 540), in the same
    process. The terminal keeps its encoding, and what is run from here gets the environment as it was."""
    if f"{_BEFORE}PYTHONUTF8" in os.environ:
        for name in _CHANGED:
            os.environ.pop(name, None)
            before = os.environ.pop(_BEFORE + name, "")
            if before:
                os.environ[name] = before
        return
    if os.name != "posix" or sys.getfilesystemencoding() == "utf-8" or not sys.executable:
        return
    screen = sys.stdout.encoding if sys.stdout is not None else "utf-8"
    environ = {**os.environ, **{_BEFORE + name: os.environ.get(name, "") for name in _CHANGED}, "PYTHONUTF8": "1"}
    environ.setdefault("PYTHONIOENCODING", f"{'utf-8' if screen == 'ascii' else screen}:backslashreplace")
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)
    except OSError:
        return  # names that are not in the locale's encoding are refused, with their names


def _listen() -> None:
    """Until the command line takes over, signals end the program at once, with 130 and a word. (The interpreter's own
    module: importing the public one takes as long as a fifth of ``--help``.)"""
    import _signal  # type: ignore[import-not-found]

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(_signal, name, None)
        # What the caller decided to ignore (nohup) stays ignored.
        if number is not None and _signal.getsignal(number) in (_signal.SIG_DFL, _signal.default_int_handler):
            _signal.signal(number, _interrupted)


def _interrupted(_number: int, _frame: object) -> None:
    """There is nothing to tidy up, and an exception might be swallowed by whatever is being loaded."""
    if "--json" in sys.argv:
        os.write(1, _OBJECT)
    os.write(2, b"Interrupted.\n")
    os._exit(130)


def _say(text: str) -> int:
    """Write to stdout; a reader that went away (``| head``) is no error, a full disk is one."""
    if sys.stdout is None:
        return 0
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # The interpreter flushes stdout once more when it ends: give it something that takes the bytes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"error: {error.strerror}\n")
            return 1
    return 0


def _import_nothing_from_here() -> None:
    """``python -m`` looks for modules in the current folder first, which may be a stranger's project."""
    ours = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib takes too long to load
    if not sys.flags.safe_path and sys.path and sys.path[0] != ours:
        del sys.path[0]


if __name__ == "__main__":
    _import_nothing_from_here()
    sys.exit(main())
