"""A QR code of a URL on a terminal, to open the site on a phone."""

from __future__ import annotations

from itertools import zip_longest
from urllib.parse import urlsplit

from sitepub.terminal.terminal import Terminal

_QUIET_ZONE = 2
"""Modules of white around the code. The standard asks for 4; readers make do with 2, and rows are dear."""


def qr_code(terminal: Terminal, url: str) -> str | None:
    """The code as lines of half blocks, two modules a character; ``None`` where it cannot be shown well.

    Colours are set for every module, black on white: on its own colours a terminal with light text would
    show the code inverted, which many readers do not take. So without colours there is no code, nor on a
    stream that is no terminal, lacks the characters, or is too narrow. Nor of an address on this computer,
    which no phone reaches.
    """
    host = urlsplit(url).hostname or ""
    if host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost"):  # RFC 6761 6.3
        return None
    if not terminal.stdout_is_tty or not terminal.unicode or not terminal.colored(stream_is_tty=True):
        return None
    import segno

    rows = [[bool(module) for module in row]
            for row in segno.make_qr(url, error="l", boost_error=False).matrix_iter(border=_QUIET_ZONE)]
    if len(rows[0]) > terminal.width:
        return None
    # Colours 16 and 231 of the 256 are black and white in every theme; the Linux console has 8 only.
    colors = "\x1b[30;47m" if terminal.environ.get("TERM") == "linux" else "\x1b[38;5;16;48;5;231m"
    light = [False] * len(rows[0])
    lines = []
    for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=light):
        cells = "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        lines.append(f"{colors}{cells}\x1b[0m")
    return "\n".join(lines)


_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
"""(upper module dark, lower module dark) → character."""
