"""``--inputs a.b=value``: the command line's word on ``inputs``, put into the tree of serverless.yml."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from sitepub.config.document import Node, Place, Text
from sitepub.config.yaml12 import MAX_DEPTH
from sitepub.errors import Problem

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{0,30}[1-9])?\Z")


def apply_inputs(root: Node, assignments: Sequence[str]) -> list[Problem]:
    """Set every ``path=value`` below ``inputs`` of the tree, in order; return what is wrong.

    A path has dots between keys (``\\.`` for a dot in a key) and indexes for lists; the index after the last
    one appends. A value is read as JSON (``true``, ``12``, ``[…]``, ``{…}``, ``"…"``, ``null``); everything
    else is text, and so are numbers with leading zeros or trailing decimals (``007``, ``1.0``).
    """
    problems: list[Problem] = []
    for assignment in assignments:
        place = Place(Text("--inputs", assignment, whole=True))
        path, equals, raw = assignment.partition("=")
        keys = [key.replace("\\.", ".").strip() for key in re.split(r"(?<!\\)\.", path)]
        if not equals or not all(keys):
            problems.append(Problem("expected key=value", place.position,
                                    "As in --inputs src.index=home.html"))
            continue
        try:
            value = input_value(raw, place)
        except ValueError as error:
            problems.append(Problem(f"the value of `{path}` is not valid JSON: {error}", place.position,
                                    "Put the value in double quotes inside single ones: 'key=\"[text]\"'"))
            continue
        problem = _set(root, keys, value, place)
        if problem is not None:
            problems.append(problem)
    return problems


def input_value(raw: str, place: Place) -> Node:
    """Read one value. Raises ValueError for broken JSON."""
    text = raw.strip()
    if text in ("true", "false", "null"):
        return Node({"true": True, "false": False, "null": None}[text], place, place, text)
    if _NUMBER.match(text):
        number: int | float = float(text) if "." in text else int(text)
        return Node(number, place, place, text)
    if text[:1] in ("{", "[") or (text[:1] == '"' and text[-1:] == '"' and len(text) > 1):
        try:
            return _node(json.loads(text), place)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
    return Node(raw, place, place, raw)


def _node(value: object, place: Place, depth: int = 0) -> Node:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return Node({str(key): _node(child, place, depth + 1) for key, child in value.items()}, place, place)
    if isinstance(value, list):
        return Node([_node(child, place, depth + 1) for child in value], place, place)
    if isinstance(value, int | float) and not abs(value) < 10**300:
        raise ValueError("NaN is not a number in JSON" if value != value else "this number is too large")
    if value is None or isinstance(value, bool | int | float | str):
        return Node(value, place, place, value if isinstance(value, str) else json.dumps(value))
    raise ValueError(f"unexpected {type(value).__name__}")


def _set(root: Node, keys: list[str], value: Node, place: Place) -> Problem | None:
    """Put the value where the path leads, making maps on the way."""
    inputs = root.entries.get("inputs")
    if inputs is None or inputs.value is None:
        inputs = Node({}, place, place)
        root.entries["inputs"] = inputs
    keys = _aliased(inputs, keys)
    node = inputs
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        so_far = ".".join(keys[:depth])
        if isinstance(node.value, list):
            if not key.isdecimal() or int(key) > len(node.value):
                return Problem(f"`{so_far}` is a list of {len(node.value)}: `{key}` is not an index in it",
                               place.position, f"Indexes go from 0 to {len(node.value)}, which appends.")
            if int(key) == len(node.value):
                node.value.append(Node(None, place, place))
            if last:
                node.value[int(key)] = value
            node = node.value[int(key)]
            continue
        if node.value is None:
            node.value = {}
        elif isinstance(node.value, str) and so_far in ("src", "code"):  # the short form of src
            node.value = {"src": Node(node.value, node.place, node.key_place, node.written)}
        if not isinstance(node.value, dict):
            return Problem(f"`{so_far}` is {node.kind}, so there is no `{key}` in it", place.position)
        if last:
            node.value[key] = value
        node = node.value.setdefault(key, Node(None, place, place))
    return None


def _aliased(inputs: Node, keys: list[str]) -> list[str]:
    """Follow the spelling the file uses, so that the command line replaces instead of contradicting."""
    for one, other in (("bucket", "bucketName"), ("bucketName", "bucket"), ("src", "code")):
        if keys[0] == one and one not in inputs.entries and inputs.get(other) is not None:
            return [other, *keys[1:]]
    return keys
