"""Bucket policies: parsing and evaluation (COS API 436/8282, syntax 598/10603).

Names in a policy are written in lower case in the documentation and capitalised in the SDKs' samples; both
are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.grants import Verdict, action_matches, holds
from sitepub.local.base.wildcards import wildcard

LIMIT = 20 * 1024
"""Bytes of a policy (COS API 436/8282)."""

ANYONE = frozenset({"*", "qcs::cam::anyone:anyone", "qcs::cam::*", "qcs::cam::anonymous:anonymous"})
_PRINCIPAL = re.compile(r"\*|qcs::cam::[^\s]+|[0-9]+")


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
        and any(action_matches(action, question.action) for action in statement.actions)
        and any(wildcard(resource).fullmatch(question.resource) for resource in statement.resources)
        and all(holds(one, statement.effect is Verdict.DENY, question.facts) for one in statement.conditions)
    )


def _is_principal(principal: str, user: str | None) -> bool:
    if principal in ANYONE:
        return True
    if user is None:
        return False
    return principal == user or principal == user.rpartition("/")[2]


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
