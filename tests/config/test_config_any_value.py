"""No value of any type, at any key, ends in anything but a project or a list of what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.load import load_project
from sitepub.config.schema import json_schema
from sitepub.errors import ConfigError
from tests.amount import times

VALUES = {
    "nothing": "", "null": "null", "yes": "true", "no": "false", "zero": "0", "number": "-7", "real": "1.5",
    "huge": "1e400", "long": "9" * 400, "octal": "0o17", "nan": ".nan", "date": "2024-05-01", "empty": '""',
    "space": '" "', "text": "on", "word": "cdn", "address": '"https://[::1"', "path": '"../../x"', "lines": '"a\\nb"',
    "zero byte": '"\\0"', "surrogate": '"\\ud800"', "list": "[]", "list of null": "[null]",
    "list of numbers": "[1, 2.5]",
    "list of text": "[on, off, on]", "list of lists": "[[], [[]]]", "list of maps": "[{}, {a: 1}]", "map": "{}",
    "map of null": "{a: null}", "map of text": "{switch: on, key: v}", "map of lists": "{host: [], switch: []}",
    "map of maps": "{certInfo: {a: {b: {}}}, src: {src: {}}}", "numbers as keys": "{1: 2, true: no, null: 3}",
    "mixed": "[{host: [a]}, b, 3, null, {edge: {}}, {rulePaths: {}, cacheType: []}]",
}
"""YAML by name: every type, empty and filled, and nested in each other."""


def key_paths() -> Iterator[tuple[str, ...]]:
    """Every path of keys that the schema has; ``[]`` for an element of a list, ``x`` for a key that is free."""
    schema = json_schema()
    seen: set[tuple[str, ...]] = set()

    def below(part: Any, path: tuple[str, ...], inside: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if not isinstance(part, dict):
            return
        reference = part.get("$ref", "")
        if reference:
            name = reference.rpartition("/")[2]
            if name not in inside:
                yield from below(schema["$defs"][name], path, (*inside, name))
        for choice in (*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())):
            yield from below(choice, path, inside)
        children = [((*path, key), child) for key, child in part.get("properties", {}).items()]
        if isinstance(part.get("additionalProperties"), dict):
            children.append(((*path, "x"), part["additionalProperties"]))
        if "items" in part:
            children.append(((*path, "[]"), part["items"]))
        for where, child in children:
            if where not in seen:
                seen.add(where)
                yield where
            yield from below(child, where, inside)

    yield from below(schema, (), ())


PATHS = list(key_paths())


def flow(path: tuple[str, ...], value: str) -> str:
    """The value below its keys, in YAML's flow form."""
    for key in reversed(path):
        value = f"[{value}]" if key == "[]" else f"{{{json.dumps(key)}: {value}}}"
    return value


def document(path: tuple[str, ...], value: str) -> str:
    """A small project with the value at the path: the rest of it stands where it must."""
    top = {"component": "website", "name": "site"}
    inputs = ["src: ./public"]
    lines = []
    if path[0] == "inputs":
        if len(path) == 1:
            return f"component: website\nname: site\ninputs: {value}\n"
        if path[1] in ("src", "code"):
            inputs = []
        if path[1:3] == ("hosts", "[]") and len(path) > 3 and path[3] != "host":
            value = flow(path[3:], value)
            inputs.append(f"hosts: [{{host: a.example.com, {value[1:] if value.startswith('{') else value}]")
        else:
            inputs.append(f"{path[1]}: {flow(path[2:], value)}")
    else:
        top.pop(path[0], None)
        lines.append(f"{json.dumps(path[0])}: {flow(path[1:], value)}")
    return "".join(f"{line}\n" for line in (
        *(f"{key}: {text}" for key, text in top.items()), *lines, "inputs:", *(f"  {line}" for line in inputs)))


def test_the_schema_was_walked() -> None:
    assert len(PATHS) > 300
    assert {("inputs", "hosts", "[]", "edge"), ("inputs", "src", "hook"), ("inputs", "env"), ("app",),
            ("inputs", "redirectRules", "[]", "condition", "keyPrefixEquals")} <= set(PATHS)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_any_type_at_any_key_is_read_or_refused_in_words(tmp_path: Path, name: str) -> None:
    file = tmp_path / "serverless.yml"
    (tmp_path / "public").mkdir()
    every = times(12, quick=60, long=1)
    for path in PATHS[list(VALUES).index(name) % every::every]:
        text = document(path, VALUES[name])
        file.write_text(text, encoding="utf-8")
        try:
            load_project(file, environ={})
        except ConfigError as error:
            assert error.problems
            assert all(problem.message for problem in error.problems)
        except Exception as error:
            raise AssertionError(f"{'.'.join(path)} = {VALUES[name]!r}: {type(error).__name__}: {error}\n{text}"
                                 ) from error
