"""A settings file of another tool, read into nodes with positions: YAML, JSON, JSON with comments, TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitepub.config.document import Node, Place, Text, read_text
from sitepub.config.yaml12 import MAX_DEPTH, read_yaml
from sitepub.errors import ConfigError, Position, Problem

_MOST_DOTS = 1000
_UNKNOWN = -1
"""The index of a place that is not known: the parser of TOML says none."""
_TOML_AT = re.compile(r" \(at line ([0-9]{1,9}), column ([0-9]{1,9})\)\Z")
_TOML_END = re.compile(r" \(at end of document\)\Z")
_LONG = re.compile(r"\"{3}|'{3}")
_TABLE = re.compile(r"[ \t]{0,99}(\[\[?)([^\]\n]{1,500})\]")
_ENTRY = re.compile(r"[ \t]{0,99}([A-Za-z0-9_.\"'-]{1,200})[ \t]{0,99}=")


def read_foreign(file: Path) -> Node:
    """The map that a file holds; an empty one for an empty file.

    Raises :class:`~sitepub.errors.ConfigError` with every mistake, for a file that cannot be read too.
    """
    text = read_text(file)
    if isinstance(text, Problem):
        raise ConfigError(text)
    if file.suffix == ".toml":
        root = _toml(text)
    else:
        shown = text if file.suffix != ".jsonc" else Text(text.name, without_comments(text.content))
        document = read_yaml(shown)
        if document.problems:
            raise ConfigError(document.problems)
        root = document.root or Node({}, Place(text))
    if root.value is None:
        root = Node({}, root.place)
    if not isinstance(root.value, dict):
        raise ConfigError(Problem(f"holds {root.kind}, but a map of settings is expected", root.here))
    return root


def where(node: Node | None) -> Position | None:
    """Where the entry stands: its key, else its value; without a line where that is not known."""
    if node is None:
        return None
    place = node.key_place or node.place
    found = place.position if place.index != _UNKNOWN else Position(place.text.name)
    return Position(found.file, found.line, found.column)  # without the text: it may be a secret


def without_comments(content: str) -> str:
    """JSON with comments (`//`, `/* */`) as JSON; everything keeps its place."""
    out: list[str] = []
    at, size = 0, len(content)
    while at < size:
        char = content[at]
        end = at + 1
        if char == '"':
            while end < size and content[end] not in '"\n':
                end += 2 if content[end] == "\\" else 1
            end = min(end + 1, size)
            out.append(content[at:end])
        elif content.startswith("//", at):
            while end < size and content[end] not in "\r\n":
                end += 1
            out.append(" " * (end - at))
        elif content.startswith("/*", at):
            close = content.find("*/", at + 2)
            end = size if close < 0 else close + 2
            out.append("".join(one if one in "\r\n" else " " for one in content[at:end]))
        else:
            out.append(char)
        at = end
    return "".join(out)


def _toml(text: Text) -> Node:
    for number, line in enumerate(text.content.splitlines(), 1):
        if line.count(".") > _MOST_DOTS:  # tomllib takes time by the square of a dotted key's parts
            raise ConfigError(Problem(f"holds more than {_MOST_DOTS:,} dots in a line", Position(text.name, number)))
    try:
        content = tomllib.loads(text.content)
    except RecursionError:
        raise ConfigError(Problem("is nested too deep", Position(text.name))) from None
    except ValueError as error:
        said = str(error)
        found = _TOML_AT.search(said)
        if found is not None:
            position = _position(text, int(found[1]), int(found[2]))
            said = said[:found.start()]
        else:
            ended = _TOML_END.search(said) is not None
            position = text.position(len(text.content)) if ended else Position(text.name)
            said = _TOML_END.sub("", said)
        raise ConfigError(Problem(f"is not TOML: {said[:1].lower()}{said[1:]}", position)) from None
    return _node(content, (), _places(text), text, 0)


def _position(text: Text, line: int, column: int) -> Position:
    lines = text.content.split("\n")
    before = sum(len(one) + 1 for one in lines[:line - 1])
    return text.position(before + column - 1)


_Key = tuple[str | int, ...]


def _places(text: Text) -> Mapping[_Key, int]:
    """Path of a key → where it begins, for files in the usual form. In others nothing is said rather than something
    wrong."""
    found: dict[_Key, int] = {}
    content = _without_long_texts(text.content)
    if content is None:
        return found
    table: _Key = ()
    counts: dict[_Key, int] = {}
    index = 0
    for line in content.splitlines(keepends=True):
        if (head := _TABLE.match(line)) is not None:
            path: list[str | int] = []
            for part in head[2].split("."):
                path.append(part.strip(" \t\"'"))
                if (key := tuple(path)) in counts:
                    path.append(counts[key])
            if head[1] == "[[":
                if path and isinstance(path[-1], int):
                    path.pop()
                key = tuple(path)
                counts[key] = counts.get(key, -1) + 1
                path.append(counts[key])
            table = tuple(path)
            for size in range(1, len(table) + 1):
                found.setdefault(table[:size], index + head.start(2))
        elif (entry := _ENTRY.match(line)) is not None:
            names = tuple(part.strip("\"'") for part in entry[1].split("."))
            for size in range(1, len(names) + 1):
                found.setdefault((*table, *names[:size]), index + entry.start(1))
        index += len(line)
    return found


def _without_long_texts(content: str) -> str | None:
    """Texts over several lines hold what looks like keys: blanks in their place. ``None``: not sure where they end."""
    pieces: list[str] = []
    at = 0
    while (begin := _LONG.search(content, at)) is not None:
        start = begin.start()
        end = content.find(begin[0], start + 3)
        if end < 0 or "#" in content[max(at, content.rfind("\n", at, start)):start]:
            return None
        pieces += [content[at:start], "".join(one if one in "\r\n" else " " for one in content[start:end + 3])]
        at = end + 3
    return "".join([*pieces, content[at:]])


def _node(value: Any, path: _Key, places: Mapping[_Key, int], text: Text, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise ConfigError(Problem(f"values are nested more than {MAX_DEPTH} deep", Position(text.name)))
    place = Place(text, places.get(path, _UNKNOWN))
    if isinstance(value, dict):
        return Node({key: _node(one, (*path, key), places, text, depth + 1) for key, one in value.items()}, place)
    if isinstance(value, list):
        return Node([_node(one, (*path, number), places, text, depth + 1) for number, one in enumerate(value)], place)
    return Node(value if isinstance(value, bool | int | float | str) else str(value), place)
