"""A part of the screen that is drawn again and again, below the lines that are printed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

FRAME = 0.1
"""Seconds between two frames."""
FIRST_FRAME = 0.25
"""Seconds before the first one: what is done at once neither flickers nor pays for importing rich."""


def draw(terminal: Terminal, frame: Callable[[Console], RenderableType], ended: threading.Event) -> None:
    """Show what ``frame`` gives ten times a second until ``ended`` is set, and take it away then."""
    if ended.wait(FIRST_FRAME):
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(file=terminal.stderr, force_terminal=True, width=terminal.width, highlight=False, markup=False,
                      emoji=False, no_color=not terminal.colored(stream_is_tty=True), _environ=terminal.environ)
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)

    def above(text: str) -> None:
        console.print(Text.from_ansi(text), soft_wrap=True)

    live.start()
    terminal.above_live = above
    try:
        while True:
            live.update(frame(console), refresh=True)
            if ended.wait(FRAME):
                return
    finally:
        terminal.above_live = None
        live.stop()
