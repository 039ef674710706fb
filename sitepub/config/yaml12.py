"""YAML 1.2 (core schema) and JSON, read into nodes with positions.

PyYAML reads YAML 1.1, where ``on``, ``off``, ``yes`` and ``no`` are booleans, ``1:30`` is 90 and ``017`` is
15. Its scanner, parser and composer are used here with a resolver of our own (YAML 1.2.2, section 10.3.2).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from sitepub.config.document import MOST_PROBLEMS, Node, Place, Text
from sitepub.errors import Position, Problem

MAX_DEPTH = 60
MAX_NODES = 20_000
"""Values in one file, with every alias counted in full (against the "billion laughs")."""
LONGEST_KEY = 1024
"""Characters; the same limit as that of YAML 1.2 for a key in front of a colon (section 7.4.2)."""
_LONGEST_NUMBER = 300
"""Digits: more than any computer's number holds."""
_BLANKS = re.compile(r"[ \t]*")

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)\Z")


def scalar_tag(text: str) -> str:
    """What a plain scalar is in the core schema: "null", "bool", "int", "float" or "str"."""
    if _NULL.match(text):
        return "null"
    if _BOOL.match(text):
        return "bool"
    if _INT.match(text):
        return "int"
    if _FLOAT.match(text) or _INFINITY.match(text) or _NAN.match(text):
        return "float"
    return "str"


def scalar_value(text: str, tag: str) -> bool | int | float | str | None:
    """The value of a scalar with this tag. Raises ValueError when the text does not fit it."""
    if tag == "str":
        return text
    if tag != scalar_tag(text) and not (tag == "float" and _INT.match(text)):
        raise ValueError(f"`{text[:60]}` is no {tag}")
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("this number is too long")
    if tag == "int":
        if text.startswith("0o"):
            return int(text[2:], 8)
        return int(text, 16) if text.startswith("0x") else int(text, 10)
    if _INFINITY.match(text):
        return float(text.replace(".", "", 1).lower())
    number = float("nan") if _NAN.match(text) else float(text)
    if math.isinf(number):
        raise ValueError("this number is too large")
    return number


