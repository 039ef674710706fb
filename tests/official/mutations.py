"""Requests made from the official models: a whole one for each action, and what is wrong in one place of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.official import exceptions
from tests.official.models import Member, Model

_ABSENT = object()
_DEEPEST = 8
_PLAIN: dict[str, Any] = {"string": "text", "int": 1, "float": 1.5, "bool": True}
_WRONG: dict[str, Any] = {"string": 7, "int": "seven", "float": "1.5", "bool": "true"}


@dataclass(frozen=True)
class Mutation:
    """``what``: missing, type, value, unknown, null; ``where``: ``Origin.Origins.0``."""

    action: str
    what: str
    where: str
    parameters: dict[str, Any]


def least(judged: Model, name: str) -> dict[str, Any]:
    """The required members of an object alone."""
    return {key: _value(judged, member, 99) for key, member in judged.objects[name].items() if member.get("required")}


def whole(judged: Model, name: str, depth: int = 0) -> dict[str, Any]:
    """Every member of an object that is not deprecated, down to where objects hold each other again."""
    return {key: _value(judged, member, depth) for key, member in judged.objects[name].items()
            if member.get("required") or (not member.get("deprecated") and (
                depth < _DEEPEST or (depth < 99 and _inner(member) not in judged.objects)))}


def _inner(member: Member) -> str:
    return str(member.get("of", member["type"]))


def _value(judged: Model, member: Member, depth: int) -> Any:
    inner = _inner(member)
    if inner in judged.objects:
        value: Any = whole(judged, inner, depth + 1)
    else:
        value = member["enum"][0] if "enum" in member else _PLAIN[inner]
    return [value] if member["type"] == "list" else value


def mutations(judged: Model, action: str, seen: set[str] | None = None) -> Iterator[Mutation]:
    """Each is for the moment: the next one is made of it. ``seen``: objects that are left alone; those that are
    spoiled here are entered."""
    name = judged.actions[action]["input"]
    request = whole(judged, name)
    needed = least(judged, name)
    for what, path, value in _changes(judged, name, request, (), seen):
        target: Any = {**needed, **{key: one for key, one in request.items() if key == path[0]}}
        changed = target
        for one in path[:-1]:
            target = target[one]
        before = target.get(path[-1], _ABSENT) if isinstance(target, dict) else target[path[-1]]
        if what == "missing":
            del target[path[-1]]
        else:
            target[path[-1]] = value
        yield Mutation(action, what, ".".join(map(str, path)), changed)
        if before is _ABSENT:
            del target[path[-1]]
        else:
            target[path[-1]] = before


def _changes(judged: Model, name: str, value: dict[str, Any], path: tuple[str | int, ...],
             seen: set[str] | None) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    yield "unknown", (*path, "Colour"), "red"
    for key, given in list(value.items()):
        member = judged.objects[name][key]
        here = (*path, key)
        if member.get("required") and (judged.product, name, key) not in exceptions.OPTIONAL:
            yield "missing", here, None
            yield "null", here, None
        inner = _inner(member)
        listed = member["type"] == "list"
        yield "type", here, {} if listed else _WRONG.get(inner, "text")
        element = (*here, 0) if listed else here
        if listed:
            yield "type", element, _WRONG.get(inner, "text")
        if "enum" in member and inner in ("string", "int"):
            yield "value", element, "moon" if inner == "string" else 987_654
        if inner in judged.objects and (seen is None or inner not in seen):
            if seen is not None:
                seen.add(inner)
            yield from _changes(judged, inner, given[0] if listed else given, element, seen)
