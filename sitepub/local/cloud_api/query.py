"""Parameters of a request that comes as a query or a form: ``Filters.0.Values.1=on`` (API 3.0, 213/30641)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sitepub.local.cloud_api.contract import Contract, Member
from sitepub.local.cloud_api.errors import ApiError

_NUMBER = re.compile(r"-?[0-9]{1,20}\Z")
_LONGEST = 10_000
"""Highest place in a list."""


def parameters(contract: Contract, action: str, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """As the JSON form would have them; a name that the action does not have stays as it is, for the check to refuse.
    Raises ApiError InvalidParameter."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        _put(contract, contract.actions[action], found, name.split("."), value, name)
    return found


def _put(contract: Contract, owner: str, target: dict[str, Any], path: list[str], value: str, name: str) -> None:
    member = contract.objects.get(owner, {}).get(path[0])
    if member is None:
        target[".".join(path)] = value
        return
    rest = path[1:]
    if not member.is_list:
        if member.of in contract.objects and rest:
            _put(contract, member.of, target.setdefault(path[0], {}), rest, value, name)
        else:
            target[path[0]] = _scalar(member, value, name) if not rest else {}
        return
    if not rest or not rest[0].isdigit() or int(rest[0]) > _LONGEST:
        raise ApiError("InvalidParameter", f"The parameter `{name}` is not of the form `{path[0]}.0`.")
    listed, place = target.setdefault(path[0], []), int(rest[0])
    # A place that is left out stays null, and the check refuses it.
    listed.extend([None] * (place + 1 - len(listed)))
    if member.of in contract.objects:
        listed[place] = listed[place] or {}
        if rest[1:]:
            _put(contract, member.of, listed[place], rest[1:], value, name)
    else:
        listed[place] = _scalar(member, value, name)


def _scalar(member: Member, value: str, name: str) -> Any:
    if member.of in ("int", "uint") and _NUMBER.match(value):
        return int(value)
    if member.of == "bool" and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if member.of == "float":
        try:
            return float(value)
        except ValueError:
            raise ApiError("InvalidParameter", f"The value type of parameter `{name}` is not valid.") from None
    return value
