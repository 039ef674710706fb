"""CONTRIBUTING.md names commands, files and names that exist."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec

import pytest

from tests.docs.test_docs_pages import REPO
from tests.walls import FLOORS

PAGE = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = [line.split("   #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
            for line in block.splitlines() if line.strip()] + re.findall(r"`((?:bash |\.venv/bin/)[^`]+)`", PAGE)
PLACES = sorted(set(re.findall(r"`((?:sitepub|tests|docs)/[^`\s]*|[\w.-]+\.toml)`", PAGE)))


def test_there_are_commands_and_places_to_check() -> None:
    assert len(COMMANDS) >= 10 and len(PLACES) >= 20


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_is_named_exists(place: str) -> None:
    assert (REPO / place).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_shown_can_be_run(command: str) -> None:
    words = shlex.split(command)
    if words[1:2] == ["-m"]:
        assert find_spec(words[2]) is not None
    elif words[0] == "bash":
        assert (REPO / words[1]).is_file()
    else:
        assert words[0] in {".venv/bin/python", ".venv/bin/pip", ".venv/bin/ruff", ".venv/bin/mypy"}
    for word in words[1:]:
        if word.startswith(("tests/", "sitepub/", "docs/")):
            assert (REPO / word).exists(), word


def test_the_picture_has_every_room() -> None:
    picture = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
    assert set(re.findall(r"(\w+)/ ", picture)) == {*FLOORS, "local"}


@pytest.mark.parametrize(("name", "place"), [
    ("SECTIONS", "sitepub/cli/main.py"), ("ONLY_WHEN_THERE", "sitepub/domains/edges/cdn_config.py"),
    ("ApiError", "sitepub/local/cloud_api/errors.py"), ("ProjectFiles", "sitepub/site/detect/project_files.py")])
def test_a_name_that_is_mentioned_is_where_it_is_said_to_be(name: str, place: str) -> None:
    assert f"`{name}" in PAGE
    assert re.search(rf"^(class )?{name}\b", (REPO / place).read_text(encoding="utf-8"), re.MULTILINE)
