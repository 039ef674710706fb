"""The JSON Schema (draft 2020-12) of serverless.yml, for editors. Made from the models."""

from __future__ import annotations

import copy
from typing import Any

from sitepub.config.checks.spellings import AUTO, COMPONENTS, MISSPELT, OLD_COMPONENT
from sitepub.config.ignored import IGNORED

Schema = dict[str, Any]

_AS_TEXT = {"boolean": r"^(true|false)$|\$\{", "integer": r"^[-+]?[0-9]+$|\$\{", "number": r"^[0-9.]+$|\$\{"}
"""How a value of this type may be written as text: with variables, or because quotes were put around it."""
_COMPONENT = f"^({'|'.join(COMPONENTS)})(@.*)?$"
_CAPITALS = ("RedirectRuleShape", "LifecycleShape")
"""Definitions whose keys may also be written with a capital, as the COS API does."""


def raw_schema() -> Schema:
    """What pydantic says of the models, with all of them under ``$defs``; for the reference."""
    from pydantic.json_schema import models_json_schema

    from sitepub.config.models.host import HostShape
    from sitepub.config.models.https import HttpsShape
    from sitepub.config.models.inputs import ConfigShape

    models = (ConfigShape, HostShape, HttpsShape)
    for model in models:
        model.model_rebuild()
    _map, schema = models_json_schema([(model, "validation") for model in models], by_alias=True)
    definitions: dict[str, Schema] = schema["$defs"]
    inputs = definitions["InputsShape"]["properties"]
    inputs["https"].update({"$ref": "#/$defs/HttpsShape"})
    inputs["https"].pop("anyOf", None)
    of_previews = definitions["PreviewShape"]["properties"]["https"]
    of_previews.update({"$ref": "#/$defs/HttpsShape"})
    of_previews.pop("anyOf", None)
    inputs["hosts"]["items"] = {"$ref": "#/$defs/HostShape"}
    return {"$defs": {name: _tidied(definition) for name, definition in definitions.items()}}


def json_schema() -> Schema:
    """The schema for editors: every spelling that is read is valid in it, variables included."""
    definitions = raw_schema()["$defs"]
    inputs = definitions["InputsShape"]
    properties = inputs["properties"]
    source = definitions["SourceShape"]
    old_source = copy.deepcopy(source)
    del source["properties"]["root"]
    definitions["OldSourceShape"] = old_source

    component = definitions["ConfigShape"]["properties"]["component"]
    component.update({"type": "string", "examples": ["website"], "pattern": _COMPONENT})
    text = {"type": ["string", "number"]}
    properties["src"] = {"description": properties["src"]["description"],
                         "anyOf": [text, {"$ref": "#/$defs/SourceShape"}]}
    properties["code"] = {"$ref": "#/$defs/OldSourceShape",
                          "description": f"The source in the old form (component {OLD_COMPONENT})."}
    properties["bucket"] = {**properties["bucketName"], "description": "The same as `bucketName`."}
    properties["envPath"] = {**source["properties"]["envPath"], "description": "The same as `src.envPath`."}
    permissions = definitions["AclShape"]["properties"]["permissions"]
    properties["acl"]["anyOf"].append({"enum": permissions["enum"]})
    properties["checks"]["anyOf"].append({"enum": ["warn", "fail", True, False]})
    rules = properties["headers"]
    by_pattern = {"type": "object", "additionalProperties": definitions["HeadersShape"]["properties"]["set"]}
    rules["anyOf"] = [{key: rules.pop(key) for key in ("type", "items")}, by_pattern]
    inputs["required"] = []
    inputs["anyOf"] = [{"required": ["src"]}, {"required": ["code"]}]
    for name in _CAPITALS:
        _add_capitals(definitions, name)
    for key in ("redirectRules", "lifecycle"):
        _offer_capitals(properties[key])
    stage_inputs = definitions["StageInputsShape"] = {**inputs}  # the source may be the one of all stages
    stage_inputs.pop("anyOf")
    definitions["StageShape"]["properties"]["inputs"] = {
        "$ref": "#/$defs/StageInputsShape",
        "description": definitions["StageShape"]["properties"]["inputs"]["description"]}
    hosts = definitions["HostShape"]["properties"]
    previews = definitions["PreviewShape"]["properties"]
    certificate = definitions["HttpsShape"]["properties"]["certInfo"]
    for place in (properties["https"], hosts["https"], previews["https"], certificate):
        _offer_auto(place)
    for misspelt, right in MISSPELT.items():
        hosts[misspelt] = {"deprecated": True, "description": f"Write `{right}`."}
    for path, reason in IGNORED.items():
        target = _properties_at(definitions, path[:-1])
        target.setdefault(path[-1], {"deprecated": True, "description": f"No effect: {reason}."})
    top = definitions.pop("ConfigShape")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "serverless.yml of a website",
        **_with_variables(top),
        "patternProperties": {"^x-": {"description": "A place for anchors; nothing else reads it."}},
        "$defs": {name: _with_variables(definition) for name, definition in definitions.items()},
    }


