"""The JSON Schemas of answers: valid, complete, and followed by what the program prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from sitepub.cli.commands.schema import OUTPUT_NAMES
from sitepub.cli.main import run
from sitepub.cli.schemas.outputs import OUTPUTS, output_schema
from tests.e2e.conftest import MakeSite, Sitepub, follows, make_site, sitepub
from tests.terminal.screen import Screen

__all__ = ["make_site", "sitepub"]


@pytest.mark.parametrize("name", OUTPUT_NAMES)
def test_each_schema_is_printed_and_valid(name: str) -> None:
    screen = Screen()
    assert run(["schema", "--output", name], screen) == 0
    told = json.loads(screen.stdout.text)
    Draft202012Validator.check_schema(told)
    assert told == output_schema(name) and set(OUTPUTS) == set(OUTPUT_NAMES)
    with pytest.raises(ValidationError):
        follows(name, {"version": 1})


def test_an_unknown_answer_is_a_mistake_of_usage() -> None:
    assert run(["schema", "--output", "nothing"], Screen()) == 2


def test_plan_deploy_and_errors_follow_them(sitepub: Sitepub, make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site("schemas", {"index.html": "1", "error.html": "2", "_headers": "/*\n  Content-Language: de\n"})
    plan = sitepub("plan", "--local", "--json", cwd=site.folder)
    follows("plan", plan.json)
    assert plan.json["next"] == [["sitepub", "deploy", "--local"]]
    assert sitepub.deploy(site.folder)["next"][0] == ["sitepub", "info", "--local"]
    unchanged = sitepub("plan", "--local", "--json", cwd=site.folder).json
    follows("plan", unchanged)
    assert unchanged["next"] == [["sitepub", "info", "--local"]]
    site.write({"_headers": "/*\n  X-Frame-Options: DENY\n"})
    refused = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert refused.code == 2
    follows("error", refused.json)
    (tmp_path / "empty").mkdir()
    follows("error", sitepub("plan", "--json", cwd=tmp_path / "empty").json)
