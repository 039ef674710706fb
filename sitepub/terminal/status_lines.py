"""The live status of a few things that are waited for: a line each, redrawn on a terminal, printed again elsewhere
when the words change or a while has passed."""

from __future__ import annotations

import itertools
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sitepub.terminal.live_display import draw
from sitepub.terminal.messages import visible
from sitepub.terminal.secrets import scrub
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import RenderableType

_AGAIN = 30.0
"""Seconds after which a status that still holds is printed again where nothing can be redrawn."""
_LASTING = 2.0
"""Seconds that a status lasts before it is printed."""
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StatusLines:
    """Used as a context manager; its methods are thread-safe."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.Lock()
        self._lines: dict[str, str] = {}
        self._printed: dict[str, tuple[str, float, float]] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def show(self, name: str, text: str) -> None:
        """The status of ``name`` from now on. What stands after the last comma (seconds) may change without
        being printed again."""
        with self._lock:
            self._lines[name] = text
            if self._terminal.live or self._terminal.quiet:
                return
            words, now = text.rpartition(", ")[0] or text, time.monotonic()
            before, since, printed = self._printed.get(name, ("", now, 0.0))
            if words != before:
                # What is over within a moment is not worth a line.
                self._printed[name] = (words, now, 0.0)
                return
            if now - since < _LASTING or (printed and now - printed < _AGAIN):
                return
            self._printed[name] = (words, since, now)
        self._terminal.note(f"{visible(name)}: {visible(text)}")

    def clear(self, name: str) -> None:
        """Nothing is waited for there any more."""
        with self._lock:
            self._lines.pop(name, None)

    def __enter__(self) -> Self:
        if self._terminal.live:
            self._thread = threading.Thread(target=self._draw, name="status", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        del kind, error, trace
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _draw(self) -> None:
        numbers = itertools.count()
        draw(self._terminal, lambda _console: self._frame(next(numbers)), self._ended)

    def _frame(self, number: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            lines = dict(self._lines)
        spinner = _SPINNER[number % len(_SPINNER)] if self._terminal.unicode else "-\\|/"[number % 4]
        return Group(*(Text(f"{spinner} {scrub(visible(name))}: {scrub(visible(text))}", no_wrap=True,
                            overflow="ellipsis") for name, text in lines.items()))
