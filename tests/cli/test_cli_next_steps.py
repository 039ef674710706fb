"""What a program may run next is in each answer, and every command that is named can be run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sitepub.cli.main import COMMANDS, run
from sitepub.cli.next_steps import _AFTER, _SUBCOMMANDS, commands_in, next_steps
from tests.terminal.screen import Screen


@pytest.mark.parametrize(("hint", "found"), [
    ("Run `sitepub init` to write one.", [["init"]]),
    ("`sitepub deploy --verify` sets it back; better, give it another name", [["deploy", "--verify"]]),
    ("mark it: sitepub mark 20261120T213000Z-ab12cd stable", [["mark", "20261120T213000Z-ab12cd", "stable"]]),
    ("deploy it with: sitepub deploy --local", [["deploy", "--local"]]),
    ("sitepub local stop, then start it again.", [["local", "stop"]]),
    ("check src (or the hook); to take the site down: sitepub remove", [["remove"]]),
    ("leave it out: sitepub deploy --preview, or sitepub deploy --stage=testing",
     [["deploy", "--preview"], ["deploy", "--stage=testing"]]),
    ("take some away: sitepub mark --remove ID NAME", []),
    ("sitepub promote STAGE, or sitepub promote --preview NAME", []),
    ("sitepub previews lists them", [["previews"]]),
    ("sitepub deploy publishes what it says; sitepub schema lists its keys.", [["deploy"], ["schema"]]),
    ("sitepub warns of them", []),
    ("no command here", []), (None, []), ("", []),
])
def test_commands_of_a_hint(hint: str | None, found: list[list[str]]) -> None:
    assert commands_in(hint, COMMANDS) == [["sitepub", *one] for one in found]


def test_an_account_that_is_refused_logs_in() -> None:
    assert commands_in(None, COMMANDS, 3) == [["sitepub", "login"], ["sitepub", "whoami"]]
    assert commands_in("see sitepub login", COMMANDS, 3) == [["sitepub", "login"]]


@pytest.mark.parametrize(("value", "words", "found"), [
    ({"status": "planned", "refusal": None}, ["plan", "--local", "--stage", "prod", "--json"],
     [["deploy", "--local", "--stage", "prod"]]),
    ({"status": "unchanged"}, ["--cwd", "blog", "plan", "--profile=a"], [["info", "--cwd", "blog", "--profile=a"]]),
    ({"status": "planned", "refusal": {"code": "x"}}, ["plan"], []),
    ({"status": "ok", "preview": {"name": "pr-1"}}, ["deploy", "--preview", "pr-1"],
     [["promote", "--preview", "pr-1"]]),
    ({"status": "ok"}, ["login", "--profile", "a", "--json"],
     [["whoami", "--profile", "a"], ["plan", "--profile", "a"]]),
    ({"status": "error", "error": {"hint": "then run the same command again", "hint_commands": []}},
     ["deploy", "--local"], [["deploy", "--local"]]),
    ({"status": "error", "error": {"hint_commands": [["sitepub", "init"]]}}, ["plan", "--stage", "x"], [["init"]]),
    ({}, [], []),
])
def test_next_of_an_answer(value: dict[str, object], words: list[str], found: list[list[str]]) -> None:
    assert next_steps(value, words, COMMANDS) == [["sitepub", *one] for one in found]


def test_every_command_that_is_proposed_exists_and_knows_its_options() -> None:
    proposed = {tuple(one) for those in _AFTER.values() for one in those} | {
        tuple(one.split()) for one in _SUBCOMMANDS}
    assert set(_AFTER) | {"plan", "init", "schema", "completion"} == set(COMMANDS)
    for command in sorted(proposed):
        screen = Screen()
        assert run([*command, "--help"], screen) == 0, command


def test_answers_of_the_program_have_next(tmp_path: Path, home: Path) -> None:  # noqa: ARG001
    screen = Screen()
    assert run(["plan", "--json", "--cwd", str(tmp_path)], screen) == 2
    told = json.loads(screen.stdout.text)
    assert told["error"]["hint_commands"] == [["sitepub", "init"]]
    assert told["next"] == [["sitepub", "init", "--cwd", str(tmp_path)]]