class _Loader(Reader, Scanner, Parser, Composer):
    """PyYAML's reader up to the node graph, with the core schema and tabs where YAML 1.2 allows them."""

    def __init__(self, content: str) -> None:
        Reader.__init__(self, content)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        self.depth = 0
        self.composed = 0
        self._line = -1
        self._first = 0

    def scan_to_next_token(self) -> None:
        while True:
            while self.peek() == " " or (self.peek() == "\t" and self._tab_is_space()):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0\r\n\x85\u2028\u2029":
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def _tab_is_space(self) -> bool:
        """A tab may separate tokens, stand in flow collections and end a line; it may not indent."""
        if self.flow_level:
            return True
        start = self.pointer - self.column
        if start != self._line:  # looked for once a line, which may hold very many tabs
            self._line = start
            found = _BLANKS.match(self.buffer, start)
            self._first = found.end() if found is not None else start
        return self.pointer > self._first or self.buffer[self._first : self._first + 1] in "\r\n\0#"

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        self.composed += 1
        if self.composed > MAX_NODES:
            raise _TooManyError(f"holds more than {MAX_NODES:,} values")
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"values are nested more than {MAX_DEPTH} deep",
                                       problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """PyYAML's path resolvers are not used."""

    def ascend_resolver(self) -> None:
        """PyYAML's path resolvers are not used."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _TAG + (scalar_tag(value) if implicit[0] else "str")
        return _TAG + ("seq" if kind is yaml.SequenceNode else "map")


@dataclass(slots=True)
class Document:
    """What was read. ``root`` is ``None`` when the file could not be read as YAML, or is empty."""

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)


def read_yaml(text: Text) -> Document:
    """Read one document. Every mistake is in ``problems``; nothing is raised."""
    document = Document()
    if not text.content.strip("\0 \t\r\n"):
        return document
    try:
        loader = _Loader(text.content)
        root = loader.get_single_node()
        if root is not None:
            document.root = _Builder(text, document.problems).node(root, None)
    except ReaderError as error:
        document.problems.append(Problem(f"the character U+{error.character:04X} is not allowed",
                                         text.position(error.position)))
    except yaml.MarkedYAMLError as error:
        document.problems.append(_syntax_problem(error, text))
    except _TooManyError as error:
        document.problems.append(Problem(str(error), Position(text.name)))
    return document


class _TooManyError(Exception):
    pass


class _Builder:
    """Turns PyYAML's node graph into our tree: aliases and merge keys are resolved, each counted."""

    def __init__(self, text: Text, problems: list[Problem]) -> None:
        self.text = text
        self.problems = problems
        self.reported = set(problems)
        self.count = 0
        self.open: set[int] = set()
        self.seen_duplicates: set[int] = set()

    def place(self, node: Any) -> Place:
        return Place(self.text, node.start_mark.index, node.end_mark.index)

    def wrong(self, node: Any, message: str, hint: str | None = None) -> None:
        problem = Problem(message, self.place(node).position, hint)
        if problem not in self.reported and len(self.reported) < MOST_PROBLEMS:
            self.reported.add(problem)  # the same node may be reached through several aliases
            self.problems.append(problem)

    def node(self, node: Any, key_place: Place | None) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise _TooManyError(f"holds more than {MAX_NODES:,} values once its aliases are written out")
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, key_place)
        if id(node) in self.open:
            self.wrong(node, "an alias stands inside the value it names")
            return Node(None, self.place(node), key_place, broken=True)
        self.open.add(id(node))
        try:
            return self.collection(node, key_place)
        finally:
            self.open.discard(id(node))

    def collection(self, node: Any, key_place: Place | None) -> Node:
        wanted = "seq" if isinstance(node, yaml.SequenceNode) else "map"
        if node.tag not in (_TAG + wanted, "!"):
            self.wrong(node, f"the tag `{_shown_tag(node.tag)}` is not known here")
        if wanted == "seq":
            return Node([self.node(child, None) for child in node.value], self.place(node), key_place)
        return Node(self.mapping(node), self.place(node), key_place)

    def scalar(self, node: Any, key_place: Place | None) -> Node:
        place = self.place(node)
        tag = node.tag.removeprefix(_TAG) if node.tag != "!" else "str"
        if tag not in ("null", "bool", "int", "float", "str"):
            self.wrong(node, f"the tag `{_shown_tag(node.tag)}` is not known here",
                       "Known are !!str, !!int, !!float, !!bool and !!null.")
            return Node(None, place, key_place, node.value, broken=True)
        content = _joined_surrogates(node.value)
        if content is None:
            self.wrong(node, "half of a surrogate pair (\\ud800 to \\udfff) stands alone")
            return Node(None, place, key_place, broken=True)
        try:
            value = scalar_value(content, tag)
        except ValueError as error:
            self.wrong(node, str(error) if str(error).startswith("this number") else f"is no {tag}")
            return Node(None, place, key_place, content, broken=True)
        return Node(value, place, key_place, content)

    def mapping(self, node: Any) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: list[Any] = []
        first: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.wrong(key_node, "a key must be text")
                continue
            if key_node.value == "<<" and key_node.style is None:
                merged.append(value_node)
                continue
            if len(key_node.value) > LONGEST_KEY:
                self.wrong(key_node, f"this key is longer than {LONGEST_KEY:,} characters")
                continue
            key = _joined_surrogates(key_node.value)
            if key is None or (not key and key_node.style is None):
                self.wrong(key_node, "a key is missing here")
                continue
            if key in first:
                earlier = self.place(first[key]).position
                self.wrong(key_node, f"`{key}` stands here twice; the first is at {earlier}",
                           "Keep one of them.")
                continue
            first[key] = key_node
            entries[key] = self.node(value_node, self.place(key_node))
        for source in merged:
            for key, child in self.merge(source).items():
                entries.setdefault(key, child)
        return entries

    def merge(self, source: Any) -> dict[str, Node]:
        """What ``<<: source`` adds; of several maps, earlier ones win."""
        found: dict[str, Node] = {}
        for part in source.value if isinstance(source, yaml.SequenceNode) else [source]:
            if not isinstance(part, yaml.MappingNode):
                self.wrong(part, "`<<` merges maps, and this is none")
                continue
            for key, child in self.node(part, None).entries.items():
                found.setdefault(key, child)
        return found


