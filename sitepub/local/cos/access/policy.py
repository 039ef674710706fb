"""Bucket policies: parsing and evaluation (COS API 436/8282, syntax 598/10603).

Names in a policy are written in lower case in the documentation and capitalised in the SDKs' samples; both
are read.
"""

from __future__ import annotations

import enum
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.wildcards import wildcard

LIMIT = 20 * 1024
"""Bytes of a policy (COS API 436/8282)."""

ANYONE = frozenset({"*", "qcs::cam::anyone:anyone", "qcs::cam::*", "qcs::cam::anonymous:anonymous"})
_PRINCIPAL = re.compile(r"\*|qcs::cam::[^\s]+|[0-9]+")


class Verdict(enum.Enum):
    ALLOW = enum.auto()
    DENY = enum.auto()
    SILENT = enum.auto()


@dataclass(frozen=True)
class Statement:
    effect: Verdict
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Question:
    """May `user` (None: anonymous) do `action` (`name/cos:GetObject`) with `resource`?

    `resource` is `qcs::cos:<region>:uid/<appid>:<bucket>/<key>`. `facts` are the values of conditions,
    named as in a policy (`qcs:ip`, `cos:prefix`).
    """

    user: str | None
    action: str
    resource: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    statements: tuple[Statement, ...]

    def verdict(self, question: Question) -> Verdict:
        """DENY when any statement denies, else ALLOW when any allows, else SILENT."""
        found = {
            statement.effect for statement in self.statements if _applies(statement, question)
        }
        if Verdict.DENY in found:
            return Verdict.DENY
        return Verdict.ALLOW if found else Verdict.SILENT


def _applies(statement: Statement, question: Question) -> bool:
    return (
        any(_is_principal(principal, question.user) for principal in statement.principals)
        and any(_action_matches(action, question.action) for action in statement.actions)
        and any(wildcard(resource).fullmatch(question.resource) for resource in statement.resources)
        and all(_holds(condition, statement.effect, question.facts) for condition in statement.conditions)
    )


def _is_principal(principal: str, user: str | None) -> bool:
    if principal in ANYONE:
        return True
    if user is None:
        return False
    return principal == user or principal == user.rpartition("/")[2]


def _action_matches(pattern: str, action: str) -> bool:
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


def _holds(condition: tuple[str, str, tuple[str, ...]], effect: Verdict, facts: Mapping[str, str]) -> bool:
    operator, key, wanted = condition
    compare = _COMPARISONS.get(operator.removesuffix("_if_exist"))
    if compare is None:
        # Conditions that are not evaluated here: the stricter reading, an allow does not apply, a deny does.
        return effect is Verdict.DENY
    value = facts.get(key)
    if value is None:
        return operator.endswith("_if_exist")
    together = all if "_not_" in operator else any
    return together(compare(value, one) for one in wanted)


def malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicy", message)


def parse(body: bytes) -> Policy:
    """Raises ServiceError MalformedPolicy, EntityTooLarge."""
    if len(body) > LIMIT:
        raise ServiceError("EntityTooLarge", f"A policy can have {LIMIT} bytes.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise malformed(f"The policy is not JSON: {error}.") from None
    members = _members(document, {"version", "statement", "principal"}, "The policy")
    if members.get("version") != "2.0":
        raise malformed('The policy needs "version": "2.0".')
    statements = members.get("statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise malformed("The policy needs a list of statements.")
    return Policy(tuple(_statement(one, members.get("principal")) for one in statements))


def render(body: bytes) -> bytes:
    """As GET answers: `Statement` and `version`, however they were written; what stands in them as it was."""
    members = {name.lower(): value for name, value in json.loads(body).items()}
    names = {"statement": "Statement", "principal": "Principal", "version": "version"}
    ordered = {names[name]: members[name] for name in ("statement", "principal", "version") if name in members}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


def _members(value: Any, known: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise malformed(f"{what} must be an object.")
    members = {name.lower(): item for name, item in value.items()}
    if unknown := members.keys() - known:
        raise malformed(f"{what} has unknown elements: {', '.join(sorted(unknown))}.")
    return members


def _statement(value: Any, principal: Any) -> Statement:
    members = _members(
        value, {"sid", "effect", "principal", "action", "resource", "condition"}, "A statement"
    )
    effect = str(members.get("effect", "")).lower()
    if effect not in ("allow", "deny"):
        raise malformed("A statement's effect must be allow or deny.")
    actions = _texts(members.get("action"), "action")
    for action in actions:
        if action != "*" and not re.fullmatch(r"(name/)?cos:[A-Za-z*]+", action):
            raise malformed(f"Action {action!r} must look like name/cos:GetObject.")
    resources = _texts(members.get("resource"), "resource")
    for resource in resources:
        if resource != "*" and not re.fullmatch(r"qcs::cos:[^:]*:uid/[0-9*]+:.+", resource, re.DOTALL):
            raise malformed(f"Resource {resource!r} must look like qcs::cos:<region>:uid/<appid>:<bucket>/*.")
    return Statement(
        effect=Verdict.ALLOW if effect == "allow" else Verdict.DENY,
        principals=_principals(members.get("principal", principal)),
        actions=actions,
        resources=resources,
        conditions=_conditions(members.get("condition")),
    )


def _principals(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        value = _members(value, {"qcs"}, "A principal").get("qcs")
    found = _texts(value, "principal")
    for principal in found:
        if not _PRINCIPAL.fullmatch(principal):
            raise malformed(f"Principal {principal!r} is not a user.")
    return found


def _conditions(value: Any) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if value is None:
        return ()
    found = []
    for operator, keys in _as_object(value, "A condition").items():
        for key, wanted in _as_object(keys, f"Condition {operator}").items():
            found.append((operator.lower().removeprefix("for_any_value:"), key, _texts(wanted, key)))
    return tuple(found)


def _as_object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise malformed(f"{what} must be an object.")
    return value


def _texts(value: Any, what: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and one for one in values):
        raise malformed(f"A statement needs {what} as a text or a list of texts.")
    return tuple(values)
