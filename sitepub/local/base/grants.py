"""What a temporary key may do: the policy that it was given (CAM policy language, 598/10603), and the parts of that
language that bucket policies share.
"""

from __future__ import annotations

import enum
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sitepub.local.base.wildcards import wildcard

Condition = tuple[str, str, tuple[str, ...]]
"""Operator, key, values."""
LIMIT = 20 * 1024
"""Bytes of a policy."""


class Verdict(enum.Enum):
    ALLOW = enum.auto()
    DENY = enum.auto()
    SILENT = enum.auto()


@dataclass(frozen=True, slots=True)
class Grant:
    """One statement."""

    deny: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def applies(self, action: str, resources: Iterable[str], facts: Mapping[str, str]) -> bool:
        return (
            any(action_matches(one, action) for one in self.actions)
            and any(one == "*" or wildcard(one).fullmatch(name) for one in self.resources for name in resources)
            and all(holds(one, self.deny, facts) for one in self.conditions)
        )


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """What is left of the rights of the account that made a temporary key."""

    grants: tuple[Grant, ...]

    def permits(self, action: str, resources: Iterable[str], facts: Mapping[str, str]) -> bool:
        """`resources`: the names under which a policy may mean what is asked for. A deny always wins, and what no
        statement allows is denied."""
        names = tuple(resources)
        found = [one.deny for one in self.grants if one.applies(action, names, facts)]
        return bool(found) and not any(found)


class PolicyError(ValueError):
    """A text that is no policy."""


def parse_session_policy(text: str, *, everyone: bool = False) -> SessionPolicy:
    """``everyone``: a principal that stands for all is passed over. Raises PolicyError."""
    if len(text.encode("utf-8", "replace")) > LIMIT:
        raise PolicyError(f"A policy can have {LIMIT} bytes.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"The policy is not JSON: {error}.") from None
    members = _members(document, {"version", "statement"})
    statements = members.get("statement")
    if isinstance(statements, dict):
        statements = [statements]
    if members.get("version") != "2.0" or not isinstance(statements, list) or not statements:
        raise PolicyError('A policy needs "version": "2.0" and statements.')
    return SessionPolicy(tuple(_grant(one, everyone) for one in statements))


def _grant(value: Any, everyone: bool) -> Grant:
    known = {"sid", "effect", "action", "resource", "condition"}
    # Documented is that there can be none (1312/48195). The official libraries that make keys for browsers
    # (qcloud-cos-sts) write this one into each statement.
    if everyone and isinstance(value, dict) and value.get("principal") in ({"qcs": "*"}, {"qcs": ["*"]}):
        known.add("principal")
    members = _members(value, known)
    effect = str(members.get("effect", "")).lower()
    if effect not in ("allow", "deny"):
        raise PolicyError("The effect of a statement is allow or deny.")
    conditions = members.get("condition") or {}
    if not isinstance(conditions, dict) or not all(isinstance(one, dict) for one in conditions.values()):
        raise PolicyError("A condition is an object of objects.")
    return Grant(
        effect == "deny", _texts(members.get("action"), "action"), _texts(members.get("resource"), "resource"),
        tuple((operator.lower().removeprefix("for_any_value:"), key, _texts(wanted, key))
              for operator, keys in conditions.items() for key, wanted in keys.items()))


def _members(value: Any, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError("A policy and its statements are objects.")
    members = {name.lower(): one for name, one in value.items()}
    if unknown := members.keys() - known:
        raise PolicyError(f"A policy cannot have {', '.join(sorted(unknown))}.")
    return members


def _texts(value: Any, what: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and one for one in values):
        raise PolicyError(f"A statement needs {what} as a text or a list of texts.")
    return tuple(values)


def action_matches(pattern: str, action: str) -> bool:
    if pattern == "*":
        return True
    return bool(wildcard(_bare(pattern)).fullmatch(_bare(action)))


def _bare(action: str) -> str:
    """`name/cos:GetObject` and `cos:GetObject` are the same action; case does not count."""
    return action.lower().removeprefix("name/")


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "string_equal": lambda value, wanted: value == wanted,
    "string_not_equal": lambda value, wanted: value != wanted,
    "string_equal_ignore_case": lambda value, wanted: value.lower() == wanted.lower(),
    "string_not_equal_ignore_case": lambda value, wanted: value.lower() != wanted.lower(),
    "string_like": lambda value, wanted: bool(wildcard(wanted).fullmatch(value)),
    "string_not_like": lambda value, wanted: not wildcard(wanted).fullmatch(value),
    "ip_equal": lambda value, wanted: _in_network(value, wanted),
    "ip_not_equal": lambda value, wanted: not _in_network(value, wanted),
}


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def holds(condition: Condition, deny: bool, facts: Mapping[str, str]) -> bool:
    """Whether a condition of a statement is met. `deny`: the statement denies."""
    operator, key, wanted = condition
    compare = _COMPARISONS.get(operator.removesuffix("_if_exist"))
    if compare is None:
        # Conditions that are not evaluated here: the stricter reading, an allow does not apply, a deny does.
        return deny
    value = facts.get(key)
    if value is None:
        return operator.endswith("_if_exist")
    together = all if "_not_" in operator else any
    return together(compare(value, one) for one in wanted)