def _joined_surrogates(text: str) -> str | None:
    """JSON writes a character beyond U+FFFF as two escapes; join them. ``None`` when one stands alone."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None


def _shown_tag(tag: str) -> str:
    tag = "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
    return tag if len(tag) <= 60 else tag[:60] + "…"


_AT_CONTEXT = ("while scanning a simple key", "while scanning a quoted scalar", "while scanning an alias")


def _syntax_problem(error: yaml.MarkedYAMLError, text: Text) -> Problem:
    problem = error.problem or "this is not YAML"
    context = error.context or ""
    mark = error.problem_mark or error.context_mark
    if context in _AT_CONTEXT and error.context_mark is not None:
        mark = error.context_mark
    index = mark.index if mark is not None else 0
    if problem.startswith(("mapping values are not allowed", "could not find expected")):
        glued = _without_space(text, index)
        if glued is not None:
            at, key = glued
            return Problem(f"no space follows the colon of `{key}`, so it is no key", text.position(at),
                           f"Write `{key}: ` with a space.")
    message, hint = _explained(problem, context, text, index)
    return Problem(message, text.position(index), hint)


_GLUED = re.compile(r"[ ]*(?:- )?([A-Za-z][A-Za-z0-9_-]{0,40}):(?![ \t\r\n]|//|\Z)")


def _without_space(text: Text, index: int) -> tuple[int, str] | None:
    """The first of the lines at or right before ``index`` in which a colon ends no key, since no space follows: YAML
    takes them for one text of several lines."""
    number = text.position(index).line or 1
    found = None
    for line in range(number, max(0, number - _LOOK_BACK), -1):
        glued = _GLUED.match(text.line(line))
        if glued is not None:
            found = text.start_of(line) + glued.end() - 1, glued[1]
        elif line != number:
            break
    return found


_LOOK_BACK = 20
"""Lines; a text of several lines that is no key is seldom longer."""


def _explained(problem: str, context: str, text: Text, index: int) -> tuple[str, str | None]:
    """PyYAML's words, or better ones for the mistakes that people make."""
    char = text.content[index : index + 1]
    if "cannot start any token" in problem and char == "\t":
        return "a tab is used for indentation; YAML wants spaces", "Replace the tab by spaces."
    if "cannot start any token" in problem:
        return f"a value cannot begin with `{char}`", "Put the value in quotes."
    if context == "while scanning an alias":
        return "`*` begins an alias in YAML, and no name follows it", "Put the value in quotes: '*'"
    if problem == "could not find expected ':'":
        return "expected `key: value`", "A colon and a space must follow the key."
    if problem.startswith("mapping values are not allowed"):
        return ("a second `: ` on one line, or a wrong indentation",
                "Put a value that contains `: ` in quotes; keys of one map start in the same column.")
    if "unknown escape character" in problem or "expected escape sequence" in problem:
        return ("`\\` begins an escape inside double quotes, and this is none",
                "Write `/` in paths, or put the value in single quotes.")
    if context == "while scanning a quoted scalar" and "end of stream" in problem:
        return "this quote is never closed", None
    if context == "while parsing a block mapping" and "expected <block end>" in problem:
        return ("expected a key in the same column as the keys before it",
                "Check the indentation, and put values with special characters in quotes.")
    if context.startswith("while parsing a flow") and "expected ',' or" in problem:
        what = "list" if "sequence" in context else "map"
        return f"expected a comma or the end of the {what}", "A bracket or a comma is missing before this."
    if "expected a single document" in problem or context == "expected a single document in the stream":
        return "a second document begins here; only one is read", "Remove the `---` line."
    return (f"{problem} ({context})" if context else problem), None
