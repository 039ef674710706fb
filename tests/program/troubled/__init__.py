"""The program on a computer that is in trouble: ``python -m tests.program.troubled COMMAND …``, with what goes wrong in
the environment (``Trouble``). The modules are loaded here, so that ``tests.program.starting`` forks it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.program.fork_server import modules

VARIABLE = "TROUBLE_"


@dataclass(frozen=True)
class Trouble:
    clock: float = 0.0
    """Seconds that the computer's clock is ahead."""
    below: Path | None = None
    """Changes of files below it are counted: opened to be written, renamed, deleted, made."""
    kill_at: int = -1
    """The change, from 0, before which the process is killed."""
    fail_at: int = -1
    """The change from which the disk is full: no file can be made or written any more."""
    log: bool = False
    """Each change is a line on stderr."""
    limit: int = -1
    """Bytes to which a file can grow."""
    killed_by_limit: bool = False
    """The process is killed when a file would grow further; else the write fails."""

    @property
    def environ(self) -> Mapping[str, str]:
        return {f"{VARIABLE}CLOCK": str(self.clock), f"{VARIABLE}BELOW": str(self.below or ""),
                f"{VARIABLE}KILL_AT": str(self.kill_at), f"{VARIABLE}FAIL_AT": str(self.fail_at),
                f"{VARIABLE}LIMIT": str(self.limit), f"{VARIABLE}KILLED": "1" if self.killed_by_limit else "",
                f"{VARIABLE}LOG": "1" if self.log else ""}

    @classmethod
    def given(cls, environ: Mapping[str, str]) -> Trouble:
        def number(name: str) -> int:
            return int(environ.get(VARIABLE + name) or -1)

        below = environ.get(f"{VARIABLE}BELOW")
        return cls(float(environ.get(f"{VARIABLE}CLOCK") or 0), Path(below) if below else None, number("KILL_AT"),
                   number("FAIL_AT"), bool(environ.get(f"{VARIABLE}LOG")), number("LIMIT"),
                   bool(environ.get(f"{VARIABLE}KILLED")))


for _name in modules("sitepub"):
    importlib.import_module(_name)
