"""Foreign text as it may be shown: characters that steer a terminal, or change the order of what is read, as escapes.

Names of files, output of tools and answers of servers may hold them; Unicode lists them as controls, format
characters and separators (TR36 2.10, TR55). Joiners stay: emoji, Persian and Indic words are made with them.
"""

from __future__ import annotations

import re

_MARKS = (
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks, embeddings, overrides, isolates
    "\u2028\u2029\x80-\x9f"  # line and paragraph separators; the second set of controls, NEL and CSI among them
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # what shows nothing
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "\ud800-\udfff"  # no characters at all: bytes of a name that are no UTF-8
)
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f"
"""The flags of England, Scotland, Wales …: the one use of tags (TR51)."""
_STEERING = re.compile(f"({_FLAG})|[{_MARKS}]")
_CONTROLS = re.compile(f"({_FLAG})|[\x00-\x08\x0b-\x1f\x7f{_MARKS}]")
_ALL_CONTROLS = re.compile(f"({_FLAG})|[\x00-\x1f\x7f{_MARKS}]")


def steady(text: str) -> str:
    """The text without marks of Unicode that steer. Line breaks and the terminal's own escape sequences stay: this
    is for everything that is printed."""
    return text if text.isascii() else _STEERING.sub(_escaped, text)


def visible(text: str) -> str:
    """Foreign text of one or more lines: escape sequences and other controls as escapes, too."""
    return _CONTROLS.sub(_escaped, text)


def one_line(text: str) -> str:
    """A name, or anything else that has to stay on one line."""
    return _ALL_CONTROLS.sub(_escaped, text)


def steady_json(text: str) -> str:
    """JSON that means the same, with the marks in its strings as escapes of JSON."""
    return text if text.isascii() else _STEERING.sub(_escaped_in_json, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[1] else repr(found[0])[1:-1]


def _escaped_in_json(found: re.Match[str]) -> str:
    if found[1]:
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start:start + 4]}" for start in range(0, len(units), 4))
