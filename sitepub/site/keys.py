"""Object keys: what a file's path becomes in the bucket.

A key is the path below the web root in Unicode's composed form (NFC, as people type it and browsers send it), after the
project's prefix. Where the folder spells a name otherwise (macOS tools and archives made there often decompose accents
and Korean), links in the pages may be written in that spelling: the file has a second key then, in its own bytes. COS
takes 1 to 850 bytes of UTF-8 (436/13324).
"""

from __future__ import annotations

import os
import unicodedata

from sitepub.terminal.plain import one_line

LONGEST_KEY = 850
"""Bytes."""


def key_part(name: str) -> str:
    """One part of a path as it stands in the key."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def alias_of(key: str, path: str) -> str | None:
    """The second key of a file whose path below the web root is not in NFC; ``None``: it has none. ``key``: the first,
    prefix included."""
    composed = key_part(path)
    if composed == path or not key.endswith(composed):
        return None
    alias = key[:-len(composed)] + path
    return alias if len(alias.encode("utf-8", "surrogatepass")) <= LONGEST_KEY else None


def is_plain(name: str) -> bool:
    """Quick: certainly fit for a key, and the same in it."""
    return name.isascii() and name.isprintable() and "\\" not in name


def name_problem(name: str) -> str | None:
    """What is wrong with a file's or folder's name, in words that follow "its name"; ``None``: nothing."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        meant = _in_gbk(name)
        return "is not valid UTF-8" + (f"; in GBK it is {meant}" if meant else "")
    if "\\" in name:
        return "holds a backslash, which browsers turn into a slash"
    for char in name:
        if ord(char) < 32 or 127 <= ord(char) < 160:
            return f"holds the control character U+{ord(char):04X}"
    return None


def _in_gbk(name: str) -> str | None:
    """The name as a Chinese Windows writes it into an archive; ``None``: it cannot be one of those."""
    try:
        text = os.fsencode(name).decode("gbk")
    except UnicodeError:
        return None
    return one_line(text) if text.isprintable() else None


def key_problem(key: str) -> str | None:
    """What is wrong with a whole key, in words that follow "its key"; ``None``: nothing."""
    size = len(key) if key.isascii() else len(key.encode("utf-8"))
    if size > LONGEST_KEY:
        return f"is {size} bytes long in UTF-8, and COS takes {LONGEST_KEY}"
    if key.startswith("/"):
        return "starts with a slash"
    return None


def printable(path: str) -> str:
    """A path that can be shown whatever is in it."""
    return one_line(path)
