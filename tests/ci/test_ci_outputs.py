"""What the outputs of a CI job say of what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sitepub.ci.markdown import Ran, SiteRun
from sitepub.cli.commands.ci import _outputs

_RELEASE = {"release": "20261130T011632Z-e598e1", "url": "https://www.example.com"}


def _changes(*numbers: int) -> dict[str, Any]:
    names = ("uploaded", "copied", "headers", "deleted")
    return {"changes": {**dict(zip(names, numbers, strict=True)), "unchanged": 7}}


@pytest.mark.parametrize(("command", "result", "changed"), [
    ("deploy", {**_RELEASE, **_changes(0, 0, 0, 0)}, "false"),
    ("deploy", {**_RELEASE, **_changes(1, 0, 0, 0)}, "true"),
    ("preview", {**_RELEASE, **_changes(0, 2, 0, 0)}, "true"),
    ("deploy", {**_RELEASE, **_changes(0, 0, 3, 0)}, "true"),
    ("rollback", {**_RELEASE, **_changes(0, 0, 0, 4)}, "true"),
    ("traffic", {"changed": True}, "true"), ("traffic", {"changed": False}, "false"),
    ("info", {**_RELEASE}, "false"), ("plan", {"changes": {"uploaded": 2}}, "true"), ("deploy", {}, "false"),
])
def test_a_deploy_that_finds_nothing_to_do_has_changed_nothing(command: str, result: Mapping[str, Any], changed: str
                                                               ) -> None:
    found = _outputs(SiteRun("", "app", "site", "prod", (Ran(command, 0, result),)))
    assert found["changed"] == changed
    assert found["release"] == result.get("release", "")
