"""From bytes as they come to lines as a terminal would show them."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable

from sitepub.site.build.console import other_encoding
from sitepub.terminal.messages import plain

LONGEST_LINE = 64 * 1024
"""Characters. A longer line is cut, so that a hook which never ends its line fills no memory."""
_PATIENCE = 0.5
_FRAMES = 5.0
"""Seconds between two states of a display of several lines that is drawn again and again."""
_MOST_DRAWN = 500
_FIRST_COLUMN = re.compile(r"\x1b\[[01]?G")
_UP = re.compile(r"\x1b\[(\d{0,3})A")


class _Decoder:
    """Bytes to text as they come: UTF-8, and where a line is none, what programs write on this computer otherwise
    (see :mod:`~sitepub.site.build.console`). What is neither becomes U+FFFD."""

    def __init__(self, other: str) -> None:
        self._encodings = (("utf-8", "unexpected end of data"), (other, "incomplete multibyte sequence"))
        self._rest = b""
        """The beginning of a character."""
        self._is_other = False
        """The line that has not ended is known to be no UTF-8."""

    def decode(self, data: bytes, *, final: bool = False) -> str:
        data, self._rest = self._rest + data, b""
        if not self._is_other:
            with contextlib.suppress(UnicodeDecodeError):
                return data.decode("utf-8")
        return "".join(self._line(line, final) for line in data.splitlines(keepends=True))

    def _line(self, line: bytes, final: bool) -> str:
        for encoding, cut in self._encodings[self._is_other:]:
            self._is_other = encoding != "utf-8" and not line.endswith((b"\n", b"\r"))
            try:
                return line.decode(encoding)
            except UnicodeDecodeError as error:
                if error.reason == cut and error.end == len(line) and not final:
                    self._rest = line[error.start:]
                    return line[:error.start].decode(encoding)
        self._is_other = False
        return line.decode("utf-8", "replace")


class LineSplitter:
    """Splits a stream of text into lines (see :class:`_Decoder`).

    A carriage return inside a line goes back to its start, as on a terminal: of ``10%\\r50%\\r100%\\n`` only
    ``100%`` is shown. A line that is not ended yet is shown as far as it got when nothing followed for half a
    second, and twice a second while it is overwritten by something else than the next state of a spinner: prompts
    and progress are seen. Several lines that are drawn again and again, for which the cursor goes up, are shown
    every five seconds and as they are at the end.
    """

    def __init__(self, line: Callable[[str], object], *, whole: Callable[[str], object] = lambda _: None,
                 terminal: bool = False, other: str | None = None) -> None:
        """``line`` is given what is to be shown, ``whole`` every line once it has ended. ``terminal``: it comes from
        one, and empty lines that clear it are one line. ``other``: the encoding of lines that are no UTF-8; by default
        that of this computer's programs."""
        self._line = line
        self._whole = whole
        self._begun = ""
        """What was shown of the line that has not ended."""
        self._frame = ""
        """What an overwritten line said when it was last shown."""
        self._drawn: list[str] = []
        """Lines that will be drawn again, maybe."""
        self._up_at = self._drawn_at = -_FRAMES
        """When the cursor last went up to draw them again, and when they were last shown."""
        self._terminal = terminal
        self._blank = False
        self._decoder = _Decoder(other or other_encoding())
        self._partial = ""
        self._shown_at = time.monotonic()
        self._returned = False
        """What was shown last ended with a carriage return: a line break right after it belongs to it."""

    def feed(self, data: bytes) -> None:
        decoded = self._decoder.decode(data)
        if self._returned and decoded:
            decoded = decoded.removeprefix("\n")
            self._returned = False
        *lines, self._partial = _FIRST_COLUMN.sub("\r", self._partial + decoded).split("\n")
        for line in lines:
            self._end_line(line)
        if len(self._partial) > LONGEST_LINE:
            self._partial = _visible(self._partial) + "\r" * self._partial.endswith("\r")
            while len(self._partial) > LONGEST_LINE:
                self._show_part(self._partial[:LONGEST_LINE])
                self._partial = self._partial[LONGEST_LINE:]
        written, back, rest = self._partial.rpartition("\r")
        if back and self._patience_is_over():
            self._partial = rest
            self._returned = not rest
            self._begun = ""
            frame = _words(written)
            if frame and frame != self._frame:
                self._show(written)
            self._frame = frame

    def flush_old(self) -> None:
        """Nothing came for a moment: show an unended line if it has waited long enough."""
        if not self._patience_is_over():
            return
        if time.monotonic() - self._up_at >= _FRAMES:
            self._show_drawn()
        if plain(_visible(self._partial)):
            frame = _words(self._partial)
            if frame and frame == self._frame:
                return  # the next state of a spinner
            self._frame = frame
            partial, self._partial = self._partial, ""
            self._returned = partial.endswith("\r")
            self._show_part(partial)

    def end(self) -> None:
        """Show what is left."""
        rest, self._partial = self._partial + self._decoder.decode(b"", final=True), ""
        if plain(_visible(rest)):
            self._end_line(rest)
        elif self._begun:
            self._whole(_visible(self._begun))
        self._show_drawn()

    def _patience_is_over(self) -> bool:
        return time.monotonic() - self._shown_at >= _PATIENCE

    def _end_line(self, line: str) -> None:
        self._whole(_visible(self._begun + line))
        self._begun = self._frame = ""
        up = sum(int(count or 1) for count in _UP.findall(line)) if "\x1b" in line else 0
        now = time.monotonic()
        if up:
            self._up_at = now
            self._draw_again(up, now)
        if now - self._up_at < _FRAMES and len(self._drawn) < _MOST_DRAWN:
            self._drawn.append(line)
        else:
            self._show_drawn()
            self._show(line)

    def _draw_again(self, up: int, now: float) -> None:
        """The cursor went up over so many lines: what stands above them stays, they are overwritten."""
        if now - self._drawn_at >= _FRAMES:
            self._show_drawn()
            self._drawn_at = now
            return
        stays, self._drawn = self._drawn[:-up], []
        for line in stays:
            self._show(line)

    def _show_drawn(self) -> None:
        drawn, self._drawn = self._drawn, []
        for line in drawn:
            self._show(line)

    def _show_part(self, part: str) -> None:
        """A line that has not ended is shown as far as it got."""
        self._begun = (self._begun + part)[:LONGEST_LINE]
        self._show(part)

    def _show(self, line: str) -> None:
        self._shown_at = time.monotonic()
        text = _visible(line)
        if self._terminal:
            blank, self._blank = self._blank, not plain(text).strip()
            if blank and self._blank:
                return
        self._line(text)


def _words(line: str) -> str:
    return "".join(filter(str.isalnum, plain(_visible(line))))


def _visible(line: str) -> str:
    """What stays on a terminal of a line with carriage returns in it."""
    return line.rstrip("\r").rpartition("\r")[2]
