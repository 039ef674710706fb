"""Bucket policies: everybody may read, next to whatever others have written there (pure).

A policy is one document for the whole bucket, so a statement is added to it and the rest stays
(COS API 436/8277, policy language 436/12469).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def anonymous_read(bucket: str, region: str) -> dict[str, Any]:
    """The statement that lets everybody read the objects of a bucket (named with its ``-APPID``)."""
    app_id = bucket.rpartition("-")[2]
    return {
        "Effect": "allow",
        "Principal": {"qcs": ["qcs::cam::anyone:anyone"]},
        "Action": ["name/cos:GetObject", "name/cos:HeadObject"],
        "Resource": [f"qcs::cos:{region}:uid/{app_id}:{bucket}/*"],
    }


def with_statement(policy: Mapping[str, Any] | None, statement: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with the statement in it, once; everything else as it was."""
    if not policy:
        return {"Statement": [dict(statement)], "version": "2.0"}
    if has_statement(policy, statement):
        return dict(policy)
    name = next((key for key in policy if key.lower() == "statement"), "Statement")
    # All element names of one document start with letters of the same case (436/46206).
    mine = {key.lower(): value for key, value in statement.items()} if name == "statement" else statement
    return {**policy, name: [*statements(policy), dict(mine)]}


def has_statement(policy: Mapping[str, Any] | None, statement: Mapping[str, Any]) -> bool:
    wanted = canonical(statement)
    return any(canonical(there) == wanted for there in statements(policy or {}))


def statements(policy: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    for key, value in policy.items():
        if key.lower() == "statement":
            found = [value] if isinstance(value, Mapping) else value
            return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    return []


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two policies mean the same: letter case of element names, the order in lists and a single
    value instead of a list of one do not matter."""
    return canonical(one or {}) == canonical(other or {})


def canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        plain = {}
        for key, inner in value.items():
            lower = str(key).lower()
            listed = isinstance(inner, (list, tuple, Mapping)) or lower in ("version", "effect")
            plain[lower] = _plain(inner if listed else [inner])
            if lower == "effect" and isinstance(inner, str):
                plain[lower] = inner.lower()
            if lower == "statement" and isinstance(inner, Mapping):
                plain[lower] = [_plain(inner)]
        return plain
    if isinstance(value, (list, tuple)):
        return sorted((_plain(inner) for inner in value),
                      key=lambda inner: json.dumps(inner, sort_keys=True, ensure_ascii=False))
    return value
