"""Writes docs/configuration.md: ``python -m sitepub.config.reference > docs/configuration.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from sitepub.config.ignored import IGNORED
from sitepub.config.reference_text import HEADERS, INTRO, OLD, STAGES
from sitepub.config.schema import Schema, raw_schema, references

_SECTIONS = (
    ("Top level", "ConfigShape", None),
    ("stages", "StageShape", STAGES),
    ("inputs", "InputsShape", "`headers`, `headersFile`, `redirectsFile`, `securityHeaders`, `unsupportedRules`, "
     "`accelerate`, `purge`, `logs`, `state`, `releases`, `preview`, `protect`, `checks`, `notify` and `dev` are "
     "*new*. What the four about `_headers` and `_redirects` do: "
     "[headers-and-redirects.md](headers-and-redirects.md)."),
    ("inputs.src", "SourceShape", "`src: ./public` is short for `src: {src: ./public}`. `include`, "
     "`exclude`, `timeout`, `allowSecrets`, `followLinks` and `allowErrors` are *new*. Patterns of a "
     "`.sitepubignore` file exclude too."),
    ("inputs.headers", "HeadersShape", HEADERS),
    ("inputs.acl", "AclShape", "`acl: private` is short for `acl: {permissions: private}`."),
    ("inputs.cors[]", "CorsShape", None),
    ("inputs.tags[]", "TagShape", None),
    ("inputs.lifecycle[]", "LifecycleShape", "Keys may begin with a capital too, as in the COS API."),
    ("inputs.redirectRules[]", "RedirectRuleShape", "Keys may begin with a capital too, as in the COS API."),
    ("inputs.state", "StateShape", "*New.* Left out, the state lies in `sitepub-state-<region>-<APPID>`."),
    ("inputs.releases", "ReleasesShape", "*New.* See [releases.md](releases.md)."),
    ("inputs.preview", "PreviewShape", "*New.* See [releases.md](releases.md#previews)."),
    ("inputs.checks", "ChecksShape", "*New.* `checks: fail` is short for `checks: {mode: fail}`, and `checks: true` for"
     " the checks as they are. See [checks.md](checks.md)."),
    ("inputs.notify", "NotifyShape", "*New.* See [search-engines.md](search-engines.md)."),
    ("inputs.dev", "DevShape", "*New.* See [dev.md](dev.md)."),
    ("inputs.logs", "LogsShape", "*New.* See [logs.md](logs.md)."),
    ("inputs.hosts[]", "HostShape", "`edge` and `dns` are *new*. See [domains.md](domains.md) for the whole story."),
    ("inputs.https and inputs.hosts[].https", "HttpsShape", "`https: auto` is short for "
     "`https: {certInfo: auto}`; `https: on` and `https: off` for `https: {switch: …}`."),
    ("inputs.hosts[].forceRedirect", "ForceRedirectShape", None),
)


def render() -> str:
    """The text of docs/configuration.md."""
    definitions: dict[str, Schema] = raw_schema()["$defs"]
    parts = [INTRO]
    sections = {name for _title, name, _note in _SECTIONS}
    for title, name, note in _SECTIONS:
        parts.append(f"## {title}\n")
        if note:
            parts.append(f"{note}\n")
        parts.append(_table(definitions, name, sections))
        if name == "HostShape":
            parts.append("### Keys of the CDN settings\n\nThey are the fields of the CDN API (228/30987), in "
                         "camelCase.\n\n" + _details(definitions, sections))
    parts += [OLD, "## Keys without effect\n\nThe original took these; here they are a warning.\n\n"
              "| key | why |\n|---|---|\n"
              + "".join(f"| `{'.'.join(path).replace('.*', '[]')}` | {reason} |\n"
                        for path, reason in IGNORED.items())
              + "| the version in `component: website@version` | sitepub has its own |\n"]
    return "\n".join(parts)


def _table(definitions: dict[str, Schema], name: str, sections: set[str]) -> str:
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key, kind, default, text in _rows(definitions, name, "", sections):
        lines.append(f"| `{key}` | {kind} | {default} | {text} |")
    return "\n".join(lines) + "\n"


def _rows(definitions: dict[str, Schema], name: str, above: str,
          sections: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """The keys of a definition, and below them those of small definitions that have no section."""
    definition = definitions[name]
    def is_cdn(item: tuple[str, Schema]) -> bool:
        return any(not ref.endswith("Shape") for ref in references(item[1]))

    for key, schema in sorted(definition["properties"].items(), key=is_cdn):
        if (name, key) == ("SourceShape", "root"):
            continue  # shown with the old form
        required = key in definition.get("required", ())
        default = "required" if required else _default(schema)
        yield above + key, _kind(schema), default, schema.get("description", "")
        for used in dict.fromkeys(references(schema)):
            if used not in sections and used.endswith("Shape") and used not in ("SpecificShape", "AreaShape"):
                step = "[]." if "array" in _types(schema) else "."
                yield from _rows(definitions, used, above + key + step, sections)


def _details(definitions: dict[str, Schema], sections: set[str]) -> str:
    """One line for each CDN structure: its keys and their types."""
    lines = ["| key | keys below it |", "|---|---|"]
    for key, schema in definitions["HostShape"]["properties"].items():
        below = [ref for ref in references(schema) if ref not in sections and not ref.endswith("Shape")]
        if below:
            lines.append(f"| `{key}` | {_inline(definitions, below[0])} |")
    lines.append("| `specificConfig` | `mainland`, `overseas`: each with"
                 " `authentication`, `bandwidthAlert`, `errorPage`, `ipFilter`, `referer` |")
    return "\n".join(lines) + "\n"


def _inline(definitions: dict[str, Schema], name: str) -> str:
    parts = []
    for key, schema in definitions[name]["properties"].items():
        below = references(schema)
        many = "[]" if "array" in _types(schema) else ""
        parts.append(f"`{key}{many}` {{{_inline(definitions, below[0])}}}" if below else f"`{key}`")
    return ", ".join(parts)


def _types(schema: Schema) -> list[str]:
    own = schema.get("type", [])
    found = [own] if isinstance(own, str) else list(own)
    for part in schema.get("anyOf", ()):
        found += _types(part)
    return found


def _kind(schema: Schema) -> str:
    """The type of a value, in words."""
    if "anyOf" in schema:
        kinds = [_kind(part) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in schema:
        return "map"
    if "enum" in schema:
        values = schema["enum"]
        return "on/off" if "on" in values else ", ".join(f"`{value}`" for value in values)
    if "const" in schema:
        return f"`{str(schema['const']).lower() if isinstance(schema['const'], bool) else schema['const']}`"
    match schema.get("type"):
        case "boolean":
            return "true/false"
        case "integer":
            return "whole number"
        case "number":
            return "number"
        case "array":
            inner = _kind(schema["items"])
            return f"list of {inner + 's' if inner in ('map', 'number') else inner}"
        case "object":
            return "map"
        case _:
            return "text"


def _default(schema: Schema) -> str:
    value: Any = schema.get("default")
    if value is None or value in ("", [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(render())
