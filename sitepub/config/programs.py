"""Other programs that sitepub runs for itself, such as git: where they are found and what they may see."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_KEPT = frozenset({
    "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "TZ", "XDG_CONFIG_HOME", "SUDO_UID",
    "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
    "PROGRAMFILES(X86)", "PROGRAMW6432", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "COMSPEC", "PATHEXT",
})
"""What a program needs to find its own settings. Everything else stays here: cloud keys have many names."""


def find_program(name: str, environ: Mapping[str, str], *, not_below: Path | None = None,
                 batch: bool = False) -> str | None:
    """The full path of a program on PATH; ``None`` when there is none.

    Folders of PATH that depend on where one stands (``.``, ``node_modules/.bin``), and those below ``not_below``,
    are passed over: what lies there came with a project. Windows looks into the current folder first of all,
    when it is asked for a name without a path. ``batch``: there, a batch file will do (its arguments go through
    cmd.exe).
    """
    endings = [""]
    if sys.platform == "win32":
        endings = [".com", ".exe", *([".bat", ".cmd"] if batch else [])]
    for folder in _folders(environ, not_below):
        for ending in endings:
            found = folder / f"{name}{ending}"
            if found.is_file() and os.access(found, os.X_OK):
                return str(found)
    return None


def quiet_environment(environ: Mapping[str, str], *, not_below: Path | None = None) -> dict[str, str]:
    """The few variables that a program of the system needs, and PATH as :func:`find_program` sees it; messages
    in English."""
    kept = {name: value for name, value in environ.items() if name.upper() in _KEPT}
    path = os.pathsep.join(str(folder) for folder in _folders(environ, not_below))
    return {**kept, "PATH": path, "LC_ALL": "C", "LANGUAGE": "C"}


def on_absolute_path(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with those folders of PATH alone that are the same wherever one stands."""
    return {**environ, "PATH": os.pathsep.join(str(folder) for folder in _folders(environ, None))}


def _folders(environ: Mapping[str, str], not_below: Path | None) -> list[Path]:
    outside = None if not_below is None else _real(not_below)
    words = environ.get("PATH", os.defpath).split(os.pathsep)
    folders = [Path(word) for word in words if word and Path(word).is_absolute()]
    return [folder for folder in folders if outside is None or not _real(folder).is_relative_to(outside)]


def _real(path: Path) -> Path:
    return Path(os.path.normcase(os.path.realpath(path)))
