"""Checks a request against what the cloud publishes about its action: names, types, required members, listed values.

The files of ``published`` are made from the public models of the products (``tests/official/refresh.py``). A member
is one line: its type (a scalar, or an object of the same file), ``[]`` for a list of it, ``!`` when it is required, and
the values that its description lists: ``string! on|off``, ``Rule[]``. ``~`` marks numbers that official examples write
as text.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sitepub.local.cloud_api.errors import ApiError

_LINE = re.compile(r"(?P<of>\w+)(?P<text>~)?(?P<list>\[\])?(?P<required>!)?(?: (?P<values>\S+))?\Z")
_SCALARS: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "int": int, "uint": int, "float": (int, float), "bool": bool}


@dataclass(frozen=True)
class Member:
    """``of``: string, int, uint, float, bool, or the name of an object; ``values``: none where all are allowed."""

    of: str
    is_list: bool
    required: bool
    values: tuple[str | int, ...]
    as_text: bool = False
    """Numbers alone: digits in a text are taken, too."""


@dataclass(frozen=True)
class Contract:
    """One product. ``actions``: the object that each takes; ``objects``: members by name."""

    actions: Mapping[str, str]
    objects: Mapping[str, Mapping[str, Member]]
    others: frozenset[str] = frozenset()
    """Actions that the product has and the embedded cloud does not answer."""

    def check(self, action: str, given: Mapping[str, Any], *, value_error: str = "InvalidParameterValue") -> None:
        """Raises ApiError UnknownParameter, InvalidParameter (a wrong type), `value_error` (none of the listed values)
        or MissingParameter. A member that is null counts as left out; an empty text is no value."""
        self._object(self.actions[action], given, "", value_error)

    def numbers(self, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A checked request, with numbers in place of the digits that came as text."""
        members = self.objects[self.actions[action]]
        return {name: int(value) if members[name].as_text and isinstance(value, str) else value
                for name, value in given.items()}

    def member(self, action: str, names: list[str]) -> Member | None:
        """What is at a path of objects below an action's request."""
        name, found = self.actions[action], None
        for one in names:
            found = self.objects.get(name, {}).get(one)
            if found is None or (found.is_list and one != names[-1]):
                return None
            name = found.of
        return found

    def check_value(self, member: Member, value: Any, where: str, *, value_error: str) -> None:
        """The same for one member alone."""
        if member.is_list:
            if not isinstance(value, list):
                raise _wrong_type(where)
            for number, element in enumerate(value):
                self._element(member, element, f"{where}.{number}", value_error)
        else:
            self._element(member, value, where, value_error)

    def _object(self, name: str, given: Mapping[str, Any], path: str, value_error: str) -> None:
        members = self.objects[name]
        for key, value in given.items():
            member = members.get(key)
            where = f"{path}{key}"
            if member is None:
                raise ApiError("UnknownParameter", f"The parameter `{where}` is not recognized.")
            if value is not None:
                self.check_value(member, value, where, value_error=value_error)
        for key, member in members.items():
            if member.required and given.get(key) is None:
                raise ApiError("MissingParameter", f"The request is missing a required parameter `{path}{key}`.")

    def _element(self, member: Member, value: Any, where: str, value_error: str) -> None:
        if member.of not in _SCALARS:
            if not isinstance(value, dict):
                raise _wrong_type(where)
            self._object(member.of, value, f"{where}.", value_error)
            return
        if not _is(value, member.of) and not (member.as_text and isinstance(value, str) and value.isdecimal()):
            raise _wrong_type(where)
        if member.values and value != "" and value not in member.values:
            allowed = ", ".join(map(str, member.values))
            raise ApiError(value_error, f"The value of `{where}` must be one of {allowed}.")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _SCALARS[kind]) and not (kind == "uint" and isinstance(value, int) and value < 0)


def _wrong_type(where: str) -> ApiError:
    return ApiError("InvalidParameter", f"The value type of parameter `{where}` is not valid.")


@functools.cache
def contract(product: str) -> Contract:
    """The contract of a product. Raises OSError when there is none."""
    found = json.loads(Path(__file__).with_name("published").joinpath(f"{product}.json").read_text(encoding="utf-8"))
    return replace(contract_of(found["actions"], found["objects"]), others=frozenset(found["others"].split()))


def contract_of(actions: Mapping[str, str], objects: Mapping[str, Mapping[str, str]]) -> Contract:
    """From lines to members."""
    return Contract(actions, {name: {key: _member(line) for key, line in lines.items()}
                              for name, lines in objects.items()})


def _member(line: str) -> Member:
    found = _LINE.match(line)
    if found is None:
        raise ValueError(f"no member: {line}")
    texts = found["values"].split("|") if found["values"] else []
    values: list[str | int] = [*texts] if found["of"] == "string" else [int(text) for text in texts]
    return Member(found["of"], found["list"] is not None, found["required"] is not None, tuple(values),
                  found["text"] is not None)
