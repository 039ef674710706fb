"""JSON Schemas of what `--json` prints. Required keys are always there; more keys may come with later versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _says(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_OR_NONE: Schema = {"type": ["string", "null"]}
_COMMAND = _says(_list(_TEXT), "A command as the list of its words.")
_NEXT = _says(_list(_COMMAND), "Commands that make sense now, the most sensible first.")
_PROBLEM = _object({
    "message": _TEXT, "hint": _says(_OR_NONE, "What to do."), "file": _OR_NONE,
    "line": {"type": ["integer", "null"]}, "column": {"type": ["integer", "null"]}})
_ERROR = _object({
    "code": _says(_TEXT, "A stable name in CamelCase."), **_PROBLEM["properties"],
    "request_id": _says(_OR_NONE, "The cloud's name of the call that failed."),
    "hint_commands": _says(_list(_COMMAND), "The commands that the hint names."),
}, {"problems": _says(_list(_PROBLEM), "All mistakes, of a configuration or a folder."),
    "tail": _says(_list(_TEXT), "The last lines of a hook that failed.")})
_CHANGES = _object(dict.fromkeys(("uploaded", "copied", "headers", "deleted", "unchanged"), _COUNT))
_SITE: Mapping[str, Schema] = {
    "version": {"const": 1}, "app": _TEXT, "stage": _TEXT, "name": _TEXT, "region": _TEXT, "bucket": _TEXT,
    "url": _says(_TEXT, "Of the bucket's website; those of the hosts are in `hosts`."), "changes": _CHANGES,
    "bytes": _says(_COUNT, "Sent, or to be sent.")}
_RETAINED = _says(_list(_object({"key": _TEXT, "bytes": _COUNT, "until": _TEXT})),
                  "What the site has dropped and what stays for tabs that are open.")
_LEFT_OUT = _says(_list(_object({"path": _TEXT, "reason": _TEXT, "option": _OR_NONE})),
                  "What sitepub's own rules do not publish, and the setting that does.")
_WARNINGS = _says(_list(_TEXT), "With file, line and column in front, where there is one.")
_HOST_STEP = _object({"kind": _TEXT, "host": _TEXT, "summary": _TEXT, "reason": _TEXT})
_HOST_ERROR: Schema = {"anyOf": [{"type": "null"}, _object({"code": _TEXT, "message": _TEXT, "request_id": _OR_NONE})]}

OUTPUTS: Mapping[str, Schema] = {
    "error": _object({"version": {"const": 1}, "status": {"const": "error"}, "error": _ERROR, "next": _NEXT}),
    "plan": _object({
        **_SITE, "action": {"const": "plan"}, "status": {"enum": ["planned", "unchanged"]},
        "settings": _says(_list(_object({"kind": _TEXT, "summary": _TEXT, "reason": _TEXT,
                                         "timing": {"enum": ["before", "after"]}})), "Of the bucket."),
        "steps": _says(_list(_object({
            "action": {"enum": ["upload", "copy", "headers", "delete"]}, "key": _TEXT, "reason": _TEXT, "phase": _TEXT,
            "bytes": _COUNT, "source": _OR_NONE})), "In the order of doing."),
        "hosts": _list(_object({"host": _TEXT, "edge": _TEXT, "steps": _list(_HOST_STEP), "error": _HOST_ERROR})),
        "retained": _RETAINED, "left_out": _LEFT_OUT,
        "left_alone": _says(_list(_TEXT), "Keys of others in the bucket."),
        "refusal": _says({"anyOf": [{"type": "null"}, _object({"code": _TEXT, "message": _TEXT, "hint": _OR_NONE})]},
                         "Why a deploy would stop before it changes anything."),
        "warnings": _WARNINGS, "next": _NEXT}),
    "deploy": _object({
        **_SITE, "action": {"const": "deploy"}, "status": {"enum": ["ok", "partly done"]},
        "seconds": {"type": "number", "minimum": 0},
        "release": _says(_OR_NONE, "Its id, for `sitepub rollback` and `sitepub diff`."),
        "hosts": _list(_object({"host": _TEXT, "edge": _TEXT, "steps": _list(_HOST_STEP), "url": _OR_NONE}, {
            "status": {"enum": ["unchanged", "online", "waiting", "removed", "left", "failed"]},
            "error": _HOST_ERROR})),
        "retained": _RETAINED, "left_out": _LEFT_OUT,
        "notified": _says(_list(_object({"service": _TEXT, "host": _TEXT, "sent": _COUNT, "total": _COUNT,
                                         "failed": _OR_NONE})), "Search engines."),
        "warnings": _WARNINGS, "next": _NEXT,
    }, {"preview": _object({"name": _TEXT, "branch": _OR_NONE, "expires": _TEXT}),
        "error": _says(_ERROR, "With the status `partly done`: what failed.")}),
}
"""Name → schema. A folder with several sites answers with a list of them in `projects`."""


def output_schema(name: str) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"sitepub {name} --json",
            **OUTPUTS[name]}
