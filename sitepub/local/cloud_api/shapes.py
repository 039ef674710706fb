"""Objects as the embedded cloud keeps them: defaults, and limits that are narrower than the product's contract.

A shape completes what was sent: every documented attribute gets a value, so that what was left out of an object is
back at its default. Names, types and required members are the contract's (:mod:`sitepub.local.cloud_api.contract`).
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
    `ignored`: accepted and not stored (what the interface answers may be sent back to it). `longest`: elements of a
    list.
    """

    kind: type
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    least: int | None = None
    most: int | None = None
    shape: Shape | None = None
    ignored: bool = False
    longest: int | None = None


@dataclass(frozen=True)
class Shape:
    """The attributes of an object, by name."""

    attributes: Mapping[str, Parameter] = field(default_factory=dict)

    def check(self, given: Mapping[str, Any], *, path: str = "",
              value_error: str = "InvalidParameterValue") -> None:
        """What the contract of the product leaves open: raises ApiError `value_error` for what is not allowed here,
        MissingParameter. An attribute that is null counts as left out."""
        for name, parameter in self.attributes.items():
            where = f"{path}.{name}" if path else name
            if given.get(name) is not None:
                check_limits(parameter, given[name], where, value_error)
            elif parameter.required:
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


def check_limits(parameter: Parameter, value: Any, where: str, value_error: str) -> None:
    """Of a value of the right type. Raises ApiError."""
    if parameter.ignored:
        return
    if parameter.choices and value not in parameter.choices:
        allowed = ", ".join(map(str, parameter.choices))
        raise ApiError(value_error, f"The value of `{where}` must be one of {allowed}.")
    if parameter.least is not None and value < parameter.least:
        raise ApiError(value_error, f"The value of `{where}` must be at least {parameter.least}.")
    if parameter.most is not None and value > parameter.most:
        raise ApiError(value_error, f"The value of `{where}` must be at most {parameter.most}.")
    if parameter.longest is not None and len(value) > parameter.longest:
        raise ApiError(value_error, f"`{where}` takes at most {parameter.longest} values.")
    if parameter.shape is not None:
        for number, element in enumerate(value) if isinstance(value, list) else [("", value)]:
            parameter.shape.check(element, path=f"{where}.{number}".rstrip("."), value_error=value_error)


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
    return Parameter(list, required, default, longest=longest)


def obj(default: Any = None, **attributes: Parameter) -> Parameter:
    """An object with these attributes. `default`: None, or the value that the interface answers when it was not set."""
    return Parameter(dict, default=default, shape=Shape(attributes))


def objs(default: Any = None, **attributes: Parameter) -> Parameter:
    """A list of objects."""
    return Parameter(list, default=default, shape=Shape(attributes))


def needed(parameter: Parameter, *, longest: int | None = None) -> Parameter:
    """The same, but it must be given; with a limit of elements for a list."""
    return replace(parameter, required=True, longest=longest)
