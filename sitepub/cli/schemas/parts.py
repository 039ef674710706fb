"""What the schemas of answers are made of. Required keys are always there; more keys may come with later versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def obj(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def says(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
OR_NONE: Schema = {"type": ["string", "null"]}
COMMAND = says(array(TEXT), "A command as the list of its words.")
NEXT = says(array(COMMAND), "Commands that make sense now, the most sensible first.")
PROBLEM = obj({
    "message": TEXT, "hint": says(OR_NONE, "What to do."), "file": OR_NONE,
    "line": {"type": ["integer", "null"]}, "column": {"type": ["integer", "null"]}})
ERROR = obj({
    "code": says(TEXT, "A stable name in CamelCase."), **PROBLEM["properties"],
    "request_id": says(OR_NONE, "The cloud's name of the call that failed."),
    "hint_commands": says(array(COMMAND), "The commands that the hint names."),
}, {"problems": says(array(PROBLEM), "All mistakes, of a configuration or a folder."),
    "tail": says(array(TEXT), "The last lines of a hook that failed.")})
VERSION: Schema = {"const": 1}
BOOL: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
WHICH: Mapping[str, Schema] = {"app": TEXT, "stage": TEXT, "name": TEXT}
"""Of which site an answer speaks."""


def or_none(schema: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, schema]}


def answer(action: str, required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *,
           status: tuple[str, ...] = ("ok",)) -> Schema:
    """Of a command that ended with a result. What failed partly has an ``error`` beside it."""
    more = {"error": says(ERROR, "With the status `partly done`: what failed."), **(optional or {})}
    return obj({"version": VERSION, "action": {"const": action}, "status": {"enum": [*status, "partly done"]},
                **required, "next": NEXT}, more)
