"""The JSON Schema for editors, and the reference that is made from the same models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sitepub.config import schema
from sitepub.config.checks.mistakes import keys_of
from sitepub.config.document import Text, data_of
from sitepub.config.load import load_project
from sitepub.config.models.inputs import ConfigShape, InputsShape, SourceShape
from sitepub.config.reference import render
from sitepub.config.yaml12 import read_yaml
from tests.config import test_config_mistakes as mistakes
from tests.config import test_config_shapes as shapes
from tests.config.loading import site

ROOT = Path(__file__).parents[2]


def test_the_reference_in_docs_is_up_to_date() -> None:
    assert ROOT.joinpath("docs", "configuration.md").read_text(encoding="utf-8") == render(), (
        "run: python -m sitepub.config.reference > docs/configuration.md")


def test_the_reference_links_to_the_other_pages() -> None:
    named = re.findall(r"(\S*?)([a-z][a-z-]*\.md)", render())
    assert named and all(before.endswith(("[", "](")) for before, _page in named), named


def test_every_key_is_in_the_reference_with_its_meaning() -> None:
    text = render()
    for model in (ConfigShape, InputsShape, SourceShape):
        for key in keys_of(model, ()):
            assert f"`{key}`" in text
        for name, field in model.model_fields.items():
            assert field.description, name


def test_the_examples_of_the_reference_are_projects(tmp_path: Path) -> None:
    blocks = [part.split("```")[0] for part in render().split("```yaml\n")[1:]]
    assert len(blocks) == 3
    for block in blocks:
        file = tmp_path / "serverless.yml"
        file.write_text(block)
        assert load_project(file, environ={"API_URL": "x"}).warnings == ()


def test_the_schema_is_plain_json_without_an_id() -> None:
    made = schema.json_schema()
    assert json.loads(json.dumps(made)) == made
    assert "$id" not in made
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    made = schema.json_schema()
    assert set(schema.references(made)) == set(made["$defs"])


def test_keys_have_descriptions_and_defaults_for_the_editor() -> None:
    inputs = schema.json_schema()["$defs"]["InputsShape"]["properties"]
    assert inputs["region"]["default"] == "ap-guangzhou"
    assert inputs["replace"]["default"] is False
    assert all(inputs[key].get("description") or "$ref" in inputs[key] for key in inputs)
    assert inputs["force"]["deprecated"] is True


def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    made = schema.json_schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def as_data(text: str) -> object:
    root = read_yaml(Text("serverless.yml", text)).root
    assert root is not None
    return data_of(root, written=False)


@pytest.mark.parametrize("text", [
    shapes.FULL, shapes.HOSTS, shapes.OLD, mistakes.WARNED, site(), site("acl: private\nbucket: x"),
    site("headers: {'*.html': {Cache-Control: no-cache, Expires: }}"), site(
         "replace: ${env:X}\nregion: ${env:Y}"),
    site("hosts: [{host: a.com, seo: {switch: true}, https: {switch: '${env:X}'}}]"),
    site("envPath: ./js\ntags: [{key: a, value: 1}]"),
])
def test_what_loads_is_valid_for_the_editor(text: str) -> None:
    assert [error.message for error in validator().iter_errors(as_data(text))] == []


@pytest.mark.parametrize("text", [
    "name: a\n", site("regoin: x"), site("protocol: ftp"), site("replace: maybe"), site(
                      "hosts: [{area: global}]"),
    site("hosts: [{host: a.com, seo: {switch: onn}}]"), "component: scf\nname: a\ninputs: {src: x}\n",
    "component: website\nname: a\ninputs: {region: x}\n", site(
                                           "cors: [{allowedOrigins: '*', allowedMethods: X}]"),
])
def test_what_does_not_load_is_not_valid_for_the_editor(text: str) -> None:
    assert list(validator().iter_errors(as_data(text)))


def test_editors_and_pyyaml_agree_on_the_shape_of_the_examples() -> None:
    # the examples hold no word that YAML 1.1 and 1.2 read differently, so any tool reads them alike
    for part in render().split("```yaml\n")[1:]:
        assert yaml.safe_load(part.split("```")[0]) == as_data(part.split("```")[0])
