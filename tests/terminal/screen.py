"""A terminal for tests: streams in memory, answers prepared, and the program run in-process on it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sitepub.cli.main import run
from sitepub.terminal.terminal import Terminal


class FakeStream(io.TextIOWrapper):
    """A stream in memory that says whether it is a terminal and has an encoding."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8", content: str = "") -> None:
        self.raw_bytes = io.BytesIO(content.encode(encoding))
        super().__init__(self.raw_bytes, encoding=encoding, newline="")
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty

    @property
    def text(self) -> str:
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding)


class Screen(Terminal):
    """A terminal whose output can be read, and whose user has prepared the answers."""

    stdout: FakeStream
    stderr: FakeStream

    def __init__(self, *, tty: bool = False, encoding: str = "utf-8", typed: str = "",
                 hidden: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> None:
        super().__init__(
            stdin=FakeStream(tty=tty, encoding=encoding, content=typed),
            stdout=FakeStream(tty=tty, encoding=encoding),
            stderr=FakeStream(tty=tty, encoding=encoding),
            environ={"COLUMNS": "100"} if environ is None else environ,
        )
        self.hidden = list(hidden)

    def read_secret(self, prompt: str) -> str:
        self.stderr.write(prompt)
        return self.hidden.pop(0)

    @property
    def printed(self) -> str:
        return self.stdout.text

    @property
    def noted(self) -> str:
        return self.stderr.text

    @property
    def object(self) -> dict[str, Any]:
        """What ``--json`` printed: exactly one object on one line."""
        assert self.printed.count("\n") == 1, self.printed
        value = json.loads(self.printed)
        assert isinstance(value, dict)
        return value


def sitepub(*argv: str, screen: Screen | None = None, **options: Any) -> tuple[int, Screen]:
    """Run one command line in-process; the exit code and the screen."""
    shown = screen or Screen(**options)
    return run(list(argv), shown), shown
