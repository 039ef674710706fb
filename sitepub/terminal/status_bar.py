"""One line at the bottom of the screen that says how things stand. Drawn when it changes, and only then."""

from __future__ import annotations

import threading

from sitepub.terminal.messages import display_width, visible
from sitepub.terminal.secrets import scrub
from sitepub.terminal.terminal import Terminal

_CLEAR_LINE = "\r\x1b[2K"
_CLEAR_SCREEN = "\x1b[2J\x1b[3J\x1b[H"


class StatusBar:
    """Lines of the terminal are printed above it. On anything but a terminal it shows nothing."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.Lock()
        self._texts: tuple[str, ...] = ("",)
        self._shown = False

    def start(self) -> None:
        if self._terminal.live:
            self._shown = True
            self._terminal.above_live = self._above
            self.redraw()

    def stop(self) -> None:
        """Take the line away."""
        with self._lock:
            if not self._shown:
                return
            self._shown = False
            self._terminal.above_live = None
            self._send(_CLEAR_LINE)

    def show(self, *texts: str) -> None:
        """The same in words of different length: the first that fits is shown, else the last one, cut."""
        with self._lock:
            if texts == self._texts:
                return
            self._texts = texts
            if self._shown:
                self._send(_CLEAR_LINE + self._line())

    def clear_screen(self) -> None:
        with self._lock:
            if self._shown:
                self._send(_CLEAR_SCREEN + self._line())

    def redraw(self) -> None:
        """Show the line anew: the terminal has another size, or another program wrote over it."""
        with self._lock:
            if self._shown:
                self._send(_CLEAR_LINE + self._line())

    def _above(self, text: str) -> None:
        with self._lock:
            self._send(f"{_CLEAR_LINE}{text}\n{self._line() if self._shown else ''}")

    def _line(self) -> str:
        """Cut to the width: a line that wraps could not be taken away again."""
        room = self._terminal.width - 1
        texts = [scrub(visible(text)) for text in self._texts]
        text = next((text for text in texts if display_width(text) <= room), texts[-1])
        if display_width(text) > room:
            while text and display_width(text) > room - 1:
                text = text[:-1]
            text += "…" if self._terminal.unicode else ">"
        return self._terminal.style(text, "dim", on_stderr=True)

    def _send(self, text: str) -> None:
        try:
            self._terminal.stderr.write(text)
            self._terminal.stderr.flush()
        except (OSError, ValueError):
            self._shown = False
            self._terminal.above_live = None
