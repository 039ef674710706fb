"""Parameters as an interface documents them: types, allowed values, objects within objects.

A shape both checks what was sent and completes it: every documented attribute gets a value, so that what
was left out of an object is back at its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from sitepub.local.cloud_api.errors import ApiError


@dataclass(frozen=True)
class Parameter:
    """One parameter or attribute.

    `kind`: str, int, float, bool, list or dict; with a `shape`, the object (dict) or each element (list).
    `of`: type of the elements of a list without a shape. `ignored`: accepted and not stored (what the
    interface answers may be sent back to it). `longest`: elements of a list.
    """

    kind: type
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    least: int | None = None
    most: int | None = None
    shape: Shape | None = None
    of: type | None = None
    ignored: bool = False
    longest: int | None = None


@dataclass(frozen=True)
class Shape:
    """The attributes of an object, by name."""

    attributes: Mapping[str, Parameter] = field(default_factory=dict)

    def check(self, given: Mapping[str, Any], *, path: str = "",
              value_error: str = "InvalidParameterValue") -> None:
        """Raises ApiError UnknownParameter, MissingParameter, InvalidParameter, or `value_error` for a value
        of the right type that is not allowed. An attribute that is null counts as left out."""
        for name, value in given.items():
            parameter = self.attributes.get(name)
            where = f"{path}.{name}" if path else name
            if parameter is None:
                raise ApiError("UnknownParameter", f"The parameter `{where}` is not recognized.")
            if value is not None:
                _check(parameter, value, where, value_error)
        for name, parameter in self.attributes.items():
            if parameter.required and given.get(name) is None:
                where = f"{path}.{name}" if path else name
                raise ApiError("MissingParameter", f"The request is missing a required parameter `{where}`.")

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every attribute: what was given, else its default."""
        return {name: completed(parameter, given.get(name)) for name, parameter in self.attributes.items()}


def check_storable(value: Any) -> None:
    """Raises ApiError for JSON that cannot be kept or answered again: halves of surrogate pairs, numbers of
    more than 64 bits, NaN, nesting without end."""
    try:
        sound = msgspec.json.decode(msgspec.json.encode(value)) == value and not _has_huge_number(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise ApiError("InvalidParameter", "A parameter has a value that JSON cannot carry.") from error
    if not sound:
        raise ApiError("InvalidParameter", "A parameter has a number that is none, or too large.")


def _has_huge_number(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_huge_number(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_huge_number(one) for one in value)
    return isinstance(value, int) and abs(value) >= 2**63


def completed(parameter: Parameter, value: Any) -> Any:
    """The value with the defaults of what it leaves out; the default when there is none."""
    if value is None or parameter.ignored:
        value = deepcopy(parameter.default)
        if value is None or parameter.ignored:
            return value
    if parameter.shape is None:
        return deepcopy(value)
    if parameter.kind is list:
        return [parameter.shape.complete(element) for element in value]
    return parameter.shape.complete(value)


def _check(parameter: Parameter, value: Any, where: str, value_error: str) -> None:
    if not _is(value, parameter.kind):
        raise ApiError("InvalidParameter", f"The value type of parameter `{where}` is not valid.")
    if parameter.ignored:
        return
    if parameter.choices and value not in parameter.choices:
        allowed = ", ".join(map(str, parameter.choices))
        raise ApiError(value_error, f"The value of `{where}` must be one of {allowed}.")
    if parameter.least is not None and value < parameter.least:
        raise ApiError(value_error, f"The value of `{where}` must be at least {parameter.least}.")
    if parameter.most is not None and value > parameter.most:
        raise ApiError(value_error, f"The value of `{where}` must be at most {parameter.most}.")
    if isinstance(value, list):
        if parameter.longest is not None and len(value) > parameter.longest:
            raise ApiError(value_error, f"`{where}` takes at most {parameter.longest} values.")
        for number, element in enumerate(value):
            _check_element(parameter, element, f"{where}.{number}", value_error)
    elif parameter.shape is not None:
        parameter.shape.check(value, path=where, value_error=value_error)


def _check_element(parameter: Parameter, element: Any, where: str, value_error: str) -> None:
    kind = dict if parameter.shape is not None else parameter.of
    if kind is not None and not _is(element, kind):
        raise ApiError("InvalidParameter", f"The value type of parameter `{where}` is not valid.")
    if parameter.shape is not None:
        parameter.shape.check(element, path=where, value_error=value_error)


def _is(value: Any, kind: type) -> bool:
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def text(*choices: str, default: str | None = None, required: bool = False) -> Parameter:
    return Parameter(str, required, default, choices)


def switch(default: str | None = "off") -> Parameter:
    """`on` or `off`."""
    return Parameter(str, default=default, choices=("on", "off"))


def number(least: int | None = None, most: int | None = None, *, default: int | None = None,
           required: bool = False) -> Parameter:
    return Parameter(int, required, default, least=least, most=most)


def truth(default: bool | None = None) -> Parameter:
    return Parameter(bool, default=default)


def texts(*, required: bool = False, default: list[str] | None = None,
          longest: int | None = None) -> Parameter:
    return Parameter(list, required, default, of=str, longest=longest)


def obj(default: Any = None, **attributes: Parameter) -> Parameter:
    """An object with these attributes. `default`: None, or what the interface answers when nobody set it."""
    return Parameter(dict, default=default, shape=Shape(attributes))


def objs(default: Any = None, **attributes: Parameter) -> Parameter:
    """A list of objects."""
    return Parameter(list, default=default, shape=Shape(attributes))


def needed(parameter: Parameter, *, longest: int | None = None) -> Parameter:
    """The same, but it must be given; with a limit of elements for a list."""
    return replace(parameter, required=True, longest=longest)
