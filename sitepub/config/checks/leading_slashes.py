"""Object keys have no slash at their start: a prefix that has one matches nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.config.document import Node
from sitepub.errors import Problem

_PLACES = (
    ("redirectRules", "*", "condition", "keyPrefixEquals"),
    ("redirectRules", "*", "redirect", "replaceKeyPrefixWith"),
    ("redirectRules", "*", "redirect", "replaceKeyWith"),
    ("lifecycle", "*", "filter", "prefix"),
)


def strip_leading_slashes(root: Node) -> list[Problem]:
    """Take the slashes away, in place; a warning for each. One that is nothing but slashes stays: the models and checks
    speak about it."""
    warnings = []
    inputs = root.get("inputs")
    for path in _PLACES if inputs is not None else ():
        for node in _at(inputs, path):
            if not isinstance(node.value, str) or node.broken:
                continue
            key = node.value.lstrip("/")
            if key and key != node.value:
                warnings.append(Problem(f"`{path[-1]}` begins with a slash, and object keys do not: it is read as"
                                        f" `{key}`", node.here, f"Write `{key}`."))
                node.value = key
    return warnings


def _at(node: Node | None, path: tuple[str, ...]) -> Iterator[Node]:
    if node is None:
        return
    if not path:
        yield node
    elif path[0] == "*":
        for item in node.items:
            yield from _at(item, path[1:])
    else:
        yield from _at(node.get(path[0]), path[1:])
