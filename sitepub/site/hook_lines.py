"""From bytes as they come to lines as a terminal would show them."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable

LONGEST_LINE = 64 * 1024
"""Characters. A longer line is cut, so that a hook which never ends its line fills no memory."""
_PATIENCE = 0.5


class LineSplitter:
    """Splits a stream of UTF-8 into lines; what cannot be decoded becomes U+FFFD.

    A carriage return inside a line goes back to its start, as on a terminal: of ``10%\\r50%\\r100%\\n`` only
    ``100%`` is shown. A line that is not ended yet is shown as far as it got when nothing followed for half a
    second, and twice a second while it is overwritten: prompts and progress are seen.
    """

    def __init__(self, line: Callable[[str], object]) -> None:
        self._line = line
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._partial = ""
        self._shown_at = time.monotonic()
        self._returned = False
        """What was shown last ended with a carriage return: a line break right after it belongs to it."""

    def feed(self, data: bytes) -> None:
        decoded = self._decoder.decode(data)
        if self._returned and decoded:
            decoded = decoded.removeprefix("\n")
            self._returned = False
        *lines, self._partial = (self._partial + decoded).split("\n")
        for line in lines:
            self._show(line)
        if len(self._partial) > LONGEST_LINE:
            self._partial = _visible(self._partial) + "\r" * self._partial.endswith("\r")
            while len(self._partial) > LONGEST_LINE:
                self._show(self._partial[:LONGEST_LINE])
                self._partial = self._partial[LONGEST_LINE:]
        written, back, rest = self._partial.rpartition("\r")
        if back and self._patience_is_over():
            self._partial = rest
            self._returned = not rest
            if _visible(written):
                self._show(written)

    def flush_old(self) -> None:
        """Nothing came for a moment: show an unended line if it has waited long enough."""
        if self._partial.strip("\r") and self._patience_is_over():
            partial, self._partial = self._partial, ""
            self._returned = partial.endswith("\r")
            self._show(partial)

    def end(self) -> None:
        """Show what is left."""
        rest, self._partial = self._partial + self._decoder.decode(b"", final=True), ""
        if rest.strip("\r"):
            self._show(rest)

    def _patience_is_over(self) -> bool:
        return time.monotonic() - self._shown_at >= _PATIENCE

    def _show(self, line: str) -> None:
        self._shown_at = time.monotonic()
        self._line(_visible(line))


def _visible(line: str) -> str:
    """What stays on a terminal of a line with carriage returns in it."""
    return line.rstrip("\r").rpartition("\r")[2]