_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def _tidied(schema: Any, *, names: bool = False) -> Any:
    """Without made-up titles and empty defaults, and with the schema's own words for bounds.

    ``names``: the keys of this dict are property names.
    """
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key if names else _BOUNDS.get(key, key): _tidied(value, names=key == "properties" and not names)
            for key, value in schema.items()
            if names or (key != "title" and not (key == "default" and value is None))}


def _with_variables(schema: Any) -> Any:
    """Wherever no free text is possible, text with a variable is."""
    if isinstance(schema, list):
        return [_with_variables(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = schema.get("type") in ("boolean", "integer", "number") or "enum" in schema or "const" in schema
    if closed:
        about = {key: schema[key] for key in ("description", "default", "deprecated") if key in schema}
        bare = {key: value for key, value in schema.items() if key not in about}
        pattern = _AS_TEXT.get(str(schema.get("type")), r"\$\{")
        return {**about, "anyOf": [bare, {"type": "string", "pattern": pattern}]}
    return {key: value if key in ("default", "required") else
            {name: _with_variables(child) for name, child in value.items()} if key == "properties" else
            _with_variables(value) for key, value in schema.items()}


def _offer_auto(place: Schema) -> None:
    """``https: auto`` and ``certInfo: auto`` are written for a map."""
    if "$ref" in place:
        place["anyOf"] = [{"$ref": place.pop("$ref")}]
    place["anyOf"].append({"const": AUTO})


def _capital(name: str) -> str:
    return "ID" if name == "id" else name[:1].upper() + name[1:]


def _add_capitals(definitions: dict[str, Schema], name: str) -> None:
    """Add a copy of the definition, and of those it uses, with capital keys."""
    if name + "Capitals" in definitions:
        return
    twin = definitions[name + "Capitals"] = copy.deepcopy(definitions[name])
    twin["properties"] = {_capital(key): value for key, value in twin["properties"].items()}
    if "required" in twin:
        twin["required"] = [_capital(key) for key in twin["required"]]
    for used in _refer_to_capitals(twin):
        _add_capitals(definitions, used)


def _refer_to_capitals(schema: Any) -> list[str]:
    """Turn every reference to the twin; the names referred to."""
    if isinstance(schema, list):
        return [name for item in schema for name in _refer_to_capitals(item)]
    if not isinstance(schema, dict):
        return []
    found = [name for key, value in schema.items() if key != "$ref" for name in _refer_to_capitals(value)]
    if "$ref" in schema:
        found.append(schema["$ref"].rpartition("/")[2])
        schema["$ref"] += "Capitals"
    return found


def _offer_capitals(schema: Any) -> None:
    """In a list of references, allow the twin of each."""
    if isinstance(schema, dict):
        items = schema.get("items")
        if isinstance(items, dict) and "$ref" in items:
            schema["items"] = {"anyOf": [items, {"$ref": items["$ref"] + "Capitals"}]}
        for value in schema.values():
            _offer_capitals(value)
    elif isinstance(schema, list):
        for item in schema:
            _offer_capitals(item)


def _properties_at(definitions: dict[str, Schema], path: tuple[str, ...]) -> Schema:
    """The properties of the definition that describes this place."""
    name = "ConfigShape"
    for key in path:
        if key != "*":
            name = next(ref for ref in references(definitions[name]["properties"][key])
                        if not ref.endswith("Capitals"))
    properties: Schema = definitions[name]["properties"]
    return properties


def references(schema: Any) -> list[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(schema, list):
        return [name for item in schema for name in references(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []
    return own + [name for key, value in schema.items() if key != "$ref" for name in references(value)]
