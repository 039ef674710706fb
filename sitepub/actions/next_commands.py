"""Commands for the user to run next: they work from where the user stands, with the program that was started."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PROGRAM = "sitepub"
_FEW = 3
"""Steps upwards that a path may have before it is easier to read from the root."""


def next_commands(target: Path, here: Path, install: str | None, started: str | None = None) -> tuple[str, ...]:
    """How to go from ``here`` to a first deploy of the site in ``target``. ``started``: see :func:`started_program`."""
    place = _way(target, here)
    enter = [f"cd {quoted(place)}"] if place != "." else []
    program = _PROGRAM
    if started is not None:
        first, *rest = shlex.split(started) if os.name != "nt" else [started]
        # A path is seen from the folder that the commands before have entered.
        program = " ".join([quoted(_way(Path(first), target) if os.sep in first else first), *rest])
    return (*enter, *([install] if install else []), f"{program} deploy --local")


def started_program(argv: Sequence[str], executable: str, environ: Mapping[str, str]) -> str | None:
    """How this very program is started, as words of a command line with absolute paths; ``None``: by its name,
    because PATH has it (or because it was not started as a program at all)."""
    script = Path(os.path.abspath(argv[0])) if argv and argv[0] else None  # noqa: PTH100 - links stay links
    if script is None:
        return None
    path = environ.get("PATH")
    if script.name == "__main__.py" and script.parent.name == _PROGRAM:
        beside = Path(executable).parent
        if _found(_PROGRAM, path) in {beside / _PROGRAM, beside / f"{_PROGRAM}.exe"}:
            return None
        by_name = next((name for name in ("python", "python3") if _found(name, path) == Path(executable)), None)
        return _joined([by_name or executable, "-m", _PROGRAM])
    if script.stem.lower() != _PROGRAM:
        return None
    known = {script, script.with_suffix(".exe")}
    return None if _found(_PROGRAM, path) in known else _joined([str(script)])


def _found(name: str, path: str | None) -> Path | None:
    found = shutil.which(name, path=path)
    return Path(os.path.abspath(found)) if found else None  # noqa: PTH100 - links stay links


def _joined(words: Sequence[str]) -> str:
    return shlex.join(words) if os.name != "nt" else " ".join(quoted(word) for word in words)


def _way(place: Path, start: Path) -> str:
    try:
        way = os.path.relpath(place, start)
    except ValueError:  # another drive on Windows
        return str(place)
    return str(place) if Path(way).parts.count("..") > _FEW and place.is_absolute() else way


def quoted(place: str) -> str:
    """A path as a word of the user's shell."""
    if os.name == "nt":
        return f'"{place}"' if set(place) & set(" &()^") else place
    # A name that begins with a hyphen is not an option.
    return shlex.quote(f"./{place}" if place.startswith("-") else place)


def this_program(environ: Mapping[str, str]) -> str | None:
    return started_program(sys.argv, sys.executable, environ)
