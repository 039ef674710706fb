"""A file the user wrote, and the tree of what stands in it: every value knows its line and column."""

from __future__ import annotations

import bisect
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from sitepub.config.small_file import CONFIG_LIMIT, read_small
from sitepub.errors import Position, Problem

_BREAK = re.compile(r"\r\n|\r|\n")
_SECRET = re.compile(
    r"(?i)((?:private_?key|(?:secret|passw)\w{0,64}+|token)[\"']?\s{0,64}+[:=]\s{0,64}+)\S.*")
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/=]{40,}")

MAX_BYTES = CONFIG_LIMIT
"""A configuration file larger than this is refused: it is something else."""
MOST_PROBLEMS = 100
"""More mistakes than these are not collected one by one."""
_LONGEST_SHOWN = 500
"""Characters of a line that are shown at most."""


def without_secrets(line: str) -> str:
    """A line as it may be shown: what follows a key such as ``privateKey:`` and key material is hidden."""
    return _KEY_MATERIAL.sub("…", _SECRET.sub(r"\1…", line))


def shown_path(file: Path) -> str:
    """How a file is named in messages: from the current folder when it lies below it, else absolute."""
    absolute = Path(os.path.normpath(file.absolute()))
    try:
        return str(absolute.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(absolute)


class Text:
    """The decoded content of a file (or of one ``--inputs`` assignment), and where its lines begin."""

    __slots__ = ("_starts", "content", "name", "whole")

    def __init__(self, name: str, content: str, *, whole: bool = False) -> None:
        self.name = name
        self.content = content
        self.whole = whole
        """Positions name the text only, without line and column."""
        self._starts = [0, *(m.end() for m in _BREAK.finditer(content))]

    def line(self, number: int) -> str:
        """The line with this number (from 1), without its break."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.content)
        return self.content[start:end].rstrip("\r\n")

    def start_of(self, number: int) -> int:
        """The index of the first character of the line with this number (from 1)."""
        return self._starts[number - 1]

    def position(self, index: int) -> Position:
        """The position of the character at ``index``; past the end: the end of the last line with text."""
        if self.whole:
            return Position(self.name, text=without_secrets(self.content[:_LONGEST_SHOWN]))
        index = max(0, min(index, len(self.content)))
        while index and index == len(self.content) and self.content[index - 1] in "\r\n":
            index -= 1
        number = bisect.bisect_right(self._starts, index)
        start = self._starts[number - 1]
        column = index - start + 1
        end = self._starts[number] if number < len(self._starts) else len(self.content)
        if end - start > _LONGEST_SHOWN:
            if column > _LONGEST_SHOWN:
                return Position(self.name, number, column)
            cut = self.content[start : start + _LONGEST_SHOWN]
            return Position(self.name, number, column, without_secrets(cut) + "…")
        return Position(self.name, number, column, without_secrets(self.line(number)))


@dataclass(frozen=True, slots=True)
class Place:
    """One character of a text."""

    text: Text
    index: int = 0
    end: int | None = None
    """Where the value that begins here ends (exclusive)."""

    @property
    def position(self) -> Position:
        return self.text.position(self.index)


Value: TypeAlias = "bool | int | float | str | list[Node] | dict[str, Node] | None"


@dataclass(slots=True)
class Node:
    """One value of the tree."""

    value: Value
    place: Place
    key_place: Place | None = None
    """Where its key stands, when it is an entry of a map."""
    written: str | None = None
    """A scalar as it stands in the file, before it was read as a number or its variables were replaced."""
    broken: bool = field(default=False, compare=False)
    """A mistake in it was already reported (a missing variable): report no other."""

    @property
    def here(self) -> Position:
        """Where to point for a mistake in the value."""
        return self.place.position

    @property
    def key_here(self) -> Position:
        """Where to point for a mistake in the key."""
        return (self.key_place or self.place).position

    @property
    def entries(self) -> dict[str, Node]:
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        return self.value if isinstance(self.value, list) else []

    def get(self, *path: str) -> Node | None:
        """The node below these keys; ``None`` when there is none or it holds nothing (null)."""
        node: Node | None = self
        for key in path:
            node = node.entries.get(key) if node is not None else None
        return None if node is None or node.value is None else node

    def walk(self) -> Iterator[Node]:
        yield self
        children = self.value.values() if isinstance(self.value, dict) else self.items
        for child in children:
            yield from child.walk()

    @property
    def kind(self) -> str:
        """What it is, in words for the user."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true or false"
            case int() | float():
                return "a number"
            case str():
                return "text"
            case list():
                return "a list"
            case _:
                return "a map"


class WrittenInt(int):
    """A whole number that remembers how it was written (``007``), for the places that want text."""

    written: str

    def __new__(cls, value: int, written: str) -> WrittenInt:
        self = super().__new__(cls, value)
        self.written = written
        return self


class WrittenFloat(float):
    """A number that remembers how it was written (``1.10``)."""

    written: str

    def __new__(cls, value: float, written: str) -> WrittenFloat:
        self = super().__new__(cls, value)
        self.written = written
        return self


def data_of(node: Node, *, written: bool = True) -> object:
    """The values without their places. With ``written``, numbers remember how they were written."""
    value = node.value
    if isinstance(value, dict):
        return {key: data_of(child, written=written) for key, child in value.items()}
    if isinstance(value, list):
        return [data_of(child, written=written) for child in value]
    if written and node.written is not None and not isinstance(value, bool):
        if isinstance(value, int):
            return WrittenInt(value, node.written)
        if isinstance(value, float):
            return WrittenFloat(value, node.written)
    return value


def read_text(file: Path) -> Text | Problem:
    """Read a UTF-8 file (with or without BOM, any line breaks); a Problem when it is not one."""
    name = shown_path(file)
    try:
        data = read_small(file, MAX_BYTES)
    except OSError as error:
        return Problem(f"cannot be read: {error.strerror or error}", Position(name))
    return decode_text(name, data)


def decode_text(name: str, data: bytes) -> Text | Problem:
    if len(data) > MAX_BYTES:
        return Problem(f"is {len(data):,} bytes long; at most {MAX_BYTES:,} are read", Position(name))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem("is written in UTF-16, but UTF-8 is expected", Position(name, 1, 1),
                       "Save the file as UTF-8 (in PowerShell: Set-Content -Encoding utf8).")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return Text(name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        shown = Text(name, data.decode("utf-8", errors="replace"))
        before = len(data[: error.start].decode("utf-8"))
        return Problem(f"the byte 0x{data[error.start]:02X} is not UTF-8", shown.position(before),
                       "Save the file as UTF-8" + (", not as GBK." if _is_gbk(data) else "."))


def undecodable(name: str, error: UnicodeDecodeError) -> Problem:
    """Where a text that :func:`~sitepub.config.small_file.read_small_text` could not decode stops to be one."""
    found = decode_text(name, bytes(error.object)) if error.encoding.startswith("utf-8") else None
    return found if isinstance(found, Problem) else Problem(
        f"is not {error.encoding.upper()}, although it begins as if it were", Position(name), "Save the file as UTF-8.")


def _is_gbk(data: bytes) -> bool:
    try:
        data.decode("gbk")
    except UnicodeDecodeError:
        return False
    return True
