"""Opening an address in the user's browser, or saying why that cannot be done here."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath

_IN_THE_TERMINAL = frozenset({"www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh", "carbonyl"})
"""Browsers that would take the terminal away."""
_OPENERS = ("xdg-open", "gio", "wslview", "x-www-browser")
_PATIENCE = 10.0
"""Seconds in which an opener that fails says so."""


def open_browser(url: str, environ: Mapping[str, str]) -> str | None:
    """Open it. Answers why it could not be opened, ``None`` when it was. Waits for an opener to fail."""
    if chosen := environ.get("BROWSER", "").strip():
        return _chosen(chosen.split(os.pathsep)[0], url, environ)
    if sys.platform == "win32" or sys.platform == "darwin":
        import webbrowser

        try:
            return None if webbrowser.open(url) else "no browser was found"
        except (webbrowser.Error, OSError) as error:
            return str(error) or "the browser did not start"
    return _by_opener(url, environ)


def _chosen(command: str, url: str, environ: Mapping[str, str]) -> str | None:
    """``BROWSER``: a command, with ``%s`` where the address goes, or else before it."""
    try:
        words = shlex.split(command.removesuffix("&"))
    except ValueError:
        words = []
    if not words:
        return f"BROWSER is {command!r}, which is not a command"
    if PurePath(words[0]).name in _IN_THE_TERMINAL:
        return f"{words[0]} would need this terminal"
    filled = [word.replace("%s", url) for word in words]
    return _run(filled if filled != words else [*words, url], environ, f"{words[0]} failed")


def _by_opener(url: str, environ: Mapping[str, str]) -> str | None:
    """Linux and its relatives. What Python's own list of browsers knows there would open in the terminal, too."""
    wsl = "WSL_DISTRO_NAME" in environ
    if not wsl and not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY"):
        return "there is no display here" + (" (ssh)" if "SSH_CONNECTION" in environ else "")
    why = "no browser was found"
    for name in _OPENERS:
        program = shutil.which(name, path=environ.get("PATH"))
        if program is None:
            continue
        failed = _run([program, "open", url] if name == "gio" else [program, url], environ, f"{name} found no browser")
        if failed is None:
            return None
        why = failed
    return why


def _run(words: Sequence[str], environ: Mapping[str, str], failed: str) -> str | None:
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True, env=dict(environ))
        return failed if process.wait(_PATIENCE) else None
    except subprocess.TimeoutExpired:
        return None  # it became the browser
    except OSError as error:
        return f"{words[0]}: {error.strerror or error}"
